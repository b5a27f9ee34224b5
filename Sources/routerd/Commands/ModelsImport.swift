import ArgumentParser
import Foundation
import RouterCore

extension Models {
    /// What `import` and `update-prices` share.
    struct ChangeOptions: ParsableArguments {
        @Flag(help: "Write the changes. Without it they are only shown.")
        var apply = false

        @Flag(help: "Apply also prices that become 0 or change more than tenfold.")
        var acceptImplausible = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: JSONOption
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take models from a file into your catalogue; shows what would change.",
            discussion: """
                routerd models import catalog.json --apply
                routerd models import model_prices_and_context_window.json
                The file is a catalogue in our own form, or LiteLLM's price file.
                """)

        @Argument(help: "The file, - for standard input.")
        var file: String

        @Flag(help: "The file becomes your whole catalogue: what it does not have is removed from yours.")
        var replace = false

        @OptionGroup var options: ChangeOptions

        func run() async throws {
            try await reporting { try ModelChanges(options, file: file, way: replace ? .replace : .merge).run() }
        }
    }

    struct UpdatePrices: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "update-prices",
            abstract: "Take prices of models that are there from a file; shows what would change.",
            discussion: """
                routerd models update-prices model_prices_and_context_window.json --apply
                curl -s https://ai.example.org/prices.json | routerd models update-prices -
                The file is a catalogue in our own form, or LiteLLM's price file.
                """)

        @Argument(help: "The file, - for standard input.")
        var file: String

        @OptionGroup var options: ChangeOptions

        func run() async throws {
            try await reporting { try ModelChanges(options, file: file, way: .pricesOnly).run() }
        }
    }
}

/// One change of the operator's catalogue: read, compare, show, and write if it is asked for.
private struct ModelChanges {
    let options: Models.ChangeOptions
    let file: String
    let way: CatalogUpdate.Way

    init(_ options: Models.ChangeOptions, file: String, way: CatalogUpdate.Way) {
        self.options = options
        self.file = file
        self.way = way
    }

    func run() throws {
        let settings = try options.store.load().settings
        let own = OperatorCatalog(in: settings.data)
        let current = try current(own)
        let (proposed, foreign) = try source(own: current)
        let update: CatalogUpdate
        do throws(CatalogFaults) {
            update = try CatalogUpdate(bundled: Routes.bundled, current: current, proposed: proposed, way: way)
        } catch {
            throw failure(OperatorCatalog.faults(error, in: file))
        }
        let isWritten = options.apply && !update.differences.isEmpty
        let doubtful = update.differences.filter(\.isImplausible).map(\.id)
        let isRefused = isWritten && !doubtful.isEmpty && !options.acceptImplausible
        if isWritten, !isRefused {
            _ = try DataDirectory(making: settings.data)
            try own.replace(with: update.file)
        }
        let isApplied = isWritten && !isRefused
        if options.output.json {
            Output.json { writer in
                writer.member("applied", isApplied)
                writer.member("file", own.path)
                update.write(to: &writer)
                foreign?.write(to: &writer)
            }
        } else {
            update.printTable()
            foreign?.report()
            report(update, isApplied: isApplied, path: own.path)
        }
        guard isRefused else { return }
        throw CommandFailure(
            .badInput,
            "prices of \(Self.short(doubtful)) become 0 or change more than tenfold; nothing was changed",
            hint: "If they are meant so: --accept-implausible")
    }

    /// The operator's catalogue as it is. One that is wrong can be replaced, and nothing else.
    private func current(_ own: OperatorCatalog) throws -> JSONDocument? {
        guard way == .replace else { return try own.read() }
        do throws(ConfigurationFaults) {
            return try own.read()
        } catch {
            Output.warning("your catalogue is wrong and counts as empty: \(error)")
            return nil
        }
    }

    /// The models of the file in our own form.
    private func source(own: JSONDocument?) throws -> (JSONDocument, LiteLLMPrices?) {
        do {
            let text = try OperatorCatalog.text(at: file)
            guard LiteLLMPrices.isPriceFile(text) else { return (text, nil) }
            let day = String(Output.time(Ambient.ofSystem.timestamp()).prefix(10))
            let prices = try LiteLLMPrices(text, catalogs: [own, Routes.bundled].compactMap { $0 }, date: day)
            return (prices.models, prices)
        } catch let faults as ConfigurationFaults {
            throw failure(faults)
        } catch let faults as CatalogFaults {
            throw failure(OperatorCatalog.faults(faults, in: file))
        }
    }

