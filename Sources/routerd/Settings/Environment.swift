import Foundation

/// Environment variables, each of which may also be given as a file: `NAME_FILE` names one that holds the value, as
/// Docker and systemd hand over secrets.
struct Environment: Sendable {
    /// What was found under a name.
    struct Value: Sendable, Hashable {
        var text: String
        /// The variable that it came from: the name, or `NAME_FILE`.
        var variable: String
    }

    private let variables: [String: String]

    init(_ variables: [String: String] = ProcessInfo.processInfo.environment) { self.variables = variables }

    /// The names of all variables that are set.
    var names: [String] { variables.keys.sorted() }

    /// The value of `NAME`, or what the file of `NAME_FILE` holds; `nil` when neither is set. A variable that is empty
    /// counts as not set.
    ///
    /// - Throws: when both are set, or the file cannot be read.
    func value(_ name: String) throws(ConfigurationFault) -> Value? {
        let text = variables[name].flatMap { $0.isEmpty ? nil : $0 }
        let fileName = "\(name)_FILE"
        guard let path = variables[fileName], !path.isEmpty else { return text.map { Value(text: $0, variable: name) } }
        guard text == nil else {
            throw ConfigurationFault(
                origin: .variable(name), message: "\(name) and \(fileName) are both set", hint: "Unset one of them.")
        }
        do throws(ValueFault) {
            return Value(text: try SmallFile.secret(at: path), variable: fileName)
        } catch {
            throw ConfigurationFault(origin: .variable(fileName), message: error.message, hint: error.hint)
        }
    }
}

/// Files that are read whole.
enum SmallFile {
    private static let bytesMax = 1 << 20

    /// The text of a file.
    /// - Throws: with the reason of the system when it cannot be read; when it is above 1 MiB or no UTF-8.
    static func text(at path: String) throws(ValueFault) -> String {
        let bytes = try bytes(at: path, bytesMax: bytesMax)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw ValueFault("\(path) is not UTF-8 text") }
        return text
    }

    /// What is in a file, or on standard input for `-`.
    /// - Throws: with the reason of the system when it cannot be read; when it is above `bytesMax`.
    static func bytes(at path: String, bytesMax: Int) throws(ValueFault) -> [UInt8] {
        let isInput = path == "-"
        let descriptor = isInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ValueFault("cannot read \(path): \(String(cString: strerror(errno)))") }
        defer { if !isInput { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw ValueFault("cannot read \(path): \(String(cString: strerror(errno)))") }
            guard count > 0 else { break }
            bytes += buffer[..<count]
            guard bytes.count <= bytesMax else {
                throw ValueFault("\(path) is larger than \(bytesMax >> 20) MiB")
            }
        }
        return bytes
    }

    /// A secret in a file of its own, without white space around it.
    static func secret(at path: String) throws(ValueFault) -> String {
        let text = try text(at: path).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw ValueFault("\(path) is empty") }
        return text
    }
}

extension SmallFile {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
