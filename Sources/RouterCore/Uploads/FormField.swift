/// A field of a form that holds no file.
public struct FormField: Sendable, Hashable {
    /// Such as `model`, or `timestamp_granularities[]`.
    public var name: String
    /// As it came: text in UTF-8, mostly.
    public var value: [UInt8]
    /// What its part says of its type: a whole line, or nothing.
    public var typeLine: [UInt8]

    public init(_ name: String, _ value: [UInt8], typeLine: [UInt8] = []) {
        self.name = name
        self.value = value
        self.typeLine = typeLine
    }

    public init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

    public var text: String { String(decoding: value, as: UTF8.self) }

    /// Without what says that it may be there more than once.
    public var plainName: Substring { name.hasSuffix("[]") ? name.dropLast(2) : name[...] }

    /// The value where it is an object or a list in JSON; `nil` otherwise.
    var json: [UInt8]? {
        guard let first = value.first(where: { $0 > 0x20 }), [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first),
            (try? JSONDocument(value)) != nil
        else { return nil }
        return value
    }

    /// As a part of a form.
    func write(boundary: String, to bytes: inout [UInt8]) {
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"".utf8
        bytes += HeaderParameters.quoted(name)
        bytes += "\"\r\n".utf8
        bytes += typeLine
        bytes += "\r\n".utf8
        bytes += value
        bytes += "\r\n".utf8
    }
}
