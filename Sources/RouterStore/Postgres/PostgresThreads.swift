import Dispatch
import Foundation
import RouterCore

/// A few threads that may block, each with a connection of its own, and the bounded queue of what they have to do.
///
/// `@unchecked Sendable`: everything that changes is touched under `condition` only.
final class PostgresThreads: @unchecked Sendable {
    /// Something to do. One of the two is called, once.
    struct Job: Sendable {
        let run: @Sendable (PostgresSeat) -> Void
        let refuse: @Sendable (StoreError) -> Void
    }

    private struct Waiting {
        let job: Job
        let deadline: ContinuousClock.Instant
    }

    private let name: String
    private let queueMax: Int
    private let queueWait: Duration
    private let condition = NSCondition()
    private var waiting: [Waiting] = []
    private var running: Int
    private var isClosed = false
    /// A timer looks after those that wait too long.
    private var isWatched = false
    private var onEnd: [@Sendable () -> Void] = []

    /// - Parameters:
    ///   - name: what messages call the database.
    ///   - queueMax: how many may wait; who comes then is refused at once.
    ///   - queueWait: how long one may wait for a thread.
    init(
        name: String, count: Int, queueMax: Int, queueWait: Duration, seat: @escaping @Sendable () -> PostgresSeat
    ) {
        self.name = name
        self.queueMax = queueMax
        self.queueWait = queueWait
        running = count
        for number in 1...count {
            let thread = Thread { [self] in
                let seat = seat()
                while let job = next() { job.run(seat) }
                seat.leave()
                end()
            }
            thread.name = "postgres-\(number)"
            thread.start()
        }
    }

    /// Hands over a job; it is refused when there is no room for it, or when no thread comes to it in time.
    func submit(_ job: Job) {
        condition.lock()
        let refusal: StoreError? =
            if isClosed {
                StoreError(.unavailable, "\(name) is closed")
            } else if waiting.count >= queueMax {
                StoreError(.unavailable, "\(name) is too busy: \(waiting.count) calls wait for it already")
            } else {
                nil
            }
        if refusal == nil {
            waiting.append(Waiting(job: job, deadline: .now + queueWait))
            if !isWatched { watch(after: queueWait) }
            condition.signal()
        }
        condition.unlock()
        if let refusal { job.refuse(refusal) }
    }

    /// Lets the threads end when they have done what was accepted, and calls `body` then.
    func close(_ body: @escaping @Sendable () -> Void) {
        condition.lock()
        isClosed = true
        let hasEnded = running == 0
        if !hasEnded { onEnd.append(body) }
        condition.broadcast()
        condition.unlock()
        if hasEnded { body() }
    }

    private func next() -> Job? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty {
            if isClosed { return nil }
            condition.wait()
        }
        return waiting.removeFirst().job
    }

    private func end() {
        condition.lock()
        running -= 1
        let bodies = running == 0 ? onEnd : []
        condition.unlock()
        for body in bodies { body() }
    }

    /// Under the lock.
    private func watch(after wait: Duration) {
        isWatched = true
        let (seconds, attoseconds) = wait.components
        let time =
            DispatchTime.now() + .seconds(Int(clamping: seconds))
            + .nanoseconds(Int(clamping: attoseconds / 1_000_000_000))
        DispatchQueue.global().asyncAfter(deadline: time) { [weak self] in self?.refuseOverdue() }
    }

    private func refuseOverdue() {
        let now = ContinuousClock.now
        condition.lock()
        // All wait equally long, so the first is the one that has waited longest.
        let overdue = waiting.prefix { $0.deadline <= now }
        waiting.removeFirst(overdue.count)
        if let first = waiting.first {
            watch(after: now.duration(to: first.deadline))
        } else {
            isWatched = false
        }
        condition.unlock()
        for one in overdue {
            one.job.refuse(StoreError(.unavailable, "\(name) is too busy: no connection was free for \(queueWait)"))
        }
    }
}
