import RouterCore
import TestSupport
import Testing

@Suite("The length of audio") struct AudioMeterTests {
    /// However it is cut.
    private func milliseconds(_ type: String, _ bytes: [UInt8]) -> Set<Int> {
        Set(
            ByteCuts.all(of: bytes, random: 8, seed: 48).map { _, pieces in
                var meter = AudioMeter(type: type)
                for piece in pieces { meter.add(piece) }
                return meter.milliseconds
            })
    }

    @Test("PCM is as long as its rate and channels say")
    func pcm() {
        let second = [UInt8](repeating: 7, count: 48_000)
        #expect(milliseconds("audio/pcm;rate=24000;channels=1", second) == [1000])
        #expect(milliseconds("audio/pcm; rate=48000; channels=2", second) == [250])
        #expect(milliseconds("audio/pcm", second) == [1000])
        #expect(milliseconds("audio/pcm;rate=0;channels=-1", second) == [1000])
        #expect(milliseconds("audio/pcm;rate=1;channels=1000", second) == [1000])
        #expect(milliseconds("audio/pcm", []) == [0])
    }

    private func little(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

    private func wav(rate: Int, size: Int, samples: Int, chunk: [UInt8] = []) -> [UInt8] {
        Array("RIFF".utf8) + little(size) + Array("WAVE".utf8) + chunk + Array("fmt ".utf8) + little(16)
            + [1, 0, 1, 0] + little(rate) + little(rate * 2) + [2, 0, 16, 0] + Array("data".utf8) + little(size)
            + [UInt8](repeating: 0, count: samples)
    }

    @Test("WAV is as long as the samples behind its header, whatever length that tells")
    func wav() {
        #expect(milliseconds("audio/wav", wav(rate: 24_000, size: 24_000, samples: 24_000)) == [500])
        #expect(milliseconds("audio/wav", wav(rate: 16_000, size: 0xFFFF_FFFF, samples: 32_000)) == [1000])
        let list = Array("LIST".utf8) + little(3) + [1, 2, 3, 0]
        #expect(milliseconds("audio/wav", wav(rate: 24_000, size: 9, samples: 4800, chunk: list)) == [100])
        let endless = Array("RIFF".utf8) + little(0) + Array("WAVEjunk".utf8) + little(0xFFFF_FFFF)
        #expect(milliseconds("audio/wav", endless + [UInt8](repeating: 0, count: 48_000 - 20)) == [1000])
        #expect(milliseconds("audio/wav", Array("RIFF".utf8)) == [0])
    }

    @Test("no header makes more of its bytes than they can be")
    func bounds() {
        let slow = wav(rate: 1, size: 0, samples: 4000)
        #expect(milliseconds("audio/wav", slow) == [4000 * 8 / 4])
        let endless = AudioReaderTests.chain(9000, position: (1 << 40) - 1, rate: 1)
        #expect(milliseconds("audio/ogg", endless) == [endless.count * 8])
    }

    @Test("MP3 is as long as its frames, tags and rubbish between them left out")
    func mp3() {
        // MPEG-1, 128 kbit/s, 44.1 kHz: 417 bytes and 1,152 samples.
        let frame = [0xFF, 0xFB, 0x90, 0x64] + [UInt8](repeating: 0, count: 413)
        // MPEG-2, 64 kbit/s, 24 kHz: 192 bytes and 576 samples, which is what OpenAI's speech has.
        let slow = [0xFF, 0xF3, 0x84, 0xC4] + [UInt8](repeating: 0, count: 188)
        let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 1, 2] + [UInt8](repeating: 0xFF, count: 130)
        let frames = (0..<10).flatMap { _ in frame }
        #expect(milliseconds("audio/mpeg", tag + frames) == [261])
        #expect(milliseconds("audio/mpeg", (0..<50).flatMap { _ in slow }) == [1200])
        #expect(milliseconds("audio/mpeg", [0xFF, 0xFF, 0, 1, 2] + frames) == [261])
        #expect(milliseconds("audio/mpeg", (0..<10).flatMap { _ in slow } + frames) == [501])
    }

    @Test("AAC is as long as its frames")
    func aac() {
        // 24 kHz, 100 bytes, 1,024 samples.
        let frame: [UInt8] = [0xFF, 0xF1, 6 << 2, 0x40, 100 >> 3, 100 << 5 & 0xFF | 0x1F, 0xFC]
        #expect(
            milliseconds("audio/aac", (0..<30).flatMap { _ in frame + [UInt8](repeating: 0xFF, count: 93) }) == [1280])
    }

    @Test("Ogg is as long as its last page says")
    func ogg() {
        func page(_ position: UInt64, segments: [UInt8]) -> [UInt8] {
            Array("OggS".utf8) + [0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: position >> (8 * $0)) }
                + [UInt8](repeating: 0, count: 12) + [UInt8(segments.count)] + segments
                + segments.flatMap { [UInt8](repeating: 0x4F, count: Int($0)) }
        }
        let stream =
            page(0, segments: [19]) + page(48_000, segments: [255, 30]) + page(.max, segments: [7])
            + page(72_000, segments: [])
        #expect(milliseconds("audio/ogg", stream) == [1500])
    }

    @Test("what does not tell is taken as half of PCM, and what is not what it says as nothing")
    func estimates() {
        #expect(milliseconds("audio/flac", [UInt8](repeating: 1, count: 24_000)) == [1000])
        #expect(milliseconds("audio/webm", [UInt8](repeating: 1, count: 24_000)) == [1000])
        var generator = SeededGenerator(seed: 7)
        for type in ["audio/mpeg", "audio/aac", "audio/ogg", "audio/wav"] {
            let noise = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            // Rubbish is never more audio than bytes of the lowest rate could hold.
            #expect(milliseconds(type, noise).allSatisfy { $0 <= 20_000 }, "\(type)")
        }
        #expect(milliseconds("audio/ogg", [UInt8](repeating: 0x4F, count: 1000)) == [0])
    }
}
