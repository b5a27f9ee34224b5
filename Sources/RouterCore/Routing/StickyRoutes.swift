import Synchronization

/// Remembers which endpoint answered a conversation last, so that the next request finds its prompt cache.
///
/// Bounded: two halves, of which the older is dropped when the newer is full. An entry is good for ten minutes after its
/// last use.
public final class StickyRoutes: Sendable {
    private struct Entry {
        var endpoint: String
        var usedAt: ContinuousClock.Instant
    }

    private struct State {
        var newer: [Int: Entry] = [:]
        var older: [Int: Entry] = [:]
    }

    private let entriesMax: Int
    private let state = Mutex(State())

    /// How long a vendor's cache may be expected to live.
    static let lifetime: Duration = .seconds(600)

    /// - Parameter entriesMax: conversations that are remembered, about 100 bytes each.
    public init(entriesMax: Int = 100_000) { self.entriesMax = max(2, entriesMax) }

    /// The key of the endpoint that answered last, in ``Candidates/keys``; `nil` when nobody did in the last ten minutes.
    func endpoint(of conversation: Conversation, at now: ContinuousClock.Instant) -> String? {
        state.withLock { state in
            guard let entry = state.newer[conversation.hash] ?? state.older[conversation.hash],
                entry.usedAt.duration(to: now) < Self.lifetime
            else { return nil }
            return entry.endpoint
        }
    }

    func note(_ endpoint: String, answered conversation: Conversation, at now: ContinuousClock.Instant) {
        state.withLock { state in
            if state.newer.count >= entriesMax / 2 {
                state.older = state.newer
                state.newer = [:]
            }
            state.newer[conversation.hash] = Entry(endpoint: endpoint, usedAt: now)
        }
    }

    /// Conversations that are remembered.
    var count: Int { state.withLock { $0.newer.count + $0.older.count } }
}
