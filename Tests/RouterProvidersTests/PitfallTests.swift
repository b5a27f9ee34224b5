import Foundation
import Testing

@Suite("What gateways get wrong")
struct PitfallTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "../..")

    private static func text(_ path: String) throws -> String {
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The rows of the table: the line, and the tests that it names.
    private static func rows() throws -> [(line: Int, tests: [(file: String, title: String)])] {
        try String(contentsOf: root.appendingPathComponent("docs/pitfalls.md"), encoding: .utf8)
            .split(separator: "\n").compactMap { row in
                let cells = row.split(separator: " | ")
                guard cells.count == 3, let line = Int(cells[0].dropFirst(2)) else { return nil }
                let tests = cells[2].dropLast(2).split(separator: "<br>").compactMap { test in
                    test.firstRange(of: "`: ").map {
                        (String(test[..<$0.lowerBound].dropFirst()), String(test[$0.upperBound...]))
                    }
                }
                return (line, tests)
            }
    }

    @Test("each line names tests, and each of them is there")
    func named() throws {
        let rows = try Self.rows()
        #expect(rows.map(\.line) == Array(1...70))
        for row in rows {
            #expect(!row.tests.isEmpty, "\(row.line)")
            for (file, title) in row.tests {
                let text = try Self.text("Tests/\(file)")
                #expect(text.contains("\"\(title)\""), "\(row.line): \(file) has no test \(title)")
            }
        }
    }
}
