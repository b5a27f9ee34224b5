/// `${NAME}` and `${NAME:-default}` in the configuration.
///
/// Braces end a plain word inside `{ }` and `[ ]` of YAML, so ``hidden(_:)`` replaces the signs of a reference by letters
/// without a meaning before the text is parsed, one for one, so that columns stay; ``expanded(_:with:)`` reads those.
/// Values are put in after parsing: what a variable holds is never YAML.
enum VariableReferences {
    // Of the private use area, which YAML lets through.
    private static let dollar: Unicode.Scalar = "\u{E000}"
    private static let open: Unicode.Scalar = "\u{E001}"
    private static let close: Unicode.Scalar = "\u{E002}"

    /// The text of a file with its references hidden. A `$` before a reference makes it plain text: `$${NAME}`.
    static func hidden(_ text: String) -> String {
        var letters = Array(text.unicodeScalars)
        var index = 0
        while index + 2 < letters.count {
            defer { index += 1 }
            guard letters[index] == "$", letters[index + 1] == "{", isNameStart(letters[index + 2]),
                let end = letters[index...].prefix(while: { $0 != "\n" && $0 != "\r" }).firstIndex(of: "}")
            else { continue }
            letters[index] = dollar
            letters[index + 1] = open
            letters[end] = close
            index = end
        }
        return String(String.UnicodeScalarView(letters))
    }

    /// The text as it stood in the file.
    static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0 == dollar ? "$" : $0 == open ? "{" : $0 == close ? "}" : $0 }))
    }

    /// A scalar of a hidden text with the values of its references.
    static func expanded(_ text: String, with environment: Environment) throws(ValueFault) -> String {
        guard text.unicodeScalars.contains(dollar) else { return text }
        var result = ""
        var rest = text.unicodeScalars[...]
        while let start = rest.firstIndex(of: dollar) {
            result.unicodeScalars += rest[..<start]
            let inside = rest[start...].dropFirst(2).prefix { $0 != close }
            rest = rest[inside.endIndex...].dropFirst()
            if result.hasSuffix("$") {
                result += "{\(String(inside))}"
            } else {
                result += try value(of: String(inside), with: environment)
            }
        }
        result.unicodeScalars += rest
        return result
    }

    private static func value(of reference: String, with environment: Environment) throws(ValueFault) -> String {
        let name = String(
            String.UnicodeScalarView(reference.unicodeScalars.prefix { isNameStart($0) || "0"..."9" ~= $0 }))
        let rest = reference.dropFirst(name.count)
        guard rest.isEmpty || rest.hasPrefix(":-") else {
            throw ValueFault(
                "\"${\(reference)}\" is no reference to a variable", hint: "write ${NAME} or ${NAME:-default}")
        }
        do throws(ConfigurationFault) {
            if let value = try environment.value(name) { return value.text }
        } catch {
            throw ValueFault(error.message, hint: error.hint)
        }
        guard rest.isEmpty else { return String(rest.dropFirst(2)) }
        throw ValueFault(
            "the environment variable \(name) is not set", hint: "set it, or give a default: ${\(name):-…}")
    }

    private static func isNameStart(_ letter: Unicode.Scalar) -> Bool {
        letter.isASCII && (letter.properties.isAlphabetic || letter == "_")
    }
}
