import Foundation
import RouterCore
import Synchronization

/// The file of a store, looked at from outside: where it is, whose it is, who may read it.
///
/// An existing file is never opened here. Closing any descriptor of a file gives up all locks that this process has on
/// it, also those of an SQLite connection elsewhere in the program.
struct SQLiteFile: Sendable {
    /// As it was given, for messages.
    let path: String
    /// The same from the root, so that connections that are opened later find the same file, and SQLite takes neither
    /// `:memory:` nor a URL for something else than a name.
    let absolutePath: String

    /// One file, also after it was renamed.
    struct Identity: Sendable, Hashable {
        var device: UInt64
        var number: UInt64
    }

    /// - Throws: ``StoreError`` of kind `unavailable` when `path` can be no name of a file.
    init(path: String) throws(StoreError) {
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw StoreError(.unavailable, "\(path.debugDescription) cannot be the name of a store's file")
        }
        self.path = path
        absolutePath = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Makes the file, readable by its owner only, and the directories above it; one that is there is left as it is.
    /// - Throws: ``StoreError`` of kind `unavailable` with the system's reason.
    func create() throws(StoreError) {
        try createDirectories()
        // While one thread is between opening and closing it, no other may come to open it by SQLite: see above.
        let failure = Self.creating.withLock { _ -> Int32? in
            let descriptor = Foundation.open(absolutePath, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return errno == EEXIST ? nil : errno }
            close(descriptor)
            return nil
        }
        if let failure { throw error("cannot be made", failure) }
    }

    /// Which file this is.
    /// - Throws: ``StoreError``: `unavailable` when there is none, `incompatible` when it is something else than a file.
    func identity() throws(StoreError) -> Identity {
        let status = try status()
        guard status.st_mode & S_IFMT == S_IFREG else {
            let what = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
            throw StoreError(.incompatible, "\(path) is \(what); it is left as it is. Name a file for the store.")
        }
        return Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino))
    }

    /// Takes the rights of everybody but the owner away from the file and from those that SQLite keeps beside it.
    /// - Throws: ``StoreError`` of kind `unavailable` when it belongs to somebody else.
    func closeToOthers() throws(StoreError) {
        guard try status().st_mode & 0o077 != 0 else { return }
        for suffix in ["", "-wal", "-shm"] where chmod(absolutePath + suffix, 0o600) != 0 && errno != ENOENT {
            throw error("can be read by others, and its rights cannot be changed", errno)
        }
    }

    private func status() throws(StoreError) -> stat {
        var status = stat()
        guard stat(absolutePath, &status) == 0 else { throw error("cannot be opened", errno) }
        return status
    }

    private func createDirectories() throws(StoreError) {
        let names = absolutePath.split(separator: "/").dropLast()
        var directory = ""
        for name in names {
            directory += "/" + name
            guard mkdir(directory, 0o700) != 0, errno != EEXIST else { continue }
            let failure = errno
            // Some systems answer so for a directory that is there, such as one that is mounted for reading.
            var status = stat()
            guard stat(directory, &status) == 0 else { throw error("cannot be made: \(directory)", failure) }
        }
    }

    private func error(_ what: String, _ number: Int32) -> StoreError {
        StoreError(.unavailable, "\(path) \(what): \(String(cString: strerror(number)))")
    }

    private static let creating = Mutex(())
}
