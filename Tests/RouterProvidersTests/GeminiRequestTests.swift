import RouterCore
import Testing

@testable import RouterProviders

/// What the worked examples of Gemini do not show of requests.
@Suite("Requests to Gemini")
struct GeminiRequestTests {
    static let pro = Endpoint(provider: Endpoints.gemini, upstreamModel: "g", traits: Endpoints.gemini3Pro)
    static let flash = Endpoint(provider: Endpoints.gemini, upstreamModel: "g", traits: Endpoints.gemini3Flash)
    static let flash25 = Endpoint(provider: Endpoints.gemini, upstreamModel: "g", traits: Endpoints.gemini25Flash)
    static let pro25 = Endpoint(provider: Endpoints.gemini, upstreamModel: "g", traits: Endpoints.gemini25Pro)

    private static let hi = #""messages":[{"role":"user","content":"a"}]"#
    private static let saidHi = #""contents":[{"role":"user","parts":[{"text":"a"}]}]"#

    private func refusal(_ members: String, to endpoint: Endpoint = pro) throws -> UpstreamFailure {
        try #require(#expect(throws: UpstreamFailure.self) { try encoded(members, to: endpoint) })
    }

    private func contents(_ messages: String, to endpoint: Endpoint = pro) throws -> String {
        let body = try encoded("\"messages\":\(messages)", to: endpoint)
        return String(decoding: try JSONDocument(Array(body.utf8)).root["contents"]?.text ?? [], as: UTF8.self)
    }

    private func generation(_ members: String, to endpoint: Endpoint = pro) throws -> String? {
        let body = try encoded(Self.hi + "," + members, to: endpoint)
        let config = try JSONDocument(Array(body.utf8)).root["generationConfig"]
        return config.map { String(decoding: $0.text, as: UTF8.self) }
    }

    // MARK: Members

    @Test("hints and what is not known are not sent")
    func dropped() throws {
        let body = try encoded(
            Self.hi
                + #","zeta":1,"user":"u","metadata":{},"store":true,"logit_bias":{"1":1},"verbosity":"low","prediction":{},"parallel_tool_calls":false,"tool_choice":"auto","stream":true,"stream_options":{},"service_tier":"auto","presence_penalty":1,"top_k":0"#,
            to: Self.pro)
        #expect(body == "{\(Self.saidHi)}")
    }

