import RouterCore

/// The tool calls of one choice while they come in piece by piece.
///
/// The vendor's index is not trusted: a new id is a new call, a piece without an id belongs to the last call with its
/// index. Id, type and name go out once; arguments are always text, and never missing at the end.
struct OpenAICalls: Sendable {
    private struct Call: Sendable {
        var id: String
        /// The vendor's index.
        var index: Int?
        var isCustom: Bool
        var hasName: Bool
        var hasArguments: Bool
    }

    private var calls: [Call] = []
    /// Calls of one choice that are kept apart.
    private static let callsMax = 1024

    var isEmpty: Bool { calls.isEmpty }
    var count: Int { calls.count }

    /// Reads the `tool_calls` of a delta and writes what is new as `tool_calls`; nothing when there is nothing new.
    ///
    /// - Parameter origin: what no other answer has in common with this one, to make ids of where there are none.
    mutating func write(
        _ pieces: JSONValue, origin: String, shape: OpenAIAnswerShape, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        var list = JSONWriter(capacity: pieces.text.count + 32)
        list.beginArray()
        for piece in pieces.elements where piece.kind == .object {
            try write(call: piece, origin: origin, shape: shape, to: &list)
        }
        list.endArray()
        guard list.bytes.count > 2 else { return }
        writer.name("tool_calls")
        writer.raw(list.bytes)
    }

    /// `tool_calls` with empty objects as arguments for all calls that came without any; `nil` when there is none.
    func missingArguments() -> [UInt8]? {
        guard calls.contains(where: { !$0.hasArguments && !$0.isCustom }) else { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("tool_calls")
        writer.beginArray()
        for (index, call) in calls.enumerated() where !call.hasArguments && !call.isCustom {
            writer.beginObject()
            writer.member("index", index)
            writer.name("function")
            writer.beginObject()
            writer.member("arguments", "{}")
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private mutating func write(
        call piece: JSONValue, origin: String, shape: OpenAIAnswerShape, to writer: inout JSONWriter
    ) throws(UpstreamFailure) {
        let custom = piece["custom"].flatMap { $0.kind == .object ? $0 : nil }
        let function = custom ?? piece["function"]
        let name = function?["name"]?.nonEmptyString
        let arguments = function?[custom == nil ? "arguments" : "input"].flatMap(Self.argumentText)
        let (place, isNew) = try place(of: piece, hasName: name != nil, isCustom: custom != nil, origin: origin)
        let saysName = name != nil && !calls[place].hasName
        guard isNew || saysName || arguments != nil else { return }
        if name != nil { calls[place].hasName = true }
        if arguments != nil { calls[place].hasArguments = true }

        writer.beginObject()
        writer.member("index", place)
        if isNew {
            writer.member("id", calls[place].id)
            writer.member("type", custom == nil ? "function" : "custom")
        }
        writer.name(custom == nil ? "function" : "custom")
        writer.beginObject()
        if isNew || saysName { writer.member("name", name ?? "") }
        if let arguments {
            writer.name(custom == nil ? "arguments" : "input")
            writer.raw(arguments)
        } else if isNew {
            writer.member(custom == nil ? "arguments" : "input", "")
        }
        writer.endObject()
        for member in piece.members where shape.shows(member, of: piece) {
            switch member.name {
            case "index", "id", "type", "function", "custom": break
            default: writer.copy(member)
            }
        }
        writer.endObject()
    }

    /// Which call a piece belongs to, and whether it is the first of it.
    private mutating func place(
        of piece: JSONValue, hasName: Bool, isCustom: Bool, origin: String
    ) throws(UpstreamFailure) -> (Int, isNew: Bool) {
        let index = piece["index"]?.integer
        let id = piece["id"]?.nonEmptyString
        let known =
            if let id {
                calls.firstIndex { $0.id == id }
            } else if let index {
                calls.lastIndex { $0.index == index }
            } else {
                // With neither id nor index only a name tells that another call begins.
                hasName && calls.last?.hasName == true ? nil : calls.indices.last
            }
        if let known { return (known, false) }
        guard calls.count < Self.callsMax else {
            throw UpstreamFailure(.broken, "The provider's answer has more than \(Self.callsMax) tool calls.")
        }
        calls.append(
            Call(
                id: id ?? Self.newID(origin: origin, place: calls.count), index: index, isCustom: isCustom,
                hasName: false, hasArguments: false))
        return (calls.count - 1, true)
    }

    /// An id for a call that came without one: the same for the same answer, and no other answer's.
    static func newID(origin: String, place: Int) -> String {
        "call_" + CallID.letters(22, from: "\(origin)/\(place)")
    }

    /// Arguments as a JSON string, also when the vendor sent them as an object; `nil` for none.
    static func argumentText(_ arguments: JSONValue) -> [UInt8]? {
        switch arguments.kind {
        case .string: return arguments.isText ? Array(arguments.text) : nil
        case .object, .array:
            var writer = JSONWriter()
            writer.string(String(decoding: arguments.text, as: UTF8.self))
            return writer.bytes
        case .null, .bool, .number: return nil
        }
    }
}
