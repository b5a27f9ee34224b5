import Foundation
import Testing

@testable import RouterHTTP

@Suite("Files of the media folder over sockets", .serialized, .timeLimit(.minutes(1))) struct MediaRouteTests {
    private static let now: Int64 = 1_776_249_000_000

    /// Runs `body` against a server that keeps one file of `count` zeros, for a minute more.
    private func serve(
        _ count: UInt64, _ body: @Sendable (_ port: Int, _ name: String, _ file: URL) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let name = String(repeating: "a", count: 32) + ".png"
        let file = folder.appending(path: name)
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: count)
        try handle.close()
        let written = Date(timeIntervalSince1970: Double(Self.now / 1000))
        try FileManager.default.setAttributes([.modificationDate: written], ofItemAtPath: file.path)
        var kept = MediaFolder.Limits()
        kept.lifetime = .seconds(60)
        let media = try MediaFolder(folder.path, limits: kept, timestamp: { Self.now })
        try await TestServer.run([], media: media) { port, _, _ in try await body(port, name, file) }
    }

    private func ask(_ name: String, method: String = "GET", headers: String = "") -> String {
        TestServer.get("/api/v1/media/\(name)", method: method, headers: "Connection: close\r\n" + headers)
    }

    @Test(
        "a file comes whole with its length, also where a part was asked for, and a HEAD has the head alone",
        arguments: [("GET", ""), ("GET", "Range: bytes=5-9\r\n"), ("GET", "Range: bytes=999999-\r\n"), ("HEAD", "")])
    func serves(_ method: String, _ headers: String) async throws {
        try await serve(300_000) { port, name, _ in
            let client = try RawClient(port: port)
            await client.send(ask(name, method: method, headers: headers))
            let text = await client.read()
            let end = try #require(text.firstRange(of: "\r\n\r\n"))
            let head = text[..<end.lowerBound].lowercased()
            #expect(head.hasPrefix("http/1.1 200") && head.contains("\r\ncontent-length: 300000"), "\(head)")
            #expect(head.contains("\r\ncache-control: private, max-age=60") && head.contains("\r\naccept-ranges: none"))
            let body = text[end.upperBound...].utf8
            let isWhole = body.count == (method == "HEAD" ? 0 : 300_000) && body.allSatisfy { $0 == 0 }
            #expect(isWhole, "\(body.count) bytes")
        }
    }

    @Test(
        "what a client does not take stays on the disk, and goes out whole when the file is removed meanwhile",
        arguments: [false, true])
    func readsAsTaken(stopsSending: Bool) async throws {
        let count = 48_000_000
        try await serve(UInt64(count)) { port, name, file in
            let client = try RawClient(port: port, receiveBuffer: 8192)
            await client.send(ask(name))
            if stopsSending { client.closeOutput() }
            let first = await client.read(until: "\r\n\r\n")
            let head = try #require(first.firstRange(of: "\r\n\r\n"))
            // Had the end been read already, this would not come out.
            let handle = try FileHandle(forWritingTo: file)
            try handle.seek(toOffset: UInt64(count - 3))
            try handle.write(contentsOf: Data("end".utf8))
            try handle.close()
            try FileManager.default.removeItem(at: file)
            let other = try RawClient(port: port)
            await other.send(ask(name))
            #expect(await other.read().hasPrefix("HTTP/1.1 404"))
            let rest = await client.read(seconds: 30)
            #expect(first[head.upperBound...].utf8.count + rest.utf8.count == count)
            #expect(rest.hasSuffix("\0end"))
        }
    }
}