    @Test("sound as an answer, searches, too many candidates and too long seeds are refused by name")
    func refused() throws {
        for (member, value) in [
            ("audio", "{}"), ("web_search_options", "{}"), ("modalities", #"["audio"]"#), ("n", "9"),
            ("seed", "12345678901234567890"),
        ] {
            let failure = try refusal(Self.hi + ",\"\(member)\":\(value)")
            #expect(failure.kind == .unsupported)
            #expect(failure.parameter == member)
        }
    }

    @Test("numbers keep their spelling")
    func numbers() throws {
        #expect(
            try generation(#""temperature":1.0,"top_p":0.10,"top_k":4,"max_tokens":7,"max_completion_tokens":9"#)
                == #"{"maxOutputTokens":9,"temperature":1.0,"topP":0.10,"topK":4}"#)
    }

    @Test("a model that refuses sampling parameters gets none")
    func sampling() throws {
        var endpoint = Self.flash
        endpoint.traits.takesSampling = false
        #expect(try generation(#""temperature":1,"top_p":1,"top_k":4"#, to: endpoint) == nil)
    }

    @Test("empty stop texts are left out")
    func stop() throws {
        #expect(try generation(#""stop":["","x"]"#) == #"{"stopSequences":["x"]}"#)
        #expect(try generation(#""stop":"""#) == nil)
    }

    @Test("JSON without a schema, and text, are asked for as such")
    func format() throws {
        #expect(
            try generation(#""response_format":{"type":"json_object"}"#) == #"{"responseMimeType":"application/json"}"#)
        #expect(try generation(#""response_format":{"type":"text"}"#) == nil)
    }

    @Test("flex and priority are tiers of the vendor's")
    func tier() throws {
        #expect(
            try encoded(Self.hi + #","service_tier":"flex""#, to: Self.pro)
                == #"{\#(Self.saidHi),"serviceTier":"flex"}"#)
    }

    @Test("the model stands in the path, escaped, and a stream asks for events")
    func path() throws {
        let chat = GeminiChat()
        var endpoint = Self.pro
        endpoint.upstreamModel = "models?x \"é"
        let request = try ChatRequest(Array("{\"model\":\"a/b\",\"stream\":true,\(Self.hi)}".utf8))
        #expect(
            try chat.encode(request, for: endpoint).path
                == "/models/models%3Fx%20%22%C3%A9:streamGenerateContent?alt=sse")
    }

    // MARK: Reasoning

    static let efforts: [(String, Endpoint, String)] = [
        ("none", pro, "LOW"), ("minimal", pro, "LOW"), ("medium", pro, "HIGH"), ("max", pro, "HIGH"),
        ("none", flash, "MINIMAL"), ("medium", flash, "MEDIUM"), ("xhigh", flash, "HIGH"),
        ("low", flash25, "1024"), ("medium", flash25, "8192"), ("max", flash25, "24576"),
        ("none", pro25, "128"), ("high", pro25, "24576"), ("xhigh", pro25, "32768"),
    ]

    @Test("an effort becomes the level or the budget that the model has", arguments: efforts)
    func effort(_ effort: String, _ endpoint: Endpoint, _ said: String) throws {
        let form = Int(said) == nil ? #""thinkingLevel":"\#(said)""# : #""thinkingBudget":\#(said)"#
        let config = #"{"thinkingConfig":{\#(form),"includeThoughts":\#(effort != "none")}}"#
        #expect(try generation(#""reasoning_effort":"\#(effort)""#, to: endpoint) == config)
        #expect(try generation(#""reasoning":{"effort":"\#(effort)"}"#, to: endpoint) == config)
    }

    @Test("a budget of the client's is kept within the model's")
    func budget() throws {
        #expect(
            try generation(#""reasoning":{"max_tokens":99999}"#, to: Self.flash25)
                == #"{"thinkingConfig":{"thinkingBudget":24576,"includeThoughts":true}}"#)
        #expect(
            try generation(#""reasoning":{"max_tokens":500}"#, to: Self.pro)
                == #"{"thinkingConfig":{"thinkingLevel":"LOW","includeThoughts":true}}"#)
    }

    @Test("settings that contradict each other are refused by name")
    func contradiction() throws {
        let failure = try refusal(Self.hi + #","reasoning_effort":"low","reasoning":{"effort":"high"}"#)
        #expect(failure.kind == .refused)
        #expect(failure.parameter == "reasoning_effort")
    }

    // MARK: Messages

    @Test("later system messages stay at their place, behind results")
    func laterSystem() throws {
        #expect(
            try contents(#"[{"role":"user","content":"a"},{"role":"system","content":"b"}]"#)
                == #"[{"role":"user","parts":[{"text":"a"},{"text":"<system>\nb\n</system>"}]}]"#)
        let call = #"{"id":"c","type":"function","function":{"name":"f","arguments":""}}"#
        #expect(
            try contents(
                #"[{"role":"assistant","tool_calls":[\#(call)]},{"role":"developer","content":"b"},{"role":"tool","tool_call_id":"c","content":"r"}]"#,
                to: Self.flash25)
                == #"[{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"r"}}}]},{"role":"user","parts":[{"text":"<system>\nb\n</system>"}]}]"#
        )
    }

    @Test("system messages alone are the user's")
    func onlySystem() throws {
        #expect(
            try encoded(#""messages":[{"role":"system","content":"a"}]"#, to: Self.pro) == "{\(Self.saidHi)}")
    }

    @Test("messages of one side in a row are one content, and empty ones none")
    func merged() throws {
        #expect(
            try contents(
                #"[{"role":"user","content":"a"},{"role":"assistant","content":""},{"role":"user","content":"b"},{"role":"assistant","content":"c"},{"role":"assistant","refusal":"d"}]"#
            )
                == #"[{"role":"user","parts":[{"text":"a"}]},{"role":"user","parts":[{"text":"b"}]},{"role":"model","parts":[{"text":"c"},{"text":"d"}]}]"#
        )
    }

    @Test("signatures of texts go back with the last text of their message, those of other vendors do not")
    func textSignatures() throws {
        let messages =
            #"[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}],"reasoning_details":[{"type":"reasoning.encrypted","data":"S","format":"%","index":0}]},{"role":"user","content":"d"}]"#
        let own = try contents(messages.replacing("%", with: "google-gemini-v1"))
        #expect(own.contains(#"[{"text":"b"},{"text":"c","thoughtSignature":"S"}]"#))
        #expect(try !contents(messages.replacing("%", with: "anthropic-claude-v1")).contains("Signature"))
        #expect(
            try !contents(messages.replacing("%", with: "google-gemini-v1"), to: Self.flash25).contains("Signature"))
    }

    @Test("calls before the user's last words need no signature")
    func earlierCalls() throws {
        let call = #"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}"#
        let round =
            #"{"role":"assistant","tool_calls":[\#(call)]},{"role":"tool","tool_call_id":"c","content":"r"}"#
        let text = try contents(#"[{"role":"user","content":"a"},\#(round),{"role":"user","content":"b"},\#(round)]"#)
        #expect(text.split(separator: "thoughtSignature").count == 2)
        // Two turns have a call of one id; the vendor gets two.
        #expect(text.contains(#""id":"c_2""#))
    }

    static let broken = [
        (
            "arguments that are no JSON",
            #"[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{"}}]},{"role":"tool","tool_call_id":"c","content":"r"}]"#,
            "messages[0].tool_calls[0].function.arguments"
        ),
        (
            "a result without a call",
            #"[{"role":"user","content":"a"},{"role":"tool","tool_call_id":"x","content":"r"}]"#,
            "messages[1].tool_call_id"
        ),
        (
            "a call without a result",
            #"[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":"a"}]"#,
            "messages[0].tool_calls[0]"
        ),
        (
            "an image on the web",
            #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]"#,
            "messages[0].content[0].image_url.url"
        ),
        (
            "data that does not decode",
            #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,***"}}]}]"#,
            "messages[0].content[0].image_url.url"
        ),
        (
            "an image that is none",
            #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:text/html;base64,AAAA"}}]}]"#,
            "messages[0].content[0].image_url.url"
        ),
        (
            "sound of an unknown format",
            #"[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"midi"}}]}]"#,
            "messages[0].content[0].input_audio.format"
        ),
        (
            "a file by its id", #"[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]"#,
            "messages[0].content[0].file.file_id"
        ),
        (
            "an unknown part", #"[{"role":"user","content":[{"type":"hologram"}]}]"#, "messages[0].content[0].type"
        ),
        ("nothing at all", #"[{"role":"user","content":""}]"#, "messages"),
    ]

    @Test("what cannot be sent is refused by name", arguments: broken)
    func brokenMessages(_ what: String, _ messages: String, _ parameter: String) throws {
        let failure = try refusal("\"messages\":\(messages)")
        #expect(failure.parameter == parameter, "\(what)")
        #expect(failure.kind == .refused || failure.kind == .unsupported)
    }

    @Test("addresses of images and files are taken in all their forms")
    func addresses() throws {
        func part(_ url: String) throws -> String {
            try contents(#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"\#(url)"}}]}]"#)
        }
        #expect(try part("data:image/JPG;charset=x;base64,AAAA").contains(#"{"mimeType":"image/jpeg","data":"AAAA"}"#))
        #expect(try part("data:;base64,iVBORw0KGgoAAA").contains(#""mimeType":"image/png""#))
        #expect(try part("gs://b/a.png").contains(#"{"fileData":{"fileUri":"gs://b/a.png"}}"#))
        #expect(try part("https://youtu.be/x").contains(#"{"fileData":{"fileUri":"https://youtu.be/x"}}"#))
    }

    // MARK: Tools

    private static let tools =
        #","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{}}}},{"type":"function","function":{"name":"g"}}]"#

    @Test("a choice among allowed tools cuts the list down, or names them")
    func allowedTools() throws {
        func sent(_ mode: String) throws -> String {
            try encoded(
                Self.hi + Self.tools
                    + #","tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"\#(mode)","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
                to: Self.pro)
        }
        #expect(
            try sent("auto")
                == #"{\#(Self.saidHi),"tools":[{"functionDeclarations":[{"name":"g"}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}}"#
        )
        #expect(
            try sent("required")
                == #"{\#(Self.saidHi),"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}}"#
        )
    }

    @Test("custom tools are refused by name")
    func customTools() throws {
        #expect(
            try refusal(Self.hi + #","tools":[{"type":"custom","custom":{"name":"f"}}]"#).parameter == "tools[0].type")
    }
}
