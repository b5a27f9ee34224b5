import RouterCore

/// Reads an answer of one vendor that is there as a whole.
protocol WholeAnswerReader: Sendable {
    /// - Parameter isStreamed: a stream was asked for: what came is an error, or a server in between that cannot stream.
    /// - Throws: ``UpstreamFailure`` for the vendor's own error, and of kind `broken` for what is no answer.
    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure)
}

/// Collects the bytes of a whole answer, and of a body that came where a stream was asked for; has it read at its end.
struct WholeAnswer<Reader: WholeAnswerReader>: AnswerDecoder {
    private let reader: Reader
    private let status: Int
    private let isStreamed: Bool
    private let limits: JSONLimits
    private var body: [UInt8] = []
    private var isDone = false

    /// - Parameter status: the vendor's, for a failure.
    init(_ reader: Reader, status: Int, isStreamed: Bool, limits: JSONLimits = .response) {
        self.reader = reader
        self.status = status
        self.isStreamed = isStreamed
        self.limits = limits
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard body.count + bytes.count <= limits.bytesMax else {
            throw UpstreamFailure(
                .broken, "The provider's answer has more than \(limits.bytesMax) bytes.", status: status)
        }
        if body.isEmpty { body = bytes } else { body += bytes }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard !isDone else { return }
        isDone = true
        do throws(UpstreamFailure) {
            let document = try JSONDocument(answer: body, limits: limits)
            body = []
            try reader.read(document.root, isStreamed: isStreamed, into: &events)
        } catch {
            var failure = error
            failure.status = status
            throw failure
        }
    }
}
