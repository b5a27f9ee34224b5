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

    /// Reads all of `text` onto the empty `tape`; after a fault, what there was of it is there.
    mutating func read(_ text: Span<UInt8>, onto tape: inout [JSONNode]) throws(Stop) {
        let bytesMax = min(limits.bytesMax, Int(UInt32.max))
        guard text.count <= bytesMax else { throw Stop(kind: .tooLarge, offset: max(bytesMax, 0), inValue: false) }
        Self.skipSpace(text, &at)
        guard at < text.count else { throw Stop(kind: .empty, offset: at, inValue: false) }
        // Enough for the texts we know; 1,024 hold the nodes of a long conversation.
        var capacity = min(text.count / 6 + 8, 1024)
        tape.reserveCapacity(capacity)
        var stop: Stop?
        var isComplete = false
        tape.append(addingCapacity: capacity) { nodes in isComplete = run(text, &nodes, &stop) }
        while !isComplete, stop == nil {
            capacity *= 4
            var larger: [JSONNode] = []
            larger.reserveCapacity(capacity)
            larger.append(addingCapacity: capacity) { nodes in
                for index in tape.indices { nodes.append(tape[index]) }
                isComplete = run(text, &nodes, &stop)
            }
            tape = larger
        }
        if let stop { throw stop }
    }

    private func checkMarks(
        of string: StringEnd, in text: Span<UInt8>, at start: Int, isName: Bool
    ) throws(Stop) {
        guard limits.refusesCostlyText, string.end - start > String.marksMax,
            Self.isCostly(text, start + 1..<string.end - 1)
        else { return }
        throw Stop(kind: .costlyText, offset: start, inValue: !isName)
    }

    private mutating func run(_ text: Span<UInt8>, _ nodes: inout OutputSpan<JSONNode>, _ stop: inout Stop?) -> Bool {
        do throws(Stop) {
            return try read(text, &nodes)
        } catch {
            stop = error
            return false
        }
    }

    /// Reads on from the value or member at ``at``.
    ///
    /// - Returns: whether the text is complete; if not, `nodes` is full.
    private mutating func read(_ text: Span<UInt8>, _ nodes: inout OutputSpan<JSONNode>) throws(Stop) -> Bool {
        var (at, open, count, depth, values) = (at, open, count, depth, values)
        defer { (self.at, self.open, self.count, self.depth, self.values) = (at, open, count, depth, values) }
        var isObject = open != JSONNode.none && nodes[Int(open)].kind == .object
        let valuesMax = min(limits.valuesMax, JSONNode.countMax)
        let refusesDuplicates = limits.duplicateNames == .refuse

        while true {
            // For a name and its value.
            guard nodes.freeCapacity >= 2 else { return false }
            if isObject {
                guard text.peek(at) == 0x22 else { throw Self.unexpected(text, at, inValue: false) }
                let name = try Self.string(text, at: at, isName: true)
                if name.mayHaveMarks { try checkMarks(of: name, in: text, at: at, isName: true) }
                nodes.append(string: name, from: at)
                at = name.end
                Self.skipSpace(text, &at)
                guard text.peek(at) == 0x3A else { throw Self.unexpected(text, at, inValue: true) }
                at &+= 1
                Self.skipSpace(text, &at)
            }
            guard values < valuesMax || at >= text.count else {
                throw Stop(kind: .tooManyValues, offset: at, inValue: true)
            }
            values &+= 1
            let byte = text.peek(at)
            var isEmpty = false
            if byte == 0x22 {
                let string = try Self.string(text, at: at, isName: false)
                if string.mayHaveMarks { try checkMarks(of: string, in: text, at: at, isName: false) }
                nodes.append(string: string, from: at)
                at = string.end
                count &+= 1
            } else if byte == 0x7B || byte == 0x5B {
                guard depth < limits.depthMax else { throw Stop(kind: .tooDeep, offset: at, inValue: true) }
                depth &+= 1
                if open != JSONNode.none { nodes[Int(open)].count = count }
                isObject = byte == 0x7B
                let index = UInt32(truncatingIfNeeded: nodes.count)
                nodes.append(JSONNode(isObject ? .object : .array, start: at, end: at, next: open))
                open = index
                count = 0
                at &+= 1
                Self.skipSpace(text, &at)
                isEmpty = text.peek(at) == (isObject ? 0x7D : 0x5D)
                guard isEmpty else { continue }
            } else {
                let next = UInt32(truncatingIfNeeded: nodes.count &+ 1)
                let scalar = try Self.scalar(text, at: at)
                nodes.append(JSONNode(scalar.kind, start: at, end: scalar.end, next: next, flag: scalar.flag))
                at = scalar.end
                count &+= 1
            }
            // What ends here, then the next value or the end of the text.
            while true {
                Self.skipSpace(text, &at)
                guard open != JSONNode.none else {
                    guard at == text.count else { throw Stop(kind: .trailingBytes, offset: at, inValue: false) }
                    return true
                }
                let byte = text.peek(at)
                if byte == 0x2C, !isEmpty {
                    at &+= 1
                    Self.skipSpace(text, &at)
                    break
                }
                guard byte == (isObject ? 0x7D : 0x5D) else { throw Self.unexpected(text, at, inValue: false) }
                isEmpty = false
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
}

extension OutputSpan<JSONNode> {
    @inline(__always)
    fileprivate mutating func append(string: JSONReader.StringEnd, from start: Int) {
        let next = UInt32(truncatingIfNeeded: count &+ 1)
        append(JSONNode(.string, start: start, end: string.end, next: next, flag: string.isEscaped))
    }
}
