import ArgumentParser
import RouterCore

/// Writes everything that a server keeps into one file.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the store, its journal and its secrets into one file; a server may be running.",
        discussion: "routerd backup /var/backups/routerd-2026-04-15.tar")

    @Argument(help: "The file, which must not be there yet; a tar archive.")
    var file: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            let settings = try store.load().settings
            let path = try settings.requireSQLite(
                "pg_dump --format=custom --file=\(file) \"$DATABASE_URL\"")
            // Says what is wrong with the store before anything is written.
            try await settings.withStore(creating: false) { _ in }
            let content = try await BackupFile(path: file).write(settings.data, database: path)
            if !content.names.contains("pepper") {
                Output.warning("the pepper is not in it: keep ROUTERD_PEPPER, without which no key is valid")
            }
            guard !output.json else {
                return Output.json { writer in
                    writer.member("file", file)
                    writer.write(content)
                }
            }
            Output.words("Wrote \(file). It holds secrets: keep it where only you can read it.")
        }
    }
}

/// Puts back what a backup holds.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put back what backup has written, into an empty data directory.",
        discussion: """
            routerd restore /var/backups/routerd-2026-04-15.tar --data /var/lib/routerd
            No server may run on that directory.
            """)

    @Argument(help: "The file that backup has written.")
    var file: String

    @Flag(help: "Restore also where something is: it is moved aside, into replaced-… in the data directory.")
    var replace = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            let settings = try store.load().settings
            let path = try settings.requireSQLite("pg_restore --clean --if-exists --dbname=\"$DATABASE_URL\" \(file)")
            let data = try DataDirectory(making: settings.data)
            let lock = try data.lock()
            defer { withExtendedLifetime(lock) {} }
            let place = RestorePlace(data: settings.data, database: path)
            let found = place.found
            guard found.isEmpty || replace else {
                throw CommandFailure(
                    .failed, "\(settings.data) is not empty: it has \(found.prefix(3).joined(separator: ", "))",
                    hint: "Name another directory with --data, or move what is there aside with --replace.")
            }
            let content = try await place.withStaging { staging in
                let content = try await BackupFile(path: file).unpack(into: staging)
                try place.moveAside(found, at: Ambient.ofSystem.timestamp())
                try place.take(content.names, from: staging)
                return content
            }
            guard !output.json else {
                return Output.json { writer in
                    writer.member("data", settings.data)
                    writer.write(content)
                }
            }
            Output.words(
                "Restored \(settings.data) as it was at \(content.createdAt). Check the books: routerd credits verify")
        }
    }
}

extension Settings {
    /// The path of the SQLite file.
    /// - Parameter command: what PostgreSQL has for the same.
    func requireSQLite(_ command: String) throws(CommandFailure) -> String {
        guard let storePath else {
            throw CommandFailure(
                .failed, "the store is PostgreSQL, which has commands of its own for this",
                hint:
                    "Run: \(command)\nAnd keep a copy of the data directory, \(data): its pepper is what keys are checked with."
            )
        }
        return storePath
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ content: BackupFile.Content) {
        member("version", content.version)
        member("created_at", content.createdAt)
        name("files")
        beginArray()
        for name in content.names { string(name) }
        endArray()
    }
}
