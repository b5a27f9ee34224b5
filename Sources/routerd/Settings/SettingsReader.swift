import RouterCore

/// A value and where it came from, for `config show`.
struct EffectiveValue: Sendable, Hashable {
    enum Origin: Sendable, Hashable, CustomStringConvertible {
        case option(String)
        case variable(String)
        case file(String, line: Int)
        case standard

        var description: String {
            switch self {
            case .option(let name), .variable(let name): name
            case .file(let name, let line): "\(name):\(line)"
            case .standard: "default"
            }
        }
    }

    /// `http.port`, `providers.openai.key`.
    var key: String
    /// As one would write it; `***` for a secret; empty for none.
    var text: String
    var shape: ValueShape
    var origin: Origin
}

/// Settings as they were read, with what there is to say about them.
struct LoadedSettings: Sendable {
    var settings: Settings
    /// In the order of ``Setting/all``, then those of providers.
    var values: [EffectiveValue]
    /// Sentences: nothing is wrong, but it may not be what was meant.
    var warnings: [String]
    /// The configuration file; `nil` when there is none.
    var file: String?
}

/// Reads the configuration: options before environment before file before defaults.
struct SettingsReader {
    /// A configuration file that was found.
    struct File: Sendable, Hashable {
        /// As the operator named it.
        var path: String
        var text: String
    }

    /// An option of the command that sets a setting.
    struct Option: Sendable, Hashable {
        /// Such as `http.port`.
        var key: String
        /// Such as `--port`.
        var name: String
        var text: String
    }

    /// Where a configuration file is looked for when none is named.
    static let standardPaths = ["routerd.yaml", "/etc/routerd/routerd.yaml"]

    /// Variables with our prefix that are no settings.
    private static let otherVariables = ["ROUTERD_PEPPER", "ROUTERD_PRINT_FIRST_KEY", "ROUTERD_API_KEY"]

    private let source: SourceFile?
    private let environment: Environment
    private let options: [Option]
    private var root: YAMLNode?
    private var settings = Settings()
    private var values: [EffectiveValue] = []
    private var warnings: [String] = []
    private var faults: [ConfigurationFault] = []

    /// Finds the file, reads everything.
    ///
    /// - Parameter path: the file; `nil` to look at ``standardPaths``.
    /// - Throws: ``ConfigurationFaults`` with everything that is wrong, also when the named file cannot be read.
    static func load(
        path: String?, environment: Environment, options: [Option] = []
    ) throws(ConfigurationFaults) -> LoadedSettings {
        let path = path ?? standardPaths.first { SmallFile.exists($0) }
        var file: File?
        if let path {
            do throws(ValueFault) {
                file = File(path: path, text: try SmallFile.text(at: path))
            } catch {
                throw ConfigurationFaults([
                    ConfigurationFault(origin: .path(path), message: error.message, hint: error.hint)
                ])
            }
        }
        return try read(file, environment: environment, options: options)
    }

    static func read(
        _ file: File?, environment: Environment, options: [Option] = []
    ) throws(ConfigurationFaults) -> LoadedSettings {
        var reader = SettingsReader(
            source: file.map { SourceFile(name: $0.path, text: $0.text) }, environment: environment, options: options)
        if let file, let source = reader.source {
            reader.root = try YAMLReader.read(file.text, of: source, environment: environment)
        }
        reader.readAll()
        guard reader.faults.isEmpty else { throw ConfigurationFaults(reader.faults) }
        return LoadedSettings(
            settings: reader.settings, values: reader.values, warnings: reader.warnings, file: file?.path)
    }

    private init(source: SourceFile?, environment: Environment, options: [Option]) {
        self.source = source
        self.environment = environment
        self.options = options
    }

    private mutating func readAll() {
        let sections = refuseUnknownKeys()
        for setting in Setting.all { read(setting, sections: sections) }
        for index in values.indices where values[index].key == "database" && values[index].origin == .standard {
            values[index].text = "sqlite:\(settings.storePath ?? "")"
        }
        var providers = ProviderReader(source: source, environment: environment)
        providers.read(root?["providers"])
        settings.providers = providers.providers
        values += providers.values
        warnings += providers.warnings
        faults += providers.faults
        if let node = root?["models"], let source {
            do throws(JSONFault) {
                settings.models = try ConfiguredModels(node, of: source)
            } catch {
                fault(at: node.place, error.message, section: "models")
            }
        }
        warnOfUnknownVariables()
    }

    // MARK: Keys

