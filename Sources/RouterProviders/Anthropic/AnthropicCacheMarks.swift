import RouterCore

/// Where the prompt cache may be cut: marks that clients put on parts, messages and tools.
///
/// The vendor takes four and refuses the request with a fifth. A mark is a hint, so the first ones are left out: a later
/// one covers what stands before it too.
struct AnthropicCacheMarks {
    private static let marksMax = 4

    /// A mark in the vendor's words.
    enum Mark {
        case own(JSONValue)
        /// The newer form of OpenAI's, which knows no kinds.
        case ephemeral
    }

    /// Marks still to be left out.
    private var surplus: Int

    /// Counts the marks of a request.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `refused` for one that is no object.
    init(of root: JSONValue) throws(UpstreamFailure) {
        var count = 0
        if let whole = root["cache_control"], !whole.isNull { count += try Self.check(.own(whole)) }
        if let tools = root["tools"] {
            for tool in tools.elements { count += try Self.check(Self.mark(ofTool: tool)) }
        }
        if let messages = root["messages"] {
            for message in messages.elements {
                count += try Self.check(Self.mark(of: message))
                guard let content = message["content"], content.kind == .array else { continue }
                for part in content.elements { count += try Self.check(Self.mark(of: part)) }
            }
        }
        surplus = max(0, count - Self.marksMax)
    }

    /// The mark on a part or message.
    static func mark(of value: JSONValue) -> Mark? {
        if let mark = value["cache_control"], !mark.isNull { return .own(mark) }
        if let mark = value["prompt_cache_breakpoint"], !mark.isNull { return .ephemeral }
        return nil
    }

    /// The mark on a tool or on its function.
    static func mark(ofTool tool: JSONValue) -> Mark? { mark(of: tool) ?? tool["function"].flatMap { mark(of: $0) } }

    private static func check(_ mark: Mark?) throws(UpstreamFailure) -> Int {
        guard let mark else { return 0 }
        if case .own(let value) = mark, value.kind != .object {
            throw .refused(value, "must be an object such as {\"type\":\"ephemeral\"}")
        }
        return 1
    }

    /// Whether `mark` is one to write; each is asked for once, in the order of the prompt.
    private mutating func takes() -> Bool {
        guard surplus > 0 else { return true }
        surplus -= 1
        return false
    }

    /// Writes `cache_control` into the block or tool that is being written.
    mutating func write(_ mark: Mark?, to writer: inout JSONWriter) {
        guard let mark, takes() else { return }
        switch mark {
        case .own(let value):
            writer.member("cache_control", value)
        case .ephemeral:
            writer.name("cache_control")
            writer.beginObject()
            writer.member("type", "ephemeral")
            writer.endObject()
        }
    }
}
