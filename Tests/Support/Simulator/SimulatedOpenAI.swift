import RouterCore

/// Chat completions as OpenAI and its family send them. Source: OpenAI API reference, "Chat", and each vendor's own.
struct SimulatedOpenAI {
    let vendor: SimulatedVendor

    /// What the vendor would refuse.
    static func fault(of root: JSONValue, path: String) -> String? {
        guard path.hasPrefix("/chat/completions") else { return "There is nothing at \(path)." }
        guard root["model"]?.string?.isEmpty == false else { return "you must provide a model parameter" }
        guard let messages = root["messages"], messages.count > 0 else { return "'messages' is too short" }
        var calls: Set<String> = []
        for message in messages.elements {
            for call in message["tool_calls"]?.elements.map({ $0 }) ?? [] {
                if let id = call["id"]?.string { calls.insert(id) }
            }
            if message["role"]?.equals("tool") == true {
                guard let id = message["tool_call_id"]?.string, calls.contains(id) else {
                    return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
                }
            }
        }
        return nil
    }

    func answer(_ question: SimulatedQuestion, isStreamed: Bool) -> SimulatedResponse {
        isStreamed ? stream(question) : .json(200, whole(question))
    }

    private var head: String {
        #""id":"chatcmpl-sim","created":1776249001,"model":"sim","system_fingerprint":"fp_sim""#
    }

    private var usage: String {
        let details =
            vendor == .deepseek
            ? #","prompt_cache_hit_tokens":2,"prompt_cache_miss_tokens":8"#
            : #","prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}"#
        return #""usage":{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17\#(details)}"#
    }

    private func whole(_ question: SimulatedQuestion) -> String {
        let reasoning =
            question.reasons && vendor != .openai ? #","reasoning_content":"Let me think.""# : ""
        let message =
            question.tool.map {
                #"{"role":"assistant","content":null,"tool_calls":[{"id":"callsim01","type":"function","function":{"name":"\#($0)","arguments":"{\"city\":\"Paris\"}"}}]}"#
            } ?? #"{"role":"assistant","content":"\#(question.words.joined())"\#(reasoning),"refusal":null}"#
        let finish = question.tool == nil ? "stop" : "tool_calls"
        return
            #"{\#(head),"object":"chat.completion","choices":[{"index":0,"message":\#(message),"logprobs":null,"finish_reason":"\#(finish)"}],\#(usage)}"#
    }

    private func stream(_ question: SimulatedQuestion) -> SimulatedResponse {
        func chunk(_ delta: String, finish: String = "null", more: String = "") -> String {
            "data: {\(head),\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":\(delta),"
                + "\"finish_reason\":\(finish)}]\(more)}\n\n"
        }
        var pieces = [chunk(#"{"role":"assistant","content":""}"#)]
        let firstContent = pieces.count
        if question.reasons, vendor != .openai { pieces.append(chunk(#"{"reasoning_content":"Let me think."}"#)) }
        if let tool = question.tool {
            pieces.append(
                chunk(
                    #"{"tool_calls":[{"index":0,"id":"callsim01","type":"function","function":{"name":"\#(tool)","arguments":""}}]}"#
                ))
            for part in [#"{\"city\":"#, #"\"Paris\"}"#] {
                pieces.append(chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"\#(part)"}}]}"#))
            }
        } else {
            pieces += question.words.map { chunk(#"{"content":"\#($0)"}"#) }
        }
        let finish = question.tool == nil ? #""stop""# : #""tool_calls""#
        if vendor == .mistral || vendor == .deepseek {
            pieces.append(chunk(#"{"content":""}"#, finish: finish, more: ",\(usage)"))
        } else {
            pieces.append(chunk("{}", finish: finish))
            pieces.append("data: {\(head),\"object\":\"chat.completion.chunk\",\"choices\":[],\(usage)}\n\n")
        }
        pieces.append("data: [DONE]\n\n")
        return .stream(pieces, firstContent: firstContent)
    }
}
