import RouterCore

/// A part of an answer that is what a vendor answers to several requests, one after the other: `[…,…]` in their order.
///
/// A vendor that takes one thing a request is asked for many things by a few of these, and not by all at once.
struct SeriesTask: UpstreamTask {
    private let requests: [UpstreamRequest]
    private let answerBytesMax: Int
    private var answers: [UInt8] = [UInt8(ascii: "[")]
    private var answeredCount = 0

    /// - Parameters:
    ///   - requests: at least one.
    ///   - answerBytesMax: of each.
    init(_ requests: [UpstreamRequest], answerBytesMax: Int) {
        self.requests = requests
        self.answerBytesMax = answerBytesMax
    }

    mutating func next(after outcome: TaskOutcome?) throws(UpstreamFailure) -> TaskStep {
        switch outcome {
        case nil: break
        case .answer(let head, let body)?:
            guard (200..<300).contains(head.status) else { return .refused(head, body: body) }
            if answeredCount > 0 { answers.append(UInt8(ascii: ",")) }
            answers += body
            answeredCount += 1
        case .lost(let failure)?: throw failure
        case .waited?, .fetched?: throw .notAnAnswer
        }
        guard answeredCount < requests.count else { return .done(answers + [UInt8(ascii: "]")]) }
        return .send(requests[answeredCount], origin: nil, answerBytesMax: answerBytesMax)
    }
}
