import RouterCore
import Testing

@Suite("Views of a JSON document")
struct JSONViewTests {
    @Test("members and elements are found and decoded")
    func views() throws {
        let document = try JSONDocument(
            Array(#" {"model":"a\/b", "n": [1, -0, 1.0, 1e2, true, null], "o":{"\u0078":"é\ud83d\ude00"}} "#.utf8))
        let root = document.root
        #expect(root.kind == .object)
        #expect(root.count == 3)
        #expect(root["model"]?.string == "a/b")
        #expect(root["model"]?.equals("a/b") == true)
        let numbers = try #require(root["n"])
        #expect(numbers.count == 6)
        #expect(numbers.elements.map(\.integer) == [1, 0, nil, nil, nil, nil])
        #expect(numbers.elements.map(\.double) == [1, 0, 1, 100, nil, nil])
        #expect(numbers.elements.map(\.path) == (0..<6).map { "n[\($0)]" })
        #expect(root["o"]?["x"]?.string == "é😀")
        #expect(root["o"]?["x"]?.path == "o.x")
        #expect(root["missing"] == nil)
    }

    @Test("what nobody changed is written as it was")
    func copies() throws {
        let document = try JSONDocument(Array(#"{"a" : 1.0,"model":"x","z":[ 1 ]}"#.utf8))
        var writer = JSONWriter()
        writer.beginObject()
        for member in document.root.members {
            switch member.name {
            case "model": writer.member("model", "y\n")
            default: writer.copy(member)
            }
        }
        writer.endObject()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a" : 1.0,"model":"y\n","z":[ 1 ]}"#)
    }

    @Test("a fault says where it is")
    func fault() {
        let text = #"{"messages":[{},{"content":}]}"#
        let fault = #expect(throws: JSONFault.self) { try JSONDocument(Array(text.utf8)) }
        #expect(fault?.kind == .unexpectedByte)
        #expect(fault?.offset == 27)
        #expect(fault?.path == "messages[1].content")
        #expect(
            fault?.message == "The body is not valid JSON: unexpected `}` at byte 27, in messages[1].content.")
    }
}
