import Foundation
import RouterCore
import RouterStore

/// How the text of a setting becomes its value.
struct ValueType<Value: Sendable>: Sendable {
    /// For people and documentation: `whole number from 0 to 65535`.
    let name: String
    /// How the value stands in JSON.
    var shape = ValueShape.text
    /// A text as it may be shown: without a password.
    var shown: @Sendable (String) -> String = { $0 }
    let parse: @Sendable (String) throws(ValueFault) -> Value
}

enum ValueShape: Sendable { case text, number, bool, list }

extension ValueType<String> {
    static let text = ValueType(name: "text") { text throws(ValueFault) in
        guard !text.isEmpty else { throw ValueFault("must not be empty") }
        return text
    }

    /// US dollars or a factor: digits, perhaps a point and more digits.
    static let decimal = ValueType(name: "decimal number") { text throws(ValueFault) in
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 12 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
            )
        else {
            throw ValueFault("must be a decimal number, not \"\(text)\"", hint: "such as 1.00")
        }
        return text
    }

    static let webAddress = ValueType(name: "URL") { text throws(ValueFault) in try BaseURL(text).text }
}

extension ValueType<Markup> {
    /// A factor on prices. 0 is refused: it would make everything free.
    static let markup = ValueType(name: "decimal number above 0, at most 1000") { text throws(ValueFault) in
        guard let markup = Markup(text), markup != .zero else {
            throw ValueFault(
                "must be a factor above 0 and at most 1000, not \"\(text.prefix(40))\"",
                hint: "a decimal number with at most 6 digits after the point, such as 1.05")
        }
        return markup
    }
}

extension ValueType<Settings.Database> {
    /// `sqlite:PATH`, or a URI of libpq; whether that can be read is known when the database is opened, so that no
    /// message here can hold a piece of a password.
    static let database = ValueType(name: "sqlite:PATH or postgres://…", shown: withoutPassword) {
        text throws(ValueFault) in
        if PostgresStore.isAddress(text) { return .postgres(uri: Secret(text)) }
        guard text.hasPrefix("sqlite:") else {
            throw ValueFault(
                "is no database that routerd knows",
                hint: "write sqlite:PATH, such as sqlite:./data/routerd.db, or postgres://user:password@host:5432/name")
        }
        var path = text.dropFirst("sqlite:".count)
        if path.hasPrefix("///") { path = path.dropFirst(2) }
        guard !path.isEmpty else { throw ValueFault("needs a path after sqlite:") }
        guard !path.hasPrefix("//"), path != ":memory:" else {
            throw ValueFault(
                "must name a file", hint: "such as sqlite:./data/routerd.db or sqlite:/var/lib/routerd/routerd.db")
        }
        return .sqlite(path: String(path))
    }

    /// A URI up to its host, and nothing of what may hold a secret: `postgres://***@host:5432/name`.
    private static func withoutPassword(_ text: String) -> String {
        guard PostgresStore.isAddress(text), let slashes = text.range(of: "://") else { return text }
        var rest = text[slashes.upperBound...]
        var user = ""
        if let at = rest.lastIndex(of: "@") {
            user = "***@"
            rest = rest[rest.index(after: at)...]
        }
        let query = rest.contains("?") ? "?***" : ""
        return text[..<slashes.upperBound] + user + rest.prefix { $0 != "?" } + query
    }
}

extension ValueType<Secret> {
    /// What can stand in a header. The text is in no message.
    static let secret = ValueType(name: "secret") { text throws(ValueFault) in
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw ValueFault("must not be empty") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ValueFault(
                "holds a space or a letter that no key has", hint: "was it copied with something around it?")
        }
        return Secret(text)
    }
}

extension ValueType<Int> {
    static func whole(_ range: ClosedRange<Int>) -> ValueType {
        let name = "whole number from \(range.lowerBound) to \(range.upperBound)"
        return ValueType(name: name, shape: .number) { text throws(ValueFault) in
            guard let number = Int(text), range.contains(number) else {
                throw ValueFault("must be a \(name), not \"\(text)\"")
            }
            return number
        }
    }

    /// Megabytes of 1,048,576 bytes, at most 16 TiB of them. The value is bytes.
    static func megabytes(from least: Int) -> ValueType {
        let name = "whole number from \(least) to 16777216"
        return ValueType(name: name, shape: .number) { text throws(ValueFault) in
            guard let number = Int(text), number >= least, number <= 16_777_216 else {
                throw ValueFault("must be a \(name), not \"\(text)\"", hint: "megabytes")
            }
            return number * 1_048_576
        }
    }

    /// `60/min`: requests in any 60 seconds.
    static let rate = ValueType(name: "requests a minute, `N/min`") { text throws(ValueFault) in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 2 && ["min", "minute"].contains(parts[1]), let number = Int(parts[0]),
            (1...1_000_000).contains(number)
        else {
            throw ValueFault("must be requests a minute, not \"\(text)\"", hint: "such as 60/min; at most 1000000/min")
        }
        return number
    }
}

extension ValueType<Bool> {
    static let bool = ValueType(name: "true or false", shape: .bool) { text throws(ValueFault) in
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw ValueFault("must be true or false, not \"\(text)\"")
        }
    }
}

extension ValueType<Duration> {
    static func seconds(_ range: ClosedRange<Int>) -> ValueType {
        let name = "seconds from \(range.lowerBound) to \(range.upperBound)"
        return ValueType(name: name, shape: .number) { text throws(ValueFault) in
            guard let number = Double(text), number >= Double(range.lowerBound), number <= Double(range.upperBound)
            else {
                throw ValueFault("must be \(name), not \"\(text)\"", hint: "a number without a unit, such as 30 or 2.5")
            }
            return .milliseconds(Int64((number * 1000).rounded()))
        }
    }
}

extension ValueType<[String]> {
    /// Numbers of accounts; in one text with commas between them.
    static let accounts = ValueType(name: "list of account numbers", shape: .list) { text throws(ValueFault) in
        let numbers = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for number in numbers where Int64(number).map({ $0 < 1 }) ?? true {
            throw ValueFault("\"\(number)\" is no account", hint: "accounts are numbers from 1")
        }
        return numbers
    }

    /// Addresses and networks, such as `127.0.0.1` and `10.0.0.0/8`; in one text with commas between them.
    static let networks = ValueType(name: "list of addresses and networks", shape: .list) { text throws(ValueFault) in
        let networks = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for network in networks {
            let parts = network.split(separator: "/", omittingEmptySubsequences: false)
            let address = IPAddress(String(parts[0]))
            let bits = address.map { $0.bytes.count * 8 } ?? 0
            let isNetwork =
                parts.count == 1 || parts.count == 2 && Int(parts[1]).map { (0...bits).contains($0) } == true
            guard address != nil, isNetwork else {
                throw ValueFault("\"\(network)\" is no address and no network", hint: "such as 127.0.0.1 or 10.0.0.0/8")
            }
        }
        return networks
    }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static var choice: ValueType {
        let words = Value.allCases.map(\.rawValue)
        return ValueType(name: words.joined(separator: ", ")) { text throws(ValueFault) in
            guard let value = Value(rawValue: text.lowercased()) else {
                throw ValueFault("must be one of \(words.joined(separator: ", ")), not \"\(text)\"")
            }
            return value
        }
    }
}
