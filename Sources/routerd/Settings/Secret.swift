/// A text that may be used and never shown: an API key of a vendor, a password.
///
/// Everything that prints it prints `***`; who needs the text asks for ``revealed`` and so can be found by that name.
struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let revealed: String

    init(_ text: String) { revealed = text }

    var description: String { "***" }
    var debugDescription: String { "***" }
    var customMirror: Mirror { Mirror(self, children: []) }

    /// Enough to recognise it by: `…9f2A`; `***` when the text is too short for that to be safe.
    var ending: String { revealed.count >= 16 ? "…\(revealed.suffix(4))" : "***" }
}
