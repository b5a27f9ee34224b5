import Foundation
import Glibc
import TestSupport
import Testing

@testable import routerd

@Suite("routerd backup and restore", .serialized, .timeLimit(.minutes(3))) struct BackupTests {
    private static func configuration(_ server: LoopbackServer) -> String {
        OneEngine.configuration(at: server, price: "0.001", more: "")
    }

    private static func run(_ words: String..., in directory: String) async throws -> Executable.Outcome {
        try await Executable.run(words, in: directory)
    }

    /// Asks once; returns the id of the generation.
    private static func ask(_ server: ServerProcess, _ key: String) async throws -> String {
        let answer = try await server.curl(
            "/v1/chat/completions",
            [
                "-H", "Authorization: Bearer \(key)", "-H", "Content-Type: application/json", "-d",
                #"{"model":"airouter-cloud/test","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}"#,
            ])
        try #require(answer.status == 200, "\(answer)")
        let id = try #require(answer.text.firstMatch(of: /x-generation-id: (gen-[A-Za-z0-9-]+)/.ignoresCase()))
        return String(id.1)
    }

    private static func account(_ directory: String) async throws -> String {
        _ = try await run("users", "create", "ana@example.org", in: directory)
        _ = try await run("credits", "grant", "ana@example.org", "10", "--reason", "test", in: directory)
        let key = try await run("keys", "create", "--name", "k", "--user", "ana@example.org", in: directory)
        return String(key.output.split(separator: "\n").first ?? "")
    }

    @Test("what is charged up to a backup is in it, also what is in the journal only; what comes later is not")
    func roundTrip() async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let key = try await Self.account(directory)
            var server = try await ServerProcess(in: directory, configuration: Self.configuration(vendor))
            var before: [String] = []
            for _ in 0..<5 { before.append(try await Self.ask(server, key)) }
            let made = try await Self.run("backup", "b.tar", in: directory)
            #expect(made.status == 0, "\(made)")
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/b.tar")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let later = try await Self.ask(server, key)

            let refused = try await Self.run("restore", "b.tar", "--replace", in: directory)
            #expect(refused.status == 75 && refused.errors.contains("another routerd"), "\(refused)")
            server.signal(SIGKILL)
            _ = await server.exitCode(seconds: 10)
            let occupied = try await Self.run("restore", "b.tar", in: directory)
            #expect(occupied.status == 1 && occupied.errors.contains("is not empty"), "\(occupied)")
            let restored = try await Self.run("restore", "b.tar", "--replace", in: directory)
            #expect(restored.status == 0, "\(restored)")
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/data")
            #expect(
                names.filter { $0.hasPrefix("replaced-") }.count == 1 && !names.contains { $0.hasPrefix(".restore") })

            server = try await ServerProcess(in: directory, configuration: Self.configuration(vendor))
            for id in before {
                let record = try await server.curl("/v1/generation?id=\(id)", ["-H", "Authorization: Bearer \(key)"])
                #expect(record.status == 200 && record.text.contains(#""total_cost":0.004"#), "\(record)")
            }
            #expect(
                try await server.curl("/v1/generation?id=\(later)", ["-H", "Authorization: Bearer \(key)"]).status
                    == 404)
            server.signal(SIGTERM)
            #expect(await server.exitCode(seconds: 15) == 0)
            #expect(try await Self.run("credits", "verify", in: directory).status == 0)
            let balance = try await Self.run("credits", "balance", "ana@example.org", "--json", in: directory).json
            #expect(balance["balance"] as? String == "9.980000000" && balance["held"] as? String == "0.000000000")
        }
    }

    @Test("a backup of a server that was killed has what stands in its journal only")
    func killed() async throws {
        let vendor = try LoopbackServer(steps: [
            OneEngine.answer
        ])
        defer { vendor.stop() }
        try await TemporaryDirectory.with { directory in
            let key = try await Self.account(directory)
            let server = try await ServerProcess(in: directory, configuration: Self.configuration(vendor))
            let id = try await Self.ask(server, key)
            server.signal(SIGKILL)
            _ = await server.exitCode(seconds: 10)
            #expect(try await Self.run("backup", "b.tar", in: directory).status == 0)
            try FileManager.default.removeItem(atPath: "\(directory)/data")
            let restored = try await Self.run("restore", "b.tar", "--json", in: directory)
            let files = try #require(restored.json["files"] as? [String])
            #expect(
                files.contains("pepper") && files.contains("routerd.db") && files.contains { $0.hasPrefix("journal/") })
            let again = try await ServerProcess(in: directory, configuration: Self.configuration(vendor))
            let record = try await again.curl("/v1/generation?id=\(id)", ["-H", "Authorization: Bearer \(key)"])
            #expect(record.status == 200 && record.text.contains(#""total_cost":0.004"#), "\(record)")
        }
    }

    @Test("the archive is one that tar reads")
    func tar() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try await Self.run("keys", "create", "--name", "k", in: directory)
            #expect(try await Self.run("backup", "b.tar", in: directory).status == 0)
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
            tar.arguments = ["-xf", "\(directory)/b.tar", "-C", directory]
            try tar.run()
            _ = await until(seconds: 20) { !tar.isRunning }
            #expect(tar.terminationStatus == 0)
            let pepper = try String(contentsOfFile: "\(directory)/pepper", encoding: .utf8)
            #expect(try pepper == String(contentsOfFile: "\(directory)/data/pepper", encoding: .utf8))
            let twice = try await Self.run("backup", "b.tar", in: directory)
            #expect(twice.status == 73 && twice.errors.contains("is there already"))
        }
    }

    @Test("what is no backup, is cut off, damaged or leads out of the directory changes nothing: exit 65")
    func refuses() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try await Self.run("keys", "create", "--name", "k", in: directory)
            #expect(try await Self.run("backup", "good.tar", in: directory).status == 0)
            let good = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/good.tar"))
            var damaged = good
            // In the middle of the database's first page.
            if let start = good.range(of: Data("SQLite format 3".utf8))?.lowerBound {
                for index in start + 100..<start + 4096 { damaged[index] = 0xFF }
            }
            var renamed = good
            renamed[0] = UInt8(ascii: "x")
            for (name, data) in [
                ("text", Data("no archive at all".utf8)), ("empty", Data()), ("cut", good.prefix(good.count / 2)),
                ("end", good.prefix(good.count - 1024)), ("damaged", damaged), ("renamed", renamed),
                ("zeros", Data(count: 4096)),
            ] {
                try data.write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
                let outcome = try await Self.run("restore", name, "--data", "other", in: directory)
                #expect(outcome.status == 65, "\(name): \(outcome)")
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: "\(directory)/other") == ["lock"], "\(name)")
            }
            let writer = try TarWriter(making: "\(directory)/evil")
            try writer.add("../../evil", [1, 2, 3])
            try writer.finish()
            let evil = try await Self.run("restore", "evil", "--data", "other", in: directory)
            #expect(evil.status == 65 && evil.errors.contains("evil"), "\(evil)")
            let missing = try await Self.run("restore", "nowhere", "--data", "other", in: directory)
            #expect(missing.status == 65)
            #expect(try await Self.run("restore", "good.tar", "--data", "other", in: directory).status == 0)
            #expect(try await Self.run("keys", "list", "--data", "other", in: directory).output.contains("active"))
        }
    }

    @Test("for PostgreSQL both say which command of PostgreSQL's to use")
    func postgres() async throws {
        try await TemporaryDirectory.with { directory in
            for (command, tool) in [("backup", "pg_dump --format=custom"), ("restore", "pg_restore")] {
                let outcome = try await Self.run(
                    command, "x", "--database-url", "postgres://u:canary@127.0.0.1:1/d", in: directory)
                #expect(outcome.status == 1 && outcome.errors.contains(tool), "\(outcome)")
                #expect(!outcome.errors.contains("canary"))
            }
        }
    }

    @Test("sizes beyond eight gigabytes and names are read as they were written")
    func headers() throws {
        #expect(BackupFile.isKnown("journal/00000001.journal") && BackupFile.isKnown("routerd.db"))
        for name in [
            "", "/etc/passwd", "../pepper", "journal/../pepper", "journal/1.journal/x", "journal/.journal",
            "journal/0000000a.journal", "pepper2", "lock",
        ] {
            #expect(!BackupFile.isKnown(name), "\(name)")
        }
    }
}
