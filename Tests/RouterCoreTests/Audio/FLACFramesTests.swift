import TestSupport
import Testing

@testable import RouterCore

@Suite("The length of FLAC") struct FLACFramesTests {
    /// However it is cut.
    private func milliseconds(_ bytes: [UInt8]) -> Set<Int> {
        Set(
            ByteCuts.all(of: bytes, random: 8, seed: 96).map { _, pieces in
                var meter = AudioMeter(type: "audio/flac")
                for piece in pieces { meter.add(piece) }
                return meter.milliseconds
            })
    }

    private static func big(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// What a file begins with. How many samples there are is not said: a stream does not know.
    private static func start(rate: Int, isLast: Bool = true) -> [UInt8] {
        Array("fLaC".utf8) + [isLast ? 0x80 : 0, 0, 0, 34] + big(4096, 2) + big(4096, 2) + big(0, 3) + big(0, 3)
            + big(rate << 44 | 1 << 41 | 15 << 36, 8) + [UInt8](repeating: 0, count: 16)
    }

    /// As UTF-8 writes a number, up to 36 bits.
    private static func coded(_ number: Int) -> [UInt8] {
        guard number > 0x7F else { return [UInt8(number)] }
        let count = [11, 16, 21, 26, 31, 36].firstIndex { number < 1 << $0 }.map { $0 + 2 } ?? 7
        let first = UInt8(truncatingIfNeeded: 0xFF << (8 - count) | number >> (6 * (count - 1)))
        return [first] + (0..<(count - 1)).reversed().map { UInt8(number >> (6 * $0) & 0x3F | 0x80) }
    }

    private static func checked(_ head: [UInt8]) -> [UInt8] {
        var crc: UInt8 = 0
        for byte in head {
            crc ^= byte
            for _ in 0..<8 { crc = crc & 0x80 == 0 ? crc << 1 : crc << 1 ^ 7 }
        }
        return head + [crc]
    }

    /// - Parameter code: of the sample rate; 0 where the file's beginning says it, 7 for 24 kHz, 10 for 48 kHz.
    private static func frame(
        _ number: Int, samples: Int = 4096, rate code: Int = 7, isVariable: Bool = false,
        body: [UInt8] = [UInt8](repeating: 0, count: 60)
    ) -> [UInt8] {
        let blocks = [192: 1, 576: 2, 1152: 3, 2304: 4, 4608: 5, 256: 8, 512: 9, 1024: 10, 2048: 11, 4096: 12]
        let block = blocks[samples] ?? (samples <= 256 ? 6 : 7)
        let size = block == 6 ? [UInt8(samples - 1)] : block == 7 ? big(samples - 1, 2) : []
        return checked(
            [0xFF, isVariable ? 0xF9 : 0xF8, UInt8(block << 4 | code), 0x18] + coded(number) + size) + body
    }

    @Test("the example of the specification is one sample")
    func example() {
        // RFC 9639, appendix D.1: the header of its only frame.
        let head: [UInt8] = [0xFF, 0xF8, 0x69, 0x18, 0, 0, 0xBF]
        guard case .frame(let frame) = FLACFrame.read(head[...], rate: nil) else {
            Issue.record("no frame")
            return
        }
        #expect(frame == FLACFrame(number: 0, nextNumber: 1, samples: 1, rate: 44_100, size: 7))
        for count in 1..<head.count {
            guard case .unfinished = FLACFrame.read(head.prefix(count), rate: nil) else {
                Issue.record("\(count) bytes are no header")
                continue
            }
        }
        for place in head.indices {
            var wrong = head
            wrong[place] ^= 0x10
            if case .frame = FLACFrame.read(wrong[...], rate: nil) { Issue.record("byte \(place) is not looked at") }
        }
    }

    @Test("is that of its samples, however few or many bytes they have", arguments: [4, 200, 3000])
    func fixed(_ bodyBytes: Int) {
        let body = [UInt8](repeating: 0x5A, count: bodyBytes)
        let frames = (0..<20).flatMap { Self.frame($0, rate: 10, body: body) }
        let stream = Self.start(rate: 48_000) + frames + Self.frame(20, samples: 1000, rate: 10, body: body)
        #expect(milliseconds(stream) == [(20 * 4096 + 1000) * 1000 / 48_000])
    }

    @Test("is told by frames of any size, numbered by their samples, at the rate that the file begins with")
    func variable() {
        var (stream, number) = (Self.start(rate: 44_100), 0)
        for samples in [192, 4608, 256, 100, 20_000, 65_535, 576, 1152, 2304, 512, 1024, 2048] {
            stream += Self.frame(number, samples: samples, rate: 0, isVariable: true)
            number += samples
        }
        #expect(milliseconds(stream) == [number * 1000 / 44_100])
        // A number of 36 bits.
        #expect(
            milliseconds(
                Self.start(rate: 44_100) + Self.frame(0xF_FFFF_0000, samples: 4608, rate: 0, isVariable: true)) == [104]
        )
    }

