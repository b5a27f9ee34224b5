import Testing

@testable import RouterCore

@Suite("Changing the catalogue") struct CatalogUpdateTests {
    static let bundled = """
        {"models": [
            {"id": "a/one", "context_length": 10, "pricing": {"prompt": "0.000002", "completion": "0.000020",
             "source": "a page"}, "endpoints": [{"provider": "openai", "model": "one"}]},
            {"id": "a/two", "pricing": {"prompt": "0.000001", "completion": "0.000001"}}
        ]}
        """

    static func update(
        _ proposed: String, own: String? = nil, _ way: CatalogUpdate.Way = .merge
    ) throws -> CatalogUpdate {
        try CatalogUpdate(
            bundled: JSONDocument(Array(bundled.utf8)), current: own.map { try JSONDocument(Array($0.utf8)) },
            proposed: JSONDocument(Array(proposed.utf8)), way: way)
    }

    /// What differs, a line for each.
    static func lines(_ update: CatalogUpdate) -> [String] {
        update.differences.flatMap { difference in
            difference.members.map {
                "\(difference.kind.rawValue) \(difference.id) \($0.name) \($0.before ?? "-") \($0.after ?? "-") \($0.permille.map { "\($0)" } ?? "-")"
            }
        }
    }

    @Test("each price that changes is named, before and after, with how much it changes")
    func changes() throws {
        let update = try Self.update(
            """
            {"models": [{"id": "a/one", "context_length": 20, "pricing": {"prompt": "0.0000025", "completion": "0.00002",
              "input_cache_read": "0.0000001", "tiers": [{"above": 100, "prompt": "0.000004"}],
              "services": {"flex": {"prompt": "0.000001"}}, "images": [{"size": "1x1", "price": "0.1"}],
              "source": "another page"}}]}
            """)
        #expect(
            Self.lines(update) == [
                "changed a/one context_length 10 20 -",
                "changed a/one pricing.prompt 0.000002 0.0000025 250",
                "changed a/one pricing.input_cache_read - 0.0000001 -",
                "changed a/one pricing.tiers.100.prompt - 0.000004 -",
                "changed a/one pricing.services.flex.prompt - 0.000001 -",
                "changed a/one pricing.images.1x1.any - 0.1 -",
            ])
        #expect(update.differences.first?.members[1].shown("0.0000025") == "2.5")
    }

    @Test("another spelling of a price, another source and the same members are no change")
    func same() throws {
        let update = try Self.update(
            #"{"models": [{"id": "a/one", "pricing": {"prompt": "0.00000200", "completion": 0.00002, "date": "2026-01-01"}}]}"#
        )
        #expect(update.differences.isEmpty)
    }

    @Test("a price that is gone is named, and a model that is left without one is said to be")
    func gone() throws {
        let update = try Self.update(#"{"models": [{"id": "a/one", "pricing": {"prompt": "0.000001"}}]}"#)
        #expect(
            Self.lines(update) == [
                "changed a/one pricing.prompt 0.000002 0.000001 -500",
                "changed a/one pricing.completion 0.00002 - -",
            ])
        #expect(update.differences.map(\.isUnpriced) == [true])
    }

    @Test("a new model is added with its prices; members of the operator's own stay beside what is new")
    func merges() throws {
        let own =
            #"{"models": [{"id": "a/one", "name": "Ours", "pricing": {"prompt": "0.000003", "completion": "0.00002"}}]}"#
        let update = try Self.update(
            """
            {"models": [{"id": "a/three", "pricing": {"prompt": "0.000001", "completion": "0"}},
              {"id": "a/one", "context_length": 11}]}
            """, own: own)
        #expect(
            Self.lines(update) == [
                "changed a/one context_length 10 11 -", "added a/three pricing.prompt - 0.000001 -",
                "added a/three pricing.completion - 0 -",
            ])
        let file = try JSONDocument(update.file)
        let one = try #require(file.root["models"].flatMap { Array($0.elements).first })
        #expect(one["name"]?.string == "Ours" && one["context_length"]?.integer == 11)
        #expect(one["pricing"]?["prompt"]?.string == "0.000003")
        #expect(try CatalogUpdate(bundled: nil, current: file, proposed: file, way: .merge).differences.isEmpty)
    }

    @Test("replacing removes what the file does not have; a bundled model counts again as it came")
    func replaces() throws {
        let own = """
            {"models": [{"id": "a/one", "pricing": {"prompt": "0.000003", "completion": "0.00002"}},
              {"id": "a/own", "pricing": {"prompt": "0.000001", "completion": "0.000001"}}]}
            """
        let update = try Self.update(#"{"models": []}"#, own: own, .replace)
        #expect(
            Self.lines(update) == [
                "changed a/one pricing.prompt 0.000003 0.000002 -333", "removed a/own pricing.prompt 0.000001 - -",
                "removed a/own pricing.completion 0.000001 - -",
            ])
        #expect(try JSONDocument(update.file).root["models"]?.count == 0)
    }

    @Test("prices only: other members and models that are not there are passed over")
    func pricesOnly() throws {
        let update = try Self.update(
            """
            {"models": [{"id": "a/one", "name": "Other", "pricing": {"prompt": "0.000004", "completion": "0.00002"}},
              {"id": "a/new", "pricing": {"prompt": "0.000001", "completion": "0"}}]}
            """, .pricesOnly)
        #expect(Self.lines(update) == ["changed a/one pricing.prompt 0.000002 0.000004 1000"])
        #expect(update.unknown == ["a/new"])
        let one = try JSONDocument(update.file).root["models"].flatMap { Array($0.elements).first }
        #expect(one?["name"] == nil && one?["pricing"]?["prompt"]?.string == "0.000004")
    }

    @Test(
        "a price that becomes 0 or changes more than tenfold is implausible",
        arguments: [
            ("0", true), ("0.000020", false), ("0.000020000001", true), ("0.0000002", false), ("0.00000019", true),
        ])
    func implausible(_ price: String, _ isImplausible: Bool) throws {
        let update = try Self.update(
            #"{"models": [{"id": "a/one", "pricing": {"prompt": "\#(price)", "completion": "0.00002"}}]}"#)
        #expect(update.differences.map(\.isImplausible) == [isImplausible])
    }

    @Test("one bad entry spoils the file and is named by its path")
    func bad() throws {
        do {
            _ = try Self.update(
                #"{"models": [{"id": "a/one", "context_length": 1}, {"id": "a/two", "pricing": {"prompt": "1e-6"}}]}"#)
            Issue.record("accepted")
        } catch let faults as CatalogFaults {
            #expect(faults.faults.map(\.path) == ["models[1].pricing.prompt"])
        }
        #expect(throws: CatalogFaults.self) { try Self.update("{}") }
    }
}
