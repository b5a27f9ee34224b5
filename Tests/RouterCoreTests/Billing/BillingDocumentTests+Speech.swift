import Foundation
import RouterCore
import TestSupport
import Testing

/// A line of the table "Bills of speech" in docs/billing.md.
struct SpeechBill: Sendable, CustomTestStringConvertible {
    var price: String
    var end: String
    /// Text and audio; `nil` when the provider said nothing.
    var said: [Int]?
    var milliseconds: Int
    var charge: String
    var basis: String

    var testDescription: String {
        "by \(price), \(end), said \(said.map { "\($0)" } ?? "nothing"), \(milliseconds) ms"
    }

    /// All lines of the document.
    static let all: [SpeechBill] = {
        BillingDocument.lines(below: "### Bills of speech").compactMap { cells in
            guard cells.count == 6, ["character", "token"].contains(cells[0]), let milliseconds = Int(cells[3]) else {
                return nil
            }
            let said = cells[2].split(separator: "/").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            return SpeechBill(
                price: cells[0], end: cells[1], said: said.isEmpty ? nil : said, milliseconds: milliseconds,
                charge: cells[4], basis: cells[5].trimmingCharacters(in: ["`"]))
        }
    }()

    var prices: [Model.Price] {
        price == "character"
            ? [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                .init(unit: "character", usd: "0.000015"),
            ]
            : [.init(unit: "prompt", usd: "0.0000006"), .init(unit: "completion", usd: "0.000012")]
    }

    /// What the provider sends.
    var script: [ScriptedTransport.Step] {
        let sound = milliseconds > 0 ? "sound \(milliseconds)\n" : ""
        let usage = said.map { "usage \($0[0]) \($0[1])\n" } ?? ""
        switch end {
        case "broken off": return [.head(200), .bytes(sound + usage)]
        case "provider failed": return [.head(200), .bytes(sound + usage), .bytes("error it broke\n")]
        case "client left, bills abandoned": return [.head(200), .bytes(sound), .bytes(usage + "end\n")]
        case let end where end.hasPrefix("client left"):
            return sound.isEmpty ? [.head(200), .hang] : [.head(200), .bytes(sound + usage), .hang]
        default: return [.head(200), .bytes(sound + usage + "end\n")]
        }
    }
}

extension BillingDocumentTests {
    private struct Left: Error {}

    @Test("of speech are all there")
    func speechIsThere() { #expect(SpeechBill.all.count == 16) }

    @Test("of speech are what an engine charges", arguments: SpeechBill.all)
    func chargesSpeech(_ bill: SpeechBill) async throws {
        var provider = Samples.provider("one")
        if bill.end.hasSuffix("own machine") { provider.location = .local }
        provider.billsAbandoned = bill.end.hasSuffix("bills abandoned")
        let model = Model(
            id: "test/speech", name: "Speech", contextLength: 2000, outputModalities: ["speech"], pricing: bill.prices,
            endpoints: [Endpoint(provider: provider, upstreamModel: "s")])
        let ledger = ScriptedLedger(amount: nil)
        let engine = Samples.engine(ScriptedTransport([bill.script]), models: [model], ledger: ledger)
        let request = try OperationRequest(
            Array(#"{"model":"test/speech","input":"Hello, welcome to AI Router!"}"#.utf8), for: .speech)
        let leaves = bill.end.hasPrefix("client left")
        let task = Task {
            let answer = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
            return try await answer.forward { _ in if leaves { throw Left() } }
        }
        if leaves, bill.milliseconds == 0 { task.cancel() }
        _ = await task.result
        let record = try #require(ledger.settled.first)
        #expect(ledger.settled.count == 1)
        #expect(record.cost.text == bill.charge)
        #expect(ledger.ended.first.map { $0 >= record.cost } == true)
        #expect(record.basis.rawValue == bill.basis)
    }
}
