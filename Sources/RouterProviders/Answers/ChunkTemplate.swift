import RouterCore

/// Passes on a chunk that differs from an earlier one only in its text, without reading it as JSON again.
///
/// Nearly all chunks of a stream are the same but for one string, and with some vendors for some counts behind it. The
/// template holds what stands around them in the vendor's chunk, and what then stands around the string in ours. That a
/// chunk has the former, the inside of a valid JSON string and whole numbers between, is proof enough that it would be
/// translated to the latter.
struct ChunkTemplate: Sendable {
    /// The vendor's chunk up to and with the quote that opens the text.
    private let before: [UInt8]
    /// From the quote that closes the text: what stands before, between and behind the numbers.
    private let after: [[UInt8]]
    /// What goes before, between and after the places of the text in our piece.
    private let parts: [[UInt8]]

    /// Stands for the text while a template is made; nothing that a vendor sends.
    private static let marker = Array("*-routerd-9f3c61d2-text-*".utf8)

    /// - Parameters:
    ///   - chunk: a chunk that was translated.
    ///   - text: where its text stands, quotes included.
    ///   - numbers: where whole numbers stand behind the text that may differ, in order.
    ///   - translate: translates a chunk as that one was, and changes nothing.
    init?(of chunk: [UInt8], text: Range<Int>, numbers: [Range<Int>] = [], translate: ([UInt8]) -> ChatPiece?) {
        before = Array(chunk[...text.lowerBound])
        var after: [[UInt8]] = []
        var at = text.upperBound - 1
        for number in numbers {
            guard number.lowerBound > at else { return nil }
            after.append(Array(chunk[at..<number.lowerBound]))
            at = number.upperBound
        }
        after.append(Array(chunk[at...]))
        self.after = after
        guard let piece = translate(before + Self.marker + chunk[(text.upperBound - 1)...]) else { return nil }
        var parts: [[UInt8]] = [[]]
        var rest = piece.members[...]
        while let byte = rest.first {
            if byte == Self.marker[0], rest.starts(with: Self.marker) {
                parts.append([])
                rest = rest.dropFirst(Self.marker.count)
            } else {
                parts[parts.count - 1].append(byte)
                rest = rest.dropFirst()
            }
        }
        guard parts.count > 1 else { return nil }
        self.parts = parts
    }

    /// What `chunk` becomes; `nil` when it differs in more than its text, or the text is empty or needs a closer look.
    ///
    /// For templates without numbers.
    func piece(for chunk: ArraySlice<UInt8>) -> ChatPiece? {
        let behind = after[0]
        let count = chunk.count - before.count - behind.count
        guard count > 0, after.count == 1 else { return nil }
        let bytes = chunk.span.bytes
        let end = before.count + count
        guard bytes.equals(before.span.bytes, at: 0), bytes.equals(behind.span.bytes, at: end),
            bytes.endOfString(from: before.count, to: end) == end
        else { return nil }
        let start = chunk.startIndex + before.count
        return piece(around: chunk[start..<start + count])
    }

    /// The same for templates with numbers, which are put into `numbers`.
    ///
    /// - Returns: the text too, as it stands in the chunk.
    func piece(
        for chunk: ArraySlice<UInt8>, numbers: inout [Int]
    ) -> (piece: ChatPiece, text: ArraySlice<UInt8>)? {
        let bytes = chunk.span.bytes
        guard bytes.byteCount > before.count, bytes.equals(before.span.bytes, at: 0),
            let end = bytes.endOfString(from: before.count, to: bytes.byteCount), end > before.count
        else { return nil }
        var at = end
        numbers.removeAll(keepingCapacity: true)
        for part in after {
            if at > end {
                guard let number = bytes.wholeNumber(at: &at) else { return nil }
                numbers.append(number)
            }
            guard at + part.count <= bytes.byteCount, bytes.equals(part.span.bytes, at: at) else { return nil }
            at += part.count
        }
        guard at == bytes.byteCount else { return nil }
        let text = chunk[chunk.startIndex + before.count..<chunk.startIndex + end]
        return (piece(around: text), text)
    }

