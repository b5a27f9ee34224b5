/// The credit of a request whose file is still on its way.
///
/// What it costs is known when the file is whole, which is before its vendor has the end of it: until then its length is
/// guessed by how it begins, and whoever wrote it can begin it as he likes.
public actor UploadCredit {
    /// Makes a hold as large as what came of the file costs.
    typealias Grow = @Sendable (inout Hold) async -> HoldGrowth

    private var hold: Hold?
    /// Holds the request, and so this: let go of once it was asked, and at the end.
    private var grow: Grow?
    private var growing: Task<HoldGrowth, Never>?
    private var hasEnded = false
    /// A file may be whole before credit is set aside for it.
    private var waiting: CheckedContinuation<Void, Never>?

    public init() {}

    /// Credit is set aside for the request.
    func begin(_ hold: Hold, grow: @escaping Grow) {
        self.hold = hold
        if !hasEnded { self.grow = grow }
        wake()
    }

    private func wake() {
        waiting?.resume()
        waiting = nil
    }

    /// Whether the credit reaches for what came of the file; sets aside more where it must. To be asked once, when the file
    /// is whole; whoever has asked ends it with ``end()``.
    public func covers() async -> HoldGrowth {
        if !hasEnded, hold == nil { await withCheckedContinuation { waiting = $0 } }
        guard let grow else { return .granted }
        self.grow = nil
        return await run(grow)
    }

    /// Sets aside what a vendor says that it took, as far as there is credit.
    func grow(to amount: Money, of ledger: any Ledger) async {
        // It has answered: nobody asks whether a file is paid any more.
        if let growing { _ = await growing.value }
        guard !hasEnded, let hold, amount > hold.amount else { return }
        _ = await run { await ledger.grow(&$0, to: amount) }
    }

    private func run(_ grow: @escaping Grow) async -> HoldGrowth {
        guard let hold else { return .granted }
        // Its end waits for this, so it may not depend on who asks.
        let task = Task {
            var hold = hold
            let growth = await grow(&hold)
            self.hold = hold
            growing = nil
            return growth
        }
        growing = task
        return await task.value
    }

    /// The request is settled, or will never be asked: nothing more is set aside.
    ///
    /// - Returns: what is; `nil` where that was never begun.
    @discardableResult
    public func end() async -> Hold? {
        hasEnded = true
        grow = nil
        wake()
        _ = await growing?.value
        return hold
    }
}
