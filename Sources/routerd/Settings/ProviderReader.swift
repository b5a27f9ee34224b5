import RouterCore

/// Reads `providers:` and the vendors' own variables into the providers that are switched on.
struct ProviderReader {
    /// What an entry of `providers:` may have.
    struct Field: Sendable {
        let name: String
        let type: String
        let standard: String
        let meaning: String
    }

    static let fields = [
        Field(
            name: "slug", type: "text", standard: "required",
            meaning: "What models, records and `provider.order` call it: lower-case letters, digits, `-` and `_`."),
        Field(
            name: "kind", type: VendorKind.all.map(\.name).joined(separator: ", "), standard: "required",
            meaning: "The format it speaks."),
        Field(
            name: "key", type: "secret", standard: "the variable of the vendor",
            meaning: "Its API key; best as `${NAME}`. An engine may need none."),
        Field(
            name: "keys", type: "list of secrets", standard: "none",
            meaning: "Several API keys, which take turns; one that is refused or at its limit rests."),
        Field(
            name: "key_file", type: "path", standard: "none",
            meaning: "A file that holds the API key, from where routerd is started."),
        Field(
            name: "base_url", type: "URL", standard: "that of the vendor",
            meaning: "Where the documented paths begin: `…/v1`. Required for `openai_compatible` and `vertex`."),
        Field(
            name: "class", type: "vendor, local", standard: "vendor",
            meaning: "`local`: your own machine, where nothing that clients send reaches a third party."),
        Field(
            name: "data_collection", type: "allow, deny", standard: "deny for local, allow for vendor",
            meaning: "`deny`: your contract says that nothing is used for other purposes, such as training."),
        Field(
            name: "zdr", type: "true or false", standard: "true for local, false for vendor",
            meaning: "Your contract says that nothing is kept after the answer."),
        Field(
            name: "bills_abandoned", type: "true or false", standard: "true for gemini, vertex and mistral",
            meaning:
                "It charges whole answers, also when a client leaves: they are read to their end to charge the same."
        ),
        Field(
            name: "speech_as_wav", type: "true or false", standard: "false",
            meaning:
                "Speech without a `response_format` comes as WAV, where the model has no MP3 (Gemini); else it is 400."
        ),
        Field(
            name: "allow_private_network", type: "true or false", standard: "false",
            meaning: "Must be true for a base URL on loopback or in a private network when `class` is `vendor`."),
    ]

    private let source: SourceFile?
    private let environment: Environment
    private(set) var providers: [ProviderSettings] = []
    private(set) var values: [EffectiveValue] = []
    private(set) var warnings: [String] = []
    private(set) var faults: [ConfigurationFault] = []

    init(source: SourceFile?, environment: Environment) {
        self.source = source
        self.environment = environment
    }

    /// - Parameter node: the value of `providers`; `nil` when there is none.
    mutating func read(_ node: YAMLNode?) {
        if let node {
            guard let entries = node.elements else {
                return fault(at: node, "must be a list, each entry with slug and kind")
            }
            for entry in entries { read(entry: entry) }
        }
        for kind in VendorKind.all where !kind.keyVariables.isEmpty { switchOn(kind) }
    }

    // MARK: Entries

    private mutating func read(entry: YAMLNode) {
        guard let members = entry.members else { return fault(at: entry, "a provider must have slug and kind") }
        let faultsBefore = faults.count
        for member in members where !Self.fields.contains(where: { $0.name == member.name }) {
            faults.append(
                .unknownKey(member, among: Self.fields.map(\.name), in: source, section: "providers"))
        }
        guard let slug = required("slug", of: entry, .text), let kindName = required("kind", of: entry, .text) else {
            return
        }
        check(slug: slug, entry)
        guard let kind = VendorKind.named(kindName) else {
            let like = Spelling.closest(to: kindName, in: VendorKind.all.map(\.name))
            return fault(
                at: entry["kind"], "unknown kind \"\(kindName)\"",
                like.map { "did you mean \"\($0)\"?" }
                    ?? "known are \(VendorKind.all.map(\.name).joined(separator: ", "))")
        }
        let isLocal = (value("class", of: entry, .location) ?? .vendor) == .local
        let isPrivateAllowed = value("allow_private_network", of: entry, .bool) ?? false
        let policy = dataPolicy(of: entry, isLocal: isLocal)
        let keys = keys(of: entry, slug: slug, kind: kind)
        let address = baseURL(of: entry, slug: slug, kind: kind, isLocal: isLocal, isPrivateAllowed: isPrivateAllowed)
        if faults.count == faultsBefore, kind.keyVariables.isEmpty, !isLocal,
            !["key", "keys", "key_file"].contains(where: { entry[$0] != nil })
        {
            fault(
                at: entry, "provider \"\(slug)\" has no key, and class is vendor",
                "give it key or key_file, or write class: local for an engine of your own")
        }
        guard let address, faults.count == faultsBefore else { return }
        add(
            slug: slug, kind: kind, keys: keys.values, baseURL: address.value, isLocal: isLocal, dataPolicy: policy,
            billsAbandoned: value("bills_abandoned", of: entry, .bool),
            speaksWAV: value("speech_as_wav", of: entry, .bool) ?? false)
        note("kind", of: slug, kind.name, origin(entry["kind"]))
        note("class", of: slug, isLocal ? "local" : "vendor", origin(entry["class"]))
        note("base_url", of: slug, address.value.text, address.origin)
        for origin in keys.origins { note("key", of: slug, "***", origin) }
        if isPrivateAllowed { note("allow_private_network", of: slug, "true", origin(entry["allow_private_network"])) }
    }

