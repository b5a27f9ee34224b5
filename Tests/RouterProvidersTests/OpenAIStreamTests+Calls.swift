import RouterCore
import TestSupport
import Testing

/// Tool calls in streams.
extension OpenAIStreamTests {
    private func call(_ members: String) -> String { delta(#"{"tool_calls":[{\#(members)}]}"#) }

    @Test("calls are counted by their ids, not by the vendor's index")
    func callsByID() throws {
        let fold = try fold([
            call(#""index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":"}"#),
            call(#""index":0,"id":"a","type":"function","function":{"name":"f","arguments":"1}"}"#),
            call(#""index":0,"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\":"}"#),
            call(#""index":0,"function":{"arguments":"2}"}"#),
            delta("{}", finish: #""tool_calls""#),
        ])
        #expect(
            fold.choices[0]?.calls == [
                0: .init(id: "a", type: "function", name: "f", arguments: #"{"x":1}"#),
                1: .init(id: "b", type: "function", name: "g", arguments: #"{"y":2}"#),
            ])
    }

    @Test("pieces without an id belong to the last call with their index, interleaved or without any index")
    func callsByIndex() throws {
        let fold = try fold([
            call(#""index":3,"id":"a","function":{"name":"f","arguments":""}"#),
            call(#""index":5,"id":"b","function":{"name":"g","arguments":""}"#),
            call(#""index":3,"id":null,"function":{"name":null,"arguments":"{\"x\":1"}"#),
            call(#""index":5,"id":"","function":{"arguments":"{\"y\":2"}"#),
            call(#""function":{"arguments":"}"}"#), call(#""index":3,"function":{"arguments":"}"}"#),
            delta("{}", finish: stop),
        ])
        #expect(fold.choices[0]?.calls[0]?.arguments == #"{"x":1}"#)
        #expect(fold.choices[0]?.calls[1]?.arguments == #"{"y":2}"#)
        #expect(fold.choices[0]?.finish == "tool_calls")
    }

    @Test("a call without arguments ends as an empty object; arguments as an object become text")
    func callArguments() throws {
        let fold = try fold([
            call(#""index":0,"id":"a","function":{"name":"f"}"#),
            call(#""index":1,"id":"b","function":{"name":"g","arguments":{"z":1.0,"a":"\n"}}"#),
            delta("{}", finish: stop),
        ])
        #expect(fold.choices[0]?.calls[0]?.arguments == "{}")
        #expect(fold.choices[0]?.calls[1]?.arguments == #"{"a":"\n","z":1.0}"#)
    }

    @Test("a call without an id gets one, the same for the same answer and another for another")
    func callWithoutID() throws {
        let records = [
            call(#""index":0,"function":{"name":"f","arguments":"{"}"#),
            call(#""index":0,"function":{"arguments":"}"}"#),
            delta("{}", finish: stop),
        ]
        let id = try fold(records).choices[0]?.calls[0]?.id
        #expect(id?.hasPrefix("call_") == true && id?.count == 27)
        #expect(try fold(records).choices[0]?.calls[0]?.id == id)
        let other = records.map { $0.replacing("chatcmpl-1", with: "chatcmpl-2") }
        #expect(try fold(other).choices[0]?.calls[0]?.id != id)
        #expect(try fold(records).choices[0]?.calls[0]?.arguments == "{}")
    }

    @Test("calls with neither id nor index are told apart by their names")
    func callsByName() throws {
        let fold = try fold([
            delta(
                #"{"tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":"{"}}]}"#
            ),
            call(#""function":{"arguments":"}"}"#), delta("{}", finish: stop),
        ])
        #expect(fold.choices[0]?.calls.mapValues(\.name) == [0: "f", 1: "g"])
        #expect(fold.choices[0]?.calls[1]?.arguments == "{}")
    }

    @Test("a custom call and what a vendor adds to a call go on")
    func customCall() throws {
        let stream = try Client(.gpt41, stream: true).stream([
            call(#""index":0,"id":"a","type":"custom","custom":{"name":"c","input":""},"extra_content":{"k":1}"#),
            call(#""index":0,"custom":{"input":"text"}"#), delta("{}", finish: #""tool_calls""#),
        ])
        #expect(stream.violations.isEmpty)
        let calls = stream.chunks.compactMap {
            $0["choices"]?.elements.first { _ in true }?["delta"]?["tool_calls"].map {
                String(decoding: $0.text, as: UTF8.self)
            }
        }
        #expect(
            calls == [
                #"[{"index":0,"id":"a","type":"custom","custom":{"name":"c","input":""},"extra_content":{"k":1}}]"#,
                #"[{"index":0,"custom":{"input":"text"}}]"#,
            ])
    }

    @Test("a vendor cannot make us keep calls or choices without end")
    func bounds() throws {
        let calls = (0...1024).map { #"{"id":"c\#($0)","function":{"name":"f"}}"# }.joined(separator: ",")
        #expect(try fold([delta(#"{"tool_calls":[\#(calls)]}"#)], done: false).error?.contains("|502|") == true)
        for index in [-1, 128, Int.max] {
            let fold = try fold([delta(#"{"content":"a"}"#, index: index)], done: false)
            #expect(fold.error?.contains("|502|") == true)
        }
    }
}
