import RouterCore

/// A vendor that answers in its own wire format, as a value: a request goes in, the bytes of a response come out.
///
/// It checks what the vendor itself would check of a request, so that a translator that forgets something is told by a
/// 400 and not by silence. `VendorSimulator` puts it behind a socket, `SimulatedTransport` behind the transport's port.
public enum SimulatedVendor: String, Sendable, CaseIterable {
    case openai, deepseek, mistral, xai, anthropic, gemini

    /// What its base URL ends with behind the simulator's address and its name.
    public var basePath: String {
        switch self {
        case .openai, .mistral, .xai: "/v1"
        case .deepseek, .anthropic: ""
        case .gemini: "/v1beta"
        }
    }

    /// The answer to one request.
    ///
    /// - Parameters:
    ///   - path: below the base URL, with its query.
    ///   - header: the value of a header by its lower-case name.
    ///   - form: what the body is instead.
    public func answer(
        to path: String, header: (_ name: String) -> String?, body: [UInt8], form: SimulatedForm? = nil
    ) -> SimulatedResponse {
        guard hasKey(header) else {
            return refusal(401, "authentication_error", "Incorrect API key provided: sk-…")
        }
        if let form {
            return SimulatedTranscription.answer(form, at: path, of: self)
                ?? refusal(404, "invalid_request_error", "There is nothing at \(path) that takes a form.")
        }
        if body.isEmpty { return .json(200, modelList) }
        guard let root = (try? JSONDocument(body))?.root, root.kind == .object else {
            return refusal(400, "invalid_request_error", "The body is no JSON object.")
        }
        if let embeddings = SimulatedEmbeddings.answer(root, at: path, of: self) { return embeddings }
        if let images = SimulatedImages.answer(root, at: path, of: self) { return images }
        if let speech = SimulatedSpeech.answer(root, at: path, of: self) { return speech }
        let question = SimulatedQuestion(root, of: self)
        switch self {
        case .anthropic:
            if let wrong = SimulatedAnthropic.fault(of: root, path: path, version: header("anthropic-version")) {
                return refusal(400, "invalid_request_error", wrong)
            }
            return SimulatedAnthropic.answer(question, isStreamed: root["stream"]?.bool == true)
        case .gemini:
            if let wrong = SimulatedGemini.fault(of: root, path: path) {
                return refusal(400, "INVALID_ARGUMENT", wrong)
            }
            return SimulatedGemini.answer(question, isStreamed: path.contains(":streamGenerateContent"))
        case .openai, .deepseek, .mistral, .xai:
            if let wrong = SimulatedOpenAI.fault(of: root, path: path) {
                return refusal(400, "invalid_request_error", wrong)
            }
            return SimulatedOpenAI(vendor: self).answer(question, isStreamed: root["stream"]?.bool == true)
        }
    }

    /// An error in the vendor's shape.
    public func refusal(_ status: Int, _ type: String, _ message: String) -> SimulatedResponse {
        .json(status, errorBody(status, type, message))
    }

    func errorBody(_ status: Int, _ type: String, _ message: String) -> String {
        switch self {
        case .anthropic:
            #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"request_id":"req_sim"}"#
        case .gemini:
            #"{"error":{"code":\#(status),"message":"\#(message)","status":"\#(type.uppercased())"}}"#
        case .mistral:
            #"{"object":"error","message":"\#(message)","type":"\#(type)","param":null,"code":"\#(status)"}"#
        case .xai:
            #"{"code":"\#(type)","error":"\#(message)"}"#
        case .openai, .deepseek:
            #"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":null}}"#
        }
    }

    private func hasKey(_ header: (String) -> String?) -> Bool {
        switch self {
        case .anthropic: header("x-api-key")?.isEmpty == false
        // At Google Cloud a token.
        case .gemini:
            header("x-goog-api-key")?.isEmpty == false || header("authorization")?.hasPrefix("Bearer ") == true
        case .openai, .deepseek, .mistral, .xai: header("authorization")?.hasPrefix("Bearer ") == true
        }
    }

    private var modelList: String {
        switch self {
        case .gemini: #"{"models":[{"name":"models/sim"}]}"#
        default: #"{"object":"list","data":[{"id":"sim","object":"model"}]}"#
        }
    }
}

/// The bytes of a response, in the pieces in which a vendor would send them.
public struct SimulatedResponse: Sendable, Hashable {
    public var status: Int
    public var contentType: String
    public var headers: [String: String] = [:]
    public var pieces: [[UInt8]]
    /// The first piece that holds content.
    public var firstContent: Int

    public static func json(_ status: Int, _ body: String) -> SimulatedResponse {
        SimulatedResponse(status: status, contentType: "application/json", pieces: [Array(body.utf8)], firstContent: 0)
    }

    static func stream(_ pieces: [String], firstContent: Int) -> SimulatedResponse {
        SimulatedResponse(
            status: 200, contentType: "text/event-stream", pieces: pieces.map { Array($0.utf8) },
            firstContent: firstContent)
    }

    public var isStream: Bool { contentType.hasPrefix("text/event-stream") }
}

/// What a vendor would see in a request, whatever its format: enough to answer it sensibly.
struct SimulatedQuestion {
    /// The last words of the user.
    var text = ""
    /// The first tool's name, when tools are offered and none has been answered yet.
    var tool: String?
    var hasToolResult = false
    var hasImage = false
    /// A JSON object is asked for.
    var wantsJSON = false
    var reasons = false

    /// The words of the answer; a client can tell by them what arrived at the vendor.
    var words: [String] {
        if wantsJSON { return [#"{\"answer\""#, #":\"four\"}"#] }
        if hasToolResult { return ["The", " tool", " said", " it."] }
        if hasImage { return ["I", " see", " an", " image."] }
        return ["Hello", " from", " the", " simulator."]
    }

    init(_ root: JSONValue, of vendor: SimulatedVendor) {
        let raw = String(decoding: root.text, as: UTF8.self)
        switch vendor {
        case .gemini:
            let parts = root["contents"]?.elements.flatMap { $0["parts"]?.elements.map { $0 } ?? [] } ?? []
            hasToolResult = parts.contains { $0["functionResponse"] != nil }
            hasImage = parts.contains { $0["inlineData"] != nil || $0["inline_data"] != nil || $0["fileData"] != nil }
            tool =
                root["tools"]?.elements.lazy.compactMap {
                    $0["functionDeclarations"]?.elements.first { _ in true }?["name"]?.string
                }.first
            wantsJSON = raw.contains("application/json")
            reasons = raw.contains("thinkingConfig")
        case .anthropic:
            hasToolResult = raw.contains(#""tool_result""#)
            hasImage = raw.contains(#""type":"image""#)
            tool = root["tools"]?.elements.first { _ in true }?["name"]?.string
            wantsJSON = root["output_config"]?["format"] != nil || root["output_format"] != nil
            reasons = root["thinking"]?["type"].map { !$0.equals("disabled") } ?? false
        case .openai, .deepseek, .mistral, .xai:
            let messages = root["messages"]?.elements.map { $0 } ?? []
            hasToolResult = messages.contains { $0["role"]?.equals("tool") == true }
            hasImage = raw.contains(#""image_url""#)
            tool = root["tools"]?.elements.first { _ in true }?["function"]?["name"]?.string
            wantsJSON = root["response_format"]?["type"].map { !$0.equals("text") } ?? false
            reasons = root["reasoning_effort"].map { !$0.equals("none") } ?? (vendor == .deepseek)
        }
        text = raw
        if hasToolResult { tool = nil }
    }
}
