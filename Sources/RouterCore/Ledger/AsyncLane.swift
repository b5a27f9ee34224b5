import Synchronization

/// Lets one piece of asynchronous work through at a time, in the order in which they came.
///
/// What came before must end: work here is bounded by itself, and is not cut off when the waiting task is cancelled.
final class AsyncLane: Sendable {
    private struct State {
        var isBusy = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func run<Value, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isBusy {
                    state.waiting.append(continuation)
                    return false
                }
                state.isBusy = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return CheckedContinuation<Void, Never>?.none
            }
            return state.waiting.removeFirst()
        }?.resume()
    }
}
