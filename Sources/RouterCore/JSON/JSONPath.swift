/// Writes where in a document something stands: `messages[1].content`.
enum JSONPath {
    /// Characters of a name that are shown.
    static let nameCharactersMax = 64
    /// Steps of a path that are shown; from a longer one its first and last half of that many.
    static let stepsMax = 16

    enum Step {
        case name(JSONNode)
        case index(Int)
    }

    static func text(_ steps: [Step], in bytes: [UInt8]) -> String {
        var path = ""
        for (position, step) in steps.enumerated() {
            if steps.count > stepsMax, position >= stepsMax / 2, position < steps.count - stepsMax / 2 {
                if position == stepsMax / 2 { path += "…" }
                continue
            }
            switch step {
            case .index(let index): path += "[\(index)]"
            case .name(let node):
                append(String(decoding: JSONEscapes.decoded(bytes.span, node.content), as: UTF8.self), to: &path)
            }
        }
        return path
    }

    private static func append(_ name: String, to path: inout String) {
        let isWord =
            name.unicodeScalars.first.map { $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") } == true
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || scalar == "_" || scalar == "-" || "0"..."9" ~= scalar)
            }
        let shown = name.unicodeScalars.prefix(nameCharactersMax)
        let rest = shown.endIndex == name.unicodeScalars.endIndex ? "" : "…"
        if isWord {
            if !path.isEmpty { path += "." }
            path.unicodeScalars.append(contentsOf: shown)
            path += rest
            return
        }
        path += "[\""
        for scalar in shown {
            switch scalar {
            case "\"", "\\": path += "\\\(scalar)"
            case _ where scalar.properties.generalCategory.isShown: path.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                path += "\\u{\(digits)}"
            }
        }
        path += rest + "\"]"
    }
}

extension Unicode.GeneralCategory {
    /// Whether a character of this kind can be printed in a line without changing how the rest of it reads.
    fileprivate var isShown: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

extension JSONReader {
    /// The first fault of a text in which reading stopped at `stop`, with its path.
    ///
    /// Equal names are looked for when an object ends, so that what stopped the reader may not be the first fault.
    func fault(
        for stop: Stop, in bytes: [UInt8], _ tape: [JSONNode], _ omission: JSONOmission
    ) -> JSONFault {
        var kind = stop.kind
        var offset = stop.offset
        var object = open
        var last: JSONPath.Step?
        if open != JSONNode.none, stop.inValue {
            last = tape[Int(open)].kind == .array ? .index(count) : tape.last.map { .name($0) }
        }
        if limits.duplicateNames == .refuse {
            var outer = open
            while outer != JSONNode.none {
                if let index = duplicate(in: outer, tape, bytes.span), Int(tape[index].start) <= offset {
                    kind = .duplicateName
                    offset = Int(tape[index].start)
                    object = outer
                    last = .name(tape[index])
                }
                outer = tape[Int(outer)].next
            }
        }
        var steps = last.map { [$0] } ?? []
        while object != JSONNode.none, tape[Int(object)].next != JSONNode.none {
            let outer = tape[Int(object)].next
            let isArray = tape[Int(outer)].kind == .array
            steps.append(isArray ? .index(tape[Int(outer)].count) : .name(tape[Int(object) - 1]))
            object = outer
        }
        return JSONFault(
            kind, offset: omission.original(offset), path: JSONPath.text(steps.reversed(), in: bytes),
            byte: offset < bytes.count ? bytes[offset] : nil, limits: limits)
    }

    /// The first repeated name of an open object.
    private func duplicate(in object: UInt32, _ tape: [JSONNode], _ text: Span<UInt8>) -> Int? {
        guard tape[Int(object)].kind == .object else { return nil }
        var count = object == open ? count : tape[Int(object)].count
        // The name whose value was not complete.
        if object != open || (tape.count > Int(object) + 1 && hasOpenName(tape)) { count += 1 }
        return JSONDuplicates.find(from: Int(object) + 1, count: count, in: tape.span, text)
    }

    /// Whether the last node is the name of a member of ``open`` that has no value yet.
    private func hasOpenName(_ tape: [JSONNode]) -> Bool {
        var index = Int(open) + 1
        for _ in 0..<count { index = Int(tape[index + 1].next) }
        return index < tape.count
    }
}
