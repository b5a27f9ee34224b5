import RouterCore

/// Answers requests for embeddings in each vendor's format: `[n, -2, 0.5]` for the input at place n; at Gemini, which
/// takes 100 at once, for the text that is the number n too.
///
/// Source: OpenAI API reference, "Create embeddings"; Gemini API reference, "Embeddings".
enum SimulatedEmbeddings {
    /// - Returns: `nil` when the path is not that of embeddings.
    static func answer(_ root: JSONValue, at path: String, of vendor: SimulatedVendor) -> SimulatedResponse? {
        switch vendor {
        case .gemini where path.split(separator: "?").first?.hasSuffix(":batchEmbedContents") == true:
            guard let requests = root["requests"], requests.count > 0,
                requests.elements.allSatisfy({ $0["content"]?["parts"]?.count == 1 && $0["model"] != nil })
            else { return vendor.refusal(400, "INVALID_ARGUMENT", "requests: each needs a model and content") }
            guard requests.count <= 100 else {
                return vendor.refusal(
                    400, "INVALID_ARGUMENT",
                    "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n")
            }
            let vectors = requests.elements.enumerated().map { place, request in
                let part = request["content"]?["parts"]?.elements.first { _ in true }
                return #"{"values":[\#(part?["text"]?.string.flatMap { Int($0) } ?? place), -2, 0.5]}"#
            }
            return .json(200, #"{"embeddings":[\#(vectors.joined(separator: ","))]}"#)
        case .gemini
        where path.hasSuffix(":predict") && root["instances"]?.elements.contains { $0["content"] != nil } == true:
            return vertex(root)
        case .openai, .mistral, .deepseek, .xai:
            guard path == "/embeddings" else { return nil }
            let known =
                vendor == .mistral
                ? ["model", "input", "encoding_format", "output_dimension", "output_dtype"]
                : ["model", "input", "encoding_format", "dimensions", "user"]
            if let unknown = root.members.first(where: { !known.contains($0.name.string) }) {
                return vendor.refusal(400, "invalid_request_error", "Unknown parameter: '\(unknown.name.string)'.")
            }
            guard let input = root["input"] else {
                return vendor.refusal(400, "invalid_request_error", "Missing required parameter: 'input'.")
            }
            let isBase64 = root["encoding_format"]?.equals("base64") == true
            let count =
                input.kind == .string || input.elements.first { _ in true }?.kind == .number ? 1 : input.count
            let vectors = (0..<count).map { place in
                #"{"object":"embedding","index":\#(place),"embedding":\#(isBase64 ? base64(place) : "[\(place), -2, 0.5]")}"#
            }
            return .json(
                200,
                #"{"object":"list","data":[\#(vectors.joined(separator: ","))],"model":"sim","usage":{"prompt_tokens":\#(count * 3),"total_tokens":\#(count * 3)}}"#
            )
        case .gemini, .anthropic: return nil
        }
    }

    /// At Google Cloud: one text a request.
    private static func vertex(_ root: JSONValue) -> SimulatedResponse {
        guard root["instances"]?.count == 1, let instance = root["instances"]?.elements.first(where: { _ in true }),
            let text = instance["content"]?.string
        else {
            return SimulatedVendor.gemini.refusal(400, "INVALID_ARGUMENT", "The model takes one instance a request.")
        }
        let place = ["one": 0, "two": 1][text] ?? Int(text) ?? 0
        return .json(
            200,
            #"{"predictions":[{"embeddings":{"values":[\#(place), -2, 0.5],"statistics":{"token_count":3.0,"truncated":false}}}],"metadata":{"billableCharacterCount":\#(text.count)}}"#
        )
    }

    /// As little-endian floats.
    private static func base64(_ place: Int) -> String {
        var bytes: [UInt8] = []
        for number in [Float(place), -2, 0.5] {
            withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = #"""#
        for at in stride(from: 0, to: bytes.count, by: 3) {
            let bits = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            for shift in [18, 12, 6, 0] { text.append(alphabet[bits >> shift & 63]) }
        }
        return text + #"""#
    }
}
