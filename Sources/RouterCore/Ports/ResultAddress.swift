/// Where something stands that a vendor made and did not send.
public struct ResultAddress: Sendable, Hashable {
    public enum Place: Sendable, Hashable {
        /// On the public internet.
        case web(url: String)
        /// At the server that the operator has named for the provider, in whatever network it is.
        ///
        /// - Parameters:
        ///   - origin: such as `http://gpu1:8000`.
        ///   - path: with the query, from its slash on.
        case provider(origin: String, path: String)
    }

    public var place: Place
    /// What may be found there.
    public var types: Set<MediaType>

    public init(_ place: Place, types: Set<MediaType>) {
        self.place = place
        self.types = types
    }
}
