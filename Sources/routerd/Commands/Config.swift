import ArgumentParser
import RouterCore

/// The configuration as it was understood.
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Look at the configuration.", subcommands: [Show.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what is configured and where each value comes from; secrets as ***.")

        @Flag(help: "Print defaults too: everything that counts.")
        var effective = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            try await reporting {
                let loaded = try store.load(server.settings)
                let values = loaded.values.filter { effective || $0.origin != .standard }
                guard !output.json else {
                    return Output.json { writer in
                        writer.member("file", orNull: loaded.file)
                        writer.name("values")
                        writer.beginArray()
                        for value in values { value.write(to: &writer) }
                        writer.endArray()
                    }
                }
                Output.words(loaded.file.map { "Configuration file: \($0)" } ?? "No configuration file.")
                Output.table(
                    ["KEY", "SOURCE", "VALUE"],
                    values.map { [$0.key, $0.origin.description, $0.text.isEmpty ? "-" : $0.text] })
            }
        }
    }
}

extension EffectiveValue {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("key", key)
        writer.name("value")
        switch shape {
        case _ where text.isEmpty && shape != .list: writer.null()
        case .number where Double(text) != nil && JSONNumberText.isValid(text): writer.raw(text.utf8)
        case .bool: writer.bool(text.lowercased() == "true")
        case .list:
            writer.beginArray()
            for part in text.split(separator: ",") { writer.string(part.trimmingPrefix(" ").description) }
            writer.endArray()
        default: writer.string(text)
        }
        writer.member("source", origin.description)
        writer.endObject()
    }
}

/// Whether a number, as somebody wrote it, is one in JSON: `1_000`, `+1` and `0x10` are not.
private enum JSONNumberText {
    static func isValid(_ text: String) -> Bool {
        let value = try? JSONDocument(Array(text.utf8)).root  // Whatever is no JSON is no number.
        return value?.kind == .number
    }
}
