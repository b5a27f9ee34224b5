import NIOCore
import NIOEmbedded
import NIOHTTP1
import RouterCore
import TestSupport
import Testing

@testable import RouterHTTP

@Suite("A plain head") struct PlainHeadTests {
    private func read(_ text: String) -> PlainHead? {
        Array(text.utf8).withUnsafeBytes { PlainHead($0) }
    }

    private static func head(
        _ fields: String = "Content-Length: 5\r\n", line: String = "POST /v1/chat/completions HTTP/1.1\r\n"
    ) -> String { "\(line)Host: x\r\n\(fields)\r\n" }

    @Test("says where the body begins and how long it is, and finds fields in any case")
    func reads() throws {
        let text = Self.head(
            "Authorization:  Bearer a:b \t\r\nX-Empty:\r\nCONTENT-LENGTH: 5\r\nx-twice: 1\r\nX-Twice: 2\r\n")
        let head = try #require(read(text + "hello"))
        #expect(head.byteCount == text.utf8.count && head.contentLength == 5 && head.isKeepAlive)
        #expect(head["authorization"] == "Bearer a:b" && head["x-empty"] == "" && head["x-twice"] == "1")
        #expect(head["host"] == "x" && head["x"] == nil && head["authorization "] == nil && head[""] == nil)
        #expect(read(Self.head("Connection: close\r\nContent-Length: 0\r\n"))?.isKeepAlive == false)
        #expect(read(Self.head("Connection: Keep-Alive\r\nContent-Length: 0\r\n"))?.isKeepAlive == true)
    }

    @Test("is known by each path at which models are asked, with `/api` in front and without")
    func paths() throws {
        #expect(InferencePath.all.count == 1 + Operation.allCases.count)
        for path in InferencePath.all {
            #expect(path.spellings.count >= 2)
            for spelling in path.spellings {
                #expect(read(Self.head(line: "POST \(spelling) HTTP/1.1\r\n"))?.path == path)
                #expect(InferencePath(RequestPath.normal(spelling)) == path)
                #expect(read(Self.head(line: "POST \(spelling)s HTTP/1.1\r\n")) == nil)
                #expect(read(Self.head(line: "PUT \(spelling) HTTP/1.1\r\n")) == nil)
            }
        }
    }

    @Test("is not complete before its last byte has come")
    func needsAll() {
        let bytes = Array(Self.head().utf8)
        for count in 0...bytes.count {
            let head = bytes.prefix(count).withUnsafeBytes { PlainHead($0) }
            #expect((head != nil) == (count == bytes.count))
        }
    }

    @Test(
        "leaves to NIO's parser whatever is unusual",
        arguments: [
            Self.head(line: "POST /v1/chat/completions HTTP/1.0\r\n"), Self.head(line: "GET /v1/models HTTP/1.1\r\n"),
            Self.head(line: "POST /v1/chat/completions/ HTTP/1.1\r\n"),
            Self.head(line: "POST  /v1/chat/completions HTTP/1.1\r\n"),
            Self.head(line: "POST /v1/chat/completions?x HTTP/1.1\r\n"),
            Self.head(line: "POST /v1/chat/completions HTTP/1.1\n"),
            Self.head(line: "\r\nPOST /v1/chat/completions HTTP/1.1\r\n"), Self.head(""),
            Self.head("Content-Length: 5\r\nContent-Length: 5\r\n"), Self.head("Content-Length: +5\r\n"),
            Self.head("Content-Length: 5, 5\r\n"), Self.head("Content-Length:\r\n"),
            Self.head("Content-Length: 0x5\r\n"),
            Self.head("Content-Length: 99999999999\r\n"),
            Self.head("Content-Length : 5\r\n"), Self.head("Content-Length: 5\r\n folded: x\r\n"),
            Self.head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            Self.head("content-length: 5\r\nTRANSFER-ENCODING: x\r\n"),
            Self.head("Content-Length: 5\r\nExpect: 100-continue\r\n"),
            Self.head("Content-Length: 5\r\nUpgrade: h2c\r\n"),
            Self.head("Content-Length: 5\r\nConnection: upgrade\r\n"),
            Self.head("Content-Length: 5\r\nConnection: close, x\r\n"),
            Self.head("Content-Length: 5\r\nX: a\u{0}b\r\n"), Self.head("Content-Length: 5\r\nX: a\nY: b\r\n"),
            Self.head("Content-Length: 5\r\nX: a\rY: b\r\n"), Self.head("Content-Length: 5\r\nX y: a\r\n"),
            Self.head("Content-Length: 5\r\n: a\r\n"), Self.head("Content-Length: 5\r\nno colon\r\n"),
            Self.head("Content-Length: 5\r\nX: \(String(repeating: "a", count: 9000))\r\n"),
            Self.head("Content-Length: 5\r\n" + String(repeating: "a: b\r\n", count: 100)),
        ])
    func leaves(_ text: String) { #expect(read(text) == nil) }

    /// NIO leaves the spaces behind a value; RFC 9112, section 5, has them removed.
    private func trimmed(_ value: String) -> String {
        String(value.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    @Test("is never read otherwise than NIO's parser reads it, whatever is changed in it")
    func agrees() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let parts = [
            "Content-Length: 5", "content-length:7", "Connection: close", "Connection: keep-alive",
            "Transfer-Encoding: chunked",
            "X-A: b", "x-a:", "Expect: x", "\r\n", "\n", "\r", ":", " ", "\t", "\u{0}", "\u{7F}", "é", "0", "5", "a",
            "-",
        ]
        var taken = 0
        for _ in 0..<3000 {
            var bytes = Array(
                Self.head("Content-Length: 5\r\nConnection: keep-alive\r\nX-A: b\r\n").utf8)
            for _ in 0..<Int(generator.next() % 4) {
                let start = Int(generator.next() % UInt64(bytes.count))
                let end = min(bytes.count, start + Int(generator.next() % 3))
                let part = parts[Int(generator.next() % UInt64(parts.count))]
                bytes.replaceSubrange(start..<end, with: Array(part.utf8))
            }
            let head = bytes.withUnsafeBytes { PlainHead($0) }
            guard let head else { continue }
            taken += 1
            let channel = EmbeddedChannel()
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            do {
                try channel.writeInbound(ByteBuffer(bytes: bytes.prefix(head.byteCount)))
            } catch {
                Issue.record(
                    "NIO's parser refuses (\(error)); seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)"
                )
                continue
            }
            guard case .head(let expected)? = try channel.readInbound(as: HTTPServerRequestPart.self) else {
                Issue.record("NIO's parser does not take what was taken here; seed \(seed): \(bytes)")
                continue
            }
            let text = "seed \(seed): \(String(decoding: bytes, as: UTF8.self))"
            #expect(expected.method == .POST && RequestPath.normal(expected.uri) == RequestPath.chat, "\(text)")
            #expect(expected.isKeepAlive == head.isKeepAlive, "\(text)")
            #expect(
                expected.headers["content-length"].compactMap { Int(trimmed($0)) } == [head.contentLength], "\(text)")
            for field in expected.headers {
                #expect(
                    head[field.name.lowercased()] == expected.headers.first(name: field.name).map(trimmed), "\(text)")
            }
            _ = try? channel.finish(acceptAlreadyClosed: true)
        }
        #expect(taken > 300)
    }
}
