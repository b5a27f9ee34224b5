extension Exchange {
    /// Reads the response to its end. Cancelling the task ends it, whatever the provider charges.
    ///
    /// - Returns: without the body where that has more than `bytesMax` bytes; the exchange has ended then.
    /// - Throws: as ``next()``, and of kind `broken` for a response without a head.
    func collect(bytesMax: Int) async throws(UpstreamFailure) -> (head: UpstreamHead, body: [UInt8]?) {
        let end = await withTaskCancellationHandler {
            await collected(bytesMax)
        } onCancel: {
            cancel()
        }
        return try end.get()
    }

    private func collected(_ bytesMax: Int) async -> Result<(head: UpstreamHead, body: [UInt8]?), UpstreamFailure> {
        var head: UpstreamHead?
        var said = 0
        var body: [UInt8] = []
        do throws(UpstreamFailure) {
            while let event = try await next() {
                switch event {
                case .head(let one):
                    head = one
                    said = one["content-length"].flatMap { Int($0) } ?? 0
                case .bytes(let bytes): body += bytes
                case .silence: break
                }
                if let head, max(said, body.count) > bytesMax {
                    cancel()
                    return .success((head, nil))
                }
            }
        } catch {
            return .failure(error)
        }
        guard let head else { return .failure(UpstreamFailure(.broken, "The provider's answer ended early.")) }
        return .success((head, body))
    }
}
