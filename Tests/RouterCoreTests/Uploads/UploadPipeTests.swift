import RouterCore
import TestSupport
import Testing

@Suite("Pipes for uploads", .timeLimit(.minutes(1)))
struct UploadPipeTests {
    private static func limits(_ high: Int, _ low: Int, kept: Int) -> UploadPipe.Limits {
        var limits = UploadPipe.Limits()
        (limits.unreadHigh, limits.unreadLow, limits.keptMax) = (high, low, kept)
        return limits
    }

    /// Reads at most `count` bytes; `nil` for anything but bytes.
    private static func read(_ pipe: UploadPipe, _ count: Int, heard: Counter? = nil) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let reading = bytes.withUnsafeMutableBytes { pipe.read(into: $0, whenMore: { heard?.add(1) }) }
        guard case .bytes(let filled) = reading else { return nil }
        return Array(bytes.prefix(filled))
    }

    private static func ending(_ pipe: UploadPipe) -> UploadPipe.Reading {
        var byte: [UInt8] = [0]
        return byte.withUnsafeMutableBytes { pipe.read(into: $0, whenMore: {}) }
    }

    @Test("what is written is read, in any pieces, while the bound on what is unread holds")
    func passesBytes() {
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for (name, pieces) in ByteCuts.all(of: bytes, seed: 11) {
            let pipe = UploadPipe(limits: Self.limits(600, 200, kept: 50))
            var generator = SeededGenerator(seed: 3)
            let rooms = Counter()
            var got: [UInt8] = []
            for piece in pieces {
                guard !pipe.write(piece, whenRoom: { rooms.add(1) }) else { continue }
                let before = rooms.value
                while rooms.value == before,
                    let more = Self.read(pipe, .random(in: 1...300, using: &generator))
                {
                    got += more
                }
                #expect(rooms.value == before + 1, "\(name)")
            }
            pipe.finish()
            while let more = Self.read(pipe, 97) { got += more }
            #expect(got == bytes, "\(name)")
            #expect(Self.ending(pipe) == .end && pipe.isDrained)
        }
    }

    @Test("a reader that waits hears once of more, of the end and of a failure")
    func tellsReader() {
        let heard = Counter()
        let pipe = UploadPipe()
        #expect(Self.read(pipe, 10, heard: heard) == nil)
        pipe.write([1, 2])
        pipe.write([3])
        #expect(heard.value == 1)
        #expect(Self.read(pipe, 10) == [1, 2, 3])
        #expect(Self.read(pipe, 10, heard: heard) == nil)
        pipe.stopWaiting()
        pipe.write([4])
        #expect(heard.value == 1)
        #expect(Self.read(pipe, 10) == [4] && Self.read(pipe, 10, heard: heard) == nil)
        let failure = UpstreamFailure(.refused, "no")
        pipe.fail(failure)
        pipe.finish()
        #expect(heard.value == 2 && Self.ending(pipe) == .failed(failure) && !pipe.isDrained)
    }

    @Test("the beginning is read again while it is kept, and not after")
    func rewinds() {
        let pipe = UploadPipe(limits: Self.limits(1000, 500, kept: 10))
        pipe.write([1, 2, 3, 4, 5, 6])
        #expect(Self.read(pipe, 4) == [1, 2, 3, 4] && pipe.canRewind && pipe.rewind())
        pipe.write([7, 8, 9, 10, 11])
        #expect(Self.read(pipe, 8) == [1, 2, 3, 4, 5, 6, 7, 8] && pipe.rewind())
        #expect(Self.read(pipe, 20) == Array(1...11) && !pipe.canRewind && !pipe.rewind())
        let shared = UploadPipe()
        shared.write([1, 2])
        #expect(Self.read(shared, 1) == [1] && shared.nextTurn() == 1)
        // Who read before reads no more.
        #expect(Self.read(shared, 1) == nil && !shared.rewind())
        var bytes: [UInt8] = [0, 0, 0]
        let reading = bytes.withUnsafeMutableBytes { shared.read(into: $0, turn: 1, whenMore: {}) }
        #expect(reading == .bytes(2) && bytes == [1, 2, 0])
    }

    @Test("once it is closed its writer goes on, and nothing is kept")
    func closes() {
        let pipe = UploadPipe(limits: Self.limits(10, 5, kept: 10))
        let heard = Counter()
        let hasRoom = pipe.write([UInt8](repeating: 1, count: 20), whenRoom: { heard.add(1) })
        #expect(!hasRoom)
        pipe.close()
        #expect(heard.value == 1 && pipe.write([UInt8](repeating: 1, count: 20)))
        #expect(Self.read(pipe, 30) == nil && !pipe.canRewind && !pipe.isDrained)
    }

    /// Counts how many like it there are.
    private final class CountedPiece: UploadPiece {
        private let bytes: [UInt8]
        private let alive: Counter

        init(_ bytes: [UInt8], _ alive: Counter) {
            self.bytes = bytes
            self.alive = alive
            alive.add(1)
        }

        deinit { alive.add(-1) }

        var byteCount: Int { bytes.count }

        func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try bytes.withUnsafeBytes(body)
        }
    }

    @Test(
        "small pieces are not held one by one, read or unread, and large ones are held as they are",
        arguments: [0, 1, 3])
    func joins(readEvery: Int) {
        let alive = Counter()
        let pipe = UploadPipe(limits: Self.limits(100_000, 100, kept: 50_000))
        var got: [UInt8] = []
        let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 251) }
        for (place, byte) in bytes.enumerated() {
            pipe.write(piece: CountedPiece([byte], alive))
            if readEvery > 0, place % readEvery == 0 { got += Self.read(pipe, 10) ?? [] }
        }
        #expect(alive.value == 0)
        while let more = Self.read(pipe, 97) { got += more }
        #expect(got == bytes && pipe.rewind())
        got = []
        while let more = Self.read(pipe, 997) { got += more }
        #expect(got == bytes)
        for _ in 0..<3 { pipe.write(piece: CountedPiece([UInt8](repeating: 1, count: 4096), alive)) }
        #expect(alive.value == 3)
    }

    @Test("who waits for room hears of it though somebody else writes in between")
    func keepsWaiting() {
        let pipe = UploadPipe(limits: Self.limits(10, 5, kept: 10))
        let heard = Counter()
        let hasRoom = pipe.write([UInt8](repeating: 1, count: 20), whenRoom: { heard.add(1) })
        #expect(!hasRoom && !pipe.write([2]))
        while Self.read(pipe, 7) != nil {}
        #expect(heard.value == 1)
    }
}
