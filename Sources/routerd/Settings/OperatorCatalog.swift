import Foundation
import RouterCore

/// The operator's catalogue: `catalog.json` in the data directory, in the form of the bundled one, above which it lies.
struct OperatorCatalog: Sendable {
    let path: String

    /// - Parameter data: the data directory.
    init(in data: String) { path = data.hasSuffix("/") ? "\(data)catalog.json" : "\(data)/catalog.json" }

    private static let bytesMax = 32 << 20

    /// What stands in it; `nil` when there is no such file.
    /// - Throws: ``ConfigurationFaults`` with everything that is wrong with it, each with its path.
    func read() throws(ConfigurationFaults) -> JSONDocument? {
        guard SmallFile.exists(path) else { return nil }
        return try Self.document(at: path)
    }

    /// Reads a catalogue from a file, or from standard input for `-`, and looks through it.
    static func document(at path: String) throws(ConfigurationFaults) -> JSONDocument {
        let document = try text(at: path)
        do throws(CatalogFaults) {
            try CatalogReader.check(document)
        } catch {
            throw faults(error, in: path)
        }
        return document
    }

    /// Reads any JSON text from a file, or from standard input for `-`.
    static func text(at path: String) throws(ConfigurationFaults) -> JSONDocument {
        do throws(ValueFault) {
            let bytes = try SmallFile.bytes(at: path, bytesMax: bytesMax)
            do throws(JSONFault) {
                return try JSONDocument(
                    bytes,
                    limits: JSONLimits(
                        bytesMax: bytesMax, depthMax: 32, valuesMax: 1_000_000, duplicateNames: .refuse))
            } catch {
                throw ValueFault(error.path.isEmpty ? error.message : "\(error.path): \(error.message)")
            }
        } catch {
            throw ConfigurationFaults([ConfigurationFault(origin: .path(path), message: error.message)])
        }
    }

    /// Faults of a catalogue as those of a file.
    static func faults(_ faults: CatalogFaults, in path: String) -> ConfigurationFaults {
        ConfigurationFaults(
            faults.faults.map { fault in
                ConfigurationFault(
                    origin: .path(path),
                    message: fault.path.isEmpty ? fault.message : "\(fault.path): \(fault.message)",
                    hint: fault.hint)
            })
    }

    /// Puts `bytes` in its place as a whole: whoever reads it at the same time has the old one or the new one.
    func replace(with bytes: [UInt8]) throws(CommandFailure) {
        let own = "\(path).\(ProcessInfo.processInfo.processIdentifier)"
        let descriptor = open(own, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        var isWritten = descriptor >= 0
        var rest = bytes[...]
        while isWritten, !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            isWritten = count > 0
            rest = rest.dropFirst(max(0, count))
        }
        isWritten = isWritten && fsync(descriptor) == 0 && rename(own, path) == 0
        let reason = String(cString: strerror(errno))
        if descriptor >= 0 { close(descriptor) }
        guard isWritten else {
            unlink(own)
            throw CommandFailure(.cannotCreate, "cannot write \(path): \(reason)", hint: "Is the directory writable?")
        }
    }

    /// What changes when the file does; `nil` when there is none.
    var stamp: Stamp? {
        // A file that cannot be looked at is none, here; reading it says why.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        return Stamp(
            inode: attributes[.systemFileNumber] as? UInt64, size: attributes[.size] as? UInt64,
            modified: attributes[.modificationDate] as? Date)
    }

    struct Stamp: Sendable, Hashable {
        var inode: UInt64?
        var size: UInt64?
        var modified: Date?
    }
}
