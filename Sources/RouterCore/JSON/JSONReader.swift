/// The one pass over a text: checks it and writes the tape.
///
/// Not recursive: the objects and arrays that are open are chained through their nodes, so that depth costs neither
/// stack nor an allocation.
struct JSONReader {
    /// A fault before anyone asked for its path.
    struct Stop: Error {
        var kind: JSONFault.Kind
        var offset: Int
        /// In or instead of a value, not between two of them.
        var inValue: Bool
    }

    private(set) var tape: [JSONNode] = []
    let limits: JSONLimits
    /// The innermost object or array that is open.
    private(set) var open = JSONNode.none
    /// How many values of ``open`` are complete.
    private(set) var count = 0
    private var depth = 0
    private var values = 0

    init(limits: JSONLimits) {
        self.limits = limits
    }

    mutating func read(_ text: Span<UInt8>) throws(Stop) {
        guard text.count <= min(limits.bytesMax, Int(UInt32.max)) else {
            throw Stop(kind: .tooLarge, offset: min(limits.bytesMax, Int(UInt32.max)), inValue: false)
        }
        // At least two bytes for each node, a name or value and its comma; beyond that, growing is cheap enough.
        tape.reserveCapacity(min(text.count / 2 + 1, 1024))
        var at = 0
        Self.skipSpace(text, &at)
        guard at < text.count else { throw Stop(kind: .empty, offset: at, inValue: false) }
        while true {
            try readValue(text, &at)
            // After a value: close what ends here, then go to the next value, or be done.
            while true {
                Self.skipSpace(text, &at)
                guard open != JSONNode.none else {
                    guard at == text.count else { throw Stop(kind: .trailingBytes, offset: at, inValue: false) }
                    return
                }
                guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: false) }
                let isObject = tape[Int(open)].kind == .object
                let byte = text[at]
                if byte == 0x2C {
                    at += 1
                    Self.skipSpace(text, &at)
                    if isObject { try readName(text, &at) }
                    break
                }
                guard byte == (isObject ? 0x7D : 0x5D) else {
                    throw Stop(kind: .unexpectedByte, offset: at, inValue: false)
                }
                at += 1
                try close(text, at)
            }
        }
    }

    /// One value, or the beginning of an object or array up to its first value.
    private mutating func readValue(_ text: Span<UInt8>, _ at: inout Int) throws(Stop) {
        while true {
            guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: true) }
            values += 1
            guard values <= min(limits.valuesMax, JSONNode.countMax) else {
                throw Stop(kind: .tooManyValues, offset: at, inValue: true)
            }
            let start = at
            switch text[at] {
            case 0x22:
                let escaped = try Self.skipString(text, &at, isName: false)
                append(.string, start, at, flag: escaped)
            case 0x7B, 0x5B:
                let isObject = text[at] == 0x7B
                depth += 1
                guard depth <= limits.depthMax else { throw Stop(kind: .tooDeep, offset: at, inValue: true) }
                if open != JSONNode.none { tape[Int(open)].count = count }
                let index = UInt32(truncatingIfNeeded: tape.count)
                tape.append(JSONNode(isObject ? .object : .array, start: start, end: start, next: open))
                open = index
                count = 0
                at += 1
                Self.skipSpace(text, &at)
                if at < text.count, text[at] == (isObject ? 0x7D : 0x5D) {
                    at += 1
                    try close(text, at)
                    return
                }
                if isObject { try readName(text, &at) }
                continue
            case 0x2D, 0x30...0x39:
                let flag = try Self.skipNumber(text, &at)
                append(.number, start, at, flag: flag)
            case 0x74:
                try Self.skip("true", text, &at)
                append(.yes, start, at)
            case 0x66:
                try Self.skip("false", text, &at)
                append(.no, start, at)
            case 0x6E:
                try Self.skip("null", text, &at)
                append(.null, start, at)
            default:
                throw Stop(kind: .unexpectedByte, offset: at, inValue: true)
            }
            count += 1
            return
        }
    }

    private mutating func append(_ kind: JSONNode.Kind, _ start: Int, _ end: Int, flag: Bool = false) {
        let next = UInt32(truncatingIfNeeded: tape.count + 1)
        tape.append(JSONNode(kind, start: start, end: end, next: next, flag: flag))
    }

    /// A member's name, its colon and the space around.
    private mutating func readName(_ text: Span<UInt8>, _ at: inout Int) throws(Stop) {
        guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: false) }
        guard text[at] == 0x22 else { throw Stop(kind: .unexpectedByte, offset: at, inValue: false) }
        let start = at
        let escaped = try Self.skipString(text, &at, isName: true)
        append(.string, start, at, flag: escaped)
        Self.skipSpace(text, &at)
        guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: true) }
        guard text[at] == 0x3A else { throw Stop(kind: .unexpectedByte, offset: at, inValue: true) }
        at += 1
        Self.skipSpace(text, &at)
    }

    /// Ends the innermost object or array; it is one more value of the one that holds it.
    private mutating func close(_ text: Span<UInt8>, _ end: Int) throws(Stop) {
        let index = Int(open)
        let isObject = tape[index].kind == .object
        let members = count
        if isObject, limits.duplicateNames == .refuse,
            let second = JSONDuplicates.find(from: index + 1, count: members, in: tape, text)
        {
            throw Stop(kind: .duplicateName, offset: Int(tape[second].start), inValue: false)
        }
        open = tape[index].next
        tape[index].end = UInt32(truncatingIfNeeded: end)
        tape[index].next = UInt32(truncatingIfNeeded: tape.count)
        tape[index].count = members
        depth -= 1
        count = open == JSONNode.none ? 1 : tape[Int(open)].count + 1
    }
}