    /// - Returns: the sections that are mappings, by name.
    private mutating func refuseUnknownKeys() -> [String: YAMLNode] {
        guard let root else { return [:] }
        guard let members = root.members else {
            fault(at: root.place, "a configuration has keys, such as http: and providers:")
            return [:]
        }
        let names = Setting.all.map { $0.key.split(separator: ".").map(String.init) }
        let known = names.map { $0[0] } + ["providers", "models"]
        var sections: [String: YAMLNode] = [:]
        for member in members {
            guard known.contains(member.name) else {
                faults.append(.unknownKey(member, among: known, in: source, section: nil))
                continue
            }
            guard !member.value.isNull else { continue }
            let inner = names.filter { $0[0] == member.name && $0.count > 1 }.map { $0[1] }
            guard !inner.isEmpty else { continue }
            guard let innerMembers = member.value.members else {
                fault(
                    at: member.value.place, "\(member.name) must have keys of its own",
                    hint: "such as { \(inner[0]): … }; known are \(inner.joined(separator: ", "))", section: "settings"
                )
                continue
            }
            sections[member.name] = member.value
            for innerMember in innerMembers where !inner.contains(innerMember.name) {
                faults.append(.unknownKey(innerMember, among: inner, in: source, section: "settings"))
            }
        }
        return sections
    }

    // MARK: Values

    private mutating func read(_ setting: Setting, sections: [String: YAMLNode]) {
        if let option = options.last(where: { $0.key == setting.key }) {
            return take(option.text, for: setting, from: .option(option.name), or: .option(option.name))
        }
        for name in [setting.variable] + setting.otherVariables {
            do throws(ConfigurationFault) {
                guard let value = try environment.value(name) else { continue }
                return take(value.text, for: setting, from: .variable(value.variable), or: .variable(value.variable))
            } catch {
                return faults.append(error)
            }
        }
        let parts = setting.key.split(separator: ".").map(String.init)
        let node = parts.count == 1 ? root?[parts[0]] : sections[parts[0]]?[parts[1]]
        guard let node, let source else {
            return values.append(
                EffectiveValue(key: setting.key, text: setting.standard, shape: setting.shape, origin: .standard))
        }
        let texts = setting.shape == .list ? node.elements?.map(\.text) ?? [node.text] : [node.text]
        guard let texts = texts as? [String] else {
            return fault(at: node.place, "\(setting.key) must be \(setting.type)", section: "settings")
        }
        take(
            texts.joined(separator: ","), for: setting, from: .file(source.name, line: node.place.line),
            or: .file(source.excerpt(at: node.place)))
    }

    private mutating func take(
        _ text: String, for setting: Setting, from origin: EffectiveValue.Origin, or place: ConfigurationFault.Origin
    ) {
        do throws(ValueFault) {
            try setting.read(text, &settings)
            values.append(
                EffectiveValue(key: setting.key, text: setting.shown(text), shape: setting.shape, origin: origin))
        } catch {
            let name: String
            if case .file = place { name = "\(setting.key) " } else { name = "" }
            faults.append(
                ConfigurationFault(
                    origin: place, message: name + error.message, hint: error.hint,
                    section: "settings"))
        }
    }

    /// A variable with our prefix that nearly is one of ours is a slip more often than not.
    private mutating func warnOfUnknownVariables() {
        let known = Setting.all.map(\.variable) + Self.otherVariables
        for name in environment.names where name.hasPrefix("ROUTERD_") {
            let plain = name.hasSuffix("_FILE") ? String(name.dropLast("_FILE".count)) : name
            guard !known.contains(plain), let like = Spelling.closest(to: plain, in: known) else { continue }
            warnings.append("The environment variable \(name) is not known. Did you mean \(like)?")
        }
    }

    private mutating func fault(
        at place: SourceFile.Place, _ message: String, hint: String? = nil, section: String? = nil
    ) {
        guard let source else { return }
        faults.append(
            ConfigurationFault(origin: .file(source.excerpt(at: place)), message: message, hint: hint, section: section)
        )
    }
}

extension ConfigurationFault {
    /// A key that nobody reads.
    static func unknownKey(
        _ member: YAMLNode.Member, among known: [String], in source: SourceFile?, section: String?
    ) -> ConfigurationFault {
        let known = known.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let like = Spelling.closest(to: member.name, in: known)
        return ConfigurationFault(
            origin: source.map { .file($0.excerpt(at: member.place)) } ?? .path(""),
            message: "unknown key \"\(member.name.prefix(80))\"",
            hint: like.map { "did you mean \"\($0)\"?" } ?? "known are \(known.joined(separator: ", "))",
            section: section ?? like.map { ["providers", "models"].contains($0) ? $0 : "settings" })
    }
}
