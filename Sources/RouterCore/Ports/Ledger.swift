/// Sets credit aside before a request is sent and turns it into a charge when it has ended.
///
/// Each hold ends in exactly one ``settle(_:as:)``, also when nothing was answered. That may not depend on the
/// cancellation of the task it runs in: a client that leaves cancels its answer, not its bill.
public protocol Ledger: Sendable {
    /// Sets aside what a request may cost.
    /// - Throws: ``APIError``: `paymentRequired` when the credit does not reach, `unavailable` when nobody can tell.
    func hold(for generation: Generation, _ estimate: HoldEstimate, caller: Caller) async throws(APIError) -> Hold

    /// Makes a hold larger while its request runs.
    /// - Returns: whether it has `amount` now; if not, it is as it was, and the request must end.
    func grow(_ hold: inout Hold, to amount: Money) async -> HoldGrowth

    /// Ends `hold` with the record of what happened; when it returns, the charge cannot be lost any more.
    ///
    /// - Returns: the record with what is really charged: never more than the credit there is.
    func settle(_ hold: Hold, as generation: Generation) async throws(StoreError) -> Generation
}

/// Whether a hold could be made larger.
public enum HoldGrowth: Sendable, Hashable {
    case granted
    /// The credit does not reach.
    case short
    /// Nobody can tell.
    case unknown
}

/// A ledger that lets everything pass and charges what it is told, to nobody.
public struct FreeLedger: Ledger {
    public init() {}

    public func hold(
        for generation: Generation, _ estimate: HoldEstimate, caller: Caller
    ) async throws(APIError) -> Hold {
        Hold(generation: generation.id, lease: LeaseName(account: caller.account))
    }

    public func grow(_ hold: inout Hold, to amount: Money) async -> HoldGrowth {
        hold.amount = amount
        return .granted
    }

    public func settle(_ hold: Hold, as generation: Generation) async throws(StoreError) -> Generation { generation }
}
