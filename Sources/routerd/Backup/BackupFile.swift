import Foundation
import RouterCore
import RouterStore

/// What a backup holds: everything that a server keeps in its data directory, in one `tar` archive.
///
/// The journal is read before the database. What has ended is in the journal until the database has it, and it counts
/// once however often it is found; so each charge up to the moment of the backup is in one of the two.
struct BackupFile: Sendable {
    let path: String

    static let manifest = "routerd-backup.json"
    static let database = "routerd.db"
    /// Small files of the data directory that belong to it.
    static let files = ["pepper", "node", "catalog.json"]
    private static let journalSuffix = ".journal"
    private static let smallBytesMax = 64 << 20

    /// What was written or read.
    struct Content: Sendable, Hashable {
        /// Names in the archive.
        var names: [String] = []
        /// When it was made, as in `2026-04-15T10:30:00Z`, and by which version.
        var createdAt = ""
        var version = ""
    }

    /// Whether a name in an archive is one that ``write(_:database:)`` gives: none leads out of a directory.
    static func isKnown(_ name: String) -> Bool {
        if name == manifest || name == database || files.contains(name) { return true }
        guard name.hasPrefix("journal/"), name.hasSuffix(journalSuffix) else { return false }
        let digits = name.dropFirst("journal/".count).dropLast(journalSuffix.count)
        return (8...18).contains(digits.utf8.count) && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Writes the backup of a data directory and of the database that belongs to it. A server may be running.
    ///
    /// - Parameters:
    ///   - data: the data directory.
    ///   - database: the SQLite file.
    func write(_ data: String, database: String) async throws -> Content {
        guard !SmallFile.exists(path) else {
            throw CommandFailure(.cannotCreate, "\(path) is there already", hint: "Name another file, or remove it.")
        }
        let draft = "\(path).\(ProcessInfo.processInfo.processIdentifier)"
        let copy = draft + ".db"
        defer {
            for file in [draft, copy, copy + "-journal", copy + "-wal", copy + "-shm"] { unlink(file) }
        }
        let archive = try TarWriter(making: draft)
        var content = Content(
            createdAt: Output.time(Ambient.ofSystem.timestamp()), version: Version.text)
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.member("format", 1)
        writer.member("version", content.version)
        writer.member("created_at", content.createdAt)
        writer.endObject()
        try archive.add(Self.manifest, writer.bytes)
        for segment in try Self.journal(in: "\(data)/journal") {
            try archive.add("journal/\(segment.name)", segment.bytes)
            content.names.append("journal/\(segment.name)")
        }
        for name in Self.files where try archive.add(name, fileAt: "\(data)/\(name)") { content.names.append(name) }
        try await SQLiteStore.copy(database, to: copy)
        try archive.add(Self.database, fileAt: copy)
        content.names.append(Self.database)
        try archive.finish()
        guard link(draft, path) == 0 else {
            throw CommandFailure(.cannotCreate, "\(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        return content
    }

    /// All segments of a journal at one moment. A server that starts a new one and removes those before it moves what is
    /// still needed; then they are read again.
    private static func journal(in directory: String) throws(CommandFailure) -> [(name: String, bytes: [UInt8])] {
        for _ in 0..<100 {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { return [] }
            var segments: [(name: String, bytes: [UInt8])] = []
            var isWhole = true
            for name in names.filter({ $0.hasSuffix(journalSuffix) }).sorted() {
                do throws(ValueFault) {
                    segments.append((name, try SmallFile.bytes(at: "\(directory)/\(name)", bytesMax: smallBytesMax)))
                } catch {
                    guard !SmallFile.exists("\(directory)/\(name)") else {
                        throw CommandFailure(.failed, error.message)
                    }
                    isWhole = false
                }
            }
            if isWhole { return segments }
        }
        throw CommandFailure(.tryAgain, "\(directory) changes faster than it can be read")
    }

    /// Unpacks the backup into an empty directory, and looks whether it is whole.
    ///
    /// - Throws: ``CommandFailure``: `badInput` when it is no backup, is cut off or damaged.
    func unpack(into directory: String) async throws -> Content {
        let archive = try TarReader(path)
        var content = Content()
        while let entry = try archive.next() {
            guard Self.isKnown(entry.name), !content.names.contains(entry.name) else {
                throw CommandFailure(
                    .badInput, "\(path) is no backup of routerd: it has \(entry.name.prefix(80).debugDescription)")
            }
            if entry.name == Self.manifest {
                let manifest = try? JSONDocument(try archive.contents(64 * 1024)).root
                guard let manifest, manifest["format"]?.integer == 1 else {
                    throw CommandFailure(.badInput, "\(path) was written by another version of routerd")
                }
                content.createdAt = manifest["created_at"]?.string ?? ""
                content.version = manifest["version"]?.string ?? ""
                continue
            }
            if entry.name.hasPrefix("journal/"), !content.names.contains(where: { $0.hasPrefix("journal/") }) {
                guard mkdir("\(directory)/journal", 0o700) == 0 else {
                    throw CommandFailure(.cannotCreate, "cannot make \(directory)/journal")
                }
            }
            try archive.extract(to: "\(directory)/\(entry.name)")
            content.names.append(entry.name)
        }
        guard !content.version.isEmpty, content.names.contains(Self.database) else {
            throw CommandFailure(.badInput, "\(path) is no backup of routerd: it has no \(Self.database)")
        }
        do throws(StoreError) {
            try await SQLiteStore.requireWhole("\(directory)/\(Self.database)")
            let store = try await SQLiteStore.open(
                path: "\(directory)/\(Self.database)", release: Version.text, migrating: false)
            await store.close()
        } catch {
            throw error.kind == .incompatible
                ? CommandFailure(.badInput, "\(path): \(error.description)") : CommandFailure(error)
        }
        return content
    }
}
