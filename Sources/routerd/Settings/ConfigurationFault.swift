/// Something in the configuration is wrong: what, where, and what to do.
struct ConfigurationFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where it was read.
    enum Origin: Sendable, Hashable {
        case file(SourceFile.Excerpt)
        /// An environment variable, such as `ROUTERD_HTTP_PORT`.
        case variable(String)
        /// An option of the command, such as `--port`.
        case option(String)
        /// A file as a whole.
        case path(String)
    }

    var origin: Origin
    /// `unknown key "provders"`
    var message: String
    /// `did you mean "providers"?`
    var hint: String?
    /// The heading of `docs/configuration.md` that explains, such as `providers`.
    var section: String?

    /// As in a terminal, on several lines, without `error: ` in front.
    var description: String {
        var lines: [String]
        switch origin {
        case .file(let excerpt):
            lines = ["\(excerpt.file):\(excerpt.line):\(excerpt.column): \(message)"]
            lines += excerpt.text(hint: hint)
        case .variable(let name), .option(let name), .path(let name):
            lines = ["\(name): \(message)"]
            if let hint { lines.append("  \(hint)") }
        }
        if let section { lines.append("  See docs/configuration.md#\(section).") }
        return lines.joined(separator: "\n")
    }
}

/// Everything that is wrong with a configuration.
struct ConfigurationFaults: Error, Sendable, Hashable, CustomStringConvertible {
    var faults: [ConfigurationFault]

    init(_ faults: [ConfigurationFault]) { self.faults = faults }

    var description: String { faults.map(\.description).joined(separator: "\n\n") }
}

/// Why a text is not a value of its type: the message and the hint of a ``ConfigurationFault``.
struct ValueFault: Error, Sendable, Hashable {
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
