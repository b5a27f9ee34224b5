import Foundation
import RouterCore
import RouterHTTP
import RouterStore

/// What a request's own thread spends for its key, its limit, its hold, its journal and its charge.
///
/// CPU time of this process, while nothing is reported to the store: that is other threads' work, and is measured by
/// `settle`. The best and the median of 15 rounds of 2,000 requests.
struct PathBenchmark {
    func run() async throws {
        let place = try Place(nil)
        defer { place.remove() }
        let store = try await place.open()
        let ambient = Sample.ambient
        guard let peppers = Peppers(text: Peppers.newSecret()) else { return }
        let account = try await Sample.account(1, in: store)
        try await store.keep([Sample.prices])
        let made = KeyText.make()
        let key = APIKey(
            id: "key_benchmark", account: account, name: "benchmark", label: made.label,
            digest: peppers.digest(of: made.text),
            requestsPerMinute: 1_000_000_000, createdAt: Sample.now)
        try await store.add(key)
        let directory = KeyDirectory(store: store, ambient: ambient)
        // A key is looked up in the store once; then it is known.
        _ = try await directory.find(peppers.digests(of: made.text) ?? [])
        let limiter = RateLimiter(clock: ambient.timestamp)
        let (journal, _) = try FileJournal.open(place.directory + "/journal")
        let ledger = CreditLedger(
            node: NodeID(rawValue: "node-benchmark"), store: store, journal: journal, ambient: ambient)
        try await ledger.start(recovering: [])
        let caller = Caller(account: account, key: key.id)
        let estimate = HoldEstimate(
            promptTokens: 100, outputTokensAllowed: 500, outputTokensPossible: 500, promptRate: 2_500_000,
            outputRate: 20_000_000, requestFee: 0, streamed: true, model: "openai/gpt-5.4")
        var number = 0
        var (all, gate): ([Double], [Double]) = ([], [])
        // The first round fills what is kept and is not counted.
        for round in 0..<16 {
            var inGate = 0.0
            let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
            for _ in 0..<2000 {
                number += 1
                let began = seconds(CLOCK_THREAD_CPUTIME_ID)
                guard let digests = peppers.digests(of: made.text), directory.known(digests) != nil,
                    limiter.admit(key.id, limit: key.requestsPerMinute)?.isAdmitted == true
                else { return print("the key was not let in") }
                inGate += seconds(CLOCK_THREAD_CPUTIME_ID) - began
                let record = Sample.record(number, of: account, key: key.id)
                let hold = try await ledger.hold(for: record, estimate, caller: caller)
                _ = try await ledger.settle(hold, as: record)
            }
            let spent = seconds(CLOCK_PROCESS_CPUTIME_ID) - start
            if round > 0 {
                all.append(spent / 2000)
                gate.append(inGate / 2000)
            }
            try await ledger.report()
        }
        all.sort()
        gate.sort()
        print(
            String(
                format:
                    "key and limit                            %7.2f %7.2f µs\nall with hold, journal and settlement    %7.2f %7.2f µs",
                gate[0] * 1e6, gate[7] * 1e6, all[0] * 1e6, all[7] * 1e6))
        try await ledger.stop()
        await store.close()
    }
}
