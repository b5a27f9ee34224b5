/// Writes streamed answers to requests for an ``Operation`` as server-sent events: the vendor's own objects, and our usage
/// in the last one. There is no `[DONE]`.
///
/// Source: OpenAI API reference, "Streaming" of images, speech and transcription.
public struct OperationEvents: Sendable {
    /// Whether a line `event:` stands before each: OpenAI has it for images.
    private let isNamed: Bool
    /// The last event, held back until it is known what the answer cost.
    private var last: ChatPiece?

    public init(for operation: Operation) { isNamed = operation == .images }

    /// Appends what came. The last event waits for ``finish(_:into:)``.
    public mutating func append(_ events: [ChatEvent], to bytes: inout [UInt8]) {
        for event in events {
            switch event {
            case .content(let piece): append(piece.members, of: piece, to: &bytes)
            case .completion(let piece):
                if let earlier = last { append(earlier.members, of: earlier, to: &bytes) }
                last = piece
            case .silence: bytes += ": keep-alive\n\n".utf8
            case .opening, .finish, .usage, .bytes: break
            }
        }
    }

    /// Appends the end of a complete answer.
    public mutating func finish(_ record: Generation, into bytes: inout [UInt8]) {
        guard let last else { return }
        var writer = JSONWriter(capacity: 200)
        OperationUsage.write(record, to: &writer)
        append(last.members + [UInt8(ascii: ",")] + writer.bytes, of: last, to: &bytes)
        self.last = nil
    }

    /// Appends the end of an answer that broke off: an event with the error.
    ///
    /// - Parameter isCharged: what came was charged: what was held back goes out before.
    public mutating func fail(_ error: APIError, isCharged: Bool = false, into bytes: inout [UInt8]) {
        if isCharged, let last { append(last.members, of: last, to: &bytes) }
        last = nil
        bytes += "event: error\ndata: {\"type\":\"error\",".utf8
        var writer = JSONWriter(appendingTo: bytes)
        writer.name("error")
        error.write(to: &writer, inStream: true)
        bytes = writer.bytes
        bytes += "}\n\n".utf8
    }

    private func append(_ members: [UInt8], of piece: ChatPiece, to bytes: inout [UInt8]) {
        if isNamed, let name = piece.eventName {
            bytes += "event: ".utf8
            bytes += name
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes += "data: {".utf8
        bytes += members
        bytes += "}\n\n".utf8
    }
}

extension ChatPiece {
    /// What an event says it is; `nil` where `type` is not its first member.
    fileprivate var eventName: ArraySlice<UInt8>? {
        let start = Array("\"type\":\"".utf8)
        guard members.starts(with: start) else { return nil }
        return members.dropFirst(start.count).prefix { $0 != UInt8(ascii: "\"") }
    }
}
