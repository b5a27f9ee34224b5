/// The credit of a request whose file is still on its way.
///
/// What it costs is known when the file is whole, which is before its vendor has the last byte: until then its length is
/// guessed by how it begins, and whoever wrote it can begin it as he likes.
public actor UploadCredit {
    private var hold: Hold?
    private var grow: (@Sendable (inout Hold) async -> Bool)?
    private var growing: Task<(hold: Hold, suffices: Bool), Never>?
    private var hasEnded = false
    /// A file may be whole before credit is set aside for it.
    private var waiting: CheckedContinuation<Void, Never>?

    public init() {}

    /// Credit is set aside for the request.
    ///
    /// - Parameter grow: makes the hold as large as what came of the file costs; returns whether it could.
    func begin(_ hold: Hold, grow: @escaping @Sendable (inout Hold) async -> Bool) {
        self.hold = hold
        self.grow = grow
        wake()
    }

    private func wake() {
        waiting?.resume()
        waiting = nil
    }

    /// Whether the credit reaches for what came of the file; sets aside more where it must. To be asked once, when the file
    /// is whole; whoever has asked ends it with ``end()``.
    public func suffices() async -> Bool {
        if !hasEnded, hold == nil { await withCheckedContinuation { waiting = $0 } }
        guard !hasEnded, let hold, let grow else { return true }
        // Its end waits for this, so it may not depend on who asks.
        let task = Task {
            var hold = hold
            let suffices = await grow(&hold)
            return (hold: hold, suffices: suffices)
        }
        growing = task
        let grown = await task.value
        self.hold = grown.hold
        growing = nil
        return grown.suffices
    }

    /// The request is settled, or will never be asked: nothing more is set aside.
    ///
    /// - Returns: what is; `nil` where that was never begun.
    @discardableResult
    public func end() async -> Hold? {
        hasEnded = true
        wake()
        if let growing { return await growing.value.hold }
        return hold
    }
}
