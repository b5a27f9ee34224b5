import Foundation
import RouterCore
import TestSupport
import Testing

/// A line of the table "Worked bills" in docs/billing.md.
struct WorkedBill: Sendable, CustomTestStringConvertible {
    var end: String
    /// Prompt, cached and answer; `nil` when the provider said nothing.
    var said: [Int]?
    var bytes: Int
    var charge: String
    var basis: String

    var testDescription: String { "\(end), said \(said.map { "\($0)" } ?? "nothing"), \(bytes) bytes" }

    /// All lines of the document.
    static let all: [WorkedBill] = {
        BillingDocument.lines(below: "### Worked bills").compactMap { cells in
            guard cells.count == 5, let bytes = Int(cells[2]) else { return nil }
            let said = cells[1].split(separator: "/").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            return WorkedBill(
                end: cells[0], said: said.isEmpty ? nil : said, bytes: bytes, charge: cells[3],
                basis: cells[4].trimmingCharacters(in: ["`"]))
        }
    }()
}

@Suite("The worked bills of docs/billing.md")
struct BillingDocumentTests {
    private struct Gone: Error {}

    @Test("are all there")
    func areThere() { #expect(WorkedBill.all.count == 16) }

    @Test("are what an engine charges", arguments: WorkedBill.all)
    func charges(_ bill: WorkedBill) async throws {
        let ledger = ScriptedLedger()
        let engine = Self.engine(for: bill, ledger)
        // 104 bytes in quotes, and those of the member `content` with its name are what PromptLength counts.
        let text = String(repeating: "word", count: 26)
        let request = try ChatRequest(
            Array(
                #"{"model":"test/model","stream":true,"messages":[{"role":"user","content":"\#(text)"}]}"#.utf8))
        let leaves = bill.end.hasPrefix("client left")
        let task = Task {
            let answer = try await engine.chat(request, for: Samples.caller, as: Samples.generation)
            return try await answer.forward { events in
                // It has had all there was before it leaves.
                if leaves, events.contains(where: { if case .finish = $0 { true } else { false } }) { throw Gone() }
            }
        }
        if leaves, bill.bytes == 0 { task.cancel() }
        _ = await task.result
        let record = try #require(ledger.settled.first)
        #expect(ledger.settled.count == 1)
        #expect(record.cost.text == bill.charge)
        #expect(record.basis.rawValue == bill.basis)
    }

    private static func engine(for bill: WorkedBill, _ ledger: ScriptedLedger) -> Engine {
        var provider = Samples.provider("one")
        if bill.end.hasSuffix("own machine") { provider.location = .local }
        provider.billsAbandoned = bill.end.hasSuffix("bills abandoned")
        var model = Samples.model()
        let usual: [Model.Price] = [
            .init(unit: "prompt", usd: "0.0000025"), .init(unit: "completion", usd: "0.00002"),
            .init(unit: "input_cache_read", usd: "0.00000025"),
        ]
        let flex: [Model.Price] = [
            .init(unit: "prompt", usd: "0.00000125"), .init(unit: "completion", usd: "0.00001"),
        ]
        model.endpoints = [
            Endpoint(
                provider: provider, upstreamModel: "m", pricing: Pricing(prices: usual, services: ["flex": flex]))
        ]
        let catalog = Catalog([model])
        return Engine(
            catalog: { catalog }, vendors: [ScriptedTranslator.dialect: Vendor(chat: ScriptedTranslator())],
            transport: ScriptedTransport([script(for: bill)]), authorizer: NoAuthorizer(), ledger: ledger,
            ambient: .manual())
    }

    /// What the provider sends.
    private static func script(for bill: WorkedBill) -> [ScriptedTransport.Step] {
        var lines = "open\n"
        if bill.bytes > 0 { lines += "content \(String(repeating: "x", count: bill.bytes))\n" }
        let usage = bill.said.map { said in
            "cached \(said[0]) \(said[2]) \(said[1])\(bill.end.contains("flex") ? " flex" : "")\n"
        }
        switch bill.end {
        case "broken off": return [.head(200), .bytes(lines + (usage ?? ""))]
        case "provider failed": return [.head(200), .bytes(lines + (usage ?? "")), .bytes("error it broke\n")]
        case "client left, bills abandoned":
            return [.head(200), .bytes(lines + "finish\n"), .bytes(usage ?? ""), .bytes("end\n")]
        case let end where end.hasPrefix("client left"):
            return bill.bytes == 0
                ? [.head(200), .hang] : [.head(200), .bytes(lines + (usage ?? "") + "finish\n"), .hang]
        default: return [.head(200), .bytes(lines + "finish\n" + (usage ?? "") + "end\n")]
        }
    }
}
