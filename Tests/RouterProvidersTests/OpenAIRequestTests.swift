import RouterCore
import RouterProviders
import Testing

@Suite("Requests to vendors of the OpenAI family")
struct OpenAIRequestTests {
    private let hi = #""messages":[{"role":"user","content":"Hi"}]"#

    /// What is sent for `members` behind `messages`, without model and messages.
    private func sent(_ members: String, to endpoint: Endpoint) throws -> String {
        let body = try encoded("\(hi),\(members)", to: endpoint)
        let model = "{\"model\":\"\(endpoint.upstreamModel)\","
        #expect(body.hasPrefix(model + hi))
        let rest = body.dropFirst((model + hi).count).dropLast()
        return String(rest.first == "," ? rest.dropFirst() : rest)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var rule: String
        var endpoint: Endpoint
        var asked: String
        var sent: String
        var testDescription: String { rule }
    }

    static let gpt5 = Endpoint(
        provider: Endpoints.openAI, upstreamModel: "gpt-5",
        traits: ChatTraits(
            tokenLimit: .maxCompletionTokens,
            reasoning: .effort(efforts: [.minimal, .low, .medium, .high], standard: .medium)))
    static let qwen = Endpoint.engine(ChatTraits(reasoning: .templateSwitch("enable_thinking")))
    static let tools = #""tools":[{"type":"function","function":{"name":"f"}}]"#

