import RouterProviders
import TestSupport

@testable import RouterCore

/// What a client reads while a vendor answers: decoder and public format put together as the engine does.
struct Client {
    let request: ChatRequest
    let endpoint: Endpoint

    init(_ request: ChatRequest, endpoint: Endpoint) {
        self.request = request
        self.endpoint = endpoint
    }

    /// A client that asks `endpoint` for an answer to `Hi`, and perhaps says more.
    ///
    /// - Parameter more: further members, such as `"n":2`.
    init(_ endpoint: Endpoint, stream: Bool, _ more: String = "") throws {
        let more = more.isEmpty ? "" : "," + more
        self.init(
            try ChatRequest(
                Array(#"{"model":"a/b","stream":\#(stream),"messages":[{"role":"user","content":"Hi"}]\#(more)}"#.utf8)),
            endpoint: endpoint)
    }

    /// - Parameter pieces: the vendor's body as it came.
    /// - Returns: the body that the client gets: an answer, a stream, or an error.
    func receive(_ pieces: [[UInt8]], through chat: any ChatTranslator, head: UpstreamHead) -> [UInt8] {
        var format = OpenAIChatFormat(
            id: Generation.ID(rawValue: "gen-1776249000-abc"), createdAt: 1_776_249_000_000, model: request.model,
            provider: endpoint.provider.name, streamed: request.stream, streamUsage: request.streamUsage)
        var bytes: [UInt8] = []
        var record = Generation(
            id: Generation.ID(rawValue: "gen-1776249000-abc"), account: .first, key: "key_test", model: request.model,
            createdAt: 1_776_249_000_000, streamed: request.stream)
        var decoder = chat.makeDecoder(for: request, from: endpoint, head: head)
        func take(_ events: [ChatEvent]) {
            for event in events {
                if case .usage(let totals) = event { record.usage = totals }
                if case .completion(let piece) = event { bytes = format.completion(piece, of: record) }
            }
            if request.stream { format.append(events, to: &bytes) }
        }
        var events: [ChatEvent] = []
        do throws(UpstreamFailure) {
            for piece in pieces {
                events = []
                try decoder.decode(piece, into: &events)
                take(events)
            }
            events = []
            try decoder.finish(into: &events)
            take(events)
            if request.stream { format.finish(record, into: &bytes) }
        } catch {
            take(events)
            var failure = error
            failure.provider = endpoint.provider.slug
            if request.stream { format.fail(APIError(failure), into: &bytes) } else { bytes = APIError(failure).body }
        }
        return bytes
    }

    /// The stream that the client reads when the vendor sends these records, cut in the middle of each.
    func stream(_ records: [String], done: Bool = true) -> FixtureStream {
        let text = (records + (done ? ["[DONE]"] : [])).map { "data: \($0)\n\n" }.joined()
        let bytes = Array(text.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: 150).map { Array(bytes[$0..<min($0 + 150, bytes.count)]) }
        let head = UpstreamHead(status: 200, lines: Array("Content-Type: text/event-stream\r\n".utf8))
        return FixtureStream(receive(pieces, through: chat, head: head))
    }

    /// The answer or error that the client reads when the vendor sends this body with status 200.
    func answer(_ body: String, type: String = "application/json") throws -> JSONValue {
        let head = UpstreamHead(status: 200, lines: Array("content-type: \(type)\r\n".utf8))
        return try JSONDocument(receive([Array(body.utf8)], through: chat, head: head)).root
    }

    /// The body that is sent to the vendor.
    func encoded() throws(UpstreamFailure) -> String {
        String(decoding: try chat.encode(request, for: endpoint).body, as: UTF8.self)
    }

    private var chat: any ChatTranslator {
        Vendors.all[endpoint.provider.dialect]?.chat ?? OpenAIChat()
    }
}

extension Endpoint {
    /// A model at OpenAI that does not reason.
    static let gpt41 = Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-4.1")
    /// A model at OpenAI that reasons on request.
    static let gpt54 = Endpoint(provider: Endpoints.openAI, upstreamModel: "gpt-5.4", traits: Endpoints.gpt54)

    /// A model on an engine of the operator's own.
    static func engine(_ traits: ChatTraits = ChatTraits()) -> Endpoint {
        Endpoint(provider: Endpoints.engine, upstreamModel: "m", traits: traits)
    }
}

/// What is sent upstream for a request of these members to `endpoint`.
func encoded(_ members: String, to endpoint: Endpoint) throws -> String {
    try Client(ChatRequest(Array("{\"model\":\"a/b\",\(members)}".utf8)), endpoint: endpoint).encoded()
}

/// What is sent upstream as `messages`.
func encoded(messages: String, to endpoint: Endpoint) throws -> String {
    let body = try encoded("\"messages\":\(messages)", to: endpoint)
    return String(decoding: try JSONDocument(Array(body.utf8)).root["messages"]?.text ?? [], as: UTF8.self)
}
