import Foundation

/// Reads an archive of ``TarWriter``, file by file.
final class TarReader {
    private let descriptor: Int32
    private let path: String
    /// Bytes of the current file that were not read yet, and the zeros behind it.
    private var left = 0
    private var padding = 0

    struct Entry: Sendable, Hashable {
        var name: String
        var size: Int
    }

    /// - Throws: ``CommandFailure`` when the file cannot be opened.
    init(_ path: String) throws(CommandFailure) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.badInput, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The next file; `nil` at the end of the archive. What was not read of the one before is passed over.
    /// - Throws: ``CommandFailure`` when this is no archive, or one that was cut off.
    func next() throws(CommandFailure) -> Entry? {
        while left > 0 { _ = try read(min(left, 256 * 1024)) }
        if padding > 0 { _ = try bytes(padding) }
        let header = try bytes(TarWriter.block)
        if header.allSatisfy({ $0 == 0 }) { return nil }
        let name = String(validating: header[..<100].prefix { $0 != 0 }, as: UTF8.self)
        guard let name, Self.octal(header[148..<156]) == Self.sum(header), header[156] == UInt8(ascii: "0"),
            let size = header[124] == 0x80 ? Self.binary(header[128..<136]) : Self.octal(header[124..<136]), size >= 0
        else { throw CommandFailure(.badInput, "\(path) is no backup of routerd") }
        left = size
        padding = size % TarWriter.block == 0 ? 0 : TarWriter.block - size % TarWriter.block
        return Entry(name: name, size: size)
    }

    /// All of the current file.
    /// - Throws: ``CommandFailure`` when it is longer than `bytesMax`.
    func contents(_ bytesMax: Int) throws(CommandFailure) -> [UInt8] {
        guard left <= bytesMax else { throw CommandFailure(.badInput, "\(path) is no backup of routerd") }
        return try read(left)
    }

    /// Writes the current file to a new one, for its owner only.
    func extract(to target: String) throws(CommandFailure) {
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw Self.failure(target) }
        defer { close(output) }
        while left > 0 {
            var rest = try read(min(left, 256 * 1024))[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure(target) }
                rest = rest.dropFirst(count)
            }
        }
        guard fsync(output) == 0 else { throw Self.failure(target) }
    }

    private func read(_ count: Int) throws(CommandFailure) -> [UInt8] {
        let bytes = try bytes(count)
        left -= count
        return bytes
    }

    private func bytes(_ count: Int) throws(CommandFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Foundation.read(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw CommandFailure(.badInput, "\(path) was cut off, or is no backup of routerd") }
            filled += got
        }
        return bytes
    }

    /// The sum of a header's bytes, with spaces where the sum itself stands.
    static func sum(_ header: [UInt8]) -> Int {
        header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element)) }
    }

    private static func octal(_ bytes: ArraySlice<UInt8>) -> Int? {
        let digits = bytes.prefix { (0x30...0x37).contains($0) }
        guard !digits.isEmpty, digits.count <= 12 else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }

    private static func binary(_ bytes: ArraySlice<UInt8>) -> Int? {
        Int(exactly: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(.cannotCreate, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
