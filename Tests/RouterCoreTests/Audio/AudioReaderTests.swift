import Foundation
import TestSupport
import Testing

@testable import RouterCore

/// A file in `Fixtures`, made by espeak-ng 1.51, and coded by ffmpeg 5.1 and sox 14.4.
struct AudioFile: Sendable, CustomTestStringConvertible {
    var name: String
    var format: UploadedFormat
    /// Milliseconds, as ffprobe and the samples before coding say.
    var length: ClosedRange<Int>
    /// Whether its beginning says how long it is.
    var isDeclared = false

    var testDescription: String { name }

    func bytes() throws -> [UInt8] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
        return Array(try Data(contentsOf: url))
    }

    static let all: [AudioFile] = [
        AudioFile(name: "pcm8.wav", format: .wav, length: 500...500, isDeclared: true),
        AudioFile(name: "adpcm.wav", format: .wav, length: 480...520, isDeclared: true),
        AudioFile(name: "speech.flac", format: .flac, length: 500...500, isDeclared: true),
        AudioFile(name: "piped.flac", format: .flac, length: 300...3000),
        AudioFile(name: "cbr.mp3", format: .mp3, length: 2325...2420, isDeclared: true),
        AudioFile(name: "vbr.mp3", format: .mp3, length: 2325...2420, isDeclared: true),
        AudioFile(name: "bare.mp3", format: .mp3, length: 500...576),
        AudioFile(name: "layer2.mp2", format: .mp3, length: 2325...2376),
        AudioFile(name: "opus.ogg", format: .ogg, length: 2325...2332),
        AudioFile(name: "vorbis.ogg", format: .ogg, length: 2325...2326),
        AudioFile(name: "speex.ogg", format: .ogg, length: 480...510),
        AudioFile(name: "flac.ogg", format: .ogg, length: 500...500),
        AudioFile(name: "front.m4a", format: .mp4, length: 2325...2326, isDeclared: true),
        AudioFile(name: "back.m4a", format: .mp4, length: 2325...2326),
        AudioFile(name: "fragments.mp4", format: .mp4, length: 1800...2600),
        AudioFile(name: "whole.webm", format: .webm, length: 2325...2340, isDeclared: true),
        AudioFile(name: "live.webm", format: .webm, length: 2300...2340),
        AudioFile(name: "frames.aac", format: .aac, length: 2325...2440),
    ]
}

@Suite("An audio file that passes") struct AudioReaderTests {
    private func read(_ pieces: [[UInt8]]) -> AudioReader {
        var reader = AudioReader()
        for piece in pieces { reader.add(piece.span) }
        return reader
    }

    @Test("is known by its first bytes, and its length at its end, however it is cut", arguments: AudioFile.all)
    func reads(_ file: AudioFile) throws {
        let bytes = try file.bytes()
        let whole = read([bytes]).length
        #expect(file.length.contains(whole.atLeast) && file.length.contains(whole.atMost), "\(whole)")
        for (name, pieces) in ByteCuts.all(of: bytes, random: 10, seed: 62) {
            let reader = read(pieces)
            #expect(reader.format == file.format && reader.foreign == nil, "\(name)")
            #expect(reader.length == whole && reader.byteCount == bytes.count, "\(name)")
        }
        // Spans that do not begin at 0.
        var reader = AudioReader()
        let span = bytes.span
        reader.add(span.extracting(first: 100))
        reader.add(span.extracting(droppingFirst: 100))
        #expect(reader.length == whole)
    }

