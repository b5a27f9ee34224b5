/// Where one request is tried, in order.
struct Plan: Sendable, Hashable {
    /// Best first; as many as the model has.
    var endpoints: [Endpoint]

    /// Spreads requests evenly over the model's endpoints: the first is `choice` of them, the others follow in turn.
    init(for model: Model, choice: UInt64) {
        guard model.endpoints.count > 1 else {
            endpoints = model.endpoints
            return
        }
        let first = Int(choice % UInt64(max(1, model.endpoints.count)))
        endpoints = Array(model.endpoints[first...] + model.endpoints[..<first])
    }
}
