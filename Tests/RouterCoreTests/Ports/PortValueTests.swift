import RouterCore
import Testing

@Suite("Values at the ports") struct PortValueTests {
    @Test("a response's fields are found by lower-case name, the first of several, without the spaces around")
    func headFields() {
        let head = UpstreamHead(
            status: 200,
            lines: Array("Content-Type:text/html\r\nRetry-After: \t 7 \r\nX: \r\nretry-after: 9\r\nnonsense\r\n".utf8))
        #expect(head["content-type"] == "text/html" && head["retry-after"] == "7" && head["x"] == "")
        #expect(head["nonsense"] == nil && head["retry"] == nil)
    }

    @Test("a generation's name has the second it was made in and 20 letters that differ each time")
    func generationIDs() {
        let ambient = Ambient.live(timestamp: { 1_776_249_000_123 })
        let ids = Set((0..<1000).map { _ in ambient.generationID(at: ambient.timestamp()).rawValue })
        #expect(ids.count == 1000)
        for id in ids {
            #expect(id.hasPrefix("gen-1776249000-") && id.utf8.count == 35)
            #expect(id.dropFirst(15).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        }
    }
}