    static let limitCases = [
        Case(
            rule: "a model with both names keeps what was said", endpoint: .gpt41, asked: #""max_completion_tokens":9"#,
            sent: #""max_completion_tokens":9"#),
        Case(
            rule: "of both names the newer wins", endpoint: .gpt41, asked: #""max_tokens":7,"max_completion_tokens":9"#,
            sent: #""max_completion_tokens":9"#),
        Case(
            rule: "null is no limit", endpoint: .gpt54, asked: #""max_tokens":7,"max_completion_tokens":null"#,
            sent: #""max_completion_tokens":7"#),
        Case(
            rule: "engines know the older name", endpoint: .engine(), asked: #""max_completion_tokens":9"#,
            sent: #""max_tokens":9"#),
    ]

    static let reasoningCases = [
        Case(
            rule: "sampling stays while a model does not reason", endpoint: .gpt54,
            asked: #""temperature":0.70,"top_p":1,"reasoning_effort":"none""#,
            sent: #""temperature":0.70,"top_p":1,"reasoning_effort":"none""#),
        Case(
            rule: "sampling goes while it reasons unasked", endpoint: gpt5,
            asked:
                #""temperature":0.7,"top_p":1,"presence_penalty":1,"frequency_penalty":1,"logprobs":true,"top_logprobs":2,"logit_bias":{},"seed":1"#,
            sent: #""seed":1"#),
        Case(
            rule: "none becomes the lowest level where reasoning cannot be switched off", endpoint: gpt5,
            asked: #""reasoning_effort":"none""#, sent: #""reasoning_effort":"minimal""#),
        Case(
            rule: "an effort steps down to what the model has", endpoint: gpt5, asked: #""reasoning_effort":"max""#,
            sent: #""reasoning_effort":"high""#),
        Case(
            rule: "stepping down does not switch reasoning off", endpoint: .gpt54,
            asked: #""reasoning_effort":"minimal""#, sent: #""reasoning_effort":"low""#),
        Case(
            rule: "an effort this version does not know goes on", endpoint: .gpt54,
            asked: #""reasoning_effort":"ultra","temperature":1"#, sent: #""reasoning_effort":"ultra""#),
        Case(
            rule: "the other dialect's effort counts", endpoint: .gpt54, asked: #""reasoning":{"effort":"high"}"#,
            sent: #""reasoning_effort":"high""#),
        Case(
            rule: "an effort that is said twice is said once", endpoint: .gpt54,
            asked: #""reasoning":{"effort":"low"},"reasoning_effort":"low""#, sent: #""reasoning_effort":"low""#),
        Case(
            rule: "reasoning can be switched on without an effort", endpoint: .gpt54,
            asked: #""reasoning":{"enabled":true},"temperature":1"#, sent: #""reasoning_effort":"medium""#),
        Case(
            rule: "what reasons anyway need not be switched on", endpoint: gpt5,
            asked: #""reasoning":{"max_tokens":100}"#,
            sent: ""),
        Case(
            rule: "reasoning can be switched off without an effort", endpoint: .gpt54,
            asked: #""reasoning":{"enabled":false},"temperature":1"#,
            sent: #""temperature":1,"reasoning_effort":"none""#),
        Case(
            rule: "verbosity and effort go for models that do not reason", endpoint: .gpt41,
            asked: #""verbosity":"low","reasoning_effort":"low","temperature":1"#, sent: #""temperature":1"#),
        Case(
            rule: "an engine is not told what its model does not know", endpoint: .engine(Endpoints.gptOSS),
            asked: #""reasoning_effort":"none""#, sent: ""),
        Case(
            rule: "on an engine the next lower effort is said", endpoint: .engine(Endpoints.gptOSS),
            asked: #""reasoning_effort":"xhigh","temperature":1"#,
            sent: #""temperature":1,"reasoning_effort":"high""#),
        Case(
            rule: "a switch joins the client's own", endpoint: qwen,
            asked: #""chat_template_kwargs":{"a":1},"reasoning":{"enabled":false}"#,
            sent: #""chat_template_kwargs":{"a":1,"enable_thinking":false}"#),
        Case(
            rule: "the client's own switch stays", endpoint: qwen,
            asked: #""chat_template_kwargs":{"enable_thinking":true},"reasoning_effort":"none""#,
            sent: #""chat_template_kwargs":{"enable_thinking":true}"#),
        Case(
            rule: "without an effort nothing is switched", endpoint: qwen, asked: #""chat_template_kwargs":{"a":1}"#,
            sent: #""chat_template_kwargs":{"a":1}"#),
    ]

    static let toolCases = [
        Case(
            rule: "a choice without tools goes", endpoint: .gpt41,
            asked: #""tool_choice":"auto","parallel_tool_calls":false"#, sent: ""),
        Case(
            rule: "an empty list of tools goes, and the choice with it", endpoint: .gpt41,
            asked: #""tools":[],"tool_choice":"none""#, sent: ""),
        Case(
            rule: "OpenAI takes every kind of tool", endpoint: .gpt41,
            asked: #""tools":[{"type":"custom","custom":{"name":"c"}}],"tool_choice":{"type":"allowed_tools"}"#,
            sent: #""tools":[{"type":"custom","custom":{"name":"c"}}],"tool_choice":{"type":"allowed_tools"}"#),
        Case(
            rule: "OpenAI takes the older functions", endpoint: .gpt41,
            asked: #""functions":[{"name":"f"}],"function_call":"auto""#,
            sent: #""functions":[{"name":"f"}],"function_call":"auto""#),
        Case(
            rule: "null inside a function is left out", endpoint: .gpt41,
            asked: #""tools":[{"type":"function","function":{"name":"f","strict":null,"parameters":{"a":null}}}]"#,
            sent: #""tools":[{"type":"function","function":{"name":"f","parameters":{"a":null}}}]"#),
        Case(
            rule: "engines do not know strict, and are told to choose", endpoint: .engine(),
            asked: #""tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"strict":1}}}]"#,
            sent:
                #""tools":[{"type":"function","function":{"name":"f","parameters":{"strict":1}}}],"tool_choice":"auto""#
        ),
        Case(
            rule: "an engine is told the client's choice", endpoint: .engine(),
            asked: tools + #","tool_choice":"none""#,
            sent: tools + #","tool_choice":"none""#),
        Case(
            rule: "allowed tools are cut out for engines", endpoint: .engine(),
            asked:
                #""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
            sent: #""tools":[{"type":"function","function":{"name":"g"}}],"tool_choice":"required""#),
        Case(
            rule: "older functions become tools for engines", endpoint: .engine(),
            asked: #""functions":[{"name":"f"}],"function_call":{"name":"f"}"#,
            sent:
                #""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}}"#
        ),
        Case(
            rule: "older functions are chosen among too", endpoint: .engine(), asked: #""functions":[{"name":"f"}]"#,
            sent: #""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto""#),
    ]

    static let otherCases = [
        Case(
            rule: "null means absent", endpoint: .gpt41, asked: #""temperature":null,"user":null,"x":null,"n":1"#,
            sent: #""n":1"#),
        Case(
            rule: "members that configure the router are not sent", endpoint: .engine(),
            asked:
                #""provider":{},"models":[],"route":"x","transforms":[],"plugins":[],"usage":{},"session_id":"s","trace":{},"cache_control":{},"include_reasoning":true,"seed":1"#,
            sent: #""seed":1"#),
        Case(
            rule: "extra sampling is the engines', not OpenAI's", endpoint: .gpt41,
            asked: #""top_k":1,"min_p":0.1,"repetition_penalty":1.1,"seed":1"#, sent: #""seed":1"#),
        Case(
            rule: "an engine gets what is OpenAI's only not", endpoint: .engine(),
            asked:
                #""modalities":["text"],"prediction":{},"prompt_cache_key":"k","prompt_cache_retention":"24h","safety_identifier":"s","moderation":{},"user":"u","logit_bias":{"1":2}"#,
            sent: #""user":"u","logit_bias":{"1":2}"#),
        Case(rule: "a stop text goes on as it is", endpoint: .gpt41, asked: #""stop":"\n""#, sent: #""stop":"\n""#),
        Case(rule: "an empty stop text goes", endpoint: .gpt41, asked: #""stop":"","n":1"#, sent: #""n":1"#),
        Case(rule: "empty stop texts go", endpoint: .engine(), asked: #""stop":["","a",""]"#, sent: #""stop":["a"]"#),
        Case(rule: "an empty list of stop texts goes", endpoint: .engine(), asked: #""stop":[""]"#, sent: ""),
        Case(
            rule: "stream options without a stream go", endpoint: .gpt41,
            asked: #""stream":false,"stream_options":{"include_usage":true}"#, sent: #""stream":false"#),
        Case(
            rule: "usage is asked for even when the client does not want it, and obfuscation is not", endpoint: .gpt41,
            asked: #""stream_options":{"include_obfuscation":true,"include_usage":false},"stream":true"#,
            sent: #""stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}"#),
        Case(
            rule: "stream options that we do not know go on", endpoint: .engine(),
            asked: #""stream":true,"stream_options":{"continuous_usage_stats":true,"include_obfuscation":true}"#,
            sent: #""stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}"#),
    ]

    @Test("the limit on tokens has the name that the model knows", arguments: limitCases)
    func tokenLimits(_ example: Case) throws {
        #expect(try sent(example.asked, to: example.endpoint) == example.sent)
    }

    @Test("reasoning is asked for in the model's own way", arguments: reasoningCases)
    func asksForReasoning(_ example: Case) throws {
        #expect(try sent(example.asked, to: example.endpoint) == example.sent)
    }

    @Test("tools are sent in the form that the vendor knows", arguments: toolCases)
    func sendsTools(_ example: Case) throws {
        #expect(try sent(example.asked, to: example.endpoint) == example.sent)
    }

    @Test("everything else goes by the vendor's table", arguments: otherCases)
    func sendsOthers(_ example: Case) throws {
        #expect(try sent(example.asked, to: example.endpoint) == example.sent)
    }

    static let refusedCases = [
        (#""audio":{"voice":"alloy"}"#, "audio"), (#""modalities":["text","audio"]"#, "modalities"),
        (#""web_search_options":{}"#, "web_search_options"),
        (tools.dropLast() + #",{"type":"custom","custom":{"name":"c"}}]"#, "tools[1]"),
        (tools + #","tool_choice":{"type":"custom","custom":{"name":"c"}}"#, "tool_choice"),
    ]

    @Test("what would change the answer is refused by name when an engine cannot do it", arguments: refusedCases)
    func refusesUnsupported(_ members: String, _ parameter: String) throws {
        let failure = #expect(throws: UpstreamFailure.self) { try sent(members, to: .engine()) }
        #expect(failure?.kind == .unsupported)
        #expect(failure?.parameter == parameter)
        #expect(failure?.message.contains("`\(parameter)`") == true)
        #expect(throws: Never.self) { try sent(members, to: .gpt41) }
    }

    @Test("a vendor of the family is added by data alone")
    func vendorFromData() throws {
        var quirks = OpenAIQuirks.selfHosted
        quirks.members["seed"] = .rename("random_seed")
        quirks.members["user"] = .send
        quirks.otherMembers = .drop
        quirks.streamOptions = nil
        quirks.tokenLimit = .maxCompletionTokens
        let request = try ChatRequest(
            Array("{\"model\":\"a/b\",\(hi),\"seed\":1,\"user\":\"u\",\"x\":1,\"max_tokens\":2,\"stream\":true}".utf8))
        let body = try OpenAIChat(quirks: quirks).encode(request, for: .engine()).body
        #expect(
            String(decoding: body, as: UTF8.self)
                == "{\"model\":\"m\",\(hi),\"random_seed\":1,\"user\":\"u\",\"max_completion_tokens\":2,\"stream\":true}"
        )
    }
}
