import RouterCore
import Testing

/// Reads `text` with RouterCore and with the reference reader and expects the same of both: the same values, or the
/// same kind of fault at the same offset.
///
/// - Returns: whether both accepted it, for tests that count.
@discardableResult
func expectAgreement(
    _ text: [UInt8], limits: JSONLimits = .request, _ note: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) -> Bool {
    let expected = ReferenceReader.read(text, limits: limits)
    do throws(JSONFault) {
        let document = try JSONDocument(text, limits: limits)
        guard case .success(let value) = expected else {
            Issue.record("accepted, expected \(expected): \(shown(text)) \(note())", sourceLocation: sourceLocation)
            return false
        }
        // The comparison itself, without the macro that would describe both sides each time.
        if ReferenceValue(document.root) != value.repaired {
            Issue.record("read differently: \(shown(text)) \(note())", sourceLocation: sourceLocation)
        }
        return true
    } catch {
        if expected != .failure(.init(kind: error.kind, offset: error.offset)) {
            Issue.record(
                "\(error.kind) at \(error.offset), expected \(expected): \(shown(text)) \(note())",
                sourceLocation: sourceLocation)
        }
        return false
    }
}

/// A text of bytes so that it can be pasted into a test: what is not printable ASCII as `\u{..}`.
func shown(_ text: [UInt8]) -> String {
    let head = text.prefix(400).map { byte in
        byte >= 0x20 && byte < 0x7F ? String(Unicode.Scalar(byte)) : "\\u{\(String(byte, radix: 16))}"
    }
    return head.joined() + (text.count > 400 ? "… (\(text.count) bytes)" : "")
}
