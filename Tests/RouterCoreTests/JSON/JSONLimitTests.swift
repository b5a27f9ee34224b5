import RouterCore
import Testing

@Suite("Limits of JSON")
struct JSONLimitTests {
    @Test("a text of as many bytes as allowed is read, of one more not", arguments: [-1, 0, 1])
    func bytes(_ beyond: Int) {
        var limits = JSONLimits.request
        limits.bytesMax = 50
        let text = Array("[]".utf8) + [UInt8](repeating: 0x20, count: 48 + beyond)
        #expect(expectAgreement(text, limits: limits) == (beyond <= 0))
    }

    @Test("values are nested as deeply as allowed, and not one deeper", arguments: [-1, 0, 1], [1, 2, 16, 128, 512])
    func depth(_ beyond: Int, _ max: Int) {
        var limits = JSONLimits.response
        limits.depthMax = max
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[1,{\"a\":", "}]")] {
            let count = max + beyond
            let isPair = open.count > 5
            let pairs = isPair ? count / 2 : count
            let core = isPair && count % 2 == 1 ? "[1]" : "1"
            let text =
                String(repeating: open, count: pairs) + core + String(repeating: close, count: pairs)
            #expect(expectAgreement(Array(text.utf8), limits: limits) == (beyond <= 0))
        }
    }

    @Test("there are as many values as allowed, and not one more", arguments: [-1, 0, 1])
    func values(_ beyond: Int) {
        var limits = JSONLimits.request
        limits.valuesMax = 100
        // An object, an array, and 98 others; names do not count.
        let elements = Array(repeating: "1", count: 97 + beyond).joined(separator: ",")
        let text = "{\"a\":[\(elements)],\"b\":{}}"
        #expect(expectAgreement(Array(text.utf8), limits: limits) == (beyond <= 0))
    }

    @Test("a limit of nothing allows nothing")
    func nothing() throws {
        var limits = JSONLimits.request
        limits.depthMax = 0
        #expect(throws: Never.self) { try JSONDocument(Array("1".utf8), limits: limits) }
        #expect(throws: JSONFault.self) { try JSONDocument(Array("[]".utf8), limits: limits) }
        for limits in [
            JSONLimits(bytesMax: 9, depthMax: 9, valuesMax: 0, duplicateNames: .refuse),
            JSONLimits(bytesMax: 0, depthMax: 9, valuesMax: 9, duplicateNames: .refuse),
            JSONLimits(bytesMax: -1, depthMax: -1, valuesMax: -1, duplicateNames: .refuse),
            JSONLimits(bytesMax: .min, depthMax: .min, valuesMax: .min, duplicateNames: .refuse),
        ] {
            let fault = try #require(throws: JSONFault.self) { try JSONDocument(Array("1".utf8), limits: limits) }
            #expect(fault.offset == 0)
        }
        let most = JSONLimits(bytesMax: .max, depthMax: .max, valuesMax: .max, duplicateNames: .lastWins)
        #expect(throws: Never.self) { try JSONDocument(Array("[[1]]".utf8), limits: most) }
    }

    @Test("what clients and vendors may send is as documented")
    func documented() {
        #expect(JSONLimits.request.bytesMax == 33_554_432)
        #expect(JSONLimits.request.depthMax == 128)
        #expect(JSONLimits.request.valuesMax == 250_000)
        #expect(JSONLimits.request.duplicateNames == .refuse)
        #expect(JSONLimits.response.bytesMax == 67_108_864)
        #expect(JSONLimits.response.depthMax == 512)
        #expect(JSONLimits.response.valuesMax == 1_000_000)
        #expect(JSONLimits.response.duplicateNames == .lastWins)
    }

    @Test("however deep a text is nested, reading it ends in a fault or a document", arguments: ["[", "{\"a\":"])
    func nesting(_ open: String) throws {
        let close = open == "[" ? "]" : "}"
        for count in [10_000, open == "[" ? 1_000_000 : 100_000] {
            let opened = Array(String(repeating: open, count: count).utf8)
            for limits in [JSONLimits.request, .response] {
                let fault = try #require(throws: JSONFault.self) { try JSONDocument(opened, limits: limits) }
                #expect(fault.kind == .tooDeep)
                #expect(fault.offset == limits.depthMax * open.utf8.count)
            }
            var limits = JSONLimits.request
            limits.depthMax = .max
            limits.valuesMax = .max
            let fault = try #require(throws: JSONFault.self) { try JSONDocument(opened, limits: limits) }
            #expect(fault.kind == .unexpectedEnd)
            let whole = opened + [0x31] + Array(String(repeating: close, count: count).utf8)
            let document = try JSONDocument(whole, limits: limits)
            #expect(document.root.count == 1)
            #expect(document.root.text.count == whole.count)
        }
    }

    @Test("the tape grows with the text, and what is on it stays right")
    func growth() throws {
        for count in [1, 10, 100, 1_000, 10_000, 100_000] {
            let text = "[" + (0..<count).map { "{\"a\":\($0)}" }.joined(separator: ",") + "]"
            let document = try JSONDocument(Array(text.utf8), limits: .response)
            #expect(document.root.count == count)
            var sum = 0
            for element in document.root.elements { sum += element["a"]?.integer ?? -1 }
            #expect(sum == count * (count - 1) / 2)
        }
    }
}
