import Foundation
import NIOCore
import RouterCore
import Synchronization
import Testing

@testable import RouterHTTP

extension MediaFolder {
    /// What a file holds, put together from its pieces.
    fileprivate func read(_ name: String) async throws -> (bytes: [UInt8], type: String)? {
        guard let file = await open(name) else { return nil }
        var bytes: [UInt8] = []
        while case let piece = try await file.piece(from: bytes.count), piece.readableBytes > 0 {
            bytes += piece.readableBytesView
        }
        return (bytes, file.type)
    }
}

@Suite("The media folder") struct MediaFolderTests {
    private final class Clock: Sendable {
        let now = Mutex<Int64>(Int64(Date().timeIntervalSince1970 * 1000))
        func advance(seconds: Int64) { now.withLock { $0 += seconds * 1000 } }
        var timestamp: @Sendable () -> Int64 { { self.now.withLock { $0 } } }
    }

    /// Runs `body` with a folder that is removed afterwards.
    private func with(_ body: (_ path: String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    @Test("what is kept is read again under a name that nobody can guess, also after a restart")
    func keeps() async throws {
        try await with { path in
            let clock = Clock()
            let folder = try MediaFolder(path, timestamp: clock.timestamp)
            let name = try #require(await folder.keep([1, 2, 3], type: "image/png"))
            let other = try #require(await folder.keep([4], type: "image/jpeg"))
            #expect(name != other && name.utf8.count == 36 && name.hasSuffix(".png") && other.hasSuffix(".jpg"))
            let read = try #require(try await folder.read(name))
            #expect(read.bytes == [1, 2, 3] && read.type == "image/png")
            let again = try #require(try await MediaFolder(path, timestamp: clock.timestamp).read(other))
            #expect(again.bytes == [4] && again.type == "image/jpeg")
        }
    }

    @Test(
        "only images are kept, and none with scripts",
        arguments: [
            ("image/gif", ".gif"), ("image/avif", ".avif"), ("image/webp", ".webp"), ("image/svg+xml", nil),
            ("text/html", nil), ("application/octet-stream", nil), ("", nil),
        ] as [(String, String?)])
    func keepsImages(_ type: String, _ end: String?) async throws {
        try await with { path in
            let name = try await MediaFolder(path, timestamp: Clock().timestamp).keep([1], type: type)
            #expect((name == nil) == (end == nil) && name?.hasSuffix(end ?? "") != false)
        }
    }

    @Test("what is too old is gone, and its file with the next that is kept")
    func expires() async throws {
        try await with { path in
            let clock = Clock()
            let folder = try MediaFolder(path, timestamp: clock.timestamp)
            let name = try #require(await folder.keep([1], type: "image/png"))
            clock.advance(seconds: 3599)
            #expect(try await folder.read(name) != nil)
            clock.advance(seconds: 1)
            #expect(try await folder.read(name) == nil)
            _ = await folder.keep([2], type: "image/png")
            #expect(!FileManager.default.fileExists(atPath: "\(path)/\(name)"))
        }
    }

    @Test("what is too old goes also when nothing more is kept, and a restart removes what a server left behind")
    func sweeps() async throws {
        try await with { path in
            let clock = Clock()
            let folder = try MediaFolder(path, timestamp: clock.timestamp)
            let names = [await folder.keep([1], type: "image/png"), await folder.keep([2], type: "image/png")]
            await folder.removeExpired()
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 2)
            clock.advance(seconds: 3601)
            #expect(try await folder.read(names[0] ?? "") == nil)
            await folder.removeExpired()
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
            try Data([3]).write(to: URL(fileURLWithPath: "\(path)/\(names[1] ?? "")"))
            clock.advance(seconds: 7200)
            try await MediaFolder(path, timestamp: clock.timestamp).removeExpired()
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        }
    }

    @Test("what is kept at the same time has its room as well")
    func isBoundedAtOnce() async throws {
        try await with { path in
            var limits = MediaFolder.Limits()
            limits.bytesMax = 1_000_000
            let folder = try MediaFolder(path, limits: limits, timestamp: Clock().timestamp)
            let names = await withTaskGroup(of: String?.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        await folder.keep([UInt8](repeating: UInt8(number), count: 300_000), type: "image/png")
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }.compactMap(\.self)
            }
            // What was removed before it was written is not said to be kept.
            #expect(!names.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).count <= 3)
            var read = 0
            for name in names where try await folder.read(name) != nil { read += 1 }
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == read)
        }
    }

    @Test("what is no file is not taken for one at a restart")
    func passesOthers() async throws {
        try await with { path in
            let name = String(repeating: "a", count: 32) + ".png"
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: "\(path)/\(name)"), withIntermediateDirectories: true)
            let folder = try MediaFolder(path, timestamp: Clock().timestamp)
            #expect(await folder.open(name) == nil)
        }
    }

    @Test("a file is read in pieces of 32 KiB, to its end also when it is removed meanwhile")
    func readsPieces() async throws {
        try await with { path in
            let folder = try MediaFolder(path, timestamp: Clock().timestamp)
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 251) }
            let name = try #require(await folder.keep(bytes, type: "image/webp"))
            let file = try #require(await folder.open(name))
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
            var pieces: [[UInt8]] = []
            while case let piece = try await file.piece(from: pieces.reduce(0) { $0 + $1.count }),
                piece.readableBytes > 0
            {
                pieces.append(Array(piece.readableBytesView))
            }
            #expect(pieces.map(\.count) == Array(repeating: 32_768, count: 9) + [5_088])
            let isSame = Array(pieces.joined()) == bytes
            #expect(isSame)
            #expect(await folder.open(name) == nil)
        }
    }

    @Test("a file that was cut short or became a link is no longer there, and one cut while it is read is an error")
    func distrustsDisk() async throws {
        try await with { path in
            let folder = try MediaFolder(path, timestamp: Clock().timestamp)
            let name = try #require(await folder.keep([1, 2, 3], type: "image/png"))
            let place = "\(path)/\(name)"
            let file = try #require(await folder.open(name))
            try Data([1]).write(to: URL(fileURLWithPath: place))
            #expect(await folder.open(name) == nil)
            await #expect(throws: StoreError.self) { try await file.piece(from: 0) }
            try FileManager.default.removeItem(atPath: place)
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(path)/secret"))
            try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "secret")
            #expect(await folder.open(name) == nil)
        }
    }

    @Test("the oldest make room, and nothing is kept that is too large, empty or of another type")
    func isBounded() async throws {
        try await with { path in
            var limits = MediaFolder.Limits()
            limits.bytesMax = 10
            let folder = try MediaFolder(path, limits: limits, timestamp: Clock().timestamp)
            let first = try #require(await folder.keep([UInt8](repeating: 1, count: 6), type: "image/png"))
            let second = try #require(await folder.keep([UInt8](repeating: 2, count: 6), type: "image/png"))
            #expect(try await folder.read(first) == nil)
            #expect(try await folder.read(second) != nil)
            #expect(await folder.keep([UInt8](repeating: 3, count: 11), type: "image/png") == nil)
            #expect(await folder.keep([], type: "image/png") == nil)
            #expect(await folder.keep([1], type: "text/html") == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
        }
    }

    @Test(
        "no name leads out of the folder",
        arguments: [
            "", "..", "../secret.png", "a.png", "/etc/passwd", String(repeating: "a", count: 32),
            String(repeating: "a", count: 32) + ".html", String(repeating: "ä", count: 16) + ".png",
            String(repeating: ".", count: 32) + ".png",
        ])
    func refusesNames(_ name: String) async throws {
        try await with { path in
            let folder = try MediaFolder(path, timestamp: Clock().timestamp)
            #expect(MediaFolder.type(of: name) == nil)
            #expect(try await folder.read(name) == nil)
        }
    }

    @Test("a folder that cannot be made is an error that names it")
    func cannotBeMade() {
        let error = #expect(throws: StoreError.self) { try MediaFolder("/proc/none/media", timestamp: { 0 }) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("/proc/none/media"))
    }
}
