/// Text that takes too long to be compared or hashed.
///
/// Swift compares strings by their canonical form: marks that follow one letter are brought into an order first, in a time
/// that grows with the square of their number. A megabyte of them would keep a thread for minutes.
///
/// Source: Unicode Standard Annex 15; the standard library's `_NormDataBuffer`.
extension String {
    /// No language has so many marks on a letter.
    static let marksMax = 256

    /// Whether more marks than that follow one letter, and are not in order.
    var isCostlyToCompare: Bool {
        guard utf8.count > Self.marksMax else { return false }
        var marks = 0
        var last: UInt8 = 0
        var isOrdered = true
        for scalar in unicodeScalars {
            let order = Self.order(of: scalar)
            guard order > 0 else {
                (marks, last, isOrdered) = (0, 0, true)
                continue
            }
            marks += 1
            if order < last { isOrdered = false }
            last = order
            if marks > Self.marksMax, !isOrdered { return true }
        }
        return false
    }

    /// A mark's combining class; 0 for a letter.
    private static func order(of scalar: Unicode.Scalar) -> UInt8 {
        switch scalar.value {
        // Most text has nothing else: it need not be looked up.
        case 0..<0x300, 0x370...0x482, 0x3100...0xA66E, 0xAC00...0xD7FF: 0
        default: scalar.properties.canonicalCombiningClass.rawValue
        }
    }
}

extension JSONReader {
    /// Whether the string of this content cannot be compared in time.
    @inline(never)
    static func isCostly(_ text: Span<UInt8>, _ content: Range<Int>) -> Bool {
        String(decoding: JSONEscapes.decoded(text, content), as: UTF8.self).isCostlyToCompare
    }
}
