/// One JSON text (RFC 8259) that was checked from end to end, with the place of each of its values.
///
/// Nothing is decoded and nothing rewritten: values are decoded when they are asked for, and ``JSONWriter`` copies what
/// nobody changed as the bytes it was. Making one takes two allocations while the text is short.
///
/// What is accepted beyond doubt: a byte order mark is refused; a lone surrogate escape such as `\ud800` is allowed in
/// a value and refused in a name; `\u0000` is allowed; numbers of any length are.
public struct JSONDocument: Sendable {
    @usableFromInline let storage: JSONStorage

    /// Checks `bytes` and finds its values.
    ///
    /// - Throws: ``JSONFault`` for the first fault in the text.
    public init(_ bytes: [UInt8], limits: JSONLimits = .request) throws(JSONFault) {
        try self.init(bytes, limits: limits, omission: JSONOmission())
    }

    /// - Parameter omission: what was left out of the text.
    init(_ bytes: [UInt8], limits: JSONLimits, omission: JSONOmission) throws(JSONFault) {
        var reader = JSONReader(limits: limits)
        var tape: [JSONNode] = []
        do {
            try reader.read(bytes.span, onto: &tape)
        } catch {
            throw reader.fault(for: error, in: bytes, tape, omission)
        }
        storage = JSONStorage(bytes: bytes, tape: tape)
    }

    /// The text as it came.
    public var bytes: [UInt8] { storage.bytes }

    /// The value that the text is.
    @inlinable public var root: JSONValue { JSONValue(storage: storage, index: 0) }
}
