/// What the first block of a FLAC file says, and where its sound begins. Source: RFC 9639, sections 8.1 and 8.2.
struct FLACContents: AudioContents {
    private var walk = HeaderWalk()
    private var info: (rate: Int, bits: Int, samples: Int)?
    /// Bytes of blocks that hold no sound: tags, pictures, room for more.
    private var blockBytes = 0

    mutating func add(_ bytes: Span<UInt8>) {
        walk.append(bytes)
        while let head = walk.next(blockBytes == 0 ? 42 : 4) {
            // The first block stands behind four letters.
            let block = blockBytes == 0 ? head.dropFirst(4) : head
            if blockBytes == 0 { info = Self.info(block) }
            let size = 4 + Int(block.big(1, 3))
            blockBytes += size
            walk.advance(size + head.count - block.count)
            if info == nil || block[from: 0] & 0x80 != 0 { walk.advance(AudioLength.most) }
        }
        walk.keepRest()
    }

    /// - Parameter block: with its header.
    /// - Returns: samples a second, bits of one in all channels, and how many there are, 0 for nobody knows; `nil` when
    ///   it is no such block.
    static func info(_ block: ArraySlice<UInt8>) -> (rate: Int, bits: Int, samples: Int)? {
        let numbers = block.big(14, 8)
        let (rate, samples) = (Int(numbers >> 44), Int(numbers & 0xF_FFFF_FFFF))
        let (channels, bits) = (Int(numbers >> 41 & 7) + 1, Int(numbers >> 36 & 31) + 1)
        guard block[from: 0] & 0x7F == 0, block.big(1, 3) == 34, (1000...655_350).contains(rate), bits >= 4 else {
            return nil
        }
        return (rate, channels * bits, samples)
    }

    func length(ofBytes total: Int) -> AudioLength {
        guard let info else { return AudioLength(bytes: total, at: 64...4608) }
        let sound = AudioLength.soundBytes(of: total, without: blockBytes)
        // At most as large as its samples, at best nearly nothing of silence.
        let plain = min(max(2, info.rate * info.bits / 1000), 9216)
        let length =
            info.samples > 0
            ? AudioLength(exactly: info.samples * 1000 / info.rate)
            : AudioLength(bytes: sound, at: max(1, plain / 8)...plain)
        return length.within(sound, at: min(2, plain)...plain + plain / 8)
    }
}
