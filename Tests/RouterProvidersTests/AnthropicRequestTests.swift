import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Requests to Anthropic")
struct AnthropicRequestTests {
    private let hi = #""messages":[{"role":"user","content":"Hi"}]"#

    /// A member of what is sent for these members of a request, as text; `nil` when it is not sent.
    private func sent(_ name: String, _ members: String, to endpoint: Endpoint = .opus47) throws -> String? {
        let body = try JSONDocument(Array(encoded(members, to: endpoint).utf8)).root
        return body[name].map { String(decoding: $0.text, as: UTF8.self) }
    }

    @Test("hints, what configures the router and what is not known are dropped")
    func dropped() throws {
        let body = try encoded(
            #"\#(hi),"seed":1,"logit_bias":{},"presence_penalty":1,"verbosity":"low","prediction":{},"store":true,"metadata":{},"min_p":0.1,"prompt_cache_key":"k","provider":{},"plugins":[],"zeta":1,"temperature":null,"n":1,"logprobs":false,"modalities":["text"],"stream_options":{"include_usage":true}"#,
            to: .opus47)
        #expect(
            body
                == #"{"model":"claude-opus-4-7","max_tokens":128000,"messages":[{"role":"user","content":"Hi"}]}"#)
    }

    @Test(
        "what would change the answer and cannot be said is refused by name",
        arguments: [
            (#""n":2"#, "n"), (#""logprobs":true"#, "logprobs"), (#""top_logprobs":3"#, "top_logprobs"),
            (#""audio":{"voice":"a"}"#, "audio"), (#""modalities":["text","audio"]"#, "modalities"),
            (#""web_search_options":{}"#, "web_search_options"),
            (#""tools":[{"type":"custom","custom":{"name":"a"}}]"#, "tools[0].type"),
            (#""tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":{"type":"custom"}"#, "tool_choice"),
            (#""response_format":{"type":"grammar"}"#, "response_format.type"),
            (
                #""response_format":{"type":"json_schema","json_schema":{"schema":1}}"#,
                "response_format.json_schema.schema"
            ),
            (#""reasoning_effort":"huge""#, "reasoning_effort"), (#""reasoning":"high""#, "reasoning"),
            (#""reasoning_effort":"low","reasoning":{"effort":"high"}"#, "reasoning_effort"),
            (#""reasoning":{"enabled":false,"effort":"high"}"#, "reasoning.enabled"),
            (#""reasoning":{"enabled":false,"max_tokens":2000}"#, "reasoning.enabled"),
            (#""reasoning":{"max_tokens":-1}"#, "reasoning.max_tokens"),
            (#""cache_control":true"#, "cache_control"),
        ])
    func refused(_ members: String, _ parameter: String) throws {
        let failure = #expect(throws: UpstreamFailure.self) { try encoded("\(hi),\(members)", to: .opus47) }
        #expect(failure?.parameter == parameter)
        #expect([.refused, .unsupported].contains(failure?.kind))
    }

    // MARK: Limits and sampling

    @Test("the limit is the newer name's, then the older's, then the model's longest answer")
    func limit() throws {
        #expect(try sent("max_tokens", #"\#(hi),"max_tokens":5,"max_completion_tokens":7"#) == "7")
        #expect(try sent("max_tokens", #"\#(hi),"max_tokens":5"#) == "5")
        #expect(try sent("max_tokens", hi) == "128000")
        #expect(try sent("max_tokens", hi, to: .claude()) == "4096")
    }

    @Test("sampling parameters go to models that take them, one of temperature and top_p, in the vendor's range")
    func sampling() throws {
        let older = Endpoint.claude(Endpoints.sonnet45)
        #expect(try sent("temperature", #"\#(hi),"temperature":0.20"#, to: older) == "0.20")
        #expect(try sent("temperature", #"\#(hi),"temperature":2"#, to: older) == "1")
        #expect(try sent("top_p", #"\#(hi),"top_p":0.9"#, to: older) == "0.9")
        #expect(try sent("top_p", #"\#(hi),"top_p":0.9,"temperature":1"#, to: older) == nil)
        #expect(try sent("top_k", #"\#(hi),"top_k":0"#, to: older) == nil)
        #expect(try sent("top_k", #"\#(hi),"top_k":4"#) == nil)
        #expect(try sent("temperature", #"\#(hi),"temperature":0.5,"reasoning_effort":"low""#, to: older) == nil)
    }

    @Test("the newest version of the interface takes no sampling parameters from any model")
    func version() throws {
        let request = try ChatRequest(Array(#"{"model":"a","temperature":0.5,\#(hi)}"#.utf8))
        let upstream = try AnthropicChat(version: "2026-10-21").encode(request, for: .claude(Endpoints.sonnet45))
        #expect(!String(decoding: upstream.body, as: UTF8.self).contains("temperature"))
        #expect(upstream.headers.contains(UpstreamRequest.Header("anthropic-version", "2026-10-21")))
    }

    @Test("stops are a list without blank texts")
    func stops() throws {
        #expect(try sent("stop_sequences", #"\#(hi),"stop":"END""#) == #"["END"]"#)
        #expect(try sent("stop_sequences", #"\#(hi),"stop":["\n"," ","\u0020a"]"#) == #"["\u0020a"]"#)
        #expect(try sent("stop_sequences", #"\#(hi),"stop":["\n\t"]"#) == nil)
    }

    @Test(
        "a user's name that tells who it is goes out as its digest, any other as it is",
        arguments: [("u-1", true), ("a@b", false), ("+7 (701) 123-45-67", false), ("12-34", true)])
    func user(_ name: String, _ stays: Bool) throws {
        let metadata = try sent("metadata", #"\#(hi),"user":"\#(name)""#)
        #expect((metadata == #"{"user_id":"\#(name)"}"#) == stays)
        #expect(try sent("metadata", #"\#(hi),"user":"\#(name)","safety_identifier":"s""#) == #"{"user_id":"s"}"#)
        let long = String(repeating: "x", count: 513)
        #expect(try sent("metadata", #"\#(hi),"user":"\#(long)""#)?.contains("x") == false)
    }

    @Test("two of the service tiers have a word")
    func tiers() throws {
        #expect(try sent("service_tier", #"\#(hi),"service_tier":"auto""#) == #""auto""#)
        #expect(try sent("service_tier", #"\#(hi),"service_tier":"default""#) == #""standard_only""#)
        #expect(try sent("service_tier", #"\#(hi),"service_tier":"flex""#) == nil)
    }

    // MARK: Reasoning

    @Test(
        "an effort is the nearest one that the model has",
        arguments: [
            ("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high"), ("xhigh", "high"),
            ("max", "max"),
        ])
    func efforts(_ asked: String, _ said: String) throws {
        let config = try sent(
            "output_config", #"\#(hi),"reasoning_effort":"\#(asked)""#, to: .claude(Endpoints.sonnet46))
        #expect(config == #"{"effort":"\#(said)"}"#)
    }

    @Test(
        "without an effort, and with none, nothing is said of thinking",
        arguments: ["", #","reasoning_effort":"none""#, #","reasoning":{}"#, #","reasoning":{"enabled":false}"#])
    func silence(_ members: String) throws {
        for endpoint in [Endpoint.opus47, .claude(Endpoints.sonnet45)] {
            #expect(try sent("thinking", hi + members, to: endpoint) == nil)
            #expect(try sent("output_config", hi + members, to: endpoint) == nil)
        }
    }

    @Test(
        "a budget leaves room for the answer, or there is none",
        arguments: [
            (#""reasoning_effort":"high","max_tokens":64000"#, "16384"), (#""reasoning_effort":"max""#, "32000"),
            (#""reasoning_effort":"low","max_tokens":2048"#, "1024"),
            (#""reasoning_effort":"low","max_tokens":2047"#, "1024"),
            (#""reasoning_effort":"high","max_tokens":5000"#, "2500"),
            (#""reasoning":{"max_tokens":2000}"#, "2000"), (#""reasoning":{"max_tokens":5}"#, "1024"),
            (#""reasoning":{"enabled":true}"#, "4096"), (#""reasoning_effort":"low","max_tokens":1024"#, nil),
            (#""reasoning_effort":"low","max_tokens":1"#, nil),
        ] as [(String, String?)])
    func budgets(_ members: String, _ tokens: String?) throws {
        let thinking = try sent("thinking", "\(hi),\(members)", to: .claude(Endpoints.sonnet45))
        #expect(thinking == tokens.map { #"{"type":"enabled","budget_tokens":\#($0)}"# })
    }

    @Test("a budget asks a model that counts none for an effort")
    func budgetAsEffort() throws {
        #expect(try sent("output_config", #"\#(hi),"reasoning":{"max_tokens":9000}"#) == #"{"effort":"high"}"#)
    }

    @Test("next to a forced call there is no thinking, but the effort stays")
    func forced() throws {
        let members =
            #"\#(hi),"reasoning_effort":"high","tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":"required""#
        #expect(try sent("thinking", members) == nil)
        #expect(try sent("output_config", members) == #"{"effort":"high"}"#)
        #expect(try sent("tool_choice", members) == #"{"type":"any"}"#)
    }

    // MARK: Tools and forms

    @Test(
        "a choice among tools is said in the vendor's words",
        arguments: [
            (#""auto""#, #"{"type":"auto"}"#), (#""none""#, #"{"type":"none"}"#), (#""required""#, #"{"type":"any"}"#),
            (#"{"type":"function","function":{"name":"a"}}"#, #"{"type":"tool","name":"a"}"#),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"b"}}]}}"#,
                #"{"type":"any"}"#
            ),
        ])
    func choices(_ choice: String, _ said: String) throws {
        let tools =
            #""tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]"#
        #expect(try sent("tool_choice", #"\#(hi),\#(tools),"tool_choice":\#(choice)"#) == said)
        #expect(try sent("tool_choice", #"\#(hi),"tools":[],"tool_choice":\#(choice)"#) == nil)
        let list = try sent("tools", #"\#(hi),\#(tools),"tool_choice":\#(choice)"#)
        #expect(list?.contains(#""name":"a""#) == !choice.contains("allowed"))
    }

    @Test("calls one after the other are asked for with the choice that there is, and not where none may be made")
    func serial() throws {
        let tools = #"\#(hi),"parallel_tool_calls":false,"tools":[{"type":"function","function":{"name":"a"}}]"#
        #expect(try sent("tool_choice", tools) == #"{"type":"auto","disable_parallel_tool_use":true}"#)
        #expect(try sent("tool_choice", tools + #","tool_choice":"none""#) == #"{"type":"none"}"#)
        #expect(try sent("tool_choice", #"\#(hi),"parallel_tool_calls":false"#) == nil)
    }

    @Test("a model that cannot be made to call a tool refuses to be")
    func unforced() throws {
        let endpoint = Endpoint.claude(ChatTraits(takesForcedCalls: false))
        let tools = #"\#(hi),"tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":"#
        let failure = #expect(throws: UpstreamFailure.self) { try encoded(tools + #""required""#, to: endpoint) }
        #expect(failure?.parameter == "tool_choice")
        #expect(try sent("tool_choice", tools + #""auto""#, to: endpoint) == #"{"type":"auto"}"#)
    }

    @Test(
        "a tool's schema is an object with properties, and otherwise as the client wrote it",
        arguments: [
            (#""x":1"#, #"{"type":"object","properties":{}}"#),
            (#""parameters":{ }"#, #"{"type":"object","properties":{}}"#),
            (#""parameters":{"type":"object"}"#, #"{"properties":{},"type":"object"}"#),
            (#""parameters":{"type":null,"required":[]}"#, #"{"type":"object","properties":{},"required":[]}"#),
            (
                #""parameters":{"type":"object", "properties":{"n":{"minimum":1.0}}}"#,
                #"{"type":"object", "properties":{"n":{"minimum":1.0}}}"#
            ),
        ])
    func schemas(_ parameters: String, _ schema: String) throws {
        let tools = try sent("tools", #"\#(hi),"tools":[{"type":"function","function":{"name":"a",\#(parameters)}}]"#)
        #expect(tools == #"[{"name":"a","input_schema":\#(schema)}]"#)
    }

    @Test("the older functions are tools")
    func functions() throws {
        let members = #"\#(hi),"functions":[{"name":"a"}],"function_call":{"name":"a"}"#
        #expect(try sent("tools", members) == #"[{"name":"a","input_schema":{"type":"object","properties":{}}}]"#)
        #expect(try sent("tool_choice", members) == #"{"type":"tool","name":"a"}"#)
    }

    @Test("a strict tool has its schema cut down, keywords left out stand in the description")
    func strict() throws {
        let tools = try sent(
            "tools",
            #"\#(hi),"tools":[{"type":"function","function":{"name":"a","strict":true,"parameters":{"type":"object","properties":{"minimum":{"type":"integer","description":"How many.","minimum":1.50,"oneOf":[{"const":1}]},"list":{"type":["array","null"],"minItems":1,"items":{"type":"object"}}},"additionalProperties":true}}}]"#
        )
        #expect(
            tools
                == #"[{"name":"a","input_schema":{"type":"object","properties":{"minimum":{"type":"integer","anyOf":[{"const":1}],"description":"How many. (minimum: 1.50)"},"list":{"type":["array","null"],"minItems":1,"items":{"type":"object","additionalProperties":false}}},"additionalProperties":false},"strict":true}]"#
        )
    }

    @Test("effort and form of the answer share a member")
    func form() throws {
        let config = try sent(
            "output_config",
            #"\#(hi),"reasoning_effort":"low","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"string"}}}"#
        )
        #expect(config == #"{"effort":"low","format":{"type":"json_schema","schema":{"type":"string"}}}"#)
    }
}

extension Endpoint {
    static let opus47 = claude(Endpoints.opus47, "claude-opus-4-7")

    /// A model at Anthropic.
    static func claude(_ traits: ChatTraits = ChatTraits(), _ model: String = "claude") -> Endpoint {
        Endpoint(provider: Endpoints.anthropic, upstreamModel: model, traits: traits)
    }
}
