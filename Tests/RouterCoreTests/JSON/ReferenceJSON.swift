import RouterCore

/// What a JSON text means, decoded; what the documents of RouterCore are compared with.
indirect enum ReferenceValue: Equatable {
    case null
    case bool(Bool)
    /// As written.
    case number(String)
    /// UTF-16, so that comparing does not depend on how Swift compares strings.
    case string([UInt16])
    case array([ReferenceValue])
    case object([Member])

    struct Member: Equatable {
        var name: [UInt16]
        var value: ReferenceValue
    }
}

/// A JSON reader as one would write it without a thought for speed: one byte after the other, one function for each
/// rule of RFC 8259, recursive. It shares no code with RouterCore.
struct ReferenceReader {
    struct Fault: Error, Equatable {
        var kind: JSONFault.Kind
        var offset: Int
    }

    let text: [UInt8]
    let limits: JSONLimits
    private var at = 0
    private var depth = 0
    private var values = 0

    static func read(_ text: [UInt8], limits: JSONLimits = .request) -> Result<ReferenceValue, Fault> {
        var reader = ReferenceReader(text: text, limits: limits)
        return Result { () throws(Fault) in try reader.document() }
    }

    private init(text: [UInt8], limits: JSONLimits) {
        self.text = text
        self.limits = limits
    }

    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func document() throws(Fault) -> ReferenceValue {
        if text.count > limits.bytesMax { throw Fault(kind: .tooLarge, offset: limits.bytesMax) }
        space()
        if next == nil { throw Fault(kind: .empty, offset: at) }
        let value = try value()
        space()
        if next != nil { throw Fault(kind: .trailingBytes, offset: at) }
        return value
    }

