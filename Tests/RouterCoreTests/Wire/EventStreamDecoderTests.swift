import RouterCore
import TestSupport
import Testing

@Suite("Server-sent events")
struct EventStreamDecoderTests {
    /// All records of `pieces`; each as `event|data`, or as `data` when there is no event.
    private func records(_ pieces: [[UInt8]], bytesMax: Int = 1 << 20) throws -> [String] {
        var decoder = EventStreamDecoder(recordBytesMax: bytesMax)
        var records: [String] = []
        for piece in pieces {
            decoder.append(piece)
            while let record = try decoder.next() {
                let data = String(decoding: record.data, as: UTF8.self)
                records.append(record.event.isEmpty ? data : String(decoding: record.event, as: UTF8.self) + "|" + data)
            }
        }
        return records
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var rule: String
        var text: String
        var records: [String]
        var testDescription: String { rule }
    }

    static let cases = [
        Case(rule: "a record ends at an empty line", text: "data: a\n\ndata: b\n\n", records: ["a", "b"]),
        Case(rule: "lines end with CR LF", text: "data: a\r\n\r\ndata: b\r\n\r\n", records: ["a", "b"]),
        Case(rule: "lines end with CR", text: "data: a\r\rdata: b\r\r", records: ["a", "b"]),
        Case(
            rule: "line ends are mixed", text: "data: a\r\n\ndata: b\n\rdata: c\r\r\ndata: d\n\r\n",
            records: ["a", "b", "c", "d"]),
        Case(rule: "the space after the colon is optional", text: "data:a\n\ndata: b\n\n", records: ["a", "b"]),
        Case(rule: "exactly one space is left out", text: "data:  a \n\n", records: [" a "]),
        Case(rule: "only a space is left out, not a tab", text: "data:\ta\n\n", records: ["\ta"]),
        Case(
            rule: "several data lines are joined with LF", text: "data: a\ndata: b\r\ndata:c\n\n", records: ["a\nb\nc"]),
        Case(rule: "an empty data line counts", text: "data: a\ndata\ndata:\n\n", records: ["a\n\n"]),
        Case(rule: "a record with one empty data line is a record", text: "data\n\ndata:\n\n", records: ["", ""]),
        Case(
            rule: "comments are skipped, also inside a record", text: ": keep-alive\n\n:\n\ndata: a\n: b\ndata: c\n\n",
            records: ["a\nc"]),
        Case(
            rule: "id, retry and unknown fields are skipped", text: "id: 1\nretry: 5\nfoo: x\nbar\ndata: a\n\n",
            records: ["a"]),
        Case(
            rule: "a field is known by its whole name", text: "datax: a\ndat: b\nData: c\n data: d\ndata : e\n\n",
            records: []),
        Case(rule: "a colon inside the value is kept", text: "data: {\"a\":1}\n\n", records: ["{\"a\":1}"]),
        Case(
            rule: "the event's name is told, and only of its own record",
            text: "event: ping\ndata: a\n\ndata: b\n\n", records: ["ping|a", "b"]),
        Case(
            rule: "the last event line counts, even without data before it", text: "event: x\nevent:y\ndata: a\n\n",
            records: ["y|a"]),
        Case(rule: "a record without data is none", text: "event: ping\n\nid: 2\n\ndata: a\n\n", records: ["a"]),
        Case(rule: "a byte order mark may stand at the start", text: "\u{FEFF}data: a\n\n", records: ["a"]),
        Case(
            rule: "a byte order mark is only one at the start", text: "data: a\n\n\u{FEFF}data: b\n\n", records: ["a"]),
        Case(rule: "empty lines at the start are skipped", text: "\n\r\n\rdata: a\n\n", records: ["a"]),
        Case(rule: "a record that is not closed is thrown away", text: "data: a\n\ndata: b\n", records: ["a"]),
        Case(rule: "a line that is not ended is thrown away", text: "data: a\n\ndata: b", records: ["a"]),
        Case(rule: "characters of several bytes stay whole", text: "data: Сәлем 👋🏽\n\n", records: ["Сәлем 👋🏽"]),
        Case(
            rule: "long lines are read as short ones",
            text: "data: \(String(repeating: "x", count: 5000))\n\ndata: \(String(repeating: "y", count: 31))\r\n\r\n",
            records: [String(repeating: "x", count: 5000), String(repeating: "y", count: 31)]),
    ]

    @Test("every framing rule holds at every cut", arguments: cases)
    func framing(_ example: Case) throws {
        let bytes = Array(example.text.utf8)
        for (name, pieces) in ByteCuts.all(of: bytes, seed: 11) {
            let records = try records(pieces)
            #expect(records == example.records, "\(name)")
        }
        for cut in 0...min(bytes.count, 100) {
            let records = try records([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(records == example.records, "cut after \(cut) bytes")
        }
    }

    @Test("bytes that are not UTF-8 pass as they came")
    func invalidUTF8() throws {
        var decoder = EventStreamDecoder()
        decoder.append(Array("data: ".utf8) + [0xFF, 0xC3] + Array("\n\n".utf8))
        #expect(try decoder.next()?.data == [0xFF, 0xC3])
    }

    @Test("records that were not asked for yet are not lost when more bytes come")
    func appendBeforeReading() throws {
        var decoder = EventStreamDecoder()
        decoder.append(Array("data: a\n\ndata: b\n".utf8))
        #expect(try decoder.next()?.data == Array("a".utf8)[...])
        decoder.append(Array("\ndata: c\n\n".utf8))
        #expect(try decoder.next()?.data == Array("b".utf8)[...])
        #expect(try decoder.next()?.data == Array("c".utf8)[...])
        #expect(try decoder.next() == nil)
    }

    @Test("a record of the bound passes, one byte more does not, wherever it is cut")
    func bound() throws {
        // A line "data: " and 94 bytes.
        let fits = Array("data: \(String(repeating: "x", count: 94))\n\n".utf8)
        let tooLong = Array("data: \(String(repeating: "x", count: 95))\n\n".utf8)
        let twoLines = Array("data: a\ndata: \(String(repeating: "x", count: 94))\n\n".utf8)
        for (name, pieces) in ByteCuts.all(of: fits, seed: 5) {
            let records = try records(pieces + pieces, bytesMax: 100)
            #expect(records.count == 2, "\(name)")
        }
        for bytes in [
            tooLong, twoLines, Array(tooLong.dropLast(2)), Array(":\(String(repeating: "x", count: 100))".utf8),
        ] {
            for (name, pieces) in ByteCuts.all(of: bytes, seed: 5) {
                let failure = #expect(throws: UpstreamFailure.self, "\(name)") {
                    try records(pieces, bytesMax: 100)
                }
                #expect(failure?.kind == .broken && failure?.message.contains("100 bytes") == true)
            }
        }
    }

    @Test("comments do not add up to a record that is too large")
    func manyComments() throws {
        let comments = Array(String(repeating: ": keep-alive\n", count: 1000).utf8)
        #expect(try records([comments, Array("data: a\n\n".utf8)], bytesMax: 100) == ["a"])
    }

    @Test("a record of very many lines in many pieces is joined whole")
    func manyLines() throws {
        let lines = Array(String(repeating: "data:x\n", count: 20_000).utf8)
        let pieces = stride(from: 0, to: lines.count, by: 1000).map { Array(lines[$0..<min($0 + 1000, lines.count)]) }
        let records = try records(pieces + [Array("\n".utf8)])
        #expect(records.first?.utf8.count == 39_999)
    }
}
