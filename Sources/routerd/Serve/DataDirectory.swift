import Foundation
import RouterCore
import RouterHTTP

/// The directory that holds everything a server keeps: database, pepper, lock.
struct DataDirectory {
    let path: String

    /// Makes the directory, for its owner only, when it is missing.
    init(making path: String) throws(CommandFailure) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(
                .cannotCreate, "cannot make the data directory \(path): \(error.localizedDescription)",
                hint: "Choose another: routerd serve --data DIR")
        }
    }

    /// The secrets under which keys are digested: from the settings, else from the file `pepper`, which is made on the
    /// first start.
    ///
    /// - Parameter text: what the settings say; `nil` when they say nothing.
    func peppers(_ text: String?) throws(CommandFailure) -> Peppers {
        if let text {
            guard let peppers = Peppers(text: text) else {
                throw CommandFailure(
                    .configuration, "ROUTERD_PEPPER is too short to be a secret",
                    hint: "Give at least 16 bytes, such as the output of: openssl rand -hex 32")
            }
            return peppers
        }
        let file = path + "/pepper"
        if !FileManager.default.fileExists(atPath: file) { try makePepper(at: file) }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8), let peppers = Peppers(text: text) else {
            throw CommandFailure(
                .configuration, "\(file) cannot be read or holds no secret",
                hint: "Restore it from a backup: without it no key of this store is valid.")
        }
        return peppers
    }

    /// Puts a new secret in place as a whole, so that of two processes that start at once both read the same.
    private func makePepper(at file: String) throws(CommandFailure) {
        try place(Data((Peppers.newSecret() + "\n").utf8), at: file)
    }

    private func place(_ contents: Data, at file: String) throws(CommandFailure) {
        let own = "\(file).\(ProcessInfo.processInfo.processIdentifier)"
        let isWritten = FileManager.default.createFile(
            atPath: own, contents: contents, attributes: [.posixPermissions: 0o600])
        // Fails when the other process was first: then its secret counts.
        let isLinked = isWritten && link(own, file) == 0
        try? FileManager.default.removeItem(atPath: own)
        guard isLinked || FileManager.default.fileExists(atPath: file) else {
            throw CommandFailure(.cannotCreate, "cannot write \(file)", hint: "Is the directory writable?")
        }
    }

    /// Who this server is among those that share a database: made on the first start, the same ever after.
    ///
    /// - Parameter letters: makes random letters.
    func node(letters: (Int) -> String) throws(CommandFailure) -> NodeID {
        let file = path + "/node"
        if !FileManager.default.fileExists(atPath: file) {
            try place(Data("node-\(letters(16))\n".utf8), at: file)
        }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let line = text.split(whereSeparator: \.isNewline).first, line.utf8.count <= 100
        else {
            throw CommandFailure(
                .configuration, "\(file) cannot be read or holds no name",
                hint: "Remove it: the next start makes another. What the old one had set aside returns by itself.")
        }
        return NodeID(rawValue: String(line))
    }

    /// Keeps other servers away from this directory until the returned lock is dropped.
    func lock() throws(CommandFailure) -> InstanceLock {
        guard let lock = InstanceLock(path: path + "/lock") else {
            throw CommandFailure(
                .tryAgain, "another routerd serves from \(path)",
                hint: "Stop it, or choose another directory: routerd serve --data DIR")
        }
        return lock
    }
}

/// Holds a lock on a file as long as it lives. The kernel drops it when the process ends, however it ends.
final class InstanceLock {
    private let descriptor: Int32

    /// - Returns: `nil` when somebody else has it.
    init?(path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }
}
