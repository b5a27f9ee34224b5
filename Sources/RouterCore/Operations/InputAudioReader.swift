/// Takes the sound out of a request in JSON while that comes: what stands in `input_audio.data` is decoded and handed on,
/// everything else is kept as the text it is, with an empty string where the sound was.
///
/// Knows of JSON only what that takes. Who reads the text afterwards finds whatever else is wrong with it.
public struct InputAudioReader {
    private enum Place {
        case betweenStrings
        /// - Parameter start: of the string in ``text``, with its quote.
        case string(start: Int, isEscaped: Bool)
        case sound(Escape)
    }

    /// What of an escape came.
    private enum Escape {
        case none, backslash
        case unicode(digits: Int, value: UInt32)
    }

    /// So much may stand beside the sound.
    static let textBytesMax = 48 * 1024

    private let bytesMax: Int
    private(set) var text: [UInt8] = []
    private(set) var omission = JSONOmission()
    /// Bytes that came before those that are read now.
    private var position = 0
    private var place = Place.betweenStrings
    private var depth = 0
    /// The last string that ended, without its quotes: the name of what follows a colon.
    private var lastString = 0..<0
    /// The value that comes next is that of `input_audio`, or of its `data`.
    private var isInputAudioNext = false
    private var isDataNext = false
    private var isInInputAudio = false
    private var decoder = Base64Decoder()
    private var soundByteCount = 0
    /// Whether there was a string for the sound.
    private(set) var hasSound = false

    /// - Parameter bytesMax: of the sound.
    public init(bytesMax: Int = InputAudio.bytesMax) { self.bytesMax = bytesMax }

    /// Reads on.
    ///
    /// - Returns: what is new of the sound.
    /// - Throws: ``APIError`` for what is no Base64, or too large.
    public mutating func read(_ bytes: Span<UInt8>) throws(APIError) -> [UInt8] {
        var sound: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if case .sound(let escape) = place {
                at = try readSound(bytes, from: at, escape, to: &sound)
            } else {
                at = readText(bytes, from: at)
            }
        }
        position += bytes.count
        guard text.count <= Self.textBytesMax else {
            throw APIError(
                .payloadTooLarge,
                (hasSound ? "Beside" : "Without") + " the sound in `input_audio.data` the body may have at most "
                    + "\(Self.textBytesMax >> 10) KiB" + (hasSound ? ": send more of it in a form." : "."))
        }
        soundByteCount += sound.count
        guard soundByteCount <= bytesMax else { throw InputAudio.tooLarge(bytesMax) }
        return sound
    }

    // MARK: What stands beside the sound

    /// - Returns: behind what it read: all, or as much as comes before the sound.
    private mutating func readText(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            text.append(byte)
            at += 1
            switch place {
            case .string(let start, true): place = .string(start: start, isEscaped: false)
            case .string(let start, false):
                if byte == UInt8(ascii: "\\") {
                    place = .string(start: start, isEscaped: true)
                } else if byte == UInt8(ascii: "\"") {
                    lastString = start..<text.count - 1
                    place = .betweenStrings
                }
            case .betweenStrings: if beginsSound(with: byte) { return at }
            case .sound: return at
            }
        }
        return at
    }

    /// A byte between two strings.
    ///
    /// - Returns: whether the sound comes behind it.
    private mutating func beginsSound(with byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""):
            guard isDataNext, depth == 2, !hasSound else {
                place = .string(start: text.count, isEscaped: false)
                return false
            }
            place = .sound(.none)
            hasSound = true
            isDataNext = false
            omission.start = text.count
            return true
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            if depth == 1 { isInInputAudio = isInputAudioNext && byte == UInt8(ascii: "{") }
            depth += 1
            (isInputAudioNext, isDataNext) = (false, false)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
        case UInt8(ascii: ":"):
            if depth == 1 { isInputAudioNext = isLast("input_audio") }
            if depth == 2 { isDataNext = isInInputAudio && isLast("data") }
            lastString = 0..<0  // Colons alone are to cost nothing.
        case UInt8(ascii: ","):
            (isInputAudioNext, isDataNext) = (false, false)
        default: break
        }
        return false
    }

    /// Whether the last string says `name`.
    private func isLast(_ name: StaticString) -> Bool {
        // The longest way to write a letter is six bytes.
        guard (name.utf8CodeUnitCount...name.utf8CodeUnitCount * 6).contains(lastString.count) else { return false }
        let written = text[lastString]
        guard written.contains(UInt8(ascii: "\\")) else { return name.withUTF8Buffer { written.elementsEqual($0) } }
        return (try? JSONDocument([0x22] + written + [0x22]))?.root.equals(name) ?? false
    }

    // MARK: The sound

    /// - Returns: behind what it read.
    private mutating func readSound(
        _ bytes: Span<UInt8>, from start: Int, _ escape: Escape, to sound: inout [UInt8]
    ) throws(APIError) -> Int {
        switch escape {
        case .none:
            let end = bytes.bytes.firstSpecial(from: start, beyondASCIIIsPlain: true)
            omission.count += end - start
            try decode(bytes.extracting(start..<end), to: &sound)
            guard end < bytes.count else { return end }
            if bytes[end] == UInt8(ascii: "\\") {
                place = .sound(.backslash)
                omission.count += 1
            } else if bytes[end] == UInt8(ascii: "\"") {
                guard decoder.end(addingTo: &sound) else { throw InputAudio.notBase64 }
                text.append(UInt8(ascii: "\""))
                place = .betweenStrings
            } else {
                throw fault(.controlCharacter, at: position + end, bytes[end])
            }
            return end + 1
        case .backslash: try readEscape(bytes[start], at: position + start, to: &sound)
        case .unicode(let digits, let value):
            guard let digit = JSONEscapes.hexadecimal(bytes[start]) else {
                throw fault(.invalidEscape, at: position + start - digits - 2, bytes[start])
            }
            let value = value << 4 | digit
            if digits < 3 {
                place = .sound(.unicode(digits: digits + 1, value: value))
            } else {
                guard let letter = UInt8(exactly: value) else { throw InputAudio.notBase64 }
                try decode([letter].span, to: &sound)
                place = .sound(.none)
            }
        }
        omission.count += 1
        return start + 1
    }

    /// What follows a backslash: some libraries escape the slash.
    private mutating func readEscape(_ byte: UInt8, at offset: Int, to sound: inout [UInt8]) throws(APIError) {
        place = .sound(.none)
        switch byte {
        case UInt8(ascii: "/"): try decode([byte].span, to: &sound)
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): break  // White space.
        case UInt8(ascii: "u"): place = .sound(.unicode(digits: 0, value: 0))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "b"), UInt8(ascii: "f"): throw InputAudio.notBase64
        default: throw fault(.invalidEscape, at: offset - 1, byte)
        }
    }

    private mutating func decode(_ letters: Span<UInt8>, to sound: inout [UInt8]) throws(APIError) {
        guard decoder.add(letters, to: &sound) else { throw InputAudio.notBase64 }
    }

    // MARK: Errors

    private func fault(_ kind: JSONFault.Kind, at offset: Int, _ byte: UInt8) -> APIError {
        APIError(JSONFault(kind, offset: offset, path: InputAudio.dataPath, byte: byte, limits: .request))
    }
}
