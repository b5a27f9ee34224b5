import RouterCore

/// What a parameter or a column can hold.
///
/// There is no case for a fraction: money, prices and times are integers here.
enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    /// Without U+0000, which PostgreSQL cannot store and at which SQLite's interface for C ends.
    case text(String)
    case bytes([UInt8])

    init(_ number: Int) { self = .integer(Int64(number)) }

    init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }

    /// What a driver says to a text that it cannot keep.
    static let nulRefused = StoreError(.incompatible, "Text with U+0000 cannot be stored or looked for")
}
