/// The one pass over a text: checks it and writes the tape.
///
/// Not recursive: the objects and arrays that are open are chained through their nodes, so that depth costs neither
/// stack nor an allocation. When the tape is full the pass stops before a value, and goes on with a larger one.
struct JSONReader {
    /// A fault before anyone asked for its path.
    struct Stop: Error {
        var kind: JSONFault.Kind
        var offset: Int
        /// In or instead of a value, not between two of them.
        var inValue: Bool
    }

    let limits: JSONLimits
    private(set) var tape: [JSONNode] = []
    /// The innermost object or array that is open.
    private(set) var open = JSONNode.none
    /// How many values of ``open`` are complete.
    private(set) var count = 0
    private var depth = 0
    private var values = 0
    private var at = 0

    init(limits: JSONLimits) {
        self.limits = limits
    }

    /// Reads all of `text`; afterwards ``tape`` is that of the document or, after a fault, what there was of it.
    mutating func read(_ text: Span<UInt8>) throws(Stop) {
        let bytesMax = min(limits.bytesMax, Int(UInt32.max))
        guard text.count <= bytesMax else { throw Stop(kind: .tooLarge, offset: max(bytesMax, 0), inValue: false) }
        Self.skipSpace(text, &at)
        guard at < text.count else { throw Stop(kind: .empty, offset: at, inValue: false) }
        // Enough for the texts we know; 1,024 hold the nodes of a long conversation.
        var capacity = min(text.count / 6 + 8, 1024)
        var end: Result<Bool, Stop>
        repeat {
            let before = tape
            var reader = self
            end = .success(false)
            tape = Array(capacity: capacity) { nodes in
                for index in before.indices { nodes.append(before[index]) }
                do throws(Stop) {
                    end = .success(try reader.read(text, &nodes))
                } catch {
                    end = .failure(error)
                }
            }
            (open, count, depth, values, at) = (reader.open, reader.count, reader.depth, reader.values, reader.at)
            capacity *= 4
        } while try !end.get()
    }

    /// Reads on from the value at ``at``.
    ///
    /// - Returns: whether the text is complete; if not, `nodes` is full.
    private mutating func read(_ text: Span<UInt8>, _ nodes: inout OutputSpan<JSONNode>) throws(Stop) -> Bool {
        var at = at
        var open = open
        var count = count
        var depth = depth
        var values = values
        defer { (self.at, self.open, self.count, self.depth, self.values) = (at, open, count, depth, values) }
        var isObject = open != JSONNode.none && nodes[Int(open)].kind == .object
        let valuesMax = min(limits.valuesMax, JSONNode.countMax)
        let refusesDuplicates = limits.duplicateNames == .refuse

        while true {
            // For this value and a name, its own first one or the next.
            guard nodes.freeCapacity >= 2 else { return false }
            guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: true) }
            guard values < valuesMax else { throw Stop(kind: .tooManyValues, offset: at, inValue: true) }
            values &+= 1
            let start = at
            var flag = false
            var ended = false
            let kind: JSONNode.Kind
            switch text[at] {
            case 0x22:
                kind = .string
                flag = try Self.skipString(text, &at, isName: false)
            case 0x7B, 0x5B:
                guard depth < limits.depthMax else { throw Stop(kind: .tooDeep, offset: at, inValue: true) }
                depth &+= 1
                if open != JSONNode.none { nodes[Int(open)].count = count }
                isObject = text[at] == 0x7B
                let index = UInt32(truncatingIfNeeded: nodes.count)
                nodes.append(JSONNode(isObject ? .object : .array, start: at, end: at, next: open))
                open = index
                count = 0
                at &+= 1
                Self.skipSpace(text, &at)
                if at < text.count, text[at] == (isObject ? 0x7D : 0x5D) {
                    ended = true
                    kind = .null
                    break
                }
                if isObject { try Self.readName(text, &at, &nodes) }
                continue
            case 0x2D, 0x30...0x39:
                kind = .number
                flag = try Self.skipNumber(text, &at)
            case 0x74:
                kind = .yes
                try Self.skip("true", text, &at)
            case 0x66:
                kind = .no
                try Self.skip("false", text, &at)
            case 0x6E:
                kind = .null
                try Self.skip("null", text, &at)
            default:
                throw Stop(kind: .unexpectedByte, offset: at, inValue: true)
            }
            if !ended {
                let next = UInt32(truncatingIfNeeded: nodes.count &+ 1)
                nodes.append(JSONNode(kind, start: start, end: at, next: next, flag: flag))
                count &+= 1
            }
            // What ends here, then the next value or the end of the text.
            while true {
                if !ended {
                    Self.skipSpace(text, &at)
                    guard open != JSONNode.none else {
                        guard at == text.count else { throw Stop(kind: .trailingBytes, offset: at, inValue: false) }
                        return true
                    }
                    guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: false) }
                    let byte = text[at]
                    if byte == 0x2C {
                        at &+= 1
                        Self.skipSpace(text, &at)
                        if isObject { try Self.readName(text, &at, &nodes) }
                        break
                    }
                    guard byte == (isObject ? 0x7D : 0x5D) else {
                        throw Stop(kind: .unexpectedByte, offset: at, inValue: false)
                    }
                }
                ended = false
                at &+= 1
                let index = Int(open)
                if count > 1, isObject, refusesDuplicates,
                    let second = JSONDuplicates.find(from: index &+ 1, count: count, in: nodes.span, text)
                {
                    throw Stop(kind: .duplicateName, offset: Int(nodes[second].start), inValue: false)
                }
                open = nodes[index].next
                nodes[index].close(end: at, next: nodes.count, count: count)
                depth &-= 1
                count = 1
                if open != JSONNode.none {
                    count &+= nodes[Int(open)].count
                    isObject = nodes[Int(open)].kind == .object
                }
            }
        }
    }

    /// A member's name, its colon and the space around.
    @inline(__always)
    private static func readName(
        _ text: Span<UInt8>, _ at: inout Int, _ nodes: inout OutputSpan<JSONNode>
    ) throws(Stop) {
        guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: false) }
        guard text[at] == 0x22 else { throw Stop(kind: .unexpectedByte, offset: at, inValue: false) }
        let start = at
        let escaped = try skipString(text, &at, isName: true)
        let next = UInt32(truncatingIfNeeded: nodes.count &+ 1)
        nodes.append(JSONNode(.string, start: start, end: at, next: next, flag: escaped))
        skipSpace(text, &at)
        guard at < text.count else { throw Stop(kind: .unexpectedEnd, offset: at, inValue: true) }
        guard text[at] == 0x3A else { throw Stop(kind: .unexpectedByte, offset: at, inValue: true) }
        at &+= 1
        skipSpace(text, &at)
    }
}
