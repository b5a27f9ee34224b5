/// The checksum of journal records. Source: RFC 3720, appendix B.4 (Castagnoli's polynomial).
enum CRC32C {
    /// Of `bytes`, four tables deep.
    static func sum(_ bytes: Span<UInt8>) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        var index = 0
        let tables = tables.span
        while index + 4 <= bytes.count {
            remainder ^=
                UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
                | UInt32(bytes[index + 3]) << 24
            remainder =
                tables[768 + Int(remainder & 0xFF)] ^ tables[512 + Int(remainder >> 8 & 0xFF)]
                ^ tables[256 + Int(remainder >> 16 & 0xFF)] ^ tables[Int(remainder >> 24)]
            index += 4
        }
        while index < bytes.count {
            remainder = remainder >> 8 ^ tables[Int((remainder ^ UInt32(bytes[index])) & 0xFF)]
            index += 1
        }
        return ~remainder
    }

    /// Four tables of 256 entries: what a byte does to the remainder 0 to 3 bytes later.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 1024)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1 }
            tables[byte] = remainder
        }
        for byte in 0..<256 {
            for depth in 1..<4 {
                let before = tables[(depth - 1) * 256 + byte]
                tables[depth * 256 + byte] = before >> 8 ^ tables[Int(before & 0xFF)]
            }
        }
        return tables
    }()
}
