/// Writes chat answers the way clients of OpenAI and OpenRouter read them: what the vendor said, with our names, usage
/// and errors around it.
///
/// Source: OpenAI API reference, "The chat completion chunk object"; `docs/api.md` for where the two differ.
public struct OpenAIChatFormat: Sendable {
    /// `"id":…,"object":` and so on, up to and with the comma before the vendor's members.
    private let head: [UInt8]
    private let streamUsage: ChatRequest.StreamUsage
    /// A member of the last chunk, or of the whole answer; `nil`: none.
    private let metadata: [UInt8]?
    /// The last finish chunk, kept back until it is known whether the usage belongs on it.
    private var keptFinish: ChatPiece?

    /// - Parameters:
    ///   - answer: whose chunks are written.
    ///   - metadata: ``ChatAnswer/routerMetadata`` for a client that wants it.
    public init(_ answer: ChatAnswer, to request: ChatRequest, metadata: [UInt8]? = nil) {
        self.init(
            id: answer.id, createdAt: answer.createdAt, model: answer.model, provider: answer.providerName,
            streamed: request.stream, streamUsage: request.streamUsage, metadata: metadata)
    }

    init(
        id: Generation.ID, createdAt: Int64, model: String, provider: String, streamed: Bool,
        streamUsage: ChatRequest.StreamUsage, metadata: [UInt8]? = nil
    ) {
        var head = JSONWriter(capacity: 256)
        head.beginObject()
        head.member("id", id.rawValue)
        head.member("object", streamed ? "chat.completion.chunk" : "chat.completion")
        head.member("created", Int(createdAt / 1000))
        head.member("model", model)
        head.member("provider", provider)
        self.head = Array(head.bytes.dropFirst())
        self.streamUsage = streamUsage
        self.metadata = metadata
    }

    /// A whole answer.
    public func completion(_ piece: ChatPiece, of record: Generation) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + piece.members.count + 400)
        bytes.append(UInt8(ascii: "{"))
        append(piece, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        append(record, to: &bytes)
        appendMetadata(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Appends the records for `events`; a finish chunk may be kept back until ``finish(_:into:)``.
    public mutating func append(_ events: [ChatEvent], to bytes: inout [UInt8]) {
        for event in events {
            switch event {
            case .opening(let piece), .content(let piece):
                flushFinish(into: &bytes)
                appendChunk(piece, to: &bytes)
            case .finish(let piece):
                flushFinish(into: &bytes)
                if streamUsage == .finishChunk || streamUsage == .hidden && metadata != nil {
                    keptFinish = piece
                } else {
                    appendChunk(piece, to: &bytes)
                }
            case .silence:
                bytes += ": keep-alive\n\n".utf8
            case .usage, .completion, .bytes:
                break
            }
        }
    }

    /// Appends the end of a complete stream: the usage where the client wants it, and `[DONE]`.
    public mutating func finish(_ record: Generation, into bytes: inout [UInt8]) {
        if let piece = keptFinish {
            keptFinish = nil
            appendChunk(piece, of: streamUsage == .finishChunk ? record : nil, isLast: true, to: &bytes)
        } else if streamUsage == .ownChunk {
            appendChunk(
                ChatPiece(members: Array("\"system_fingerprint\":null,\"choices\":[]".utf8)), of: record,
                isLast: true, to: &bytes)
        }
        bytes += "data: [DONE]\n\n".utf8
    }

    /// Appends the end of a stream that broke off: one chunk with the error, and no `[DONE]`, so that nobody takes what
    /// came for the whole.
    public mutating func fail(_ error: APIError, into bytes: inout [UInt8]) {
        flushFinish(into: &bytes)
        bytes += "data: {".utf8
        append(
            ChatPiece(
                members: Array(
                    "\"system_fingerprint\":null,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]"
                        .utf8)), to: &bytes)
        bytes.append(UInt8(ascii: ","))
        var writer = JSONWriter(appendingTo: bytes)
        writer.name("error")
        error.write(to: &writer, inStream: true)
        bytes = writer.bytes
        bytes += "}\n\n".utf8
    }

    private mutating func flushFinish(into bytes: inout [UInt8]) {
        guard let piece = keptFinish else { return }
        keptFinish = nil
        appendChunk(piece, to: &bytes)
    }

    private func appendChunk(
        _ piece: ChatPiece, of record: Generation? = nil, isLast: Bool = false, to bytes: inout [UInt8]
    ) {
        bytes += "data: {".utf8
        append(piece, to: &bytes)
        if let record {
            bytes.append(UInt8(ascii: ","))
            append(record, to: &bytes)
        } else if streamUsage == .ownChunk {
            bytes += ",\"usage\":null".utf8
        }
        if isLast { appendMetadata(to: &bytes) }
        bytes += "}\n\n".utf8
    }

    private func appendMetadata(to bytes: inout [UInt8]) {
        guard let metadata else { return }
        bytes.append(UInt8(ascii: ","))
        bytes += metadata
    }

    private func append(_ piece: ChatPiece, to bytes: inout [UInt8]) {
        bytes += head
        bytes.append(UInt8(ascii: ","))
        bytes += piece.members
    }

    private func append(_ record: Generation, to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 512)
        writer.name("usage")
        record.writeUsage(to: &writer)
        bytes += writer.bytes
    }
}
