import Glibc
import Synchronization

/// Something that happens once, which threads and tasks can wait for; later waits return at once.
///
/// A ``LoopbackServer`` waits for it on its threads (``Step/wait(for:)``) or raises it (``Step/raise(_:)``); a test
/// raises it, or awaits ``raised()``.
public final class Signal: Sendable {
    private struct State {
        var moment: ContinuousClock.Instant?
        var waiters: [CheckedContinuation<ContinuousClock.Instant, Never>] = []
    }

    private let state = Mutex(State())
    /// Readable from the moment it is raised on; nothing is ever read from it.
    let descriptor: Int32
    private let writingEnd: Int32

    public init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "a test needs descriptors")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        writingEnd = ends[1]
    }

    deinit {
        close(descriptor)
        close(writingEnd)
    }

    /// When it was raised first; `nil` while it was not.
    public var moment: ContinuousClock.Instant? { state.withLock { $0.moment } }

    public func raise() {
        let waiters = state.withLock { state -> [CheckedContinuation<ContinuousClock.Instant, Never>] in
            guard state.moment == nil else { return [] }
            state.moment = .now
            var byte: UInt8 = 1
            // An empty pipe takes one byte.
            _ = write(writingEnd, &byte, 1)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: .now) }
    }

    /// Waits until it is raised. Give the test a time limit.
    ///
    /// - Returns: when it was raised.
    @discardableResult
    public func raised() async -> ContinuousClock.Instant {
        await withCheckedContinuation { waiter in
            let moment = state.withLock { state in
                if state.moment == nil { state.waiters.append(waiter) }
                return state.moment
            }
            if let moment { waiter.resume(returning: moment) }
        }
    }
}

/// A number that threads count up and a test reads.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    public init() {}

    public var value: Int { count.load(ordering: .sequentiallyConsistent) }

    public func add(_ number: Int) { count.wrappingAdd(number, ordering: .sequentiallyConsistent) }
}
