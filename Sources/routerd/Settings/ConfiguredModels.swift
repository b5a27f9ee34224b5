import RouterCore

/// What stands under `models:`, as JSON for ``CatalogReader``, and where each value of it stands in the file.
struct ConfiguredModels: Sendable {
    let document: JSONDocument
    private let source: SourceFile
    /// By path, such as `models[0].pricing`.
    private let values: [String: SourceFile.Place]
    private let names: [String: SourceFile.Place]

    /// - Parameter node: the value of `models`.
    /// - Throws: ``JSONFault`` when a key is there twice, by way of an alias.
    init(_ node: YAMLNode, of source: SourceFile) throws(JSONFault) {
        var translation = Translation()
        translation.writer.beginObject()
        translation.writer.name("models")
        translation.write(node, at: "models")
        translation.writer.endObject()
        document = try JSONDocument(translation.writer.bytes)
        values = translation.values
        names = translation.names
        self.source = source
    }

    /// The fault at its place in the file.
    func fault(for fault: CatalogFault) -> ConfigurationFault {
        let place = (fault.isAboutName ? names[fault.path] : nil) ?? values[fault.path]
        let shown = place ?? values["models"] ?? SourceFile.Place(line: 1, column: 1)
        return ConfigurationFault(
            origin: .file(source.excerpt(at: shown)),
            message: fault.isAboutName ? fault.message : "\(fault.path): \(fault.message)", hint: fault.hint,
            section: "models")
    }

    private struct Translation {
        var writer = JSONWriter()
        var values: [String: SourceFile.Place] = [:]
        var names: [String: SourceFile.Place] = [:]

        mutating func write(_ node: YAMLNode, at path: String) {
            values[path] = node.place
            switch node.content {
            case .scalar(let text, let isPlain):
                if isPlain, let literal = Self.literal(text) { writer.raw(literal.utf8) } else { writer.string(text) }
            case .list(let elements):
                writer.beginArray()
                for (index, element) in elements.enumerated() { write(element, at: "\(path)[\(index)]") }
                writer.endArray()
            case .mapping(let members):
                writer.beginObject()
                for member in members {
                    let path = "\(path).\(member.name)"
                    names[path] = member.place
                    writer.name(escaping: member.name)
                    write(member.value, at: path)
                }
                writer.endObject()
            }
        }

        /// What a word without quotes is in JSON; `nil` for text.
        private static func literal(_ text: String) -> String? {
            switch text {
            case "", "~", "null", "Null", "NULL": return "null"
            case "true", "True", "TRUE": return "true"
            case "false", "False", "FALSE": return "false"
            default:
                guard text.utf8.first.map({ $0 == 0x2D || (0x30...0x39).contains($0) }) == true else { return nil }
                let value = try? JSONDocument(Array(text.utf8)).root  // Whatever is no number is text.
                return value?.kind == .number ? text : nil
            }
        }
    }
}