    private mutating func space() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
    }

    private mutating func value() throws(Fault) -> ReferenceValue {
        guard let byte = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
        values += 1
        if values > limits.valuesMax { throw Fault(kind: .tooManyValues, offset: at) }
        switch Character(Unicode.Scalar(byte)) {
        case "\"": return .string(try string(isName: false))
        case "{": return try nested { reader throws(Fault) in try reader.object() }
        case "[": return try nested { reader throws(Fault) in try reader.array() }
        case "t":
            try word("true")
            return .bool(true)
        case "f":
            try word("false")
            return .bool(false)
        case "n":
            try word("null")
            return .null
        case "-", "0"..."9": return .number(try number())
        default: throw Fault(kind: .unexpectedByte, offset: at)
        }
    }

    private mutating func nested(
        _ read: (inout ReferenceReader) throws(Fault) -> ReferenceValue
    ) throws(Fault) -> ReferenceValue {
        depth += 1
        if depth > limits.depthMax { throw Fault(kind: .tooDeep, offset: at) }
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func array() throws(Fault) -> ReferenceValue {
        var elements: [ReferenceValue] = []
        at += 1
        space()
        if next == 0x5D {
            at += 1
            return .array([])
        }
        while true {
            elements.append(try value())
            if try isLast(closing: 0x5D) { return .array(elements) }
        }
    }

    private mutating func object() throws(Fault) -> ReferenceValue {
        var members: [ReferenceValue.Member] = []
        var names: Set<[UInt16]> = []
        at += 1
        space()
        if next == 0x7D {
            at += 1
            return .object([])
        }
        while true {
            let start = at
            guard let byte = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
            if byte != 0x22 { throw Fault(kind: .unexpectedByte, offset: at) }
            let name = try string(isName: true)
            if !names.insert(name).inserted, limits.duplicateNames == .refuse {
                throw Fault(kind: .duplicateName, offset: start)
            }
            space()
            guard let colon = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
            if colon != 0x3A { throw Fault(kind: .unexpectedByte, offset: at) }
            at += 1
            space()
            members.append(.init(name: name, value: try value()))
            if try isLast(closing: 0x7D) { return .object(members) }
        }
    }

    /// After a member or element: past the comma, or past the end.
    private mutating func isLast(closing bracket: UInt8) throws(Fault) -> Bool {
        space()
        guard let byte = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
        if byte != bracket && byte != 0x2C { throw Fault(kind: .unexpectedByte, offset: at) }
        at += 1
        if byte == 0x2C { space() }
        return byte == bracket
    }

    private mutating func word(_ word: String) throws(Fault) {
        for expected in word.utf8 {
            guard let byte = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
            if byte != expected { throw Fault(kind: .unexpectedByte, offset: at) }
            at += 1
        }
    }

    private mutating func number() throws(Fault) -> String {
        let start = at
        if next == 0x2D { at += 1 }
        if next == 0x30 {
            at += 1
            if let byte = next, (0x30...0x39).contains(byte) { throw Fault(kind: .invalidNumber, offset: at) }
        } else {
            try digits()
        }
        if next == 0x2E {
            at += 1
            try digits()
        }
        if next == 0x45 || next == 0x65 {
            at += 1
            if next == 0x2B || next == 0x2D { at += 1 }
            try digits()
        }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private mutating func digits() throws(Fault) {
        let start = at
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        if at == start { throw Fault(kind: next == nil ? .unexpectedEnd : .invalidNumber, offset: at) }
    }

    private mutating func string(isName: Bool) throws(Fault) -> [UInt16] {
        var units: [UInt16] = []
        at += 1
        while true {
            guard let byte = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
            switch byte {
            case 0x22:
                at += 1
                return units
            case 0x5C:
                let start = at
                let unit = try escape()
                units.append(unit)
                guard isName, (0xD800...0xDFFF).contains(unit) else { continue }
                // A name is only allowed whole pairs.
                guard unit < 0xDC00, next == 0x5C, at + 1 < text.count, text[at + 1] == 0x75 else {
                    throw Fault(kind: .invalidEscape, offset: start)
                }
                let second = try escape()
                guard (0xDC00...0xDFFF).contains(second) else { throw Fault(kind: .invalidEscape, offset: start) }
                units.append(second)
            case 0..<0x20:
                throw Fault(kind: .controlCharacter, offset: at)
            default:
                units.append(contentsOf: try scalar().utf16)
            }
        }
    }

    private mutating func escape() throws(Fault) -> UInt16 {
        let start = at
        at += 1
        guard let byte = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
        at += 1
        switch Character(Unicode.Scalar(byte)) {
        case "\"", "\\", "/": return UInt16(byte)
        case "b": return 8
        case "f": return 12
        case "n": return 10
        case "r": return 13
        case "t": return 9
        case "u":
            var unit: UInt16 = 0
            for _ in 0..<4 {
                guard let byte = next else { throw Fault(kind: .unexpectedEnd, offset: at) }
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                    throw Fault(kind: .invalidEscape, offset: start)
                }
                unit = unit * 16 + UInt16(digit)
                at += 1
            }
            return unit
        default: throw Fault(kind: .invalidEscape, offset: start)
        }
    }

    /// One character: as many bytes as the first says, and written in no more bytes than it needs.
    private mutating func scalar() throws(Fault) -> Unicode.Scalar {
        let start = at
        let first = text[at]
        let length =
            first < 0x80 ? 1 : first >> 5 == 0b110 ? 2 : first >> 4 == 0b1110 ? 3 : first >> 3 == 0b11110 ? 4 : 0
        guard length > 0, start + length <= text.count else { throw Fault(kind: .invalidUTF8, offset: start) }
        var value = length == 1 ? UInt32(first) : UInt32(first) & (0x7F >> UInt32(length))
        for byte in text[start + 1..<start + length] {
            guard byte >> 6 == 0b10 else { throw Fault(kind: .invalidUTF8, offset: start) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard let scalar = Unicode.Scalar(value), UTF8.width(scalar) == length else {
            throw Fault(kind: .invalidUTF8, offset: start)
        }
        at += length
        return scalar
    }
}

extension ReferenceValue {
    /// What a document's view of a value says, decoded through every accessor that applies.
    init(_ value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .bool: self = value.bool.map { .bool($0) } ?? .null
        case .number: self = .number(String(decoding: value.text, as: UTF8.self))
        case .string: self = value.string.map { .string(Array($0.utf16)) } ?? .null
        case .array: self = .array(value.elements.map { ReferenceValue($0) })
        case .object:
            self = .object(
                value.members.map { .init(name: Array($0.name.string.utf16), value: ReferenceValue($0.value)) })
        }
    }

    /// With every half of a surrogate pair replaced as a decoded string has it.
    var repaired: ReferenceValue {
        switch self {
        case .string(let units): .string(Array(String(decoding: units, as: UTF16.self).utf16))
        case .array(let elements): .array(elements.map(\.repaired))
        case .object(let members): .object(members.map { .init(name: $0.name, value: $0.value.repaired) })
        default: self
        }
    }
}
