import ArgumentParser
import Foundation

/// Why a command could not do its work, for a person at a terminal and for the script that reads the exit code.
struct CommandFailure: Error {
    /// Exit codes, after `sysexits.h`, as swift-argument-parser uses 64 for usage.
    enum Kind: Int32 {
        case failed = 1
        case badInput = 65
        case unreachable = 69
        case cannotCreate = 73
        case tryAgain = 75
        case notAllowed = 77
        case configuration = 78
    }

    var kind: Kind
    /// What is wrong, without a full stop.
    var message: String
    /// What to do about it.
    var hint: String?

    init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    /// Writes itself to standard error.
    /// - Returns: what ends the process with the right code.
    func report() -> ExitCode {
        var text = "error: \(message)\n"
        for line in (hint ?? "").split(separator: "\n") { text += "  \(line)\n" }
        FileHandle.standardError.write(Data(text.utf8))
        return ExitCode(kind.rawValue)
    }
}