    private func piece(around text: ArraySlice<UInt8>) -> ChatPiece {
        var members: [UInt8] = []
        members.reserveCapacity(parts.reduce(parts.count * text.count) { $0 + $1.count })
        members += parts[0]
        for part in parts.dropFirst() {
            members += text
            members += part
        }
        return ChatPiece(members: members)
    }
}

/// The loads check their bounds, and any bits are an integer: there is nothing that they could break.
extension RawSpan {
    /// Whether the bytes from `start` on are those of `other`; there are enough of them.
    fileprivate func equals(_ other: RawSpan, at start: Int) -> Bool {
        var at = 0
        while at <= other.byteCount &- 8 {
            guard
                unsafeLoadUnaligned(fromByteOffset: start &+ at, as: UInt64.self)
                    == other.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self)
            else { return false }
            at &+= 8
        }
        while at < other.byteCount {
            guard
                unsafeLoadUnaligned(fromByteOffset: start &+ at, as: UInt8.self)
                    == other.unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
            else { return false }
            at &+= 1
        }
        return true
    }

    /// The whole number at `at`, which moves behind it; `nil` for none, for one with a zero before it, and for more
    /// digits than a count has.
    fileprivate func wholeNumber(at: inout Int) -> Int? {
        let start = at
        var number = 0
        while at < byteCount {
            let byte = unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
            guard 0x30...0x39 ~= byte else { break }
            number = number &* 10 &+ Int(byte &- 0x30)
            at &+= 1
            guard at &- start <= 9 else { return nil }
        }
        let hasZero = at > start && unsafeLoadUnaligned(fromByteOffset: start, as: UInt8.self) == 0x30
        return at == start || hasZero && at > start &+ 1 ? nil : number
    }

    /// Where the inside of a JSON string that begins at `start` ends: at its quote, or at `end` when none comes.
    ///
    /// - Returns: `nil` for what may not stand there: invalid UTF-8, anything below 0x20, unknown escapes, and halves of
    ///   surrogate pairs, which need a closer look.
    fileprivate func endOfString(from start: Int, to end: Int) -> Int? {
        var at = start
        while at < end {
            let byte = unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
            at &+= 1
            switch byte {
            case 0x22:
                return at &- 1
            case 0x5C:
                guard at < end else { return nil }
                switch unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self) {
                case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: at &+= 1
                case 0x75:
                    guard at &+ 4 < end, isCodeUnit(at &+ 1) else { return nil }
                    at &+= 5
                default: return nil
                }
            case 0x20, 0x21, 0x23...0x7F:
                break
            case 0xC2...0xDF:
                guard isTail(at, end, 0x80...0xBF) else { return nil }
                at &+= 1
            case 0xE0...0xEF:
                let second: ClosedRange<UInt8> = byte == 0xE0 ? 0xA0...0xBF : byte == 0xED ? 0x80...0x9F : 0x80...0xBF
                guard isTail(at, end, second), isTail(at &+ 1, end, 0x80...0xBF) else { return nil }
                at &+= 2
            case 0xF0...0xF4:
                let second: ClosedRange<UInt8> = byte == 0xF0 ? 0x90...0xBF : byte == 0xF4 ? 0x80...0x8F : 0x80...0xBF
                guard isTail(at, end, second), isTail(at &+ 1, end, 0x80...0xBF), isTail(at &+ 2, end, 0x80...0xBF)
                else { return nil }
                at &+= 3
            default:
                return nil
            }
        }
        return end
    }

    /// Whether four hexadecimal digits stand at `at` that are no half of a surrogate pair.
    private func isCodeUnit(_ at: Int) -> Bool {
        for place in at..<at &+ 4 {
            switch unsafeLoadUnaligned(fromByteOffset: place, as: UInt8.self) {
            case 0x30...0x39, 0x41...0x46, 0x61...0x66: continue
            default: return false
            }
        }
        let first = unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self) | 0x20
        let second = unsafeLoadUnaligned(fromByteOffset: at &+ 1, as: UInt8.self)
        return first != 0x64 || second < 0x38
    }

    private func isTail(_ at: Int, _ end: Int, _ range: ClosedRange<UInt8>) -> Bool {
        at < end && range.contains(unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self))
    }
}
