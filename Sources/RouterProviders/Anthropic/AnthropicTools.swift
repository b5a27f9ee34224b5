import RouterCore

/// Tools and the choice among them.
struct AnthropicTools {
    private enum Choice {
        case unsaid, auto, none, any
        case tool(JSONValue)
    }

    /// A `function` and what it stands in: where its cache mark is.
    private var list: [(function: JSONValue, tool: JSONValue)] = []
    private var choice = Choice.unsaid
    private let isSerial: Bool

    /// - Parameters:
    ///   - functions: the older form of `tools`, and `functionCall` that of `choice`: they count when `tools` is empty.
    ///   - traits: of the model; some cannot be made to call a tool.
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for tools that are no functions and for a choice that the
    ///   model does not know.
    init(
        tools: JSONValue?, choice: JSONValue?, functions: JSONValue?, functionCall: JSONValue?, parallelCalls: Bool?,
        traits: ChatTraits
    ) throws(UpstreamFailure) {
        isSerial = parallelCalls == false
        var asked = choice
        if let tools, tools.count > 0 {
            for tool in tools.elements {
                guard tool["type"]?.equals("function") == true, let function = tool["function"] else {
                    throw .unsupported(tool["type"] ?? tool, "must be \"function\": this model knows no other tools")
                }
                list.append((function, tool))
            }
        } else if let functions, functions.count > 0 {
            for function in functions.elements {
                guard function["name"]?.isText == true else { throw .refused(function, "must have a `name`") }
                list.append((function, function))
            }
            asked = functionCall
        }
        guard !list.isEmpty, let asked else { return }
        self.choice = try read(asked, traits: traits)
        if list.isEmpty { self.choice = .unsaid }
    }

    /// The model must call a tool, whatever it thinks.
    var forcesCall: Bool {
        switch choice {
        case .any, .tool: true
        case .unsaid, .auto, .none: false
        }
    }

    private mutating func read(_ asked: JSONValue, traits: ChatTraits) throws(UpstreamFailure) -> Choice {
        var mode = asked
        if let allowed = asked["allowed_tools"], asked["type"]?.equals("allowed_tools") == true {
            let names = Set(allowed["tools"]?.elements.compactMap { $0["function"]?["name"]?.string } ?? [])
            list.removeAll { !names.contains($0.function["name"]?.string ?? "") }
            guard let allowedMode = allowed["mode"] else { return .auto }
            mode = allowedMode
        }
        // `{"type":"function","function":{"name":…}}`, or in the older form `{"name":…}`.
        let name = mode["function"]?["name"] ?? mode["name"]
        let choice: Choice? =
            if mode.equals("auto") {
                .auto
            } else if mode.equals("none") {
                Choice.none
            } else if mode.equals("required") {
                .any
            } else if let name, name.isText, mode["type"].map({ $0.equals("function") }) ?? true {
                .tool(name)
            } else {
                nil
            }
        guard let choice else {
            throw .unsupported(asked, "must be auto, none, required or a function for this model")
        }
        if !traits.takesForcedCalls {
            switch choice {
            case .any, .tool:
                throw .unsupported(asked, "must be auto or none: this model cannot be made to call a tool")
            case .unsaid, .auto, .none: break
            }
        }
        return choice
    }

    /// Writes `tools` and `tool_choice`; nothing when there are no tools.
    func write(to writer: inout JSONWriter, marks: inout AnthropicCacheMarks) throws(UpstreamFailure) {
        guard !list.isEmpty else { return }
        writer.name("tools")
        writer.beginArray()
        for (function, tool) in list {
            writer.beginObject()
            let isStrict = function["strict"]?.bool == true
            for member in function.members {
                if member.name == "name" || member.name == "description" && !member.value.isNull { writer.copy(member) }
            }
            writer.name("input_schema")
            write(schema: function["parameters"], isStrict: isStrict, to: &writer)
            if isStrict { writer.member("strict", true) }
            marks.write(AnthropicCacheMarks.mark(ofTool: tool), to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writeChoice(to: &writer)
    }

    /// The vendor wants `"type":"object"`, and `properties` with it.
    private func write(schema: JSONValue?, isStrict: Bool, to writer: inout JSONWriter) {
        func has(_ name: String) -> Bool { schema?[name].map { !$0.isNull } ?? false }
        if let schema, has("type"), has("properties") {
            return isStrict ? AnthropicSchema.write(schema, to: &writer) : writer.copy(schema)
        }
        var whole = JSONWriter(capacity: (schema?.text.count ?? 0) + 40)
        whole.beginObject()
        if !has("type") { whole.member("type", "object") }
        if !has("properties") {
            whole.name("properties")
            whole.raw(Array("{}".utf8))
        }
        if let schema { for member in schema.members where !member.value.isNull { whole.copy(member) } }
        whole.endObject()
        if isStrict, let document = try? JSONDocument(whole.bytes, limits: .response) {
            AnthropicSchema.write(document.root, to: &writer)
        } else {
            writer.raw(whole.bytes)
        }
    }

    private func writeChoice(to writer: inout JSONWriter) {
        var name: JSONValue?
        let type: String
        switch choice {
        case .unsaid:
            guard isSerial else { return }
            type = "auto"
        case .auto: type = "auto"
        case .none: type = "none"
        case .any: type = "any"
        case .tool(let tool):
            type = "tool"
            name = tool
        }
        writer.name("tool_choice")
        writer.beginObject()
        writer.member("type", type)
        if let name { writer.member("name", name) }
        if isSerial, type != "none" { writer.member("disable_parallel_tool_use", true) }
        writer.endObject()
    }
}
