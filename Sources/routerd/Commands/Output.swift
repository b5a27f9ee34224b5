import ArgumentParser
import Foundation
import RouterCore

/// What a command prints: data on standard output, words on standard error.
enum Output {
    /// Data, for a script or a pipe.
    static func data(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

    /// A sentence for the person at the terminal.
    static func words(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    static func warning(_ text: String) { words("warning: \(text)") }

    /// One JSON object with `schema_version` and the members that `write` adds.
    static func json(_ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("schema_version", 1)
        write(&writer)
        writer.endObject()
        data(String(decoding: writer.bytes, as: UTF8.self))
    }

    /// A table without borders: columns two spaces apart, so that `awk` finds them; the last one may hold spaces.
    static func table(_ head: [String], _ rows: [[String]]) {
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = row.enumerated().map { column, text in
                column == row.count - 1 ? text : text.padding(toLength: widths[column], withPad: " ", startingAt: 0)
            }
            data(cells.joined(separator: "  "))
        }
    }

    /// A point in time: `2026-04-15T10:30:00Z`.
    ///
    /// - Parameter milliseconds: since 1970.
    static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
    }
}

extension JSONWriter {
    /// A member that is null for `nil`.
    mutating func member(_ name: StaticString, orNull value: String?) {
        if let value { member(name, value) } else { nullMember(name) }
    }
}

/// Runs a command, and turns what goes wrong into words on standard error and an exit code.
func reporting(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let failure as CommandFailure {
        throw failure.report()
    } catch let faults as ConfigurationFaults {
        throw CommandFailure(faults).report()
    } catch let error as StoreError {
        throw CommandFailure(error).report()
    }
}

extension CommandFailure {
    init(_ faults: ConfigurationFaults) {
        self.init(.configuration, faults.faults.map(\.description).joined(separator: "\n\nerror: "))
    }

    init(_ error: StoreError) {
        switch error.kind {
        case .unavailable: self.init(.unreachable, error.description)
        case .incompatible: self.init(.configuration, error.description)
        case .conflict: self.init(.failed, error.description)
        }
    }
}
