/// A configuration file as text, for showing the line that is meant.
struct SourceFile: Sendable, Hashable {
    /// As the operator named it.
    let name: String
    private let lines: [Substring]

    init(name: String, text: String) {
        self.name = name
        lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    }

    /// A place in a file: line and column, counted from 1; a column is a Unicode scalar.
    struct Place: Sendable, Hashable {
        var line: Int
        var column: Int
        /// Columns that belong to it.
        var length = 1
    }

    /// The line of a place and the one above it, as they are shown: without secrets.
    struct Excerpt: Sendable, Hashable {
        let file: String
        let line: Int
        let column: Int
        fileprivate let length: Int
        fileprivate let above: String?
        fileprivate let source: String

        /// ```
        ///   13 | defaults: { rate_limit: 60/min }
        ///   14 | provders:
        ///      | ^^^^^^^^ did you mean "providers"?
        /// ```
        func text(hint: String?) -> [String] {
            let width = max(4, "\(line)".count + 2)
            func gutter(_ number: String) -> String {
                String(repeating: " ", count: width - number.count) + number + " | "
            }
            let pad = String(repeating: " ", count: max(0, column - 1))
            let carets = String(repeating: "^", count: max(1, length))
            return (above.map { [gutter("\(line - 1)") + $0] } ?? [])
                + [gutter("\(line)") + source, gutter("") + pad + carets + (hint.map { " \($0)" } ?? "")]
        }
    }

    func excerpt(at place: Place) -> Excerpt {
        let line = min(max(1, place.line), max(1, lines.count))
        let source = shown(line)
        let above = line > 1 ? shown(line - 1) : nil
        let room = max(1, source.unicodeScalars.count - place.column + 1)
        return Excerpt(
            file: name, line: line, column: place.column, length: min(place.length, room),
            above: above?.allSatisfy(\.isWhitespace) == false ? above : nil, source: source)
    }

    private static let columnsMax = 160

    private func shown(_ number: Int) -> String {
        guard lines.indices.contains(number - 1) else { return "" }
        var line = Self.masked(String(lines[number - 1]))
        line = String(
            String.UnicodeScalarView(line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
        return line.count > Self.columnsMax ? line.prefix(Self.columnsMax) + "…" : line
    }

    /// The line with a `*` for each letter of what may be a secret: the value of a key of that name, a password in a URL,
    /// and any long word of letters and digits.
    private static func masked(_ line: String) -> String {
        var letters = Array(line.unicodeScalars)
        func mask(_ range: Range<Int>) { for index in range { letters[index] = "*" } }
        let words = letters.split { !isWord($0) }
        for word in words where word.count >= 20 && word.contains(where: { "0"..."9" ~= $0 }) && !word.contains("/") {
            mask(word.startIndex..<word.endIndex)
        }
        for word in words {
            let name = String(String.UnicodeScalarView(word)).lowercased()
            guard
                ["key", "keys", "secret", "token", "password"].contains(where: {
                    name == $0 || name.hasSuffix("_\($0)")
                }),
                letters[word.endIndex...].first == ":"
            else { continue }
            // Up to the end of the value: a comma or brace of a flow mapping, a comment, or the line.
            let start = letters[(word.endIndex + 1)...].firstIndex { $0 != " " } ?? letters.endIndex
            let ends: [Unicode.Scalar] = letters[start...].first == "[" ? ["]"] : [",", "}", "#"]
            let end = letters[start...].firstIndex { ends.contains($0) } ?? letters.endIndex
            if letters[start..<end].first != "$" { mask(start..<end) }
        }
        if let at = letters.lastIndex(of: "@"), let slashes = letters[..<at].lastIndex(of: "/") {
            mask(slashes + 1..<at)
        }
        return String(String.UnicodeScalarView(letters))
    }

    private static func isWord(_ letter: Unicode.Scalar) -> Bool {
        letter.properties.isAlphabetic || "0"..."9" ~= letter || letter == "_" || letter == "-"
    }
}
