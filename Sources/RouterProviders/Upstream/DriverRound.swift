/// What one round of the driver leaves to its end: the transfers that got something in it, each once, and what others are
/// to be told.
final class DriverRound {
    private var touched: [CurlTransfer] = []
    private var tasks: [@Sendable () -> Void] = []

    func touch(_ transfer: CurlTransfer) {
        guard !transfer.isTouched else { return }
        transfer.isTouched = true
        touched.append(transfer)
    }

    /// Wakes somebody at the end of the round. Who is woken on the same core takes it at once, and would do so for each
    /// transfer alone.
    func later(_ task: @escaping @Sendable () -> Void) { tasks.append(task) }

    /// Tells each, also those that get something while others are told, and starts a new round.
    func finish(_ body: (CurlTransfer) -> Void) {
        var index = 0
        while index < touched.count {
            let transfer = touched[index]
            index += 1
            transfer.isTouched = false
            body(transfer)
        }
        touched.removeAll(keepingCapacity: true)
        let due = tasks
        tasks = []
        for task in due { task() }
    }
}
