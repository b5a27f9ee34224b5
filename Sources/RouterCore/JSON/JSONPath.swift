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
    /// The fault that `stop` is, with the path of the value it was met in.
    func fault(for stop: Stop, in bytes: [UInt8]) -> JSONFault {
        var steps: [JSONPath.Step] = []
        if open != JSONNode.none, stop.inValue {
            if tape[Int(open)].kind == .array {
                steps.append(.index(count))
            } else if let name = tape.last {
                steps.append(.name(name))
            }
        }
        var inner = open
        while inner != JSONNode.none {
            let outer = tape[Int(inner)].next
            if outer != JSONNode.none {
                let isArray = tape[Int(outer)].kind == .array
                steps.append(isArray ? .index(tape[Int(outer)].count) : .name(tape[Int(inner) - 1]))
            }
            inner = outer
        }
        let byte = stop.offset < bytes.count ? bytes[stop.offset] : nil
        return JSONFault(
            stop.kind, offset: stop.offset, path: JSONPath.text(steps.reversed(), in: bytes), byte: byte, limits: limits
        )
    }
}
