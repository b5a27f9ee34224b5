import RouterCore
import TestSupport
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    private func written(_ write: (inout JSONWriter) throws -> Void) rethrows -> String {
        var writer = JSONWriter()
        try write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("commas are put between members and elements, and nowhere else")
    func commas() {
        let text = written {
            $0.beginObject()
            $0.member("a", 1)
            $0.member("b", "x")
            $0.name("c")
            $0.beginArray()
            $0.integer(1)
            $0.beginObject()
            $0.endObject()
            $0.beginArray()
            $0.endArray()
            $0.null()
            $0.bool(true)
            $0.string("")
            $0.endArray()
            $0.nullMember("d")
            $0.member("e", false)
            $0.name(escaping: "f\n")
            $0.beginObject()
            $0.member("g", Int64.min)
            $0.endObject()
            $0.endObject()
        }
        #expect(
            text == #"{"a":1,"b":"x","c":[1,{},[],null,true,""],"d":null,"e":false,"f\n":{"g":-9223372036854775808}}"#)
    }

    @Test("strings are escaped as JSON wants it, and no more")
    func escaping() {
        #expect(written { $0.string("a\"b\\c/d\u{7F}é€😀") } == "\"a\\\"b\\\\c/d\u{7F}é€😀\"")
        #expect(
            written { $0.string("\0\u{1}\u{8}\t\n\u{B}\u{C}\r\u{E}\u{1F}") }
                == #""\u0000\u0001\b\t\n\u000b\f\r\u000e\u001f""#)
        for length in 0...70 {
            let text = String(repeating: "a", count: length)
            #expect(written { $0.string(text + "\n" + text) } == "\"\(text)\\n\(text)\"")
        }
        // A string that is not stored as one piece of UTF-8.
        let pieces: Substring = "xx\"yy\"".dropFirst(2)
        #expect(written { $0.string(String(pieces)) } == #""\"yy\"""#)
    }

    @Test("text is put in as it is, members among them")
    func raw() {
        let text = written {
            $0.beginObject()
            $0.raw(Array(#""a":1, "b":2"#.utf8))
            $0.raw([])
            $0.member("c", 3)
            $0.raw(Array(#""d":4"#.utf8)[...])
            $0.name("e")
            $0.raw("[5]".utf8)
            $0.raw(#""f":6"#.utf8.lazy.map { $0 })
            $0.endObject()
        }
        #expect(text == #"{"a":1, "b":2,"c":3,"d":4,"e":[5],"f":6}"#)
        #expect(written { $0.raw([]) } == "")
    }

    @Test("a buffer is continued without looking at what is in it")
    func continuing() {
        var writer = JSONWriter(appendingTo: Array("data: ".utf8))
        writer.beginObject()
        writer.member("a", 1)
        writer.endObject()
        writer.bytes.append(contentsOf: "\n\ndata: ".utf8)
        writer.beginArray()
        writer.endArray()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "data: {\"a\":1}\n\ndata: []")
    }

    @Test("what is copied is the bytes it was, whatever it is")
    func copying() throws {
        let text = Array(#"{ "model" : "a\u0062" , "n":[ 1.0 , -0 ],"n2" :1e2,"o":{"z":1,"a" : null} }"#.utf8)
        let document = try JSONDocument(text)
        let copied = written {
            $0.beginObject()
            for member in document.root.members {
                switch member.name {
                case "model": $0.member("model", "other")
                case "n2": $0.member("renamed", member.value)
                default: $0.copy(member)
                }
            }
            $0.endObject()
        }
        #expect(copied == #"{"model":"other","n":[ 1.0 , -0 ],"renamed":1e2,"o":{"z":1,"a" : null}}"#)
    }

    @Test("a document that was written by copying has the same values, byte for byte")
    func roundTrip() throws {
        for seed in UInt64(1)...300 {
            var generator = JSONGenerator(seed: seed)
            let text = generator.document()
            let document = try JSONDocument(text)
            var writer = JSONWriter()
            Self.rebuild(document.root, &writer)
            let again = try JSONDocument(writer.bytes)
            #expect(again.root.text.elementsEqual(writer.bytes))
            Self.expectSame(document.root, again.root, "seed \(seed)")
        }
    }

    /// Writes containers anew, names decoded and escaped again every other time, and everything else by copying.
    private static func rebuild(_ value: JSONValue, _ writer: inout JSONWriter) {
        switch value.kind {
        case .array:
            writer.beginArray()
            for element in value.elements { rebuild(element, &writer) }
            writer.endArray()
        case .object:
            writer.beginObject()
            for (position, member) in value.members.enumerated() {
                switch position % 3 {
                case 0: writer.copy(member)
                case 1: writer.raw(member.text)
                default:
                    writer.name(escaping: member.name.string)
                    rebuild(member.value, &writer)
                }
            }
            writer.endObject()
        default: writer.copy(value)
        }
    }

    private static func expectSame(_ one: JSONValue, _ other: JSONValue, _ note: String) {
        #expect(one.kind == other.kind, "\(note)")
        #expect(one.count == other.count, "\(note)")
        if one.count == 0 && one.kind != .array && one.kind != .object {
            #expect(one.text.elementsEqual(other.text), "\(note)")
        }
        for (one, other) in zip(one.elements, other.elements) { expectSame(one, other, note) }
        for (one, other) in zip(one.members, other.members) {
            #expect(one.name.string.utf8.elementsEqual(other.name.string.utf8), "\(note)")
            expectSame(one.value, other.value, note)
        }
    }
}
