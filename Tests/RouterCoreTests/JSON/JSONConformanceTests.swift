import Foundation
import RouterCore
import Testing

@Suite("JSON conformance")
struct JSONConformanceTests {
    @Test("valid text is accepted, from clients and vendors", arguments: JSONConformance.accepted)
    func accepted(_ example: JSONConformance.Case) {
        #expect(expectAgreement(example.bytes, limits: .request))
        #expect(expectAgreement(example.bytes, limits: .response))
    }

    @Test("invalid text is refused, from clients and vendors", arguments: JSONConformance.refused)
    func refused(_ example: JSONConformance.Case) {
        #expect(!expectAgreement(example.bytes, limits: .request))
        #expect(!expectAgreement(example.bytes, limits: .response))
    }

    @Test("what the RFC leaves open is accepted where nothing is lost", arguments: JSONConformance.acceptedByDecision)
    func acceptedByDecision(_ example: JSONConformance.Case) throws {
        #expect(expectAgreement(example.bytes))
        let document = try JSONDocument(example.bytes)
        var writer = JSONWriter()
        writer.copy(document.root)
        #expect(writer.bytes == example.bytes)
    }

    @Test("what the RFC leaves open is refused where it could be misread", arguments: JSONConformance.refusedByDecision)
    func refusedByDecision(_ example: JSONConformance.Case) {
        #expect(!expectAgreement(example.bytes))
    }

    @Test("equal names are refused from clients and allowed from vendors", arguments: JSONConformance.equalNames)
    func equalNames(_ example: JSONConformance.Case) {
        #expect(!expectAgreement(example.bytes, limits: .request))
        #expect(expectAgreement(example.bytes, limits: .response))
    }

    @Test("every case has its own name, and none is missing")
    func complete() {
        let names = JSONConformance.all.map(\.name)
        #expect(Set(names).count == names.count)
        // 318 of the suite, and five that it once had.
        #expect(names.count == 323)
    }

    @Test("Foundation agrees about the cases that are not a matter of decision")
    func foundation() {
        let foundationIsLenient: Set = ["array_extra_comma", "array_number_and_comma", "object_trailing_comma"]
        for example in JSONConformance.accepted + JSONConformance.refused
        where !foundationIsLenient.contains(example.name) {
            let object = try? JSONSerialization.jsonObject(with: Data(example.bytes), options: .fragmentsAllowed)
            let isAccepted = (try? JSONDocument(example.bytes)) != nil
            #expect((object != nil) == isAccepted, "\(example.name)")
        }
    }
}
