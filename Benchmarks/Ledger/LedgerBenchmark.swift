import Foundation
import RouterCore
import RouterHTTP
import RouterStore

/// What prepaid credit costs: on the way of a request, in the store, and among a million records.
///
///     swift run -c release --package-path Benchmarks ledger-benchmark path
///     swift run -c release --package-path Benchmarks ledger-benchmark settle [postgres://…]
///     swift run -c release --package-path Benchmarks ledger-benchmark million [postgres://…]
///     swift run -c release --package-path Benchmarks ledger-benchmark journal <data directory> <records>
///     swift run -c release --package-path Benchmarks ledger-benchmark serve <port> <upstream's port> free|credit
///
/// With an address the store is that PostgreSQL, which must be empty; else an SQLite file in a directory of its own.
@main
struct LedgerBenchmark {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        switch words.first {
        case "path": try await PathBenchmark().run()
        case "settle": try await SettleBenchmark(Place(words.dropFirst().first)).run()
        case "million": try await MillionBenchmark(Place(words.dropFirst().first)).run()
        case "journal" where words.count == 3:
            try JournalMaker.fill(words[words.startIndex + 1], count: Int(words[words.startIndex + 2]) ?? 0)
        case "serve" where words.count == 4:
            let port = words.compactMap { Int($0) }
            guard port.count == 2 else { exit(64) }
            try await ServeBenchmark(port: port[0], upstream: port[1], isFree: words.last == "free").run()
        default:
            print(
                "ledger-benchmark path | settle [postgres://…] | million [postgres://…] | journal <directory> <count> | serve <port> <upstream port> free|credit"
            )
            exit(64)
        }
    }
}

/// Where the store of a benchmark is; its directory is removed at the end.
struct Place {
    let directory: String
    private let address: String?

    init(_ address: String?) throws {
        self.address = address
        directory = NSTemporaryDirectory() + "ledger-benchmark-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    var name: String { address == nil ? "SQLite" : "PostgreSQL" }

    func open() async throws -> SQLStore {
        if let address { return try await PostgresStore.open(uri: address) }
        return try await SQLiteStore.open(path: directory + "/routerd.db")
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}

/// Accounts, keys and records as a server makes them.
enum Sample {
    static let now: Int64 = 1_776_249_000_000
    static let prices = Pricing(prices: [
        .init(unit: "prompt", usd: "0.0000025"), .init(unit: "completion", usd: "0.00002"),
    ]).list()

    static let ambient = Ambient.live { Int64(Date().timeIntervalSince1970 * 1000) }

    static func account(_ number: Int, in store: SQLStore) async throws -> Account.ID {
        let grant = CreditEntry(
            id: "grant-\(number)", account: .first, kind: .grant, amount: Money(nanoUSD: 1_000_000_000_000_000),
            reason: "benchmark", createdAt: now)
        return try await store.add(
            Account(id: .first, email: "a\(number)@example.org", createdAt: now), grant: grant
        ).id
    }

    /// Sets aside what all settlements of an account will use.
    static func reserve(_ account: Account.ID, by node: NodeID, epoch: Int64, in store: SQLStore) async throws {
        let amount: Int64 = 10_000_000_000_000
        let request = LeaseRequest(
            node: node, epoch: epoch, lease: LeaseName(account: account), need: amount, want: amount)
        guard case .granted = try await store.lease(request) else {
            throw StoreError(.unavailable, "no credit was set aside")
        }
    }

    static func id(_ number: Int) -> Generation.ID {
        let digits = String(number)
        return Generation.ID(
            rawValue: "gen-1776249000-" + String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits)
    }

    /// A request that has ended, on one of 30 days.
    static func record(_ number: Int, of account: Account.ID, key: String, days: Int = 1) -> Generation {
        var record = Generation(
            id: id(number), account: account, key: key, model: "openai/gpt-5.4", provider: "openai",
            createdAt: now - Int64(number % days) * 86_400_000, streamed: true)
        record.providerName = "OpenAI"
        record.outcome = .completed
        record.finishReason = "stop"
        record.usage.prompt = 25
        record.usage.completion = 150
        record.basis = .vendor
        record.priceID = prices.id
        record.cost = Money(nanoUSD: 3_062_500)
        record.firstContentAfter = .milliseconds(310)
        record.elapsed = .milliseconds(1400)
        return record
    }

    static func settlement(_ number: Int, of account: Account.ID, key: String, days: Int = 1) -> Settlement {
        let record = record(number, of: account, key: key, days: days)
        return Settlement(generation: record, record: record.json, lease: LeaseName(account: account))
    }
}

/// Seconds of a clock of the system.
func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

extension Array where Element == Double {
    /// Of sorted numbers, the one below which so many of a hundred lie.
    func percentile(_ percent: Int) -> Double { isEmpty ? 0 : self[Swift.min(count - 1, count * percent / 100)] }
}
