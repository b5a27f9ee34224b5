import Yams

/// Reads a YAML text into nodes with places: the only file that knows the parser.
struct YAMLReader {
    /// Nodes that a file may have, those that an alias repeats counted each time.
    private static let nodesMax = 50_000
    private static let depthMax = 32

    private let source: SourceFile
    private let environment: Environment
    private var nodeCount = 0
    private var isTooLarge = false
    private var faults: [ConfigurationFault] = []

    /// - Parameter environment: what `${NAME}` stands for.
    /// - Returns: the one document of the text; an empty mapping for an empty one.
    static func read(_ text: String, of source: SourceFile, environment: Environment) throws(ConfigurationFaults)
        -> YAMLNode
    {
        let empty = YAMLNode(content: .mapping([]), place: SourceFile.Place(line: 1, column: 1))
        var reader = YAMLReader(source: source, environment: environment)
        let root: Node?
        do {
            root = try Parser(yaml: VariableReferences.hidden(text), encoding: .utf8).singleRoot()
        } catch {
            throw ConfigurationFaults([reader.fault(for: error)])
        }
        guard let root else { return empty }
        let node = reader.node(root, depth: 0)
        guard reader.faults.isEmpty else { throw ConfigurationFaults(reader.faults) }
        return node.isNull ? empty : node
    }

    private init(source: SourceFile, environment: Environment) {
        self.source = source
        self.environment = environment
    }

    private mutating func node(_ node: Node, depth: Int) -> YAMLNode {
        var place = SourceFile.Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        nodeCount += 1
        guard depth < Self.depthMax, nodeCount < Self.nodesMax, !isTooLarge else {
            if !isTooLarge { faults.append(fault(at: place, "the configuration is nested too deep or too large")) }
            isTooLarge = true
            return YAMLNode(content: .scalar("", isPlain: true), place: place)
        }
        switch node {
        case .scalar(let scalar):
            let shown = VariableReferences.shown(scalar.string)
            let isPlain = scalar.style == .plain || scalar.style == .any
            place.length = max(1, shown.unicodeScalars.prefix { $0 != "\n" }.count + (isPlain ? 0 : 2))
            do throws(ValueFault) {
                let text = try VariableReferences.expanded(scalar.string, with: environment)
                return YAMLNode(content: .scalar(text, isPlain: isPlain), place: place)
            } catch {
                faults.append(fault(at: place, error.message, hint: error.hint))
                return YAMLNode(content: .scalar("", isPlain: true), place: place)
            }
        case .sequence(let sequence):
            let elements = sequence.map { self.node($0, depth: depth + 1) }
            return YAMLNode(content: .list(elements), place: place)
        case .mapping(let mapping):
            var members: [YAMLNode.Member] = []
            for (name, value) in mapping {
                var place = SourceFile.Place(line: name.mark?.line ?? 1, column: name.mark?.column ?? 1)
                guard let text = name.scalar.map({ VariableReferences.shown($0.string) }) else {
                    faults.append(fault(at: place, "a key must be a word"))
                    continue
                }
                place.length = max(1, text.unicodeScalars.count)
                members.append(
                    YAMLNode.Member(name: text, place: place, value: self.node(value, depth: depth + 1)))
            }
            return YAMLNode(content: .mapping(members), place: place)
        case .alias:
            faults.append(fault(at: place, "an alias that cannot be resolved"))
            return YAMLNode(content: .scalar("", isPlain: true), place: place)
        }
    }

    private func fault(at place: SourceFile.Place, _ message: String, hint: String? = nil) -> ConfigurationFault {
        ConfigurationFault(origin: .file(source.excerpt(at: place)), message: message, hint: hint)
    }

    /// What the parser says, in our words.
    private func fault(for error: any Error) -> ConfigurationFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return fault(
                at: SourceFile.Place(line: mark.line, column: mark.column), "this is not YAML: \(problem)",
                hint: "look at the indentation, the colons and the quotes up to here")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let name = duplicates.first ?? ""
            let place = SourceFile.Place(
                line: context.mark.line, column: context.mark.column, length: max(1, name.unicodeScalars.count))
            return fault(at: place, "the key \"\(name)\" is there twice", hint: "this is the first one")
        case .reader(let problem, let offset, _, _):
            return ConfigurationFault(
                origin: .path(source.name),
                message: "this is not YAML: \(problem)" + (offset.map { " at byte \($0)" } ?? ""))
        default:
            return ConfigurationFault(origin: .path(source.name), message: "this is not YAML")
        }
    }
}
