import RouterCore
import Testing

@testable import RouterProviders

@Suite("A head reader")
struct HeadReaderTests {
    /// Feeds line by line, as libcurl does.
    private static func read(_ text: String, bytesMax: Int = 1_000) -> (
        heads: [UpstreamHead], failure: UpstreamFailure?
    ) {
        var reader = HeadReader(bytesMax: bytesMax)
        var heads: [UpstreamHead] = []
        for line in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            let outcome = (Array(line) + [0x0A]).withUnsafeBytes { reader.add($0) }
            switch outcome {
            case .more: break
            case .head(let head): heads.append(head)
            case .refused(let failure): return (heads, failure)
            }
        }
        return (heads, nil)
    }

    @Test("it keeps the lines as they came, without status line, empty line and trailers")
    func keepsLines() {
        let (heads, failure) = Self.read("HTTP/1.1 201 Made\r\nX-A: 1\r\nx-b:  two \r\n\r\nx-trailer: 3\r\n")
        #expect(failure == nil)
        #expect(heads == [UpstreamHead(status: 201, lines: Array("X-A: 1\r\nx-b:  two \r\n".utf8))])
        #expect(heads.first?["x-b"] == "two")
    }

    @Test("informational heads are dropped")
    func dropsInformational() {
        let (heads, _) = Self.read(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\na: b\r\n\r\n")
        #expect(heads == [UpstreamHead(status: 200, lines: Array("a: b\r\n".utf8))])
    }

    @Test("the status line of HTTP/2 has no words")
    func readsHTTP2() {
        var reader = HeadReader(bytesMax: 100)
        _ = Array("HTTP/2 429 \r\n".utf8).withUnsafeBytes { reader.add($0) }
        let outcome = Array("\r\n".utf8).withUnsafeBytes { reader.add($0) }
        guard case .head(let head) = outcome else { return #expect(Bool(false), "no head") }
        #expect(head.status == 429)
        #expect(reader.version == 2)
    }

    @Test("the bound on its bytes is inclusive")
    func boundsBytes() {
        let text = "HTTP/1.1 200 OK\r\na: b\r\n\r\n"
        #expect(Self.read(text, bytesMax: text.utf8.count).failure == nil)
        let failure = Self.read(text, bytesMax: text.utf8.count - 1).failure
        #expect(failure?.kind == .broken)
        #expect(failure?.message.contains("longer than \(text.utf8.count - 1) bytes") == true)
    }

    @Test(
        "an encoded body is refused, with its name and status",
        arguments: [
            ("Content-Encoding: gzip", "gzip"), ("content-encoding:br", "br"),
            ("CONTENT-ENCODING: identity, zstd", "identity,zstd"), ("Transfer-Encoding: gzip, chunked", "gzip,chunked"),
        ])
    func refusesEncodings(line: String, name: String) {
        let failure = Self.read("HTTP/1.1 200 OK\r\n\(line)\r\n\r\n").failure
        #expect(failure?.kind == .broken)
        #expect(failure?.message.contains("(\(name))") == true)
        #expect(failure?.status == 200)
    }

    @Test(
        "a plain body is not",
        arguments: [
            "Content-Encoding: identity", "Content-Encoding:", "Transfer-Encoding: Chunked", "Content-Encodingx: gzip",
            "Content-Type: gzip", "Trailer: gzip",
        ])
    func takesPlain(line: String) {
        let (heads, failure) = Self.read("HTTP/1.1 200 OK\r\n\(line)\r\n\r\n")
        #expect(failure == nil)
        #expect(heads.count == 1)
    }
}