    private func failure(_ faults: ConfigurationFaults) -> CommandFailure {
        CommandFailure(.badInput, faults.faults.map(\.description).joined(separator: "\n\nerror: "))
    }

    private func report(_ update: CatalogUpdate, isApplied: Bool, path: String) {
        if !update.unknown.isEmpty {
            Output.words("Not in the catalogue, so passed over: \(Self.short(update.unknown)).")
        }
        let unpriced = update.differences.filter(\.isUnpriced).map(\.id)
        if !unpriced.isEmpty {
            Output.warning("without a price, so not served by a vendor: \(Self.short(unpriced))")
        }
        guard !update.differences.isEmpty else { return Output.words("Nothing changes.") }
        let count = "\(update.differences.count) model\(update.differences.count == 1 ? "" : "s")"
        Output.words(
            isApplied
                ? "Changed \(count) in \(path). A running server takes them within a second."
                : "\(count) would change; prices of tokens are US dollars for a million. Write it: --apply")
    }

    /// The first few of a list.
    static func short(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
}

extension CatalogUpdate {
    fileprivate func printTable() {
        guard !differences.isEmpty else { return }
        Output.table(
            ["MODEL", "CHANGE", "MEMBER", "PERCENT", "BEFORE", "AFTER"],
            differences.flatMap { difference in
                let members = difference.members.map { member in
                    [
                        difference.id, difference.kind.rawValue, member.name, member.percent,
                        Self.cell(member.shown(member.before)), Self.cell(member.shown(member.after)),
                    ]
                }
                return members.isEmpty ? [[difference.id, difference.kind.rawValue, "-", "-", "-", "-"]] : members
            })
    }

    /// One word of a table.
    private static func cell(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "-" }
        return text.count > 60 ? text.prefix(60) + "…" : text
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.name("changes")
        writer.beginArray()
        for difference in differences {
            writer.beginObject()
            writer.member("id", difference.id)
            writer.member("change", difference.kind.rawValue)
            writer.member("unpriced", difference.isUnpriced)
            writer.member("implausible", difference.isImplausible)
            writer.name("members")
            writer.beginArray()
            for member in difference.members {
                writer.beginObject()
                writer.member("name", member.name)
                writer.member("before", orNull: member.before)
                writer.member("after", orNull: member.after)
                writer.member("percent", orNull: member.permille == nil ? nil : member.percent)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.name("unknown")
        writer.beginArray()
        for id in unknown { writer.string(id) }
        writer.endArray()
    }
}

extension CatalogDifference.Member {
    /// `+20.0%`; `-` when there is nothing to compare.
    fileprivate var percent: String {
        guard let permille else { return "-" }
        let size = permille.magnitude
        return "\(permille < 0 ? "-" : "+")\(size / 10).\(size % 10)%"
    }
}

extension LiteLLMPrices {
    /// What of the file was passed over, for people.
    fileprivate func report() {
        func list(_ counts: [String: Int]) -> String {
            let order = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            return ModelChanges.short(order.map { "\($0.key) (\($0.value))" })
        }
        if !skipped.providers.isEmpty { Output.words("Passed over, unknown providers: \(list(skipped.providers)).") }
        if !skipped.modes.isEmpty { Output.words("Passed over, other modes: \(list(skipped.modes)).") }
        if !skipped.prices.isEmpty { Output.words("Passed over, prices without a unit here: \(list(skipped.prices)).") }
        if skipped.unpriced > 0 { Output.words("Passed over, no price for prompt and answer: \(skipped.unpriced).") }
        for fault in refused.prefix(20) { Output.warning("passed over: \(fault)") }
        if refused.count > 20 { Output.warning("passed over: \(refused.count - 20) more entries with such faults") }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.name("skipped")
        writer.beginObject()
        for (name, counts) in [
            ("providers", skipped.providers), ("modes", skipped.modes), ("prices", skipped.prices),
        ] {
            writer.name(escaping: name)
            writer.beginObject()
            for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
                writer.name(escaping: name)
                writer.integer(count)
            }
            writer.endObject()
        }
        writer.member("unpriced", skipped.unpriced)
        writer.endObject()
        writer.name("refused")
        writer.beginArray()
        for fault in refused { writer.string(fault.description) }
        writer.endArray()
    }
}
