// Bytes that are looked at where they are, and copied only where they are kept.

extension Array<UInt8> {
    /// A copy.
    public init(_ bytes: Span<UInt8>) { self = bytes.withUnsafeBufferPointer { Array($0) } }

    /// Adds a copy.
    public static func += (array: inout [UInt8], bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { array.append(contentsOf: $0) }
    }
}
