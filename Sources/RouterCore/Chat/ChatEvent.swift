/// What happens while an answer comes in, in order.
public enum ChatEvent: Sendable, Hashable {
    /// The vendor opened the answer (a role and nothing else): another endpoint can still be tried.
    case opening(ChatPiece)
    /// Part of the answer. Once one was sent on, the answer can only be finished or broken off.
    case content(ChatPiece)
    /// The end of one choice: an empty delta with its finish reason.
    case finish(ChatPiece)
    /// The whole answer, when it was not streamed; of a stream of an ``Operation`` its last event, without the usage.
    case completion(ChatPiece)
    /// The next bytes of an answer that is not JSON, such as sound.
    case bytes(BytesPiece)
    /// Totals so far; the latest counts.
    case usage(Usage)
    /// Nothing came for a while.
    case silence

    /// Whether the client got something it asked for, so that no other endpoint may be tried any more.
    public var commits: Bool {
        switch self {
        case .content, .finish, .completion, .bytes: true
        case .opening, .usage, .silence: false
        }
    }
}

/// The part of a chunk or of a whole answer that is the vendor's to say, as JSON text.
///
/// What is ours (`id`, `object`, `created`, `model`, `provider`, `usage`) is written around it by the client's format.
public struct ChatPiece: Sendable, Hashable {
    /// Members of an object without its braces: `"system_fingerprint":null,"choices":[…]` and what else the vendor said
    /// that clients may want, such as `"service_tier":"default"`.
    public var members: [UInt8]

    public init(members: [UInt8]) { self.members = members }

    /// What one object holds. Its text is not copied for the two brackets: it may be a large image.
    public init(object writer: consuming JSONWriter) {
        writer.bytes.removeLast()
        writer.bytes.removeFirst()
        members = writer.bytes
    }
}

/// Bytes of an answer that go to the client as they are.
public struct BytesPiece: Sendable, Hashable {
    /// What they are, such as `audio/mpeg`; the same in every piece of an answer.
    public var type: String
    public var bytes: [UInt8]

    public init(type: String, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
    }
}