    @Test("is held for by its beginning: exactly where that says how long it is", arguments: AudioFile.all)
    func foresees(_ file: AudioFile) throws {
        let bytes = try file.bytes()
        for share in [1500, bytes.count / 2] {
            let length = read([Array(bytes.prefix(share))]).length(ofBytes: bytes.count)
            #expect(length.atLeast <= file.length.upperBound && length.atMost >= file.length.lowerBound, "\(length)")
            if file.isDeclared { #expect(length.atLeast == length.atMost, "\(length)") }
            // Never so much that nobody could pay for it: from 13 thousand bits a second, or three times its length.
            #expect(length.atMost <= max(bytes.count * 8 / 8, 3 * file.length.upperBound), "\(length)")
        }
    }

    @Test("never traps, whatever its bytes are, and is as long as its bytes can be", arguments: AudioFile.all)
    func survives(_ file: AudioFile) throws {
        let bytes = try file.bytes()
        for seed in 0..<40 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var broken = bytes
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                // Mostly in headers, and often all bits or none.
                let place = Int.random(in: 0..<(Bool.random(using: &generator) ? 200 : broken.count), using: &generator)
                broken[place] = [0, 0xFF, 0x7F, 0x80, UInt8.random(in: 0...255, using: &generator)].randomElement(
                    using: &generator)!
            }
            broken = Array(broken.prefix(Int.random(in: 0...broken.count, using: &generator)))
            let whole = read([broken])
            for (name, pieces) in ByteCuts.all(of: broken, random: 2, seed: seed).dropFirst(2) {
                #expect(read(pieces).length == whole.length, "seed \(seed), \(name)")
            }
            for total in [0, broken.count, 25 << 20, .max] {
                let length = whole.length(ofBytes: total)
                let bits = min(max(total, broken.count), AudioLength.most) * 8
                #expect(length.atLeast <= length.atMost, "seed \(seed)")
                // A thousand bits a second are the least of any format.
                #expect(length.atMost <= bits, "seed \(seed), \(length)")
            }
        }
    }

    // MARK: Headers that lie

    private func little(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

    private func wav(size: UInt32, rate: UInt32 = 16_000, code: UInt8 = 1) -> [UInt8] {
        Array("RIFF".utf8) + little(size) + Array("WAVEfmt ".utf8) + little(16) + [code, 0, 1, 0] + little(rate)
            + little(rate &* 2) + [2, 0, 16, 0] + Array("data".utf8) + little(size)
    }

    private static let sizeOfAll = 1 << 20

    /// How long a megabyte behind this beginning is, when all of it came.
    private func length(_ head: [UInt8]) -> AudioLength {
        read([head, [UInt8](repeating: 0, count: Self.sizeOfAll - head.count)]).length
    }

    @Test("that says it is nothing is charged for what its bytes must be")
    func doubtsShort() throws {
        // A megabyte of 16-bit samples at 16 kHz, whatever the header says of them.
        for size in [0, 1, 100, .max] as [UInt32] {
            let length = length(wav(size: size))
            #expect(length.atLeast == (Self.sizeOfAll - 44) / 32 && length.atMost == length.atLeast, "\(size)")
        }
        for file in AudioFile.all where file.format != .wav {
            // A short file before a megabyte of nothing.
            let length = length(try file.bytes())
            #expect(length.atLeast >= Self.sizeOfAll * 8 / 9216, "\(file.name): \(length)")
        }
    }

    @Test("that says it is endless is charged for what its bytes can be")
    func doubtsLong() throws {
        var mp4 = try #require(try AudioFile.all.first { $0.name == "front.m4a" }?.bytes())
        let header = try #require((0..<400).first { mp4[$0..<$0 + 4].elementsEqual("mvhd".utf8) })
        mp4.replaceSubrange(header + 20..<header + 24, with: [0x7F, 0xFF, 0xFF, 0xFF])
        #expect(read([mp4]).length.atMost == mp4.count * 8 / 4)
        // A rate that no sound has, and one of nothing.
        for rate in [0, 1, .max] as [UInt32] {
            let length = read([wav(size: 4000, rate: rate), [UInt8](repeating: 0, count: 4000)]).length
            #expect(length.atLeast >= 4000 * 8 / 4608 && length.atMost <= 4000 * 8 / 4, "\(rate): \(length)")
        }
        let coded = read([wav(size: 4000, rate: 1, code: 0x31), [UInt8](repeating: 0, count: 4000)]).length
        #expect(coded.atMost == 8000)
    }

    /// An Ogg file of streams one behind the other, each of which says that it has this many samples of this rate.
    static func chain(_ count: Int, position: UInt64, rate: UInt32) -> [UInt8] {
        func little(_ number: UInt64, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
        }
        func page(_ flags: UInt8, _ position: UInt64, _ body: [UInt8]) -> [UInt8] {
            Array("OggS".utf8) + [0, flags] + little(position, 8) + little(7, 4) + [UInt8](repeating: 0, count: 8)
                + (body.isEmpty ? [0] : [1, UInt8(body.count)]) + body
        }
        let start = [1] + Array("vorbis".utf8) + [0, 0, 0, 0, 1] + little(UInt64(rate), 4)
        let stream = page(2, 0, start + [UInt8](repeating: 0, count: 32 - start.count)) + page(0, position, [])
        return Array(Array(repeating: stream, count: count).joined())
    }

    @Test("that says again and again that it is endless is as long as its bytes can be")
    func doubtsChain() {
        // Three times so long that it is as many bytes: both streams count.
        let few = Self.chain(3, position: 500, rate: 44_100)
        #expect(read([few]).length == AudioLength(exactly: 33))
        let bytes = Self.chain(20_000, position: (1 << 40) - 1, rate: 1)
        let length = read([bytes]).length
        #expect(length.atMost == bytes.count * 8 / 16 && length.atLeast == length.atMost)
    }

    @Test("whose samples end before some other chunk is as long as those")
    func endsBeforeChunks() {
        let tail = Array("LIST".utf8) + little(992) + [UInt8](repeating: 0, count: 992)
        #expect(read([wav(size: 32_000) + [UInt8](repeating: 1, count: 32_000) + tail]).length.atMost == 1000)
        #expect(read([wav(size: 32_000)]).length(ofBytes: 32_044) == AudioLength(exactly: 1000))
    }

    @Test("with a tag before it, such as a picture, is as long as its frames")
    func skipsTags() throws {
        let file = try #require(AudioFile.all.first { $0.name == "bare.mp3" })
        let tag = Array("ID3".utf8) + [4, 0, 0, 0, 6, 0, 0] + [UInt8](repeating: 0xFF, count: 6 << 14)
        #expect(read([tag, try file.bytes()]).length == read([try file.bytes()]).length)
    }

    @Test("of which nearly all is said to be something else is charged for an eighth of it all the same")
    func doubtsTags() throws {
        let tag = Array("ID3".utf8) + [4, 0, 0, 0x7F, 0x7F, 0x7F, 0x7F]
        let block =
            Array("fLaC".utf8) + [0, 0, 0, 34] + [UInt8](repeating: 0, count: 10) + [0x03, 0xE8, 0x02, 0xF0]
            + [UInt8](repeating: 0, count: 20) + [0x81, 0xFF, 0xFF, 0xFF]
        let chunk =
            Array("RIFF".utf8) + little(0) + Array("WAVEfmt ".utf8) + little(16) + [1, 0, 1, 0] + little(16_000)
            + little(32_000) + [2, 0, 16, 0] + Array("JUNK".utf8) + little(UInt32(Self.sizeOfAll - 60)) + [0]
        for head in [tag, block, chunk] {
            #expect(length(head).atLeast >= Self.sizeOfAll / 8 * 8 / 9216, "\(head.prefix(4))")
        }
    }

    @Test("of frames of any kind is counted alike, whole and in pieces of which none holds a frame")
    func countsAlike() {
        var generator = SeededGenerator(seed: 65)
        for round in 0..<20 {
            // MPEG-1, layer III, of any bit rate, padding, private bit and stereo; now and then another rate, or no frame.
            var bytes: [UInt8] = []
            var milliseconds = 0.0
            for _ in 0..<150 {
                let rate = Int.random(in: 0..<20, using: &generator) == 0 ? 1 : 0
                let (bitrate, padding) = (
                    Int.random(in: 1...14, using: &generator), Int.random(in: 0...1, using: &generator)
                )
                let head = [
                    0xFF, Int.random(in: 0xFA...0xFB, using: &generator),
                    bitrate << 4 | rate << 2 | padding << 1 | Int.random(in: 0...1, using: &generator),
                    Int.random(in: 0...255, using: &generator),
                ]
                let kilobits = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320][bitrate - 1]
                let samplesASecond = [44_100, 48_000][rate]
                let size = 144 * kilobits * 1000 / samplesASecond + padding
                bytes += head.map(UInt8.init) + [UInt8](repeating: 0x55, count: size - 4)
                milliseconds += 1152_000.0 / Double(samplesASecond)
                if Int.random(in: 0..<30, using: &generator) == 0 { bytes += [UInt8](repeating: 0, count: 37) }
            }
            let whole = read([bytes]).length
            #expect(whole.atLeast == whole.atMost && abs(Double(whole.atLeast) - milliseconds) < 25, "\(round)")
            let pieces = stride(from: 0, to: bytes.count, by: 7).map { Array(bytes[$0..<min($0 + 7, bytes.count)]) }
            #expect(read(pieces).length == whole, "\(round)")
        }
    }

    @Test("of frames that all differ costs no more than others")
    func toleratesUnlike() {
        // MPEG-2, layer III, 8 kbit/s at 24 kHz: 24 bytes, of which every other is protected.
        let pair = [[0xFF, 0xF3, 0x14, 0xC0], [0xFF, 0xF2, 0x14, 0xC0]].flatMap { head in
            head.map { UInt8($0) } + [UInt8](repeating: 0, count: 20)
        }
        var count = FrameCount(.mpeg)
        let piece = [[UInt8]](repeating: pair, count: 1000).flatMap(\.self)
        for _ in 0..<5 { count.add(piece.span) }
        #expect(count.milliseconds == 10_000 * 576 / 24 && count.frameBytes == 10_000 * 24)
        #expect(count.kilobits == 8...8)
    }

    @Test("of steps of a few bytes is looked at a million times, and no more")
    func givesUp() {
        var walk = HeaderWalk()
        walk.append([UInt8](repeating: 0, count: 3 << 20).span)
        var steps = 0
        while walk.next(1) != nil {
            if steps % 2 == 0 { walk.advance(2) } else { walk.search { _ in true } }
            steps += 1
        }
        #expect(steps == (1 << 20) + 1)
        walk.append(([1, 2, 3] as [UInt8]).span)
        #expect(walk.next(1) == nil)
    }

    // MARK: What is none

    @Test(
        "that is certainly something else is told what",
        arguments: [
            ("<!DOCTYPE html><html></html>", "a page in HTML or XML"), ("\n {\"error\": \"no file\"}", "JSON"),
            ("%PDF-1.7 and so on", "a PDF"), ("GIF89a and so on", "a picture (GIF)"), ("Dear Sir or Madam,", "text"),
            ("RIFF\u{1}\0\0\0WEBPVP8 ", "a picture (WebP)"), ("PK\u{3}\u{4}\u{14}\0\0\0\0\0\0\0", "a ZIP archive"),
            ("Сәлем, әлем! Қалайсыз?", "text"), ("\u{7F}ELF\u{2}\u{1}\u{1}\0\0\0\0\0", "a program"),
        ])
    func namesForeign(_ text: String, _ name: String) {
        let bytes = Array(text.utf8)
        for (cut, pieces) in ByteCuts.all(of: bytes, random: 3, seed: 1) {
            let reader = read(pieces)
            #expect(reader.foreign == name && reader.format == nil, "\(cut)")
        }
        // A letter that is cut is no reason to call it something else.
        #expect(read([Array(bytes.prefix(13))]).foreign != nil)
    }

    @Test("that may be sound all the same is left to the vendor")
    func leavesUnknown() {
        for bytes in [
            [], [0x52], Array("#!AMR\n".utf8) + [0x3C, 0, 1, 2, 3, 4, 5, 6],
            Array("FORM".utf8) + [0, 0, 1, 0] + Array("AIFF".utf8),
            Array("hello".utf8), [UInt8](repeating: 0, count: 600),
        ] {
            let reader = read([bytes])
            #expect(reader.foreign == nil && reader.format == nil)
            #expect(reader.length.atLeast == bytes.count * 8 / 1536)
        }
        // What came later does not change what it is.
        #expect(read([[UInt8](repeating: 0, count: 20), Array("RIFF0000WAVEfmt ".utf8)]).format == nil)
    }

    @Test("is added to and asked at once")
    func isShared() async throws {
        let audio = UploadedAudio()
        let bytes = try #require(AudioFile.all.first { $0.name == "opus.ogg" }).bytes()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for byte in bytes { audio.add([byte].span) } }
            group.addTask { for _ in 0..<500 { _ = audio.length(ofBytes: 5000) } }
        }
        #expect(audio.byteCount == bytes.count && audio.format == .ogg)
        #expect(audio.length == UploadedAudio(bytes).length)
    }
}
