// Looks at 16 or 32 bytes at a time. The loads in this file are the only unsafe ones of the JSON reader and writer:
// `RawSpan` checks their bounds, and any bits are a vector of bytes or an integer, so there is nothing that they could
// break. They are called unsafe because the library cannot know the latter of every type. Elsewhere a pointer lives
// only in the closure that hands it to the standard library.
//
// Comparisons are between two vectors whose type is written out: those of a vector with a scalar, or of a type that has
// to be inferred, are taken from the generic implementation, which goes byte by byte (Swift 6.3).

extension RawSpan {
    /// Where from `start` on the first byte is that a string does not simply consist of: a quote, a backslash, a
    /// control byte or, unless `plain` is true, a byte beyond ASCII; the end when there is none.
    @inline(__always)
    func firstSpecial(from start: Int, beyondASCIIIsPlain plain: Bool = false) -> Int {
        var at = start
        // Names and most values end here.
        if at <= byteCount &- 16 {
            let marks = specials(at, plain)
            if marks.x | marks.y != 0 { return at &+ Self.firstMarked(marks) }
            at &+= 16
        }
        while at <= byteCount &- 32 {
            let low = specials(at, plain)
            let high = specials(at &+ 16, plain)
            let both = low | high
            if both.x | both.y != 0 {
                return low.x | low.y != 0 ? at &+ Self.firstMarked(low) : at &+ 16 &+ Self.firstMarked(high)
            }
            at &+= 32
        }
        while at < byteCount {
            let byte = unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
            if byte < 0x20 || byte == 0x22 || byte == 0x5C || (byte >= 0x80 && !plain) { return at }
            at &+= 1
        }
        return at
    }

    /// Bytes of ones where the 16 bytes at `at` have something special.
    @inline(__always)
    private func specials(_ at: Int, _ plain: Bool) -> SIMD2<UInt64> {
        let bytes = unsafeLoadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
        let signed = unsafeBitCast(bytes, to: SIMD16<Int8>.self)
        let quotes: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: 0x22)
        let backslashes: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: 0x5C)
        // As signed numbers, bytes beyond ASCII are below 0x20 as well.
        let others: SIMDMask<SIMD16<Int8>> =
            plain ? bytes .< SIMD16<UInt8>(repeating: 0x20) : signed .< SIMD16<Int8>(repeating: 0x20)
        return unsafeBitCast(quotes .| backslashes .| others, to: SIMD2<UInt64>.self)
    }

    @inline(__always)
    private static func firstMarked(_ marks: SIMD2<UInt64>) -> Int {
        marks.x != 0
            ? marks.x.littleEndian.trailingZeroBitCount >> 3 : 8 &+ marks.y.littleEndian.trailingZeroBitCount >> 3
    }

    /// Four bytes from `at` on, the first in the lowest place.
    @inline(__always)
    func word(_ at: Int) -> UInt32 {
        UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    /// Whether the bytes at `range` are those of `other`.
    @inline(__always)
    func equals(_ range: Range<Int>, _ other: RawSpan) -> Bool {
        guard range.count == other.byteCount else { return false }
        return equals(range.lowerBound, other, 0, count: range.count)
    }

    /// Whether `count` bytes at `start` are those at `otherStart` of `other`.
    @inline(__always)
    func equals(_ start: Int, _ other: RawSpan, _ otherStart: Int, count: Int) -> Bool {
        func isSame<Word: FixedWidthInteger & BitwiseCopyable>(_ at: Int, _ word: Word.Type) -> Bool {
            unsafeLoadUnaligned(fromByteOffset: start &+ at, as: word)
                == other.unsafeLoadUnaligned(fromByteOffset: otherStart &+ at, as: word)
        }
        // The last piece overlaps the one before it.
        if count >= 8 {
            var at = 0
            while at < count &- 8 {
                guard isSame(at, UInt64.self) else { return false }
                at &+= 8
            }
            return isSame(count &- 8, UInt64.self)
        }
        if count >= 4 { return isSame(0, UInt32.self) && isSame(count &- 4, UInt32.self) }
        for at in 0..<count where !isSame(at, UInt8.self) { return false }
        return true
    }

    /// The standard library's hash, seeded for each process.
    func hash() -> Int {
        var hasher = Hasher()
        var at = 0
        while at <= byteCount &- 8 {
            hasher.combine(unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
            at &+= 8
        }
        var rest = UInt64(byteCount - at)
        while at < byteCount {
            rest = rest << 8 | UInt64(unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self))
            at &+= 1
        }
        hasher.combine(rest)
        return hasher.finalize()
    }
}
