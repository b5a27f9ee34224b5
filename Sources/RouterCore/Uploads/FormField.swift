/// A field of a form that holds no file.
public struct FormField: Sendable, Hashable {
    /// Such as `model`, or `timestamp_granularities[]`.
    public var name: String
    /// As it came: text in UTF-8, mostly.
    public var value: [UInt8]
    /// What its part says of its type: a whole line, or nothing.
    public var typeLine: [UInt8]
    /// Where the value is in what the form's content keeps, if it is too long for memory; ``value`` is empty then.
    public var kept: Range<Int>?

    public init(_ name: String, _ value: [UInt8], typeLine: [UInt8] = []) {
        self.name = name
        self.value = value
        self.typeLine = typeLine
    }

    public init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

    public var text: String { String(decoding: value, as: UTF8.self) }

    /// Without what says that it may be there more than once: `[]`, which some libraries write twice.
    public var plainName: Substring {
        var plain = name[...]
        while plain.count > 2, plain.hasSuffix("[]") { plain = plain.dropLast(2) }
        return plain
    }

    /// What decides who is to have it: `provider` of `provider[only][]`.
    public var rootName: Substring { Self.rootName(of: name) }

    /// The first word of a name, however it goes on: `provider` of `provider[only][]`, and of `provider.zdr` and
    /// `[provider]`, which some servers read so too.
    public static func rootName(of name: String) -> Substring {
        let (open, close, point) = (UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "."))
        let start = name.utf8.drop { $0 == open || $0 == close }
        let root = start.prefix { $0 != open && $0 != close && $0 != point }
        return name[root.startIndex..<root.endIndex]
    }

    /// The value where it is an object or a list in JSON; `nil` otherwise.
    var json: [UInt8]? {
        guard let first = value.first(where: { $0 > 0x20 }), [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first),
            (try? JSONDocument(value)) != nil
        else { return nil }
        return value
    }

    /// As a part of a form.
    func write(boundary: String, to bytes: inout [UInt8]) {
        writeHead(boundary: boundary, to: &bytes)
        bytes += value
        bytes += "\r\n".utf8
    }

    /// What stands before the value.
    func writeHead(boundary: String, to bytes: inout [UInt8]) {
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"".utf8
        bytes += HeaderParameters.quoted(name)
        bytes += "\"\r\n".utf8
        bytes += typeLine
        bytes += "\r\n".utf8
    }
}
