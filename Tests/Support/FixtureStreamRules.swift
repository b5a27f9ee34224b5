import RouterCore

extension FixtureStream {
    /// What breaks the rules on the order and form of chunks, a line each. Source: OpenAI API reference, "The chat
    /// completion chunk object"; the rules that clients of this router rely on.
    public var violations: [String] {
        var violations = faults
        var state = State()
        for (number, chunk) in chunks.enumerated() {
            for fault in state.read(chunk) { violations.append("chunk \(number): \(fault)") }
        }
        let hasError = chunks.last?["error"] != nil
        if hasError == isDone { violations.append("a stream ends with [DONE] or with an error, and not with both") }
        for (index, choice) in state.choices.sorted(by: { $0.key < $1.key }) where !choice.isFinished && !hasError {
            violations.append("choice \(index) has no end")
        }
        return violations
    }

    private struct State {
        struct Choice {
            var hasRole = false
            var isFinished = false
            var calls: Set<Int> = []
        }
        var head: String?
        var choices: [Int: Choice] = [:]

        mutating func read(_ chunk: JSONValue) -> [String] {
            var faults: [String] = []
            let head = ["id", "object", "created", "model"].map { chunk[$0].map(FixtureComparison.canonical) ?? "none" }
                .joined(separator: " ")
            if let before = self.head, before != head { faults.append("\(head) after \(before)") }
            self.head = head
            if chunk["id"]?.string?.hasPrefix("gen-") != true { faults.append("the id is not ours") }
            guard let list = chunk["choices"], list.kind == .array else { return faults + ["no choices"] }
            if list.count == 0, chunk["usage"]?.kind != .object { faults.append("nothing in it") }
            for choice in list.elements { faults += read(choice, isError: chunk["error"] != nil) }
            return faults
        }

        private mutating func read(_ element: JSONValue, isError: Bool) -> [String] {
            guard let index = element["index"]?.integer, let delta = element["delta"], delta.kind == .object,
                let finish = element["finish_reason"]
            else { return ["a choice without index, delta or finish_reason"] }
            if isError { return finish.string == "error" ? [] : ["an error without finish_reason error"] }
            var faults: [String] = []
            var choice = choices[index] ?? Choice()
            if choice.isFinished { faults.append("choice \(index) goes on after its end") }
            let isFirst = !choice.hasRole
            if (delta["role"] != nil) != isFirst { faults.append("the role comes once, first") }
            choice.hasRole = true
            if finish.isNull {
                if delta.count == 0 { faults.append("an empty delta") }
                let says = delta.members.contains { member in
                    if member.name == "role" { return true }
                    return member.value.kind == .string ? member.value.string != "" : member.value.count > 0
                }
                if !says, element["logprobs"].map(\.isNull) ?? true { faults.append("a delta with nothing new") }
            } else {
                if delta.count > 0 { faults.append("the end comes with content") }
                choice.isFinished = true
            }
            if delta["reasoning"]?.string != delta["reasoning_content"]?.string {
                faults.append("the reasoning has one name only")
            }
            for call in delta["tool_calls"].map({ Array($0.elements) }) ?? [] {
                faults += read(call: call, of: &choice)
            }
            choices[index] = choice
            return faults
        }

        private func read(call: JSONValue, of choice: inout Choice) -> [String] {
            guard let index = call["index"]?.integer else { return ["a call without index"] }
            let function = call["function"] ?? call["custom"]
            guard choice.calls.contains(index) else {
                choice.calls.insert(index)
                var faults: [String] = []
                if index != choice.calls.count - 1 { faults.append("call \(index) is not the next one") }
                if call["id"]?.string?.isEmpty != false || call["type"]?.string == nil || function?["name"] == nil {
                    faults.append("the first piece of a call lacks id, type or name")
                }
                if function?["arguments"]?.kind != .string, function?["input"]?.kind != .string {
                    faults.append("the first piece of a call lacks arguments")
                }
                return faults
            }
            if call["id"] != nil || call["type"] != nil { return ["id or type of call \(index) are repeated"] }
            if function?["arguments"]?.string == "" { return ["empty arguments after the first piece of a call"] }
            return []
        }
    }
}
