import RouterCore

/// The entry of libFuzzer: reads the bytes as a client's and as a vendor's text, compares with the reference reader of
/// the tests, and writes back what was read. Any difference traps, which is what libFuzzer looks for.
///
/// Built and run by `scripts/fuzz`, together with `ReferenceJSON.swift` of the tests.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: start, count: count))
    // Small enough that a short text can reach them.
    let tight = JSONLimits(bytesMax: 2_000, depthMax: 5, valuesMax: 20, duplicateNames: .refuse)
    for limits in [JSONLimits.request, .response, tight] { check(text, limits) }
    return 0
}

private func check(_ text: [UInt8], _ limits: JSONLimits) {
    let expected = ReferenceReader.read(text, limits: limits)
    do throws(JSONFault) {
        let document = try JSONDocument(text, limits: limits)
        guard case .success(let value) = expected else { fatalError("accepted, expected \(expected)") }
        guard ReferenceValue(document.root) == value.repaired else { fatalError("read differently") }
        visit(document.root)
        rewrite(document, value.repaired)
    } catch {
        guard expected == .failure(.init(kind: error.kind, offset: error.offset)) else {
            fatalError("\(error.kind) at \(error.offset), expected \(expected)")
        }
        guard error.path.utf8.count < 20_000, error.message.utf8.count < 21_000 else { fatalError("a long path") }
    }
}

/// Whatever can be asked of a value can be asked of every value.
private func visit(_ value: JSONValue) {
    _ = (value.bool, value.string, value.integer, value.double, value.isNull, value.equals("model"), value["a"])
    guard value.path.utf8.count < 20_000 else { fatalError("a long path") }
    var count = 0
    for element in value.elements {
        visit(element)
        count += 1
    }
    for member in value.members {
        visit(member.value)
        guard let found = value[member.name.string] else { fatalError("a member is not found") }
        _ = found
        count += 1
    }
    guard value.count == count else { fatalError("a wrong count") }
}

/// What is written from what was read has the same values.
private func rewrite(_ document: JSONDocument, _ value: ReferenceValue) {
    let most = JSONLimits(bytesMax: .max, depthMax: .max, valuesMax: .max, duplicateNames: .lastWins)
    var copied = JSONWriter()
    copied.copy(document.root)
    var rebuilt = JSONWriter()
    rebuild(document.root, &rebuilt)
    for bytes in [copied.bytes, rebuilt.bytes] {
        guard let again = try? JSONDocument(bytes, limits: most), ReferenceValue(again.root) == value else {
            fatalError("written differently")
        }
    }
}

private func rebuild(_ value: JSONValue, _ writer: inout JSONWriter) {
    switch value.kind {
    case .null: writer.null()
    case .bool: writer.bool(value.bool ?? false)
    case .number:
        if let integer = value.integer, String(integer).utf8.elementsEqual(value.text) {
            writer.integer(integer)
        } else {
            writer.copy(value)
        }
    case .string: writer.string(value.string ?? "")
    case .array:
        writer.beginArray()
        for element in value.elements { rebuild(element, &writer) }
        writer.endArray()
    case .object:
        writer.beginObject()
        for (position, member) in value.members.enumerated() {
            if position % 2 == 0 {
                writer.name(escaping: member.name.string)
                rebuild(member.value, &writer)
            } else {
                writer.copy(member)
            }
        }
        writer.endObject()
    }
}
