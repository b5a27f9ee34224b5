/// What a text would change in the catalogue, and the operator's catalogue as it would be then. Nothing is written here.
public struct CatalogUpdate: Sendable {
    /// What is done with the models of a text.
    public enum Way: Sendable, Hashable {
        /// Each is put over the one that the operator's catalogue has: its members replace those of the same name. Prices
        /// are replaced as a whole.
        case merge
        /// They become the operator's catalogue; what was in it before and is not in the text is gone.
        case replace
        /// Only prices are taken, and only of models that are there.
        case pricesOnly
    }

    /// In the order of the catalogue; only what differs.
    public let differences: [CatalogDifference]
    /// Models of the text that are not in the catalogue and so have no prices to update.
    public let unknown: [String]
    /// The operator's catalogue then: a model on each line.
    public let file: [UInt8]

    /// - Parameters:
    ///   - bundled: models that come along.
    ///   - current: the operator's catalogue, which lies above them; `nil` when there is none.
    ///   - proposed: models in the same form.
    /// - Throws: ``CatalogFaults`` with everything that is wrong with `proposed`.
    public init(
        bundled: JSONDocument?, current: JSONDocument?, proposed: JSONDocument, way: Way
    ) throws(CatalogFaults) {
        try CatalogReader.check(proposed)
        let below = Self.models(of: bundled)
        let own = Self.models(of: current)
        let (belowByID, ownByID) = (Self.byID(below), Self.byID(own))
        var taken = Self.models(of: proposed)
        unknown =
            way == .pricesOnly ? taken.map(\.id).filter { ownByID[$0] == nil && belowByID[$0] == nil } : []
        let missing = Set(unknown)
        taken.removeAll { missing.contains($0.id) }
        let takenByID = Self.byID(taken)
        let order =
            way == .replace ? taken.map(\.id) : own.map(\.id) + taken.map(\.id).filter { ownByID[$0] == nil }
        let lines = order.map { id in
            Self.line(
                id, takenByID[id], over: way == .replace ? nil : ownByID[id], pricesOnly: way == .pricesOnly)
        }
        file =
            Array("{\"models\": [\n".utf8) + Array(lines.joined(separator: Array(",\n".utf8))) + Array("\n]}\n".utf8)
        let proposedFile: JSONDocument
        do throws(JSONFault) {
            proposedFile = try JSONDocument(file, limits: .response)
        } catch {
            throw CatalogFaults(faults: [CatalogFault(path: error.path, message: error.message)])
        }
        let then = Self.byID(Self.models(of: proposedFile))
        let priced = Set(
            try CatalogReader.read(bundled: bundled, own: proposedFile, providers: []).models
                .filter(\.isPriced).map(\.id))
        var seen: Set<String> = []
        let all = (below + own + Self.models(of: proposedFile)).map(\.id).filter { seen.insert($0).inserted }
        differences = all.compactMap { id in
            let layers = (before: [ownByID[id], belowByID[id]], after: [then[id], belowByID[id]])
            return CatalogDifference(
                id: id, before: layers.before.contains { $0 != nil } ? LayeredObject(layers.before) : nil,
                after: layers.after.contains { $0 != nil } ? LayeredObject(layers.after) : nil,
                isPriced: priced.contains(id))
        }
    }

    private static func models(of document: JSONDocument?) -> [(id: String, value: JSONValue)] {
        document?.root["models"]?.elements.compactMap { model in model["id"]?.string.map { ($0, model) } } ?? []
    }

    private static func byID(_ models: [(id: String, value: JSONValue)]) -> [String: JSONValue] {
        Dictionary(models, uniquingKeysWith: { first, _ in first })
    }

    /// One model of the file.
    private static func line(
        _ id: String, _ proposed: JSONValue?, over own: JSONValue?, pricesOnly: Bool
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        var names: Set<String> = ["id"]
        writer.beginObject()
        writer.member("id", id)
        for (value, isOwn) in [(proposed, false), (own, true)] {
            guard let value else { continue }
            for member in value.members where isOwn || !pricesOnly || member.name == "pricing" {
                guard names.insert(member.name.string).inserted else { continue }
                writer.copy(member)
            }
        }
        writer.endObject()
        // A line break between two values is space to JSON; inside a text it is always escaped.
        return writer.bytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
    }
}
