public import RouterCore

/// Compares JSON by value with number spelling kept: order and white space do not count, but for strings.
public struct FixtureComparison {
    /// What may differ.
    public enum Side: Sendable {
        /// A request to a vendor: nothing.
        case vendorRequest
        /// An answer to a client: `id` and `created` have a form instead of a value, `provider` is ours, and the vendor's
        /// own word for the end may stand beside ours.
        case publicAnswer
        /// An answer to a client that has images: as the others, and with OpenRouter's members beside OpenAI's.
        case publicImages
        /// An error to a client: what we say beyond the example is fine.
        case publicError
    }

    private let side: Side
    public private(set) var differences: [String] = []

    /// What differs, a line each; empty when nothing does.
    public static func differences(_ expected: JSONValue?, _ actual: JSONValue?, side: Side) -> [String] {
        var comparison = FixtureComparison(side: side)
        comparison.compare(expected, actual, at: "")
        return comparison.differences
    }

    private init(side: Side) { self.side = side }

    private mutating func compare(_ expected: JSONValue?, _ actual: JSONValue?, at path: String) {
        guard !isFree(path, expected, actual) else { return }
        guard let expected, let actual else {
            differences.append(expected == nil ? "\(path): not expected" : "\(path): missing")
            return
        }
        guard expected.kind == actual.kind else {
            differences.append("\(path): \(Self.text(actual)) instead of \(Self.text(expected))")
            return
        }
        switch expected.kind {
        case .object:
            let names = Set(expected.members.map(\.name.string)).union(actual.members.map(\.name.string))
            for name in names.sorted() { compare(expected[name], actual[name], at: "\(path).\(name)") }
        case .array:
            let (wanted, got) = (Array(expected.elements), Array(actual.elements))
            for index in 0..<max(wanted.count, got.count) {
                compare(
                    index < wanted.count ? wanted[index] : nil, index < got.count ? got[index] : nil,
                    at: "\(path)[\(index)]")
            }
        case .string:
            if path.hasSuffix(".function.arguments"), let wanted = Self.json(expected.string) {
                compare(wanted, Self.json(actual.string), at: path + ".")
            } else if expected.string != actual.string {
                differences.append("\(path): \(Self.text(actual)) instead of \(Self.text(expected))")
            }
        case .number, .bool, .null:
            if Array(expected.text) != Array(actual.text) {
                differences.append("\(path): \(Self.text(actual)) instead of \(Self.text(expected))")
            }
        }
    }

    /// Whether the rules leave this place open and what stands there keeps to them.
    private func isFree(_ path: String, _ expected: JSONValue?, _ actual: JSONValue?) -> Bool {
        // Parts of the usage that are zero may be there or not.
        if path.contains("_details."), Self.isZeroOrAbsent(expected), Self.isZeroOrAbsent(actual) { return true }
        switch side {
        case .vendorRequest: return false
        case .publicImages where expected == nil:
            if path.hasSuffix("].media_type") { return actual?.string?.hasPrefix("image/") == true }
            return [
                ".id", ".model", ".provider", ".output_format", ".usage", ".usage.prompt_tokens",
                ".usage.completion_tokens",
                ".usage.cost",
            ].contains(path)
        case .publicAnswer, .publicImages:
            switch path {
            case ".id": return actual?.string?.hasPrefix("gen-") == true
            case ".created": return actual?.integer != nil
            case ".provider": return expected == nil && actual?.string?.isEmpty == false
            // What it costs is not the vendor's to say.
            case ".usage.cost", ".usage.cost_details", ".usage.is_byok": return expected == nil && actual != nil
            default: return expected == nil && path.hasSuffix("].native_finish_reason") && actual?.kind == .string
            }
        case .publicError: return expected == nil
        }
    }

    private static func isZeroOrAbsent(_ value: JSONValue?) -> Bool { value == nil || value?.integer == 0 }

    static func json(_ text: String?) -> JSONValue? {
        text.flatMap { text in (try? JSONDocument(Array(text.utf8), limits: .response))?.root }
    }

    private static func text(_ value: JSONValue) -> String { String(decoding: value.text.prefix(200), as: UTF8.self) }

    /// The same text for values that the rules call equal.
    static func canonical(_ value: JSONValue) -> String {
        switch value.kind {
        case .object:
            "{"
                + value.members.map { "\($0.name.string.debugDescription):\(canonical($0.value))" }.sorted()
                .joined(separator: ",") + "}"
        case .array: "[" + value.elements.map(canonical).joined(separator: ",") + "]"
        case .string: (value.string ?? "").debugDescription
        case .number, .bool, .null: text(value)
        }
    }
}
