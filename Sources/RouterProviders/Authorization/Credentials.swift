/// A secret of one provider. Printing it shows `***`.
public struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// For the one place that puts it into a request.
    let secret: String

    /// - Parameter text: as the operator wrote it; space around it is removed.
    /// - Returns: `nil` when nothing is left, or it holds anything but visible ASCII: it could not stand in a header.
    public init?(_ text: String) {
        let bytes = text.utf8.drop { $0 <= 0x20 }
        guard let last = bytes.lastIndex(where: { $0 > 0x20 }) else { return nil }
        let trimmed = bytes[...last]
        guard trimmed.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        secret = String(Substring(trimmed))
    }

    public var description: String { "***" }
    public var debugDescription: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
