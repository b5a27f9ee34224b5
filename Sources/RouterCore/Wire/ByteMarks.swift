// Sixteen bytes that are looked at at once, each a byte of ones or of zeros. What is cast here is only read in another way:
// a mask is stored as such bytes, and any bits are two numbers.

extension SIMD16<UInt8> {
    /// Bytes of ones where `mask` is true.
    @inline(__always)
    init(marking mask: SIMDMask<SIMD16<Int8>>) { self = unsafeBitCast(mask, to: Self.self) }

    /// Whether any is marked.
    @inline(__always)
    var isMarked: Bool {
        let halves = unsafeBitCast(self, to: SIMD2<UInt64>.self)
        return halves.x | halves.y != 0
    }
}
