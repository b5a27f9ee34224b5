/// The transfers that got something in the present round of the driver, each once.
final class DriverRound {
    private var touched: [CurlTransfer] = []

    func touch(_ transfer: CurlTransfer) {
        guard !transfer.isTouched else { return }
        transfer.isTouched = true
        touched.append(transfer)
    }

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
    }
}
