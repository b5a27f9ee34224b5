import RouterCore

/// Hands on audio as it comes: as bytes, or in events where the client wants these and the vendor knows none.
struct AudioBytes: AnswerDecoder {
    private let type: String
    private let form: AnswerForm
    private var count = 0

    /// An answer of more bytes is cut off: an hour and a half of PCM.
    private static let bytesMax = 256 << 20

    /// - Parameter type: the Content-Type for the client.
    init(type: String, form: AnswerForm) {
        self.type = type
        self.form = form
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard let first = bytes.first else { return }
        if count == 0, !type.hasPrefix("audio/pcm") {
            // Pages and JSON begin so, and no audio but PCM, where a byte can be any.
            guard first != UInt8(ascii: "<"), first != UInt8(ascii: "{") else { throw .notAudio }
        }
        count += bytes.count
        guard count <= Self.bytesMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more than \(Self.bytesMax) bytes.")
        }
        events.append(form == .events ? .content(.audio(bytes)) : .bytes(BytesPiece(type: type, bytes: bytes)))
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard count > 0 else { throw .notAudio }
        if form == .events { events.append(.completion(.audioEnd)) }
    }
}

extension ChatPiece {
    /// An event of a stream of speech.
    static func audio(_ bytes: [UInt8]) -> ChatPiece {
        ChatPiece(
            members: Array(#""type":"speech.audio.delta","audio":""#.utf8) + Base64.encoded(bytes)
                + [UInt8(ascii: "\"")])
    }

    /// The last event of a stream of speech, to which usage is added.
    static let audioEnd = ChatPiece(members: Array(#""type":"speech.audio.done""#.utf8))
}

/// Reads what came instead of audio: the vendor's error, or nothing that could be one.
struct NoAudio: WholeAnswerReader {
    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard let error = answer["error"], !error.isNull else { throw .notAudio }
        throw OpenAIFailure.inAnswer(answer)
    }
}
