import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

@Suite("Messages to Anthropic")
struct AnthropicMessagesTests {
    private func sent(_ messages: String, _ traits: ChatTraits = Endpoints.opus47) throws -> String {
        try encoded(messages: messages, to: .claude(traits))
    }

    private func parts(_ parts: String) throws -> String {
        try sent(#"[{"role":"user","content":[\#(parts)]}]"#)
    }

    private static let call =
        #"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{ \"n\": 1.0 }"}},{"id":"b","type":"function","function":{"name":"g","arguments":" "}}]}"#
    private static let use =
        #"{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{ "n": 1.0 }},{"type":"tool_use","id":"b","name":"g","input":{}}]}"#
    private static let user = #"{"role":"user","content":"Hi"}"#

    // MARK: Order

    @Test("results stand first in one turn, in the order of their calls, system text behind them")
    func results() throws {
        let sent = try sent(
            #"[\#(Self.user),\#(Self.call),{"role":"system","content":"S"},{"role":"tool","tool_call_id":"b","content":""},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"user","content":"U"}]"#
        )
        #expect(
            sent
                == #"[\#(Self.user),\#(Self.use),{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"tool_result","tool_use_id":"b"},{"type":"text","text":"<system>\nS\n</system>"},{"type":"text","text":"U"}]}]"#
        )
    }

    @Test("the older function calls and their results are calls with ids")
    func functionCalls() throws {
        let sent = try sent(
            #"[\#(Self.user),{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}},{"role":"function","name":"f","content":"1"}]"#
        )
        #expect(sent.contains(#"{"type":"tool_use","id":"call_function_1","name":"f","input":{}}"#))
        #expect(sent.contains(#"{"type":"tool_result","tool_use_id":"call_function_1","content":"1"}"#))
    }

    @Test("ids that the vendor would refuse are replaced, in call and result alike, and no id comes twice")
    func ids() throws {
        let round =
            #"{"role":"assistant","tool_calls":[{"id":"a.b","type":"function","function":{"name":"f"}},{"id":"c","type":"function","function":{"name":"f"}}]},{"role":"tool","tool_call_id":"c","content":"2"},{"role":"tool","tool_call_id":"a.b","content":"1"}"#
        let messages = try JSONDocument(Array(sent("[\(Self.user),\(round),\(round)]").utf8)).root
        let ids = messages.elements.flatMap { message in
            message["content"]?.elements.compactMap { ($0["id"] ?? $0["tool_use_id"])?.string } ?? []
        }
        #expect(ids.count == 8)
        #expect(Array(ids[0..<2]) == Array(ids[2..<4]))
        #expect(Array(ids[4..<6]) == Array(ids[6..<8]))
        #expect(Set(ids).count == 4)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil })
        #expect(ids[1] == "c")
    }

