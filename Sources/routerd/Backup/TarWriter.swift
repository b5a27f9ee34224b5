import Foundation

/// Writes an archive that `tar` can read: a header of 512 bytes for each file, its content, and zeros up to the next
/// multiple of 512. Source: POSIX.1-2017, "pax", section "ustar Interchange Format".
final class TarWriter {
    private let descriptor: Int32
    private let path: String

    static let block = 512

    /// Makes the file, for its owner only.
    /// - Throws: ``CommandFailure`` when it is there already or cannot be made.
    init(making path: String) throws(CommandFailure) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    /// Adds a file with these bytes.
    func add(_ name: String, _ bytes: [UInt8]) throws(CommandFailure) {
        try write(Self.header(name, size: bytes.count))
        try write(bytes)
        try pad(bytes.count)
    }

    /// Adds what is in a file now; one that grows meanwhile is taken up to the length that it had.
    /// - Returns: `false` when there is no such file.
    @discardableResult
    func add(_ name: String, fileAt source: String) throws(CommandFailure) -> Bool {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else {
            guard errno == ENOENT else { throw Self.failure(source, "read") }
            return false
        }
        defer { close(input) }
        let size = Int(lseek(input, 0, SEEK_END))
        guard size >= 0, lseek(input, 0, SEEK_SET) == 0 else { throw Self.failure(source, "read") }
        try write(Self.header(name, size: size))
        var left = size
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        while left > 0 {
            let count = read(input, &buffer, min(buffer.count, left))
            guard count > 0 else { throw Self.failure(source, "read to its end") }
            try write(Array(buffer[..<count]))
            left -= count
        }
        try pad(size)
        return true
    }

    /// Ends the archive; when this returns it survives a loss of power.
    func finish() throws(CommandFailure) {
        try write([UInt8](repeating: 0, count: 2 * Self.block))
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
    }

    private func pad(_ size: Int) throws(CommandFailure) {
        let rest = size % Self.block
        if rest > 0 { try write([UInt8](repeating: 0, count: Self.block - rest)) }
    }

    private func write(_ bytes: [UInt8]) throws(CommandFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func header(_ name: String, size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at offset: Int, length: Int) {
            for (index, byte) in text.utf8.prefix(length).enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        put(name, at: 0, length: 100)
        put(octal(0o600, digits: 7), at: 100, length: 7)
        put(octal(0, digits: 7), at: 108, length: 7)
        put(octal(0, digits: 7), at: 116, length: 7)
        if size < 1 << 33 {
            put(octal(size, digits: 11), at: 124, length: 11)
        } else {
            // As GNU tar writes what eleven octal digits cannot hold.
            header[124] = 0x80
            for index in 0..<8 { header[128 + index] = UInt8(truncatingIfNeeded: size >> (8 * (7 - index))) }
        }
        put(octal(Int(time(nil)), digits: 11), at: 136, length: 11)
        put("0", at: 156, length: 1)
        put("ustar", at: 257, length: 6)
        put("00", at: 263, length: 2)
        put(octal(TarReader.sum(header), digits: 6), at: 148, length: 6)
        header[155] = 0x20
        return header
    }

    private static func failure(_ path: String, _ verb: String = "written") -> CommandFailure {
        CommandFailure(.cannotCreate, "\(path) cannot be \(verb): \(String(cString: strerror(errno)))")
    }
}
