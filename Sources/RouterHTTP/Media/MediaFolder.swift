import Glibc
import NIOPosix
public import RouterCore
import Synchronization

/// Files that this server has handed out an address for: so many bytes, for so long, under names that nobody can guess.
///
/// Whoever knows the name of a file may read it; nothing lists them. Files of a server that stopped are found again by
/// its next start. All work on the disk happens on NIO's threads for that.
public final class MediaFolder: Sendable {
    /// How many bytes are kept, and for how long.
    public struct Limits: Sendable, Hashable {
        /// Of all files.
        public var bytesMax = 1 << 30
        /// Of one file; more than all may have counts as that.
        public var fileBytesMax = 64 << 20
        public var lifetime: Duration = .seconds(3600)

        public init() {}
    }

    private struct Entry {
        var name: String
        var bytes: Int
        /// Milliseconds since 1970.
        var expiresAt: Int64
    }

    /// What is kept: the ends of names, and what they are. Nothing that a browser would run when it is opened, as it
    /// does the scripts of an SVG.
    static let types = [
        "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "avif": "image/avif",
    ]
    private static let lettersCount = 32

    private let path: String
    private let limits: Limits
    private let timestamp: @Sendable () -> Int64
    /// Oldest first.
    private let entries: Mutex<[Entry]>

    /// - Parameters:
    ///   - path: a folder of its own; made, for its owner only, when it is missing.
    ///   - timestamp: milliseconds since 1970.
    /// - Throws: ``StoreError`` when the folder cannot be used.
    public init(
        _ path: String, limits: Limits = Limits(), timestamp: @escaping @Sendable () -> Int64
    ) throws(StoreError) {
        self.path = path
        self.limits = limits
        self.timestamp = timestamp
        guard mkdir(path, 0o700) == 0 || errno == EEXIST, let folder = opendir(path) else {
            throw StoreError(.unavailable, "the media folder \(path) cannot be used")
        }
        defer { closedir(folder) }
        var found: [Entry] = []
        let lifetime = Int64(limits.lifetime / .milliseconds(1))
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var facts = stat()
            guard Self.type(of: name) != nil, lstat("\(path)/\(name)", &facts) == 0,
                facts.st_mode & S_IFMT == S_IFREG
            else { continue }
            found.append(
                Entry(name: name, bytes: Int(facts.st_size), expiresAt: Int64(facts.st_mtim.tv_sec) * 1000 + lifetime))
        }
        entries = Mutex(found.sorted { $0.expiresAt < $1.expiresAt })
    }

    /// What a file is by its name; `nil` for a name that none of ours has.
    static func type(of name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == lettersCount,
            parts[0].utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            })
        else { return nil }
        return types[String(parts[1])]
    }

    /// Keeps a file, and removes what is too old, or oldest where there is no room.
    ///
    /// - Returns: its name; `nil` when it cannot be kept: too large, of a type that is not kept, a full disk.
    func keep(_ bytes: [UInt8], type: String) async -> String? {
        guard let end = Self.types.first(where: { $0.value == type })?.key, !bytes.isEmpty,
            bytes.count <= min(limits.fileBytesMax, limits.bytesMax)
        else { return nil }
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        let letters = (0..<Self.lettersCount).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
        let name = String(letters) + "." + end
        let place = "\(path)/\(name)"
        let expiresAt = timestamp() + Int64(limits.lifetime / .milliseconds(1))
        let removed = makeRoom(for: Entry(name: name, bytes: bytes.count, expiresAt: expiresAt))
        // A thread pool that has ended is a server that stops: then nothing is kept.
        let isWritten =
            (try? await NIOThreadPool.singleton.runIfActive { [path] in
                for old in removed { unlink("\(path)/\(old)") }
                return Self.write(bytes, at: place)
            }) ?? false
        let isKept = entries.withLock { entries in
            guard let place = entries.lastIndex(where: { $0.name == name }) else { return false }
            if !isWritten { entries.remove(at: place) }
            return isWritten
        }
        // Others may have needed the room before it was written.
        if isWritten, !isKept { _ = try? await NIOThreadPool.singleton.runIfActive { unlink(place) } }
        return isKept ? name : nil
    }

    /// Removes what is too old; otherwise that waits for the next file that is kept.
    public func removeExpired() async {
        let removed = entries.withLock { forget(from: &$0, toHave: 0) }
        guard !removed.isEmpty else { return }
        try? await NIOThreadPool.singleton.runIfActive { [path] in
            for old in removed { unlink("\(path)/\(old)") }
        }
    }

    /// Counts a file that is to be written, so that all that are written at the same time have room, and forgets what must
    /// go for it.
    /// - Returns: names of files to remove.
    private func makeRoom(for entry: Entry) -> [String] {
        entries.withLock { entries in
            let names = forget(from: &entries, toHave: entry.bytes)
            entries.append(entry)
            return names
        }
    }

    /// - Returns: names of files that are too old, or too much beside so many bytes more.
    private func forget(from entries: inout [Entry], toHave bytes: Int) -> [String] {
        let now = timestamp()
        var sum = entries.reduce(0) { $0 + $1.bytes }
        let count =
            entries.firstIndex { entry in
                guard entry.expiresAt <= now || sum + bytes > limits.bytesMax else { return true }
                sum -= entry.bytes
                return false
            } ?? entries.count
        let names = entries.prefix(count).map(\.name)
        entries.removeFirst(count)
        return names
    }

    private static func write(_ bytes: [UInt8], at place: String) -> Bool {
        let file = Glibc.open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            written += count
        }
        // Closed in any case; what the close itself says counts for a file that is whole.
        let isClosed = close(file) == 0
        let isWhole = isClosed && written == bytes.count
        if !isWhole { unlink(place) }
        return isWhole
    }

    /// Opens a file that is kept and not too old.
    ///
    /// - Returns: `nil` when there is none of this name.
    func open(_ name: String) async -> MediaFile? {
        let now = timestamp()
        guard let type = Self.type(of: name),
            let entry = entries.withLock({ $0.first { $0.name == name } }), entry.expiresAt > now
        else { return nil }
        let place = "\(path)/\(name)"
        let file: MediaFile?? = try? await NIOThreadPool.singleton.runIfActive {
            MediaFile(place, type: type, byteCount: entry.bytes, lifetime: .milliseconds(entry.expiresAt - now))
        }
        return file ?? nil
    }
}
