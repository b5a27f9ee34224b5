/// Reads the header of a WAV file.
///
/// Sources: "Multimedia Programming Interface and Data Specifications 1.0", 1991, "Waveform Audio File Format"; RFC 2361;
/// EBU Tech 3306 for RF64.
struct WAVReader: Sendable, Hashable {
    private var walk = HeaderWalk()
    /// Bytes up to where the samples begin; `nil` before they do.
    private(set) var size: Int?
    /// Bytes of samples, as the header says; it need not be so.
    private(set) var sampleBytes = 0
    /// Bytes a second, as the header says; 0 before it did.
    private(set) var bytesPerSecond = 0
    /// Bits a second by rate, channels and bits of a sample; `nil` where samples are coded in some other way.
    private(set) var plainBitsPerSecond: Int?
    private var hasBegun = false
    private var hasFormat = false

    /// PCM, floating point, A-law and µ-law; and ADPCM of Microsoft and IMA, whose blocks have little else.
    private static let plainCodes = [1, 3, 6, 7, 2, 0x11]

    /// Takes the next bytes; once ``size`` is there, none are needed.
    mutating func add(_ more: Span<UInt8>) {
        guard size == nil else { return }
        walk.append(more)
        defer { walk.keepRest() }
        if !hasBegun {
            guard let head = walk.next(12) else { return }
            guard head.stands("RIFF") || head.stands("RF64") else { return walk.advance(AudioLength.most) }
            hasBegun = true
            walk.advance(12)
        }
        while let head = walk.next(8) {
            let length = Int(head.little(4, 4))
            if head.stands("data") {
                sampleBytes = length
                size = walk.passed + 8
                return
            }
            // The first counts: so do decoders have it.
            if head.stands("fmt "), !hasFormat {
                guard let format = walk.next(8 + min(max(16, length), 40)) else { return }
                hasFormat = true
                read(format.dropFirst(8))
            }
            walk.advance(8 + length + length % 2)
        }
    }

    private mutating func read(_ format: ArraySlice<UInt8>) {
        bytesPerSecond = Int(format.little(8, 4))
        // What is extensible has its own code behind all that.
        let said = Int(format.little(0, 2))
        let code = said == 0xFFFE ? Int(format.little(24, 2)) : said
        let (channels, rate, bits) = (Int(format.little(2, 2)), Int(format.little(4, 4)), Int(format.little(14, 2)))
        guard Self.plainCodes.contains(code), (1...32).contains(channels), (1000...768_000).contains(rate),
            (4...64).contains(bits)
        else { return }
        plainBitsPerSecond = rate * channels * bits
    }
}

struct WAVContents: AudioContents {
    /// Thousand bits a second: from what is coded as GSM and its like up.
    static let kilobits = 4...4608

    /// The same of coded samples.
    private static let codedKilobits = 4...1536

    private var header = WAVReader()

    mutating func add(_ bytes: Span<UInt8>) { header.add(bytes) }

    func length(ofBytes total: Int) -> AudioLength {
        let rest = AudioLength.soundBytes(of: total, without: header.size ?? 0)
        guard header.size != nil, let bits = header.plainBitsPerSecond else {
            // Coded samples.
            let length =
                header.size != nil && header.bytesPerSecond > 0
                ? AudioLength(exactly: rest * 1000 / header.bytesPerSecond) : AudioLength(bytes: rest, at: 13...1536)
            return length.within(rest, at: Self.codedKilobits)
        }
        // A header that says much less than is there was written before the samples, or lies.
        let isBelievable = header.sampleBytes < rest && rest - header.sampleBytes <= max(256, min(65_536, rest / 8))
        return AudioLength(exactly: (isBelievable ? header.sampleBytes : rest) * 8000 / bits)
    }
}
