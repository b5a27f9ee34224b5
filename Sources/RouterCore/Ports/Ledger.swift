/// Sets credit aside before a request is sent and turns it into a charge when it has ended.
///
/// Each hold ends in exactly one ``settle(_:as:)`` or ``release(_:)``. Neither may depend on the cancellation of the
/// task it runs in: a client that leaves cancels its answer, not its bill.
public protocol Ledger: Sendable {
    /// Sets aside what `request` may cost at the dearest of `endpoints`.
    /// - Throws: ``APIError``: `paymentRequired` when the credit does not reach, `unavailable` when nobody can tell.
    func hold(
        for generation: Generation.ID, of request: ChatRequest, at endpoints: [Endpoint], caller: Caller
    ) async throws(APIError) -> Hold

    /// Ends `hold` with the record of what happened; when it returns, the charge cannot be lost any more.
    func settle(_ hold: Hold, as generation: Generation) async throws(StoreError)

    /// Ends `hold` without a charge: nothing was answered.
    func release(_ hold: Hold) async
}

/// A ledger that lets everything pass and charges nothing.
public struct FreeLedger: Ledger {
    public init() {}

    public func hold(
        for generation: Generation.ID, of request: ChatRequest, at endpoints: [Endpoint], caller: Caller
    ) async throws(APIError) -> Hold {
        Hold(generation: generation, account: caller.account)
    }

    public func settle(_ hold: Hold, as generation: Generation) async throws(StoreError) {}

    public func release(_ hold: Hold) async {}
}
