import RouterCore

/// Tools and the choice among them.
struct GeminiTools {
    private enum Choice {
        case unsaid, auto, none
        /// One of the tools with these names; of all when there are none.
        case any([String])
    }

    /// The `function` of each tool.
    private var list: [JSONValue] = []
    private var choice = Choice.unsaid

    /// - Parameters:
    ///   - functions: the older form of `tools`, and `functionCall` that of `choice`: they count when `tools` is empty.
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for tools that are no functions and for a choice that the
    ///   vendor has no word for.
    init(
        tools: JSONValue?, choice: JSONValue?, functions: JSONValue?, functionCall: JSONValue?
    ) throws(UpstreamFailure) {
        var asked = choice
        if let tools, tools.count > 0 {
            for tool in tools.elements {
                guard tool["type"]?.equals("function") == true, let function = tool["function"] else {
                    throw .unsupported(tool["type"] ?? tool, "must be \"function\": this model knows no other tools")
                }
                list.append(function)
            }
        } else if let functions, functions.count > 0 {
            for function in functions.elements {
                guard function["name"]?.isText == true else { throw .refused(function, "must have a `name`") }
                list.append(function)
            }
            asked = functionCall
        }
        guard !list.isEmpty, let asked else { return }
        self.choice = try read(asked)
    }

    private mutating func read(_ asked: JSONValue) throws(UpstreamFailure) -> Choice {
        if let allowed = asked["allowed_tools"], asked["type"]?.equals("allowed_tools") == true {
            let names = allowed["tools"]?.elements.compactMap { $0["function"]?["name"]?.string } ?? []
            if allowed["mode"]?.equals("required") == true { return .any(names) }
            list.removeAll { !names.contains($0["name"]?.string ?? "") }
            return list.isEmpty ? .unsaid : .auto
        }
        if asked.equals("auto") { return .auto }
        if asked.equals("none") { return Choice.none }
        if asked.equals("required") { return .any([]) }
        // `{"type":"function","function":{"name":…}}`, or in the older form `{"name":…}`.
        if let name = (asked["function"]?["name"] ?? asked["name"])?.nonEmptyString,
            asked["type"].map({ $0.equals("function") }) ?? true
        {
            return .any([name])
        }
        throw .unsupported(asked, "must be auto, none, required or a function for this model")
    }

    /// Writes `tools` and `toolConfig`; nothing when there are no tools.
    func write(to writer: inout JSONWriter) {
        guard !list.isEmpty else { return }
        writer.name("tools")
        writer.beginArray()
        writer.beginObject()
        writer.name("functionDeclarations")
        writer.beginArray()
        for function in list {
            writer.beginObject()
            for member in function.members where !member.value.isNull {
                if member.name == "name" || member.name == "description" { writer.copy(member) }
            }
            if let schema = function["parameters"], Self.saysSomething(schema) {
                writer.member("parametersJsonSchema", schema)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writeChoice(to: &writer)
    }

    /// A schema of an object without properties is left out: the vendor refuses it.
    private static func saysSomething(_ schema: JSONValue) -> Bool {
        guard schema.kind == .object else { return false }
        if let properties = schema["properties"], properties.count > 0 { return true }
        return ["$ref", "anyOf", "oneOf", "allOf"].contains { schema[$0] != nil }
    }

    private func writeChoice(to writer: inout JSONWriter) {
        var names: [String] = []
        let mode: String
        switch choice {
        case .unsaid: return
        case .auto: mode = "AUTO"
        case .none: mode = "NONE"
        case .any(let allowed):
            mode = "ANY"
            names = allowed
        }
        writer.name("toolConfig")
        writer.beginObject()
        writer.name("functionCallingConfig")
        writer.beginObject()
        writer.member("mode", mode)
        if !names.isEmpty {
            writer.name("allowedFunctionNames")
            writer.beginArray()
            for name in names { writer.string(name) }
            writer.endArray()
        }
        writer.endObject()
        writer.endObject()
    }
}
