/// What people call a thing of theirs, such as a key: short, and nothing that changes how a terminal or a page shows it.
public enum PlainName {
    /// A letter may be made of many code points, so that both are bounded.
    public static let charactersMax = 100
    public static let bytesMax = 400

    /// What a name must be, for messages.
    public static let rule = "1 to 100 characters (400 bytes), none of them a control character"

    public static func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= bytesMax && name.count <= charactersMax && isPlain(name)
    }

    /// Whether nothing in it is a control character, a line break or a mark that turns the direction of writing.
    public static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy(isPlain)
    }

    static func isPlain(_ letter: Unicode.Scalar) -> Bool {
        // Most letters are these, and asking for properties takes longer.
        if (0x20..<0x7F).contains(letter.value) { return true }
        switch letter.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        default: return !(0x202A...0x202E).contains(letter.value) && !(0x2066...0x2069).contains(letter.value)
        }
    }
}
