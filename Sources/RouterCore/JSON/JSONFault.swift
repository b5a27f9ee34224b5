/// What is wrong with a JSON text, and where.
public struct JSONFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The rules that a text can break.
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// No value: no bytes, or only white space.
        case empty
        /// More bytes than ``JSONLimits/bytesMax``.
        case tooLarge
        /// Deeper than ``JSONLimits/depthMax``.
        case tooDeep
        /// More values than ``JSONLimits/valuesMax``.
        case tooManyValues
        /// Bytes in a string that are not UTF-8.
        case invalidUTF8
        /// A byte that cannot stand where it stands.
        case unexpectedByte
        /// The text ends inside a value.
        case unexpectedEnd
        /// A number that JSON does not write so, such as `01` or `1.`.
        case invalidNumber
        /// A backslash with something JSON does not know; in a name also half of a surrogate pair.
        case invalidEscape
        /// A byte below 0x20 in a string.
        case controlCharacter
        /// Something after the value.
        case trailingBytes
        /// Hundreds of marks on one letter, in disorder: nobody can compare such a text in time.
        case costlyText
        /// A second member of the same name in an object, where that is refused.
        case duplicateName
    }

    /// Which rule was broken.
    public var kind: Kind
    /// Bytes from the start of the text to what is wrong: the byte itself, the backslash of an escape, the first byte
    /// of a character that is not UTF-8, the quote of the second name; the length of the text when it ended too soon.
    public var offset: Int
    /// The value in which, or instead of which, the fault stands: `messages[1].content`; empty for the root.
    ///
    /// Names that are not plain words are written as `["a name"]`; long ones and long paths are cut.
    public var path: String
    /// A sentence for a client: what is wrong, where.
    public var message: String

    /// The same as ``message``.
    public var description: String { message }
}

extension JSONFault {
    /// - Parameter byte: what stands at `offset`, if anything does.
    init(_ kind: Kind, offset: Int, path: String, byte: UInt8?, limits: JSONLimits) {
        self.kind = kind
        self.offset = offset
        self.path = path
        let place = path.isEmpty ? "at byte \(offset)" : "at byte \(offset), in \(path)"
        let notJSON = "The body is not valid JSON: "
        message =
            switch kind {
            case .empty: "The body is empty; a JSON value was expected."
            case .tooLarge: "The body is larger than \(limits.bytesMax) bytes."
            case .tooDeep: "The body has more than \(limits.depthMax) objects and arrays inside each other \(place)."
            case .tooManyValues: "The body has more than \(limits.valuesMax) values \(place)."
            case .invalidUTF8: notJSON + "a string is not UTF-8 \(place)."
            case .unexpectedByte where offset == 0 && byte == 0xEF: notJSON + "it begins with a byte order mark."
            case .unexpectedByte: notJSON + "unexpected \(Self.name(of: byte)) \(place)."
            case .unexpectedEnd: notJSON + "it ends too soon \(place)."
            case .invalidNumber: notJSON + "a number is written wrongly \(place)."
            case .invalidEscape: notJSON + "an escape in a string is not valid \(place)."
            case .controlCharacter: notJSON + "a string has an unescaped control character \(place)."
            case .trailingBytes: notJSON + "something follows the value \(place)."
            case .costlyText: "The body has a text with more than \(String.marksMax) marks on one letter \(place)."
            case .duplicateName: "The body has two members of the same name \(place)."
            }
    }

    private static func name(of byte: UInt8?) -> String {
        guard let byte else { return "end" }
        return byte > 0x20 && byte < 0x7F
            ? "`\(Character(Unicode.Scalar(byte)))`" : "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