    @Test("has no part of tags and pictures, nor of bytes that look like a header")
    func others() {
        let picture = [0x86] + Self.big(20_000, 3) + [UInt8](repeating: 0xFF, count: 20_000)
        let stray = Self.frame(9000, samples: 65_535, body: [])
        let stream =
            Self.start(rate: 24_000, isLast: false) + [4] + Self.big(3, 3) + [1, 2, 3] + picture
            + (0..<10).flatMap { Self.frame($0, body: [0xFF, 0xF8, 0xFF, 0x66, 0x4C] + stray + [0xFF]) }
        #expect(milliseconds(stream) == [10 * 4096 * 1000 / 24_000])
        // Nothing is sound before the first frame.
        #expect(milliseconds(Self.start(rate: 24_000, isLast: false) + picture) == [0])
    }

    @Test("is that of what came, where some is missing, and of all files that came")
    func several() {
        let file = Self.start(rate: 24_000) + (0..<6).flatMap { Self.frame($0) }
        #expect(milliseconds(file + file) == [2 * 6 * 4096 * 1000 / 24_000])
        let other = Self.start(rate: 48_000) + (0..<6).flatMap { Self.frame($0, rate: 10) }
        #expect(milliseconds(file + other) == [1024 + 512])
        let gap = Self.start(rate: 24_000) + ([0, 1, 2] + [7, 8, 9]).flatMap { Self.frame($0) }
        #expect(milliseconds(gap) == [1024])
        #expect(milliseconds(Array(file.dropLast(62))) == [5 * 4096 * 1000 / 24_000])
        // A client that comes in later has no beginning.
        #expect(milliseconds((3..<9).flatMap { Self.frame($0) }) == [1024])
    }

    @Test("is taken from its bytes where no frame can be read, and is never longer than these can be")
    func estimates() {
        let silence = Array("fLaC".utf8) + [UInt8](repeating: 0, count: 23_996)
        #expect(milliseconds(silence) == [1000])
        #expect(milliseconds(Self.start(rate: 24_000) + [UInt8](repeating: 0, count: 24_000)) == [1000])
        #expect(milliseconds([]) == [0])
        let slow =
            Self.start(rate: 1000)
            + (0..<100).flatMap { Self.frame($0, samples: 65_535, rate: 0, body: []) }
        #expect(milliseconds(slow) == [slow.count * 64])
        var generator = SeededGenerator(seed: 9)
        for count in [0, 42, 3000] {
            let start = Array((Self.start(rate: 24_000) + (0..<100).flatMap { Self.frame($0) }).prefix(count))
            let noise = start + (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(milliseconds(noise).allSatisfy { (0...(noise.count * 64)).contains($0) })
        }
        #expect(milliseconds([UInt8](repeating: 0xFF, count: 24_000)) == [1000])
    }
}
