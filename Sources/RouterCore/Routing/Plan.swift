/// Where one request is tried, in order, and what was decided on the way.
public struct Plan: Sendable {
    /// One place to try.
    struct Target: Sendable {
        var candidates: Candidates
        /// Which of the model's endpoints.
        var index: Int

        var model: Model { candidates.model }
        var endpoint: Endpoint { candidates.model.endpoints[index] }
        var key: String { candidates.keys[index] }
    }

    /// Best first, never empty; no more than can be tried, and a few for those that are left out at the last moment.
    var targets: [Target]
    /// What the first choice went by.
    var strategy: Strategy
    /// Endpoints that met every condition.
    var eligibleCount: Int
    /// The names that were asked for.
    var requested: [String]
    /// `nil` for a model that has one endpoint only.
    var conversation: Conversation?

    enum Strategy: String, Sendable, Hashable {
        /// There was one endpoint.
        case direct
        /// By price, weight and chance.
        case balanced
        /// By `provider.order`.
        case order
        /// By `provider.sort`, `:nitro` or `:floor`.
        case sort
        /// Where the conversation was answered before.
        case sticky
    }

    var endpoints: [Endpoint] { targets.map(\.endpoint) }

    /// Leaves what a key may ask.
    ///
    /// - Parameter models: their ids or other names; empty for all.
    /// - Throws: ``APIError`` of kind `permissionDenied` when nothing is left.
    mutating func limit(to models: [String]) throws(APIError) {
        guard !models.isEmpty else { return }
        let refused = targets.first?.model.id ?? ""
        targets.removeAll { target in
            !models.contains(target.model.id) && !target.model.aliases.contains(where: models.contains)
        }
        guard targets.isEmpty else { return }
        throw APIError(
            .permissionDenied, "This key may not use \(refused). It may use: \(models.joined(separator: ", ")).",
            parameter: "model")
    }
}
