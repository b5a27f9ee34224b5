import RouterCore

/// Writes tools and the choice among them.
struct OpenAITools {
    private let quirks: OpenAIQuirks

    init(_ quirks: OpenAIQuirks) {
        self.quirks = quirks
    }

    /// Writes `tools`: as it stands, or without what the vendor does not know.
    ///
    /// - Parameter choice: a choice of type `allowed_tools` cuts the list down where the vendor does not know it.
    func write(_ tools: JSONValue, choice: JSONValue?, to writer: inout JSONWriter) throws(UpstreamFailure) {
        if !quirks.hasCustomTools, let custom = tools.elements.first(where: { $0["type"]?.equals("custom") == true }) {
            throw .unsupported(custom, "is a custom tool, which this model does not know")
        }
        let allowed = allowedNames(choice)
        guard allowed != nil || tools.elements.contains(where: needsChange) else {
            writer.member("tools", tools)
            return
        }
        writer.name("tools")
        writer.beginArray()
        for tool in tools.elements {
            if let allowed, let name = tool["function"]?["name"]?.string, !allowed.contains(name) { continue }
            if needsChange(tool) { write(tool, to: &writer) } else { writer.copy(tool) }
        }
        writer.endArray()
    }

    private func needsChange(_ tool: JSONValue) -> Bool {
        guard let function = tool["function"] else { return false }
        if quirks.fillsToolParameters, lacksParameters(function) { return true }
        return function.members.contains { !isKept($0) }
    }

    private func lacksParameters(_ function: JSONValue) -> Bool {
        function["parameters"].map(\.isNull) ?? true
    }

    /// Whether a member of a tool's `function` goes on.
    private func isKept(_ member: JSONMember) -> Bool {
        !member.value.isNull && (quirks.hasStrictTools || member.name != "strict")
    }

    private func write(_ tool: JSONValue, to writer: inout JSONWriter) {
        writer.beginObject()
        for member in tool.members {
            guard member.name == "function" else {
                writer.copy(member)
                continue
            }
            writer.name("function")
            writer.beginObject()
            for member in member.value.members where isKept(member) { writer.copy(member) }
            if quirks.fillsToolParameters, lacksParameters(member.value) {
                writer.name("parameters")
                writer.raw(Array(#"{"type":"object","properties":{}}"#.utf8))
            }
            writer.endObject()
        }
        writer.endObject()
    }

    /// Writes `tool_choice`.
    func write(choice: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        let type = choice["type"]
        if !quirks.hasCustomTools, type?.equals("custom") == true {
            throw .unsupported(choice, "names a custom tool, which this model does not know")
        }
        writer.name("tool_choice")
        if !quirks.hasAllowedTools, type?.equals("allowed_tools") == true {
            let mode = choice["allowed_tools"]?["mode"]?.string ?? "auto"
            writer.string(mode == "required" ? quirks.requiredChoice : mode)
        } else if choice.equals("required") {
            writer.string(quirks.requiredChoice)
        } else {
            writer.copy(choice)
        }
    }

    /// The names that a choice of type `allowed_tools` leaves; `nil` when it leaves all, or the vendor sees to it.
    private func allowedNames(_ choice: JSONValue?) -> Set<String>? {
        guard !quirks.hasAllowedTools, let choice, choice["type"]?.equals("allowed_tools") == true,
            let tools = choice["allowed_tools"]?["tools"]
        else { return nil }
        return Set(tools.elements.compactMap { $0["function"]?["name"]?.string })
    }

    /// Writes the older `functions` as tools.
    func write(functions: JSONValue, to writer: inout JSONWriter) {
        writer.name("tools")
        writer.beginArray()
        for function in functions.elements {
            writer.beginObject()
            writer.member("type", "function")
            writer.member("function", function)
            writer.endObject()
        }
        writer.endArray()
    }

    /// Writes the older `function_call`, `"none"`, `"auto"` or `{"name": …}`, as a choice among tools.
    func write(functionCall: JSONValue, to writer: inout JSONWriter) {
        writer.name("tool_choice")
        guard functionCall.kind == .object else {
            writer.copy(functionCall)
            return
        }
        writer.beginObject()
        writer.member("type", "function")
        writer.member("function", functionCall)
        writer.endObject()
    }
}
