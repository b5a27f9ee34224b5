import RouterCore
import Testing

@Suite("Numbers in JSON")
struct JSONNumberTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var integer: Int?
        var double: Double?
        var testDescription: String { text }

        init(_ text: String, _ integer: Int?, _ double: Double?) {
            self.text = text
            self.integer = integer
            self.double = double
        }
    }

    static let cases: [Case] = [
        Case("0", 0, 0),
        Case("-0", 0, -0.0),
        Case("7", 7, 7),
        Case("-12", -12, -12),
        Case("1.0", nil, 1),
        Case("1e2", nil, 100),
        Case("1E+2", nil, 100),
        Case("25e-1", nil, 2.5),
        Case("-0.0", nil, -0.0),
        Case("0.1", nil, 0.1),
        Case("9007199254740993", 9_007_199_254_740_993, 9_007_199_254_740_992),
        Case("9223372036854775807", .max, 0x1p63),
        Case("9223372036854775808", nil, 0x1p63),
        Case("-9223372036854775808", .min, -0x1p63),
        Case("-9223372036854775809", nil, -0x1p63),
        Case("18446744073709551615", nil, 0x1p64),
        Case("1e400", nil, nil),
        Case("-1e400", nil, nil),
        Case("1e-400", nil, 0),
        Case("1.7976931348623157e308", nil, .greatestFiniteMagnitude),
        Case("5e-324", nil, .leastNonzeroMagnitude),
        Case("2.2250738585072014e-308", nil, .leastNormalMagnitude),
        Case("0.30000000000000004", nil, 0.1 + 0.2),
        Case("1" + String(repeating: "0", count: 308), nil, 1e308),
        Case("1" + String(repeating: "0", count: 309), nil, nil),
        Case("0." + String(repeating: "0", count: 400) + "1e400", nil, 0.1),
    ]

    @Test("a number is written as it was, and read only as what it is", arguments: cases)
    func fidelity(_ example: Case) throws {
        let document = try JSONDocument(Array("{\"n\": \(example.text) }".utf8))
        let value = try #require(document.root["n"])
        #expect(value.kind == .number)
        #expect(value.integer == example.integer)
        #expect(value.double == example.double)
        #expect(value.double?.sign == example.double?.sign)
        #expect(value.bool == nil)
        #expect(value.string == nil)
        var writer = JSONWriter()
        writer.beginArray()
        writer.copy(value)
        writer.endArray()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "[\(example.text)]")
    }

    @Test("what is no number has none")
    func others() throws {
        let document = try JSONDocument(Array(#"["1",true,null,[],{}]"#.utf8))
        #expect(document.root.elements.allSatisfy { $0.integer == nil && $0.double == nil })
    }

    @Test("a number of a hundred thousand digits is a number")
    func long() throws {
        let digits = String(repeating: "9", count: 100_000)
        let document = try JSONDocument(Array("[\(digits),0.\(digits),1e\(digits),1e-\(digits)]".utf8))
        let values = Array(document.root.elements)
        #expect(values.map(\.integer) == [nil, nil, nil, nil])
        #expect(values.map(\.double) == [nil, 1, nil, 0])
    }
}
