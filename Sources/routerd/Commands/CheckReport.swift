import RouterCore

/// What `routerd check` found, in order.
struct CheckReport: Sendable {
    struct Finding: Sendable, Hashable {
        enum Level: String, Sendable { case ok, warning, error }

        var level: Level
        /// `configuration`, `store`, `provider` or `model`.
        var check: String
        /// Which one of them: a path, a slug, an id.
        var subject: String
        var message: String
        var isConfiguration = false
        var fault: ConfigurationFault?

        init(
            _ level: Level, _ check: String, _ subject: String, _ message: String, isConfiguration: Bool = false,
            fault: ConfigurationFault? = nil
        ) {
            self.level = level
            self.check = check
            self.subject = subject
            self.message = message
            self.isConfiguration = isConfiguration
            self.fault = fault
        }
    }

    private(set) var findings: [Finding] = []
    private var file: String?

    mutating func note(_ finding: Finding) { findings.append(finding) }

    mutating func note(_ loaded: LoadedSettings) {
        file = loaded.file
        findings.append(
            Finding(.ok, "configuration", loaded.file ?? "-", loaded.file == nil ? "no file: defaults" : "read"))
        for warning in loaded.warnings {
            findings.append(Finding(.warning, "configuration", loaded.file ?? "-", warning))
        }
    }

    mutating func note(_ faults: ConfigurationFaults) {
        for fault in faults.faults {
            findings.append(
                Finding(.error, "configuration", fault.place, fault.message, isConfiguration: true, fault: fault))
        }
    }

    mutating func note(_ routes: Routes) {
        for provider in routes.providers {
            let keys = routes.keys[provider.slug]?.count ?? 0
            let what = "\(provider.dialect.rawValue), \(provider.location.rawValue), \(provider.baseURL), "
            findings.append(Finding(.ok, "provider", provider.slug, what + (keys == 1 ? "1 key" : "\(keys) keys")))
        }
        for note in routes.notes {
            findings.append(Finding(note.kind == .free ? .ok : .warning, "model", note.model, note.message))
        }
        let served = routes.catalog.models.count
        findings.append(
            served > 0
                ? Finding(.ok, "models", "-", "\(served) served")
                : Finding(
                    .warning, "models", "-",
                    "none is served. Set OPENAI_API_KEY, or configure providers and models."))
    }

    /// 78 when the configuration is wrong, 1 when something else is, 0 otherwise.
    func exitCode(isStrict: Bool) -> Int32 {
        if findings.contains(where: { $0.level == .error && $0.isConfiguration }) { return 78 }
        return findings.contains { $0.level == .error || isStrict && $0.level == .warning } ? 1 : 0
    }

    /// A line for each finding on standard output; mistakes in the configuration in full on standard error.
    func printText() {
        for finding in findings {
            if let fault = finding.fault {
                Output.words("error: \(fault)\n")
            } else {
                Output.data(
                    "\(finding.level.rawValue.padded(7))  \(finding.check)  \(finding.subject)  \(finding.message)")
            }
        }
        let errors = findings.count { $0.level == .error }
        let warnings = findings.count { $0.level == .warning }
        Output.words(
            "\(errors) \(errors == 1 ? "error" : "errors"), \(warnings) \(warnings == 1 ? "warning" : "warnings")")
    }

    func printJSON() {
        Output.json { writer in
            let worst: [Finding.Level] = [.error, .warning]
            let level = worst.first { level in findings.contains { $0.level == level } } ?? .ok
            writer.member("status", level.rawValue)
            writer.member("file", orNull: file)
            writer.name("findings")
            writer.beginArray()
            for finding in findings {
                writer.beginObject()
                writer.member("level", finding.level.rawValue)
                writer.member("check", finding.check)
                writer.member("subject", finding.subject)
                writer.member("message", finding.message)
                if let hint = finding.fault?.hint { writer.member("hint", hint) }
                if case .file(let excerpt)? = finding.fault?.origin {
                    writer.member("line", excerpt.line)
                    writer.member("column", excerpt.column)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

extension ConfigurationFault {
    /// Where it is, in a word: the file, the variable or the option.
    var place: String {
        switch origin {
        case .file(let excerpt): excerpt.file
        case .variable(let name), .option(let name), .path(let name): name
        }
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
