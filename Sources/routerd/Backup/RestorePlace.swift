import Foundation

/// The data directory that a backup is put into, and its database.
struct RestorePlace: Sendable {
    let data: String
    /// The SQLite file, in the data directory or elsewhere.
    let database: String

    /// What is there of a server, by its path.
    var found: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: data)) ?? []
        let inside = names.filter { $0 != "lock" && !$0.hasPrefix("replaced-") && !$0.hasPrefix(Self.stagingPrefix) }
            .sorted().map { "\(data)/\($0)" }
        let outside = [database, database + "-wal", database + "-shm"].filter { path in
            SmallFile.exists(path) && !inside.contains { Self.isSame($0, path) }
        }
        return inside + outside
    }

    private static let stagingPrefix = ".restore-"

    /// Gives `body` an empty directory on the same disk, which is gone afterwards.
    func withStaging<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let staging = "\(data)/\(Self.stagingPrefix)\(ProcessInfo.processInfo.processIdentifier)"
        guard mkdir(staging, 0o700) == 0 else {
            throw CommandFailure(.cannotCreate, "cannot make \(staging): \(String(cString: strerror(errno)))")
        }
        // What stays of it does no harm: nobody reads it.
        defer { try? FileManager.default.removeItem(atPath: staging) }
        return try await body(staging)
    }

    /// Moves what is there into a directory of its own; what lies outside the data directory gets another name.
    func moveAside(_ found: [String], at time: Int64) throws(CommandFailure) {
        guard !found.isEmpty else { return }
        let aside = "\(data)/replaced-\(time)"
        guard mkdir(aside, 0o700) == 0 else {
            throw CommandFailure(.cannotCreate, "cannot make \(aside): \(String(cString: strerror(errno)))")
        }
        for path in found {
            let isInside = path.hasPrefix("\(data)/")
            let name = path.split(separator: "/").last.map(String.init) ?? path
            try Self.move(path, to: isInside ? "\(aside)/\(name)" : "\(path).replaced-\(time)")
        }
    }

    /// Moves what was unpacked into its place, the database last.
    func take(_ names: [String], from staging: String) throws(CommandFailure) {
        if names.contains(where: { $0.hasPrefix("journal/") }) {
            try Self.move("\(staging)/journal", to: "\(data)/journal")
        }
        for name in names where BackupFile.files.contains(name) {
            try Self.move("\(staging)/\(name)", to: "\(data)/\(name)")
        }
        do {
            let directory = URL(fileURLWithPath: database).deletingLastPathComponent().path
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // By moving or, to another disk, by copying.
            try FileManager.default.moveItem(atPath: "\(staging)/\(BackupFile.database)", toPath: database)
        } catch {
            throw CommandFailure(.cannotCreate, "cannot make \(database): \(error.localizedDescription)")
        }
        sync()
    }

    private static func move(_ path: String, to target: String) throws(CommandFailure) {
        guard rename(path, target) == 0 else {
            throw CommandFailure(
                .cannotCreate, "cannot move \(path) to \(target): \(String(cString: strerror(errno)))")
        }
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        func file(_ path: String) -> [UInt64?]? {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
            return [attributes[.systemFileNumber] as? UInt64, attributes[.systemNumber] as? UInt64]
        }
        return file(one).map { $0 == file(other) } ?? false
    }
}
