import RouterCore

/// Passes on a chunk that differs from an earlier one only in its text, without reading it as JSON again.
///
/// Nearly all chunks of a stream are the same but for one string. The template holds what stands around that string in
/// the vendor's chunk, and what then stands around it in ours. That a chunk begins and ends with the former, and has
/// the inside of a valid JSON string between, is proof enough that it would be translated to the latter.
struct OpenAITemplate: Sendable {
    /// The vendor's chunk up to and with the quote that opens the text, and from the quote that closes it.
    private let before: [UInt8]
    private let after: [UInt8]
    /// What goes before, between and after the places of the text in our piece.
    private let parts: [[UInt8]]

    /// Stands for the text while a template is made; nothing that a vendor sends.
    private static let marker = Array("*-routerd-9f3c61d2-text-*".utf8)

    /// - Parameters:
    ///   - chunk: a chunk that was translated.
    ///   - text: where its text stands, quotes included.
    ///   - translate: translates a chunk as that one was, and changes nothing.
    init?(of chunk: [UInt8], text: Range<Int>, translate: ([UInt8]) -> ChatPiece?) {
        before = Array(chunk[...text.lowerBound])
        after = Array(chunk[(text.upperBound - 1)...])
        guard let piece = translate(before + Self.marker + after) else { return nil }
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
    func piece(for chunk: ArraySlice<UInt8>) -> ChatPiece? {
        let count = chunk.count - before.count - after.count
        guard count > 0 else { return nil }
        let bytes = chunk.span.bytes
        guard bytes.equals(before.span.bytes, at: 0), bytes.equals(after.span.bytes, at: before.count + count),
            bytes.isInsideOfString(before.count, count)
        else { return nil }
        let start = chunk.startIndex + before.count
        let text = chunk[start..<start + count]
        var members: [UInt8] = []
        members.reserveCapacity(parts.reduce(parts.count * count) { $0 + $1.count })
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
    /// Whether the bytes from `start` on are those of `other`.
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

    /// Whether `count` bytes at `start` are what may stand between the quotes of a JSON string: valid UTF-8, nothing
    /// below 0x20, no quote, and only escapes of two characters.
    fileprivate func isInsideOfString(_ start: Int, _ count: Int) -> Bool {
        var at = start
        let end = start &+ count
        while at < end {
            let byte = unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
            at &+= 1
            switch byte {
            case 0x5C:
                guard at < end else { return false }
                switch unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self) {
                case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: at &+= 1
                default: return false
                }
            case 0x20, 0x21, 0x23...0x7F:
                break
            case 0xC2...0xDF:
                guard isTail(at, end, 0x80...0xBF) else { return false }
                at &+= 1
            case 0xE0...0xEF:
                let second: ClosedRange<UInt8> = byte == 0xE0 ? 0xA0...0xBF : byte == 0xED ? 0x80...0x9F : 0x80...0xBF
                guard isTail(at, end, second), isTail(at &+ 1, end, 0x80...0xBF) else { return false }
                at &+= 2
            case 0xF0...0xF4:
                let second: ClosedRange<UInt8> = byte == 0xF0 ? 0x90...0xBF : byte == 0xF4 ? 0x80...0x8F : 0x80...0xBF
                guard isTail(at, end, second), isTail(at &+ 1, end, 0x80...0xBF), isTail(at &+ 2, end, 0x80...0xBF)
                else { return false }
                at &+= 3
            default:
                return false
            }
        }
        return true
    }

    private func isTail(_ at: Int, _ end: Int, _ range: ClosedRange<UInt8>) -> Bool {
        at < end && range.contains(unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self))
    }
}
