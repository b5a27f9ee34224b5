import Glibc
import Synchronization

/// Something that happens once, which threads and tasks can wait for; later waits return at once.
///
/// A ``LoopbackServer`` waits for it on its threads (``Step/wait(for:)``) or raises it (``Step/raise(_:)``); a test
/// raises it, or awaits ``raised()``.
public final class Signal: Sendable {
    private let first = Mutex<ContinuousClock.Instant?>(nil)
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
    public var moment: ContinuousClock.Instant? { first.withLock { $0 } }

    public func raise() {
        first.withLock { first in
            guard first == nil else { return }
            first = .now
            var byte: UInt8 = 1
            // An empty pipe takes one byte.
            _ = write(writingEnd, &byte, 1)
        }
    }

    /// Waits until it is raised, or the test's time limit is at its end.
    ///
    /// - Returns: when it was raised.
    @discardableResult
    public func raised() async -> ContinuousClock.Instant {
        // A thread raises it, so there is nothing to be resumed by; cancelling shows in the condition.
        while moment == nil, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
        return moment ?? .now
    }
}

/// A number that threads count up and a test reads.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    public init() {}

    public var value: Int { count.load(ordering: .sequentiallyConsistent) }

    public func add(_ number: Int) { count.wrappingAdd(number, ordering: .sequentiallyConsistent) }

    /// Waits until it has counted to `number`.
    ///
    /// - Throws: `CancellationError` when the test's time limit is at its end.
    public func reached(_ number: Int) async throws {
        try await until { self.value >= number }
    }
}

/// Looks again every millisecond until `condition` holds: for what cannot tell by itself.
///
/// - Throws: `CancellationError` when the test's time limit is at its end.
public func until(_ condition: @Sendable () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(1)) }
}
