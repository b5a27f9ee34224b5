import RouterCore

/// A part of an answer that is what a vendor answers to one request: for vendors that make one thing for each.
struct RequestTask: UpstreamTask {
    private let request: UpstreamRequest
    private let answerBytesMax: Int

    init(_ request: UpstreamRequest, answerBytesMax: Int) {
        self.request = request
        self.answerBytesMax = answerBytesMax
    }

    func next(after outcome: TaskOutcome?) throws(UpstreamFailure) -> TaskStep {
        switch outcome {
        case nil: return .send(request, origin: nil, answerBytesMax: answerBytesMax)
        case .answer(let head, let body)?:
            return (200..<300).contains(head.status) ? .done(body) : .refused(head, body: body)
        case .lost(let failure)?: throw failure
        case .waited?, .fetched?: throw .notAnAnswer
        }
    }
}
