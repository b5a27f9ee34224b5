public import RouterCore

/// A stream as a client of OpenAI sees it: what all chunks together say, and whether each may stand where it stands.
public struct FixtureStream: Sendable {
    /// What the chunks say together.
    public struct Fold: Sendable, Equatable, CustomStringConvertible {
        public struct Call: Sendable, Equatable {
            public var id = ""
            public var type = ""
            public var name = ""
            /// Canonical when it is JSON, so that spacing does not count.
            public var arguments = ""

            public init(id: String = "", type: String = "", name: String = "", arguments: String = "") {
                self.id = id
                self.type = type
                self.name = name
                self.arguments = arguments
            }
        }
        public struct Choice: Sendable, Equatable {
            public var content = ""
            public var reasoning = ""
            public var refusal = ""
            public var calls: [Int: Call] = [:]
            public var finish: String?
        }
        public var choices: [Int: Choice] = [:]
        /// Only what the stream says; zeros in the details left out.
        public var usage: String?
        public var isDone = false
        public var error: String?

        public var description: String {
            "choices: \(choices.sorted { $0.key < $1.key }), usage: \(usage ?? "none"), done: \(isDone), "
                + "error: \(error ?? "none")"
        }
    }

    /// The JSON of each record but the last `[DONE]`.
    public private(set) var chunks: [JSONValue] = []
    public private(set) var isDone = false
    /// What is wrong with the framing.
    public private(set) var faults: [String] = []

    /// - Parameter text: a whole `text/event-stream` the way this router writes it: LF only.
    public init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if !text.isEmpty, !text.hasSuffix("\n\n") { faults.append("the last record is not closed") }
        for record in text.split(separator: "\n\n") where !record.hasPrefix(":") {
            guard record.hasPrefix("data: "), !record.contains("\n") else {
                faults.append("not a record: \(record)")
                continue
            }
            if isDone { faults.append("a record after [DONE]") }
            let data = record.dropFirst(6)
            if data == "[DONE]" {
                isDone = true
            } else if let chunk = FixtureComparison.json(String(data)), chunk.kind == .object {
                chunks.append(chunk)
            } else {
                faults.append("not JSON: \(data)")
            }
        }
    }

    /// What all chunks say together.
    public var fold: Fold {
        var fold = Fold()
        fold.isDone = isDone
        for chunk in chunks {
            if let usage = chunk["usage"], !usage.isNull { fold.usage = Self.usageText(usage) }
            if let error = chunk["error"] {
                fold.error =
                    "\(error["message"]?.string ?? "")|\(error["type"]?.string ?? "")|"
                    + "\(error["code"]?.integer ?? 0)|\(error["metadata"]?["provider"]?.string ?? "")|"
                    + "\(error["metadata"]?["error_type"]?.string ?? "")"
            }
            for choice in chunk["choices"].map({ Array($0.elements) }) ?? [] {
                let index = choice["index"]?.integer ?? -1
                Self.add(choice, to: &fold.choices[index, default: Fold.Choice()])
            }
        }
        for (index, choice) in fold.choices {
            for (place, call) in choice.calls {
                guard let arguments = FixtureComparison.json(call.arguments) else { continue }
                fold.choices[index]?.calls[place]?.arguments = FixtureComparison.canonical(arguments)
            }
        }
        return fold
    }

    private static func add(_ element: JSONValue, to choice: inout Fold.Choice) {
        if let finish = element["finish_reason"]?.string { choice.finish = finish }
        guard let delta = element["delta"] else { return }
        choice.content += delta["content"]?.string ?? ""
        choice.reasoning += delta["reasoning_content"]?.string ?? ""
        choice.refusal += delta["refusal"]?.string ?? ""
        for piece in delta["tool_calls"].map({ Array($0.elements) }) ?? [] {
            var call = choice.calls[piece["index"]?.integer ?? -1] ?? Fold.Call()
            call.id += piece["id"]?.string ?? ""
            call.type += piece["type"]?.string ?? ""
            call.name += piece["function"]?["name"]?.string ?? ""
            call.arguments += piece["function"]?["arguments"]?.string ?? ""
            choice.calls[piece["index"]?.integer ?? -1] = call
        }
    }

    private static func usageText(_ usage: JSONValue) -> String {
        usage.members.flatMap { member -> [String] in
            // What it costs is not the vendor's to say.
            if ["cost", "cost_details", "is_byok"].contains(member.name.string) { return [] }
            guard member.value.kind == .object else {
                return ["\(member.name.string)=\(String(decoding: member.value.text, as: UTF8.self))"]
            }
            return member.value.members.filter { $0.value.integer != 0 }.map {
                "\(member.name.string).\($0.name.string)=\(String(decoding: $0.value.text, as: UTF8.self))"
            }
        }.sorted().joined(separator: " ")
    }
}
