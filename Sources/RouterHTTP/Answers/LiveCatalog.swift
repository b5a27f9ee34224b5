public import RouterCore
import Synchronization

/// The catalogue that counts now, and its listing, prepared once for each catalogue.
public final class LiveCatalog: Sendable {
    private let state: Mutex<(catalog: Catalog, listing: ModelListing)>

    public init(_ catalog: Catalog) {
        state = Mutex((catalog, ModelListing(catalog)))
    }

    public var current: Catalog { state.withLock { $0.catalog } }

    var listing: ModelListing { state.withLock { $0.listing } }

    /// Takes `catalog` for all requests from now on.
    public func replace(with catalog: Catalog) {
        let listing = ModelListing(catalog)
        state.withLock { $0 = (catalog, listing) }
    }
}
