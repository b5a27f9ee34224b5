import RouterCore
import Testing

@Suite("Messages to vendors of the OpenAI family")
struct OpenAIMessagesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var rule: String
        var endpoint: Endpoint
        var messages: String
        /// `nil` when they stay as they are.
        var sent: String?
        var testDescription: String { rule }
    }

    private static let long = "call_" + String(repeating: "x", count: 36)

    static let openAICases = [
        Case(
            rule: "what needs no change is sent byte for byte", endpoint: .gpt41,
            messages:
                #"[ {"role" : "developer","content":"a\u0062" , "name":"n"}, {"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:,"}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom","custom":{"name":"n","input":""}}]},{"role":"tool","tool_call_id":"c","content":"r"}, {"role":"function","name":"f","content":null},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{"}}]"#
        ),
        Case(
            rule: "a message that needs no change stays as it is beside one that does", endpoint: .gpt41,
            messages: #"[{"role": "user",  "content": "a"}, {"role":"assistant","content":"b","reasoning":"r"}]"#,
            sent: #"[{"role": "user",  "content": "a"},{"role":"assistant","content":"b"}]"#),
        Case(
            rule: "what belongs into answers only is left out", endpoint: .gpt41,
            messages:
                #"[{"role":"assistant","reasoning_content":"r","reasoning_details":[],"images":[],"annotations":[],"refusal":null,"audio":null,"name":"n","content":"b"}]"#,
            sent: #"[{"role":"assistant","name":"n","content":"b"}]"#),
        Case(
            rule: "a refusal and an audio id that are there stay", endpoint: .gpt41,
            messages: #"[{"role":"assistant","refusal":"no","audio":{"id":"a"},"x":1}]"#),
        Case(
            rule: "null content stays next to calls only", endpoint: .gpt41,
            messages:
                #"[{"role":"assistant","content":null},{"role":"assistant","content":null,"tool_calls":[]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":""}}]}]"#,
            sent:
                #"[{"role":"assistant"},{"role":"assistant"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":""}}]}]"#
        ),
        Case(
            rule: "marks for another vendor's cache are left out of parts", endpoint: .gpt41,
            messages:
                #"[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}],"cache_control":{}}]"#,
            sent: #"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]"#),
        Case(
            rule: "a call's id of more than 40 characters is shortened, in call and result alike", endpoint: .gpt41,
            messages:
                #"[{"role":"assistant","tool_calls":[{"id":"\#(long)","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"\#(long)","content":"r"}]"#,
            sent:
                #"[{"role":"assistant","tool_calls":[{"id":"call_UVdYPLmNeo42WlEDtPObU4","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_UVdYPLmNeo42WlEDtPObU4","content":"r"}]"#
        ),
        Case(
            rule: "a call's id of 40 characters stays", endpoint: .gpt41,
            messages: #"[{"role":"tool","tool_call_id":"\#(long.dropLast())","content":"r"}]"#),
    ]

    static let engineCases = [
        Case(
            rule: "what needs no change is sent byte for byte", endpoint: .engine(),
            messages:
                #"[ {"role" : "system","content":"a" }, {"role":"user","name":"n","content":[{"type":"image_url","image_url":{"url":"data:,"}},{"type":"text","text":"x"}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{ \"a\": 1.0 }"}}]},{"role":"tool","tool_call_id":"c","content":"r"}]"#
        ),
        Case(
            rule: "text parts are put together with nothing between, escapes as they are", endpoint: .engine(),
            messages:
                #"[{"role":"developer","content":[{"type":"text","text":"a\n\ud83d"},{"type":"text","text":"\ude00\u0041b"}]},{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"r","cache_control":{}}]}]"#,
            sent:
                #"[{"role":"system","content":"a\n\ud83d\ude00\u0041b"},{"role":"tool","tool_call_id":"c","content":"r"}]"#
        ),
        Case(
            rule: "an assistant message without content and calls gets its refusal, or nothing, as text",
            endpoint: .engine(),
            messages:
                #"[{"role":"assistant","refusal":"no"},{"role":"assistant","content":null},{"role":"assistant","content":""}]"#,
            sent:
                #"[{"role":"assistant","content":"no"},{"role":"assistant","content":""},{"role":"assistant","content":""}]"#
        ),
        Case(
            rule: "only what chat templates know goes on", endpoint: .engine(),
            messages:
                #"[{"role":"assistant","content":"a","refusal":"no","audio":{"id":"a"},"extra_content":1,"prefix":true}]"#,
            sent: #"[{"role":"assistant","content":"a"}]"#),
        Case(
            rule: "arguments become JSON objects", endpoint: .engine(),
            messages:
                #"[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":""}},{"id":"2","type":"function","function":{"name":"f"}},{"id":"3","type":"function","function":{"name":"f","arguments":{"b":1.0,"a":"\""}}},{"id":"4","type":"function","function":{"name":"f","arguments":"{\"z\":1,\"a\":2}"},"index":0}]}]"#,
            sent:
                #"[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"3","type":"function","function":{"name":"f","arguments":"{\"b\":1.0,\"a\":\"\\\"\"}"}},{"id":"4","type":"function","function":{"name":"f","arguments":"{\"z\":1,\"a\":2}"}}]}]"#
        ),
        Case(
            rule: "calls and results in the older form become calls with ids", endpoint: .engine(),
            messages:
                #"[{"role":"user","content":"a"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"},{"role":"assistant","content":"x","function_call":{"name":"g","arguments":""}},{"role":"function","name":"g","content":null}]"#,
            sent:
                #"[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_function_1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"r","tool_call_id":"call_function_1"},{"role":"assistant","content":"x","tool_calls":[{"id":"call_function_3","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","content":"","tool_call_id":"call_function_3"}]"#
        ),
        Case(
            rule: "system messages become one at the start where the template takes one",
            endpoint: .engine(ChatTraits(oneSystemMessage: true)),
            messages:
                #"[{"role":"user","content":"a"},{"role":"system","content":"s\""},{"role":"user","content":"b"},{"role":"developer","content":[{"type":"text","text":"t"},{"type":"text","text":"u"}]}]"#,
            sent:
                #"[{"role":"system","content":"s\"\n\ntu"},{"role":"user","content":"a"},{"role":"user","content":"b"}]"#
        ),
        Case(
            rule: "one system message at the start stays where the template takes one",
            endpoint: .engine(ChatTraits(oneSystemMessage: true)),
            messages: #"[{"role":"system","content":"s"},{"role":"user","content":"a"}]"#),
        Case(
            rule: "system messages in the middle stay where they are otherwise", endpoint: .engine(),
            messages: #"[{"role":"user","content":"a"},{"role":"system","content":"s"}]"#),
    ]

    @Test("OpenAI gets the messages as they are, but for what is not OpenAI's", arguments: openAICases)
    func openAI(_ example: Case) throws {
        #expect(try encoded(messages: example.messages, to: example.endpoint) == example.sent ?? example.messages)
    }

    @Test("engines get what chat templates know", arguments: engineCases)
    func engines(_ example: Case) throws {
        #expect(try encoded(messages: example.messages, to: example.endpoint) == example.sent ?? example.messages)
    }

    static let faultCases = [
        (#"{"role":"assistant","tool_calls":[{"id":"1","type":"custom","custom":{"name":"c","input":""}}]}"#, ""),
        (
            #"{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]}"#,
            ".function.arguments"
        ),
        (
            #"{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"[1]"}}]}"#,
            ".function.arguments"
        ),
        (
            #"{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":5}}]}"#,
            ".function.arguments"
        ),
    ]

    @Test("a call that no chat template could show is refused by its path", arguments: faultCases)
    func faults(_ message: String, _ path: String) throws {
        let messages = #"[{"role":"user","content":"a"},\#(message)]"#
        let failure = #expect(throws: UpstreamFailure.self) { try encoded(messages: messages, to: .engine()) }
        #expect(failure?.kind == (path.isEmpty ? .unsupported : .refused))
        #expect(failure?.parameter == "messages[1].tool_calls[0]" + path)
        #expect(try encoded(messages: messages, to: .gpt41) == messages)
    }
}
