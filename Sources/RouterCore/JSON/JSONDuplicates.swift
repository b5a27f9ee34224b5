/// Finds members of the same name, escapes decoded.
enum JSONDuplicates {
    /// Up to so many members are compared with each other; of more, a table is made.
    private static let fewMax = 16

    /// The first name of an object that was there before.
    ///
    /// - Parameters:
    ///   - first: node of the first name; then its value, the next name…
    ///   - count: of names; the last one need not have its value yet.
    /// - Returns: the node of the name.
    static func find(from first: Int, count: Int, in tape: Span<JSONNode>, _ text: Span<UInt8>) -> Int? {
        guard count > 1 else { return nil }
        guard count <= fewMax else { return findAmongMany(from: first, count: count, in: tape, text) }
        var seen: UInt64 = 0
        var index = first
        for position in 0..<count {
            let name = tape[index]
            if name.flag { return findAmongMany(from: first, count: count, in: tape, text) }
            // Its length, first and last byte choose one of 64 marks; an empty name has quotes for the latter.
            let sum =
                name.end &- name.start &+ UInt32(text[Int(name.start) + 1]) &* 3 &+ UInt32(text[Int(name.end) - 2])
            let mark = 1 as UInt64 &<< UInt64(sum)
            if seen & mark != 0, isAmong(first, position, tape, text, name) { return index }
            seen |= mark
            if position &+ 1 < count { index = Int(tape[index + 1].next) }
        }
        return nil
    }

    /// Whether `name` is one of the `count` names from `first` on. None of them has escapes.
    private static func isAmong(
        _ first: Int, _ count: Int, _ tape: Span<JSONNode>, _ text: Span<UInt8>, _ name: JSONNode
    ) -> Bool {
        var index = first
        for _ in 0..<count {
            let other = tape[index]
            if other.range.count == name.range.count,
                text.bytes.equals(Int(other.start), text.bytes, Int(name.start), count: name.range.count)
            {
                return true
            }
            index = Int(tape[index + 1].next)
        }
        return false
    }

    /// The same with a hash table, so that many members cost no more each than few. The standard library's hash is
    /// seeded for each process: nobody outside can choose names that collide.
    private static func findAmongMany(
        from first: Int, count: Int, in tape: Span<JSONNode>, _ text: Span<UInt8>
    ) -> Int? {
        let mask = 1 << (Int.bitWidth - (count * 2 - 1).leadingZeroBitCount) - 1
        // Nodes of names; 0 is free, since the root is no name.
        var slots = [UInt32](repeating: 0, count: mask + 1)
        var index = first
        for position in 0..<count {
            let name = tape[index]
            let decoded = name.flag ? JSONEscapes.decoded(text, name.content) : []
            var slot = (name.flag ? decoded.span.bytes.hash() : text.bytes.extracting(name.content).hash()) & mask
            while slots[slot] != 0 {
                let other = tape[Int(slots[slot])]
                let isSame =
                    if other.flag {
                        name.flag
                            ? JSONEscapes.decoded(text, other.content) == decoded
                            : text.bytes.equals(name.content, JSONEscapes.decoded(text, other.content).span.bytes)
                    } else {
                        name.flag
                            ? text.bytes.equals(other.content, decoded.span.bytes)
                            : text.bytes.equals(other.content, text.bytes.extracting(name.content))
                    }
                if isSame { return index }
                slot = (slot + 1) & mask
            }
            slots[slot] = UInt32(truncatingIfNeeded: index)
            if position + 1 < count { index = Int(tape[index + 1].next) }
        }
        return nil
    }
}
