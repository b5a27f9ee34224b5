import CAssets
import RouterCore

/// What requests can be routed to: the catalogue of an installation, with the keys for it.
struct Routes: Sendable {
    /// Also models that are not served: without a price, or without an endpoint.
    var models: [Model]
    var catalog: Catalog
    var providers: [Provider]
    /// By slug of the provider; none for an engine that asks for none.
    var keys: [String: [Secret]]
    /// About configured models.
    var notes: [CatalogNote]

    /// Puts the bundled catalogue, the operator's, configured models and providers together.
    ///
    /// - Parameters:
    ///   - found: engines that nobody configured, with models to add.
    /// - Throws: ``ConfigurationFaults`` when something in the operator's catalogue or under `models:` is wrong.
    init(_ settings: Settings, found: [(provider: Provider, models: [Model])] = []) throws(ConfigurationFaults) {
        let own = try OperatorCatalog(in: settings.data).read()
        let found = found.filter { engine in !settings.providers.contains { $0.provider.slug == engine.provider.slug } }
        providers = settings.providers.map(\.provider) + found.map(\.provider)
        keys = Dictionary(
            settings.providers.map { ($0.provider.slug, $0.keys) }, uniquingKeysWith: { first, _ in first })
        let dormant = Set(VendorKind.all.map(\.name) + Self.engineSlugs)
        do throws(CatalogFaults) {
            let reading = try CatalogReader.read(
                bundled: Self.bundled, own: own, configured: settings.models?.document, providers: providers,
                dormant: dormant)
            let known = Set(reading.models.map(\.id))
            models = reading.models + found.flatMap(\.models).filter { !known.contains($0.id) }
            notes = reading.notes
            catalog = Catalog(models, markup: settings.defaults.markup)
        } catch {
            throw ConfigurationFaults(error.faults.compactMap { settings.models?.fault(for: $0) })
        }
    }

    /// Slugs of engines that are looked for on this machine; models may name them whether they run or not.
    static let engineSlugs = ["ollama", "lmstudio", "llamacpp", "vllm"]

    /// The catalogue that is compiled in.
    static let bundled: JSONDocument? = {
        let asset = CAssetCatalog()
        // A test reads it, so that a fault in it never gets here.
        return try? JSONDocument(Array(UnsafeBufferPointer(start: asset.bytes, count: asset.count)))
    }()
}
