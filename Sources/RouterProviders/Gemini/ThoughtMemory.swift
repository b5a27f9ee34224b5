import RouterCore
import Synchronization

/// Remembers the signatures of calls for clients that send a call back without them.
///
/// A signature is found again by the id and the name of its call: whoever has both has seen the call. It is kept for some
/// hours and within some megabytes, the oldest go first; a server that starts anew has forgotten them, and so has every
/// other server. Source: Gemini API guide, "Thought signatures".
public final class ThoughtMemory: Sendable {
    /// What bounds it.
    public struct Limits: Sendable, Hashable {
        public var lifetime: Duration = .seconds(4 * 3600)
        /// Of signatures and what they are found by.
        public var bytesMax = 16 * 1024 * 1024

        public init() {}
    }

    private struct Key: Hashable {
        var id: String
        var name: String
    }

    private struct Entry {
        var key: Key
        /// A JSON string, quotes included.
        var signature: [UInt8]
        var since: ContinuousClock.Instant

        /// About what it takes.
        var size: Int { signature.count + 2 * (key.id.utf8.count + key.name.utf8.count) + 150 }
    }

    private struct State {
        /// From the oldest; those before ``first`` are gone.
        var entries: [Entry] = []
        var first = 0
        /// Counts entries from the very first one.
        var places: [Key: Int] = [:]
        /// Entries that were thrown away before those of ``entries``.
        var dropped = 0
        var bytes = 0

        /// Whether the oldest has been there for too long.
        func isOld(at now: ContinuousClock.Instant, lifetime: Duration) -> Bool {
            first < entries.count && entries[first].since.duration(to: now) > lifetime
        }

        mutating func forgetFirst() {
            bytes -= entries[first].size
            places[entries[first].key] = nil
            entries[first].signature = []
            first += 1
            // Moved up once for as many as stay.
            guard first * 2 > entries.count else { return }
            entries.removeFirst(first)
            dropped += first
            first = 0
        }
    }

    private let limits: Limits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    public init(limits: Limits = Limits(), now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.limits = limits
        self.now = now
    }

    /// Keeps the signature of a call; the first one counts.
    ///
    /// - Parameter signature: a JSON string.
    func remember(_ signature: JSONValue, ofCall id: String, named name: String) {
        let entry = Entry(key: Key(id: id, name: name), signature: Array(signature.text), since: now())
        guard entry.size <= limits.bytesMax else { return }
        state.withLock { state in
            guard state.places[entry.key] == nil else { return }
            state.places[entry.key] = state.dropped + state.entries.count
            state.entries.append(entry)
            state.bytes += entry.size
            while state.bytes > limits.bytesMax || state.isOld(at: entry.since, lifetime: limits.lifetime) {
                state.forgetFirst()
            }
        }
    }

    /// The signature of a call: a JSON string; `nil` when it is not known any more.
    func signature(ofCall id: String, named name: String) -> [UInt8]? {
        let now = now()
        return state.withLock { state in
            while state.isOld(at: now, lifetime: limits.lifetime) { state.forgetFirst() }
            return state.places[Key(id: id, name: name)].map { state.entries[$0 - state.dropped].signature }
        }
    }
}
