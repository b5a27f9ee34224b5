import RouterCore

/// Reads an answer of one vendor that is there as a whole.
protocol WholeAnswerReader: Sendable {
    /// - Parameter isStreamed: a stream was asked for: what came is an error, or a server in between that cannot stream.
    /// - Throws: ``UpstreamFailure`` for the vendor's own error, and of kind `broken` for what is no answer.
    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure)

    /// What an answer names by its address instead of holding it; where there is any, the answer is read with that.
    func missing(in answer: JSONValue) throws(UpstreamFailure) -> [ResultAddress]

    /// The same as ``read(_:isStreamed:into:)``, with what stood at the addresses, in their order.
    func read(
        _ answer: JSONValue, with results: [FetchedMedia], into events: inout [ChatEvent]
    ) throws(UpstreamFailure)
}

extension WholeAnswerReader {
    func missing(in answer: JSONValue) throws(UpstreamFailure) -> [ResultAddress] { [] }

    func read(
        _ answer: JSONValue, with results: [FetchedMedia], into events: inout [ChatEvent]
    ) throws(UpstreamFailure) { try read(answer, isStreamed: false, into: &events) }
}

/// Collects the bytes of a whole answer, and of a body that came where a stream was asked for; has it read at its end.
struct WholeAnswer<Reader: WholeAnswerReader>: AnswerDecoder {
    private let reader: Reader
    private let status: Int
    private let isStreamed: Bool
    private let limits: JSONLimits
    private var body: [UInt8] = []
    private var isDone = false
    private(set) var missing: [ResultAddress] = []
    /// What waits for ``missing``.
    private var waiting: JSONDocument?

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
            missing = try reader.missing(in: document.root)
            if missing.isEmpty {
                try reader.read(document.root, isStreamed: isStreamed, into: &events)
            } else {
                waiting = document
            }
        } catch {
            throw withStatus(error)
        }
    }

    mutating func complete(with results: [FetchedMedia], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard let document = waiting else { return }
        waiting = nil
        missing = []
        do throws(UpstreamFailure) {
            try reader.read(document.root, with: results, into: &events)
        } catch {
            throw withStatus(error)
        }
    }

    private func withStatus(_ failure: UpstreamFailure) -> UpstreamFailure {
        var failure = failure
        failure.status = status
        return failure
    }
}
