import RouterCore

/// Messages as Anthropic sends them. Source: Anthropic API reference, "Messages" and "Streaming messages".
enum SimulatedAnthropic {
    /// What the vendor would refuse.
    static func fault(of root: JSONValue, path: String, version: String?) -> String? {
        guard path.hasPrefix("/v1/messages") else { return "There is nothing at \(path)." }
        guard version != nil else { return "anthropic-version: header is required" }
        guard root["model"]?.string?.isEmpty == false else { return "model: Field required" }
        guard let most = root["max_tokens"]?.integer, most > 0 else { return "max_tokens: Field required" }
        guard let messages = root["messages"], messages.count > 0 else { return "messages: Field required" }
        var calls: Set<String> = []
        for (index, message) in messages.elements.enumerated() {
            guard message["role"]?.equals("user") == true || message["role"]?.equals("assistant") == true else {
                return "messages.\(index).role: Input should be 'user' or 'assistant'"
            }
            for block in message["content"]?.elements.map({ $0 }) ?? [] {
                if block["type"]?.equals("tool_use") == true, let id = block["id"]?.string { calls.insert(id) }
                if block["type"]?.equals("tool_result") == true {
                    guard let id = block["tool_use_id"]?.string, calls.contains(id) else {
                        return "messages.\(index): unexpected `tool_use_id` found in `tool_result` blocks"
                    }
                }
            }
        }
        return nil
    }

    static func answer(_ question: SimulatedQuestion, isStreamed: Bool) -> SimulatedResponse {
        isStreamed ? stream(question) : .json(200, whole(question))
    }

    private static let usage =
        #""input_tokens":8,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":7"#

    private static func whole(_ question: SimulatedQuestion) -> String {
        var blocks: [String] = []
        if question.reasons {
            blocks.append(#"{"type":"thinking","thinking":"Let me think.","signature":"c2ln"}"#)
        }
        blocks.append(
            question.tool.map {
                #"{"type":"tool_use","id":"toolu_sim01","name":"\#($0)","input":{"city":"Paris"}}"#
            } ?? #"{"type":"text","text":"\#(question.words.joined())"}"#)
        return
            #"{"id":"msg_sim","type":"message","role":"assistant","model":"sim","content":[\#(blocks.joined(separator: ","))],"stop_reason":"\#(question.tool == nil ? "end_turn" : "tool_use")","stop_sequence":null,"usage":{\#(usage)}}"#
    }

    private static func stream(_ question: SimulatedQuestion) -> SimulatedResponse {
        func event(_ type: String, _ members: String) -> String {
            "event: \(type)\ndata: {\"type\":\"\(type)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
        }
        var pieces = [
            event(
                "message_start",
                #""message":{"id":"msg_sim","type":"message","role":"assistant","model":"sim","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":8,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":1}}"#
            ), event("ping", ""),
        ]
        let firstContent = pieces.count + 1
        var index = 0
        func block(_ start: String, _ deltas: [String]) {
            pieces.append(event("content_block_start", #""index":\#(index),"content_block":\#(start)"#))
            pieces += deltas.map { event("content_block_delta", #""index":\#(index),"delta":\#($0)"#) }
            pieces.append(event("content_block_stop", #""index":\#(index)"#))
            index += 1
        }
        if question.reasons {
            block(
                #"{"type":"thinking","thinking":"","signature":""}"#,
                [
                    #"{"type":"thinking_delta","thinking":"Let me think."}"#,
                    #"{"type":"signature_delta","signature":"c2ln"}"#,
                ])
        }
        if let tool = question.tool {
            block(
                #"{"type":"tool_use","id":"toolu_sim01","name":"\#(tool)","input":{}}"#,
                [#"{\"city\":"#, #"\"Paris\"}"#].map { #"{"type":"input_json_delta","partial_json":"\#($0)"}"# })
        } else {
            block(
                #"{"type":"text","text":""}"#, question.words.map { #"{"type":"text_delta","text":"\#($0)"}"# })
        }
        pieces.append(
            event(
                "message_delta",
                #""delta":{"stop_reason":"\#(question.tool == nil ? "end_turn" : "tool_use")","stop_sequence":null},"usage":{"output_tokens":7}"#
            ))
        pieces.append(event("message_stop", ""))
        return .stream(pieces, firstContent: firstContent)
    }
}