    @Test("assistants in a row are one turn; blank texts and empty messages are left out")
    func merging() throws {
        let sent = try sent(
            #"[\#(Self.user),{"role":"assistant","content":"A"},{"role":"assistant","content":[{"type":"text","text":" \u2003\n"},{"type":"refusal","refusal":"B"}]},{"role":"user","content":""},{"role":"user","content":"C","name":"n"}]"#
        )
        #expect(
            sent
                == #"[\#(Self.user),{"role":"assistant","content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]},{"role":"user","content":"C"}]"#
        )
    }

    @Test("a conversation that the assistant opens, and one of system text alone, have a user first")
    func userFirst() throws {
        #expect(
            try sent(#"[{"role":"assistant","content":"A"},\#(Self.user)]"#)
                == #"[{"role":"user","content":"Begin."},{"role":"assistant","content":"A"},\#(Self.user)]"#)
        let body = try encoded(#""messages":[{"role":"system","content":"S"}]"#, to: .opus47)
        #expect(body.contains(#""messages":[{"role":"user","content":"S"}]"#))
        #expect(!body.contains(#""system":"#))
    }

    @Test("a text that the model goes on with has no white space at its end")
    func prefill() throws {
        #expect(
            try sent(#"[\#(Self.user),{"role":"assistant","content":"A \n"}]"#)
                == #"[\#(Self.user),{"role":"assistant","content":"A"}]"#)
        #expect(
            try sent(#"[\#(Self.user),{"role":"assistant","content":"A "},\#(Self.user)]"#).contains(#""content":"A ""#)
        )
    }

    @Test("a later system message stays at its place, by its own role where the model takes that there")
    func laterSystem() throws {
        let system = #"{"role":"system","content":"S"}"#
        let answer = #"{"role":"assistant","content":"A"}"#
        #expect(
            try sent("[\(Self.user),\(system),\(answer),\(Self.user)]", Endpoints.opus48)
                == "[\(Self.user),\(system),\(answer),\(Self.user)]")
        let wrapped = #"{"type":"text","text":"<system>\nS\n</system>"},{"type":"text","text":"Hi"}"#
        #expect(
            try sent("[\(Self.user),\(answer),\(system),\(Self.user)]", Endpoints.opus48)
                == #"[\#(Self.user),\#(answer),{"role":"user","content":[\#(wrapped)]}]"#)
    }

    @Test(
        "what no conversation can be is refused by name",
        arguments: [
            (#"[USER,{"role":"tool","tool_call_id":"x","content":"1"}]"#, "messages[1].tool_call_id"),
            (#"[USER,CALL,USER]"#, "messages[1].tool_calls[0]"), ("[USER,CALL]", "messages[1].tool_calls[0]"),
            (#"[USER,CALL,{"role":"tool","tool_call_id":"a","content":"1"},USER]"#, "messages[1].tool_calls[1]"),
            (
                #"[USER,CALL,{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"a","content":"1"}]"#,
                "messages[3].tool_call_id"
            ),
            (
                #"[USER,{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"[]"}}]}]"#,
                "messages[1].tool_calls[0].function.arguments"
            ),
            (
                #"[USER,{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":7}}]}]"#,
                "messages[1].tool_calls[0].function.arguments"
            ),
            (#"[USER,{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]"#, "messages[1].tool_calls[0]"),
            (
                #"[USER,{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{}}]}]"#,
                "messages[1].tool_calls[0]"
            ),
            (#"[USER,{"role":"assistant","audio":{"id":"x"}}]"#, "messages[1].audio"),
            (#"[{"role":"user","content":"  "}]"#, "messages"),
            (#"[{"role":"system","content":[{"type":"image_url"}]},USER]"#, "messages[0].content[0].type"),
        ])
    func refused(_ messages: String, _ parameter: String) throws {
        let text = messages.replacing("USER", with: Self.user).replacing("CALL", with: Self.call)
        let failure = #expect(throws: UpstreamFailure.self) { try sent(text) }
        #expect(failure?.parameter == parameter)
    }

    // MARK: Parts

    @Test(
        "images come by address or as data, however the data address is spelt",
        arguments: [
            ("HTTPS://a.b/c.png", #"{"type":"url","url":"HTTPS://a.b/c.png"}"#),
            ("data:image/PNG;charset=x;base64,iVBO", #"{"type":"base64","media_type":"image/png","data":"iVBO"}"#),
            (#"data:image\/jpg;base64,\/9j\/"#, #"{"type":"base64","media_type":"image/jpeg","data":"/9j/"}"#),
            (#"data:;base64,iVBO\nRw0KGgo"#, #"{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}"#),
        ])
    func images(_ url: String, _ source: String) throws {
        #expect(
            try parts(#"{"type":"image_url","image_url":{"url":"\#(url)","detail":"low"}}"#)
                == #"[{"role":"user","content":[{"type":"image","source":\#(source)}]}]"#)
    }

    @Test("texts, PDFs and images come as files")
    func files() throws {
        #expect(
            try parts(#"{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,w6k="}}"#)
                == #"[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"é"},"title":"a.txt"}]}]"#
        )
        #expect(
            try parts(#"{"type":"file","file":{"file_data":"data:text/csv,a%2Cb"}}"#).contains(#""data":"a,b""#))
        #expect(try parts(#"{"type":"file","file":{"file_data":"JVBERi0="}}"#).contains(#""application/pdf""#))
        #expect(
            try parts(#"{"type":"file","file":{"file_data":"https://a.b/c.pdf"},"citations":{"enabled":true}}"#)
                == #"[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://a.b/c.pdf"},"citations":{"enabled":true}}]}]"#
        )
        #expect(try parts(#"{"type":"file","file":{"file_data":"data:image/gif;base64,R0lG"}}"#).contains("image/gif"))
    }

    @Test(
        "parts that cannot be sent are refused by name",
        arguments: [
            (#"{"type":"image_url","image_url":{"url":"data:image/tiff;base64,iVBO"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iV*O"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBOR"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/png,x"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"ftp://a"}}"#, "image_url.url"),
            (#"{"type":"image_url"}"#, ""),
            (#"{"type":"file","file":{"file_id":"f"}}"#, "file.file_id"),
            (#"{"type":"file","file":{"file_data":"data:audio/wav;base64,iVBO"}}"#, "file.file_data"),
            (#"{"type":"file","file":{"file_data":"data:text/plain;base64,\/w=="}}"#, "file.file_data"),
            (#"{"type":"file","file":{"file_data":"data:text/plain,%zz"}}"#, "file.file_data"),
            (#"{"type":"file","file":{"file_data":"?"}}"#, "file.file_data"), (#"{"type":"file","file":{}}"#, "file"),
            (#"{"type":"input_audio","input_audio":{}}"#, "type"), (#"{"type":"hologram"}"#, "type"),
            (#"{"type":"text"}"#, ""),
        ])
    func refusedParts(_ part: String, _ member: String) throws {
        let failure = #expect(throws: UpstreamFailure.self) { try parts(part) }
        #expect(failure?.parameter == "messages[0].content[0]" + (member.isEmpty ? "" : "." + member))
    }

    // MARK: Cache marks

    @Test("marks ride on their blocks, and of more than four the last four stay")
    func marks() throws {
        let part = #"{"type":"text","text":"T","prompt_cache_breakpoint":{"mode":"explicit"}}"#
        let body = try encoded(
            #""tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"system","content":[\#(part)]},{"role":"user","content":[\#(part),\#(part),\#(part)]}]"#,
            to: .opus47)
        #expect(!body.contains("1h"))
        #expect(body.split(separator: #""cache_control":{"type":"ephemeral"}"#).count == 5)
        let few = try encoded(
            #""tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[\#(Self.user)]"#,
            to: .opus47)
        #expect(few.contains(#""cache_control":{"type":"ephemeral","ttl":"1h"}"#))
    }

    // MARK: Thoughts

    @Test("thoughts come back as they were, in order; unsigned ones and those of others stay away")
    func thoughts() throws {
        func detail(_ members: String, _ format: String = "anthropic-claude-v1") -> String {
            #"{\#(members),"format":"\#(format)"}"#
        }
        let details = [
            detail(#""type":"reasoning.text","text":"One \u00e9","index":0"#),
            detail(#""type":"reasoning.text","text":" two","index":0"#),
            detail(#""type":"reasoning.text","signature":"S1","index":0"#),
            detail(#""type":"reasoning.encrypted","data":"D","index":1"#),
            detail(#""type":"reasoning.text","text":"unsigned","index":2"#),
            detail(#""type":"reasoning.text","text":"T3","signature":"S3","index":3"#),
            detail(#""type":"reasoning.text","text":"other","signature":"x","index":4"#, "google-gemini-v1"),
        ].joined(separator: ",")
        let sent = try sent(
            #"[\#(Self.user),{"role":"assistant","content":"A","reasoning":"x","reasoning_details":[\#(details)]},\#(Self.user)]"#
        )
        #expect(
            sent
                == #"[\#(Self.user),{"role":"assistant","content":[{"type":"thinking","thinking":"One \u00e9 two","signature":"S1"},{"type":"redacted_thinking","data":"D"},{"type":"thinking","thinking":"T3","signature":"S3"},{"type":"text","text":"A"}]},\#(Self.user)]"#
        )
    }

    @Test("thoughts alone are no turn")
    func thoughtsAlone() throws {
        let sent = try sent(
            #"[\#(Self.user),{"role":"assistant","content":"","reasoning_details":[{"type":"reasoning.encrypted","data":"D","format":"anthropic-claude-v1"}]},{"role":"user","content":"Go on"}]"#
        )
        #expect(sent == #"[\#(Self.user),{"role":"user","content":"Go on"}]"#)
    }

    @Test("a budget model whose thoughts before a call are lost is not asked to think")
    func lostThoughts() throws {
        func body(_ details: String) throws -> String {
            try encoded(
                #""reasoning_effort":"low","messages":[\#(Self.user),{"role":"assistant","reasoning_details":[\#(details)],"tool_calls":[{"id":"a","function":{"name":"f"}}]},{"role":"tool","tool_call_id":"a","content":"1"}]"#,
                to: .claude(Endpoints.sonnet45))
        }
        #expect(try !body("").contains(#""thinking":{"type":"enabled""#))
        let answered = try encoded(
            #""reasoning_effort":"low","messages":[\#(Self.user),{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}}]},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"assistant","content":"A"},\#(Self.user)]"#,
            to: .claude(Endpoints.sonnet45))
        #expect(answered.contains(#""thinking":{"type":"enabled""#))
        let kept = #"{"type":"reasoning.encrypted","data":"D","format":"anthropic-claude-v1"}"#
        #expect(try body(kept).contains(#""thinking":{"type":"enabled""#))
    }
}
