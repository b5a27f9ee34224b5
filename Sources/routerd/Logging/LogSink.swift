import Dispatch
import Glibc
import Synchronization

/// Where log lines go: a file descriptor, in blocks, so that a line for each request does not cost a system call each.
///
/// Lines are written at the latest 200 ms after they were handed over; at once when they are urgent or many.
final class LogSink: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var isScheduled = false
    }

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "log")
    private let state = Mutex(State())
    /// Serialises writes, so that blocks do not overtake each other.
    private let writing = Mutex(())

    private static let bytesMax = 32 * 1024
    private static let delay = DispatchTimeInterval.milliseconds(200)

    /// - Parameter descriptor: stays the caller's.
    init(descriptor: Int32) { self.descriptor = descriptor }

    /// - Parameter line: with its line feed.
    func write(_ line: [UInt8], isUrgent: Bool) {
        let (isFull, mustSchedule) = state.withLock { state in
            state.waiting += line
            let isFull = state.waiting.count >= Self.bytesMax
            let mustSchedule = !isUrgent && !isFull && !state.isScheduled
            if mustSchedule { state.isScheduled = true }
            return (isFull, mustSchedule)
        }
        if isUrgent || isFull {
            flush()
        } else if mustSchedule {
            queue.asyncAfter(deadline: .now() + Self.delay) { [self] in
                // Before it writes, so that a line that comes meanwhile is scheduled anew.
                state.withLock { $0.isScheduled = false }
                flush()
            }
        }
    }

    /// Writes what waits. What the descriptor does not take is lost: logging must not stop the service.
    func flush() {
        writing.withLock { _ in
            let block = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            var written = 0
            while written < block.count {
                let count = block[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                written += count
            }
        }
    }
}
