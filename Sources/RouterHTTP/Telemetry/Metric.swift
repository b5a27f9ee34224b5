/// One number of this server, or several that labels tell apart, as Prometheus reads it.
///
/// Source: Prometheus documentation, "Exposition formats", text-based format 0.0.4.
public struct Metric: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        /// Only ever grows; a restart begins at 0.
        case counter
        case gauge
    }

    /// Such as `routerd_requests_total`.
    public var name: String
    /// For people: one line without a backslash.
    public var help: String
    public var kind: Kind
    /// The name of the one label; `nil` for a metric with one value.
    public var label: String?
    public var values: [(label: String, value: Int)]

    public init(_ kind: Kind, _ name: String, _ value: Int, _ help: String) {
        (self.kind, self.name, self.help) = (kind, name, help)
        values = [("", value)]
    }

    /// - Parameter values: by label, whose letters need no escaping.
    public init(_ kind: Kind, _ name: String, by label: String, _ values: [(String, Int)], _ help: String) {
        (self.kind, self.name, self.help, self.label) = (kind, name, help, label)
        self.values = values.map { (label: $0.0, value: $0.1) }
    }

    public static func == (one: Metric, other: Metric) -> Bool { one.text == other.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// Its lines.
    var text: String {
        var text = "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for (value, number) in values {
            text += label.map { "\(name){\($0)=\"\(value)\"} \(number)\n" } ?? "\(name) \(number)\n"
        }
        return text
    }
}
