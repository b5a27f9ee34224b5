import Foundation
import RouterCore
import TestSupport
import Testing

/// A line of the table "Bills of transcription" in docs/billing.md.
struct TranscriptionBill: Sendable, CustomTestStringConvertible {
    var price: String
    var end: String
    var said: String
    var bytes: Int
    var charge: String
    var basis: String

    var testDescription: String { "by the \(price), \(end), said \(said), \(bytes) bytes" }

    /// All lines of the document.
    static let all: [TranscriptionBill] = {
        BillingDocument.lines(below: "### Bills of transcription").compactMap { cells in
            guard cells.count == 6, ["second", "token"].contains(cells[0]), let bytes = Int(cells[3]) else {
                return nil
            }
            return TranscriptionBill(
                price: cells[0], end: cells[1], said: cells[2], bytes: bytes, charge: cells[4],
                basis: cells[5].trimmingCharacters(in: ["`"]))
        }
    }()

    var prices: [Model.Price] {
        price == "second"
            ? [
                .init(unit: "prompt", usd: "0"), .init(unit: "completion", usd: "0"),
                .init(unit: "audio_second", usd: "0.0001"),
            ]
            : [.init(unit: "prompt", usd: "0.0000025"), .init(unit: "completion", usd: "0.00001")]
    }

    /// What the provider sends: in events, but for an answer that is complete.
    var script: [ScriptedTransport.Step] {
        let word = String(repeating: "x", count: bytes)
        let heard = bytes > 0 ? "heard \(word)\n" : ""
        let numbers = said.split(separator: " ").compactMap { Int($0) }
        let usage =
            switch numbers.count {
            case 1: "seconds \(numbers[0])\n"
            case 2: "usage \(numbers[0]) \(numbers[1])\n"
            default: ""
            }
        switch end {
        case "broken off": return [.head(200), .bytes(heard + usage)]
        case "provider failed": return [.head(200), .bytes(heard + usage), .bytes("error it broke\n")]
        case let end where end.hasPrefix("client left"):
            return heard.isEmpty ? [.head(200), .hang] : [.head(200), .bytes(heard + usage), .hang]
        default: return [.head(200), .bytes("transcript \(word)\n" + usage + "end\n")]
        }
    }
}

extension BillingDocumentTests {
    private struct Left: Error {}

    @Test("of transcription are all there")
    func transcriptionIsThere() { #expect(TranscriptionBill.all.count == 18) }

    @Test("of transcription are what an engine charges", arguments: TranscriptionBill.all)
    func chargesTranscription(_ bill: TranscriptionBill) async throws {
        var provider = Samples.provider("one")
        if bill.end.hasSuffix("own machine") { provider.location = .local }
        let model = Model(
            id: "test/hears", name: "Hears", contextLength: 2000, outputModalities: ["transcription"],
            pricing: bill.prices, endpoints: [Endpoint(provider: provider, upstreamModel: "h")])
        let ledger = ScriptedLedger(amount: nil)
        let engine = Samples.engine(
            ScriptedTransport([bill.script], readsUploads: !bill.end.hasSuffix("file not sent")), models: [model],
            ledger: ledger)
        let isWhole = bill.end.hasPrefix("complete")
        let request = try OperationRequest(
            Samples.transcription(
                of: Samples.wav(milliseconds: 2950), model: "test/hears", isWhole ? "" : #""stream":true"#),
            for: .transcription)
        let leaves = bill.end.hasPrefix("client left")
        let task = Task {
            let answer = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
            return try await answer.forward { _ in if leaves { throw Left() } }
        }
        if leaves, bill.bytes == 0 { task.cancel() }
        _ = await task.result
        let record = try #require(ledger.settled.first)
        #expect(ledger.settled.count == 1)
        #expect(record.cost.text == bill.charge)
        #expect(ledger.ended.first.map { $0 >= record.cost } == true)
        #expect(record.basis.rawValue == bill.basis)
        #expect(record.kind == .transcription)
    }
}
