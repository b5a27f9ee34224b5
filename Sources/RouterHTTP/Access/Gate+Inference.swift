import RouterCore

// What every inference route asks of the gate.

extension Gate {
    /// Lets an inference request in, and notes who asks and the state of the limit.
    /// - Throws: ``APIError`` for a key that is none, or that may not do this now.
    func admit(
        _ request: FrontRequest, noting headers: inout ResponseHeaders, _ entry: inout RequestRecord
    ) async throws(APIError) -> Admission {
        let admission = try await admit(request.header, for: .inference)
        headers.add(admission.verdict)
        entry.key = admission.key.id
        if let refusal = admission.refusal { throw refusal }
        return admission
    }

    /// The request was refused before an answer began: one that no vendor was asked for does not count.
    ///
    /// - Parameter unknownModelIsInvalid: whether an unknown model is told as 400 instead of 404.
    /// - Returns: what to tell the client.
    func refused(_ admission: Admission, for error: APIError, unknownModelIsInvalid: Bool) -> APIError {
        if [.invalidRequest, .paymentRequired, .unavailable].contains(error.kind) { giveBack(admission) }
        var error = error
        if error.kind == .modelNotFound, unknownModelIsInvalid { error.kind = .modelInvalid }
        return error
    }
}
