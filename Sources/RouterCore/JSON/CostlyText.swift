/// Text that takes too long to be compared or hashed.
///
/// Swift compares strings by their canonical form: marks that follow one letter are brought into an order first, in a time
/// that grows with the square of their number. A megabyte of them would keep a thread for minutes.
///
/// Source: Unicode Standard Annex 15; the standard library's `_NormDataBuffer`.
extension String {
    /// Shorter text is never costly.
    private static let bytesMin = 256
    /// No language has so many marks on a letter.
    private static let marksMax = 128

    var isCostlyToCompare: Bool {
        var text = self
        guard text.utf8.count > Self.bytesMin else { return false }
        // The first letter that can be a mark, U+0300, begins with this byte.
        guard text.withUTF8({ bytes in bytes.contains { $0 >= 0xCC } }) else { return false }
        var marks = 0
        for scalar in unicodeScalars {
            guard scalar.value >= 0x300, scalar.properties.canonicalCombiningClass != .notReordered else {
                marks = 0
                continue
            }
            marks += 1
            if marks > Self.marksMax { return true }
        }
        return false
    }
}