    /// What the operator says of it, over what its class has.
    private mutating func dataPolicy(of entry: YAMLNode, isLocal: Bool) -> Provider.DataPolicy {
        var policy: Provider.DataPolicy = isLocal ? .none : .unknown
        if let collection = value("data_collection", of: entry, .dataCollection) {
            policy.collects = collection == .allow
        }
        if let keepsNothing = value("zdr", of: entry, .bool) { policy.retains = !keepsNothing }
        return policy
    }

    private mutating func check(slug: String, _ entry: YAMLNode) {
        let isGood =
            slug.utf8.count <= 64 && slug.first.map { $0.isLowercase || $0.isNumber } == true
            && slug.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
            }
        if !isGood {
            fault(
                at: entry["slug"], "\"\(slug.prefix(64))\" cannot be a slug",
                "lower-case letters, digits, - and _, at most 64, a letter or digit first")
        } else if providers.contains(where: { $0.provider.slug == slug }) {
            fault(at: entry["slug"], "a provider \"\(slug)\" stands above already")
        }
    }

    private mutating func keys(
        of entry: YAMLNode, slug: String, kind: VendorKind
    ) -> (values: [Secret], origins: [EffectiveValue.Origin]) {
        let given = ["key", "keys", "key_file"].filter { entry[$0] != nil }
        if given.count > 1 {
            fault(at: entry[given[1]], "\(given.joined(separator: " and ")) are both there", "keep one of them")
            return ([], [])
        }
        if let node = entry["key"] {
            return (value("key", of: entry, .secret).map { [$0] } ?? [], [origin(node)])
        }
        if let node = entry["keys"] {
            guard let elements = node.elements, !elements.isEmpty else {
                fault(at: node, "must be a list of keys")
                return ([], [])
            }
            var keys: [Secret] = []
            for element in elements {
                do throws(ValueFault) {
                    keys.append(try ValueType.secret.parse(element.text ?? ""))
                } catch {
                    fault(at: element, "a key \(error.message)", error.hint)
                }
            }
            return (keys, elements.map { origin($0) })
        }
        if let node = entry["key_file"] {
            guard let path = value("key_file", of: entry, .text) else { return ([], []) }
            do throws(ValueFault) {
                return ([try ValueType.secret.parse(try SmallFile.secret(at: path))], [origin(node)])
            } catch {
                fault(at: node, error.message, error.hint)
                return ([], [])
            }
        }
        guard !kind.keyVariables.isEmpty else { return ([], []) }
        if let found = variable(kind.keyVariables) {
            return (vendorKey(found).map { [$0] } ?? [], [.variable(found.variable)])
        }
        fault(
            at: entry, "provider \"\(slug)\" has no key",
            "give it key or key_file, or set \(kind.keyVariables.joined(separator: " or "))")
        return ([], [])
    }

    private mutating func baseURL(
        of entry: YAMLNode, slug: String, kind: VendorKind, isLocal: Bool, isPrivateAllowed: Bool
    ) -> (value: BaseURL, origin: EffectiveValue.Origin)? {
        guard let text = value("base_url", of: entry, .text) else {
            guard entry["base_url"] == nil else { return nil }
            if let found = kind.baseURLVariable.flatMap({ variable([$0]) }) {
                return vendorURL(found, slug: slug).map { ($0, .variable(found.variable)) }
            }
            guard let standard = kind.baseURL, let url = try? BaseURL(standard) else {
                fault(at: entry, "provider \"\(slug)\" needs base_url", "such as http://127.0.0.1:8000/v1")
                return nil
            }
            return (url, .standard)
        }
        do throws(ValueFault) {
            let url = try BaseURL(text)
            if !isLocal, !isPrivateAllowed, url.isPrivate {
                fault(
                    at: entry["base_url"], "\(url.host) is this machine or a private network, and class is vendor",
                    "write class: local for an engine of your own, or allow_private_network: true")
                return nil
            }
            warnOfPlain(url, slug: slug)
            return (url, origin(entry["base_url"]))
        } catch {
            fault(at: entry["base_url"], "base_url \(error.message)", error.hint)
            return nil
        }
    }

    // MARK: Variables

    /// Switches a vendor on whose key is in the environment, unless the file says something of it.
    private mutating func switchOn(_ kind: VendorKind) {
        let url = kind.baseURLVariable.flatMap { variable([$0]) }
        guard !providers.contains(where: { $0.provider.dialect.rawValue == kind.name }) else { return }
        guard let key = variable(kind.keyVariables) else {
            if let url, faults.isEmpty {
                let names = kind.keyVariables.joined(separator: " or ")
                warnings.append(
                    "\(url.variable) has no effect: without \(names) \(kind.displayName) is not switched on.")
            }
            return
        }
        guard !providers.contains(where: { $0.provider.slug == kind.name }) else {
            warnings.append(
                "\(key.variable) has no effect: providers has one of another kind called \"\(kind.name)\".")
            return
        }
        let address = url.map { vendorURL($0, slug: kind.name) } ?? kind.baseURL.flatMap { try? BaseURL($0) }
        guard let address, let secret = vendorKey(key) else { return }
        add(slug: kind.name, kind: kind, keys: [secret], baseURL: address, isLocal: false)
        note("kind", of: kind.name, kind.name, .variable(key.variable))
        note("class", of: kind.name, "vendor", .standard)
        note("base_url", of: kind.name, address.text, url.map { .variable($0.variable) } ?? .standard)
        note("key", of: kind.name, "***", .variable(key.variable))
    }

    /// The key that a variable holds.
    private mutating func vendorKey(_ found: Environment.Value) -> Secret? {
        do throws(ValueFault) {
            return try ValueType.secret.parse(found.text)
        } catch {
            faults.append(
                ConfigurationFault(
                    origin: .variable(found.variable), message: error.message, hint: error.hint, section: "providers"))
            return nil
        }
    }

    /// A base URL of a variable. One in a private network is taken with a warning: who sets the variable of a process
    /// has said what he wants, and has nowhere to say it twice.
    private mutating func vendorURL(_ found: Environment.Value, slug: String) -> BaseURL? {
        do throws(ValueFault) {
            let url = try BaseURL(found.text)
            if url.isPrivate {
                warnings.append("\(found.variable) leads \(slug) to this machine or a private network: \(url.text)")
            } else {
                warnOfPlain(url, slug: slug)
            }
            return url
        } catch {
            faults.append(
                ConfigurationFault(
                    origin: .variable(found.variable), message: error.message, hint: error.hint, section: "providers"))
            return nil
        }
    }

    private mutating func variable(_ names: [String]) -> Environment.Value? {
        for name in names {
            do throws(ConfigurationFault) {
                if let value = try environment.value(name) { return value }
            } catch {
                if !faults.contains(error) { faults.append(error) }
            }
        }
        return nil
    }

    // MARK: Parts

    private mutating func add(
        slug: String, kind: VendorKind, keys: [Secret], baseURL: BaseURL, isLocal: Bool,
        dataPolicy: Provider.DataPolicy? = nil, billsAbandoned: Bool? = nil, speaksWAV: Bool = false
    ) {
        providers.append(
            ProviderSettings(
                provider: Provider(
                    slug: slug, name: kind.name == slug ? kind.displayName : slug,
                    dialect: Dialect(rawValue: kind.name),
                    baseURL: baseURL.text, location: isLocal ? .local : .vendor, dataPolicy: dataPolicy,
                    billsAbandoned: billsAbandoned ?? ["gemini", "vertex", "mistral"].contains(kind.name),
                    speaksWAV: speaksWAV),
                keys: keys))
    }

    private mutating func warnOfPlain(_ url: BaseURL, slug: String) {
        guard url.isPlain, !url.isPrivate else { return }
        warnings.append(
            "Provider \(slug) is reached by \(url.text): without https its key and all prompts can be read on the way.")
    }

    private mutating func note(_ name: String, of slug: String, _ text: String, _ origin: EffectiveValue.Origin) {
        values.append(EffectiveValue(key: "providers.\(slug).\(name)", text: text, shape: .text, origin: origin))
    }

    private func origin(_ node: YAMLNode?) -> EffectiveValue.Origin {
        guard let node, let source else { return .standard }
        return .file(source.name, line: node.place.line)
    }

    private mutating func required<Value>(_ name: String, of entry: YAMLNode, _ type: ValueType<Value>) -> Value? {
        guard entry[name] != nil else {
            fault(at: entry, "a provider needs \(name)")
            return nil
        }
        return value(name, of: entry, type)
    }

    private mutating func value<Value>(_ name: String, of entry: YAMLNode, _ type: ValueType<Value>) -> Value? {
        guard let node = entry[name] else { return nil }
        guard let text = node.text else {
            fault(at: node, "\(name) must be \(type.name), not a list or mapping")
            return nil
        }
        do throws(ValueFault) {
            return try type.parse(text)
        } catch {
            fault(at: node, "\(name) \(error.message)", error.hint)
            return nil
        }
    }

    private mutating func fault(at node: YAMLNode?, _ message: String, _ hint: String? = nil) {
        guard let source, let node else { return }
        faults.append(
            ConfigurationFault(
                origin: .file(source.excerpt(at: node.place)), message: message, hint: hint, section: "providers"))
    }
}

private enum DataCollection: String, CaseIterable { case allow, deny }

extension ValueType<DataCollection> {
    fileprivate static let dataCollection: ValueType = .choice
}

extension ValueType<Provider.Location> {
    fileprivate static let location = ValueType(name: "vendor or local") { text throws(ValueFault) in
        guard let location = Provider.Location(rawValue: text) else {
            throw ValueFault("must be vendor or local, not \"\(text)\"")
        }
        return location
    }
}
