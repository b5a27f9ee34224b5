/// Finds members of the same name.
enum JSONDuplicates {
    /// - Parameters:
    ///   - nodes: the object's members: name, value, name, value…
    ///   - count: of members.
    /// - Returns: where the first name begins that was there before.
    static func first(in nodes: Range<Int>, of tape: [JSONNode], count: Int, text: Span<UInt8>) -> Int? {
        var seen: Set<[UInt8]> = []
        var at = nodes.lowerBound
        for _ in 0..<count {
            let name = tape[at]
            guard seen.insert(JSONEscapes.decoded(text, name.content)).inserted else { return Int(name.start) }
            at = Int(tape[at + 1].next)
        }
        return nil
    }
}
