import Foundation
import RouterCore
import Testing

@testable import RouterStore

@Suite("A journal of files") struct JournalTests {
    @Test("keeps the room that it has promised when it begins a new segment")
    func promises() async throws {
        try await withDirectory { directory in
            let (journal, _) = try FileJournal.open(directory)
            try journal.append(Array("one".utf8))
            try journal.reserve(3_000_000)
            let before = journal.current
            try journal.rotate(keeping: [Array("kept".utf8)])
            #expect(journal.current.segment == before.segment + 1)
            func size(_ segment: Int64) throws -> Int {
                let path = "\(directory)/0000000\(segment).journal"
                return try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            }
            // Blocks are given with the size.
            #expect(try size(before.segment) >= 3_000_000)
            #expect(try size(before.segment + 1) >= 3_000_000)
            journal.remove(through: before.segment)
            let (_, records) = try FileJournal.open(directory)
            #expect(records.map { String(decoding: $0, as: UTF8.self) } == ["kept"])
        }
    }
}
