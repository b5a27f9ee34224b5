import RouterCore

/// Puts the header lines that libcurl hands over one by one together to an ``UpstreamHead``, and refuses what is not
/// to be read: a head that is too large, a body that is encoded.
struct HeadReader {
    enum Outcome {
        case more
        case head(UpstreamHead)
        case refused(UpstreamFailure)
    }

    private let bytesMax: Int
    private var bytesRead = 0
    private var status = 0
    private var lines: [UInt8] = []
    private var isInside = false
    private var encoding: String?

    /// Whether the head is complete; lines after it are trailers and are not looked at.
    private(set) var isComplete = false
    /// The version in the status line: 1, or 2 where exchanges share a connection.
    private(set) var version = 1

    /// - Parameter bytesMax: all lines together, informational responses before the real one included.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Takes one line with its CR LF; an empty one ends the head. Heads of informational responses (1xx) are dropped.
    mutating func add(_ line: UnsafeRawBufferPointer) -> Outcome {
        guard !isComplete else { return .more }
        bytesRead += line.count
        guard bytesRead <= bytesMax else {
            return .refused(
                UpstreamFailure(.broken, "The provider's response headers are longer than \(bytesMax) bytes."))
        }
        guard isInside else {
            readStatusLine(line)
            return .more
        }
        guard line.contains(where: { $0 != 0x0D && $0 != 0x0A }) else { return finish() }
        lines.append(contentsOf: line)
        switch line[0] | 0x20 {
        case UInt8(ascii: "c"): readEncoding(line, of: "content-encoding", plain: ["identity", ""])
        case UInt8(ascii: "t"): readEncoding(line, of: "transfer-encoding", plain: ["identity", "", "chunked"])
        default: break
        }
        return .more
    }

    private mutating func finish() -> Outcome {
        isInside = false
        guard status >= 200 else { return .more }
        if let encoding {
            return .refused(
                UpstreamFailure(
                    .broken, "The provider's answer is encoded (\(encoding)), although it was asked for a plain one.",
                    status: status))
        }
        isComplete = true
        return .head(UpstreamHead(status: status, lines: lines))
    }

    /// `HTTP/1.1 200 OK`.
    private mutating func readStatusLine(_ line: UnsafeRawBufferPointer) {
        isInside = true
        status = 0
        encoding = nil
        lines.removeAll(keepingCapacity: true)
        lines.reserveCapacity(512)
        version = line.count > 5 && line[5] == UInt8(ascii: "2") ? 2 : 1
        guard let space = line.firstIndex(of: 0x20) else { return }
        for byte in line[(space + 1)...].prefix(3) where byte >= 0x30 && byte <= 0x39 {
            status = status * 10 + Int(byte - 0x30)
        }
    }

    private mutating func readEncoding(_ line: UnsafeRawBufferPointer, of name: StaticString, plain: [String]) {
        guard line.count > name.utf8CodeUnitCount, line[name.utf8CodeUnitCount] == UInt8(ascii: ":") else { return }
        let isNamed = name.withUTF8Buffer { name in
            zip(line, name).allSatisfy { byte, expected in
                (byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte) == expected
            }
        }
        guard isNamed else { return }
        let value = line[(name.utf8CodeUnitCount + 1)...].filter { $0 > 0x20 }
        let text = String(decoding: value, as: UTF8.self).lowercased()
        if !plain.contains(text) { encoding = String(text.prefix(64)) }
    }
}
