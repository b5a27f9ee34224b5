import Foundation
import RouterProviders
import TestSupport
import Testing

@testable import RouterCore

/// A line of the table "Bills of images and embeddings" in docs/billing.md.
struct ImageBill: Sendable, CustomTestStringConvertible {
    /// `image`, `token` or `embeddings`.
    var price: String
    /// Members of the request.
    var asked: String
    var end: String
    /// Tokens of text and of images; `nil` when the provider said nothing.
    var said: [Int]?
    var images: Int
    var charge: String
    var basis: String

    var testDescription: String { "by the \(price), \(asked), \(end), said \(said.map { "\($0)" } ?? "nothing")" }

    /// All lines of the document.
    static let all: [ImageBill] = {
        BillingDocument.lines(below: "### Bills of images and embeddings").compactMap { cells in
            guard cells.count == 7, ["image", "token", "embeddings"].contains(cells[0]), let images = Int(cells[4])
            else { return nil }
            let said = cells[3].split(separator: "/").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            return ImageBill(
                price: cells[0], asked: cells[1].trimmingCharacters(in: ["`"]), end: cells[2],
                said: said.isEmpty ? nil : said, images: images,
                charge: cells[5], basis: cells[6].trimmingCharacters(in: ["`"]))
        }
    }()

    var operation: RouterCore.Operation { price == "embeddings" ? .embeddings : .images }

    var model: Model {
        var provider = Endpoints.openAI
        if end.hasSuffix("own machine") { provider.location = .local }
        let prices: [Model.Price] =
            switch price {
            case "image": [.init(unit: "prompt", usd: "0"), .init(unit: "image_output", usd: "0.04")]
            case "token": [.init(unit: "prompt", usd: "0.000005"), .init(unit: "image_output_token", usd: "0.00004")]
            default: [.init(unit: "prompt", usd: "0.00000002")]
            }
        var model = Model(
            id: "test/model", name: "M", contextLength: 8192,
            outputModalities: [operation == .images ? "image" : "embeddings"],
            pricing: prices + [.init(unit: "completion", usd: "0")],
            endpoints: [
                Endpoint(
                    provider: provider, upstreamModel: operation == .images ? "gpt-image-1" : "text-embedding-3-small")
            ])
        if price == "image" {
            model.pricingVariants.images = [.init(size: "1024x1024", quality: "high", usd: "0.17")]
        }
        return model
    }

    /// What the provider sends.
    var script: [ScriptedTransport.Step] {
        let data =
            operation == .images
            ? [String](repeating: #"{"b64_json":"AQID"}"#, count: images).joined(separator: ",")
            : #"{"object":"embedding","index":0,"embedding":[0.5]}"#
        let usage = said.map { said in
            operation == .images
                ? #","usage":{"input_tokens":\#(said[0]),"output_tokens":\#(said[1]),"total_tokens":\#(said[0] + said[1])}"#
                : #","usage":{"prompt_tokens":\#(said[0]),"total_tokens":\#(said[0])}"#
        }
        let answer = #"{"object":"list","created":1,"model":"m","data":[\#(data)]\#(usage ?? "")}"#
        return switch end {
        case "broken off": [.head(200), .bytes(String(answer.dropLast(9)))]
        case "provider failed": [.head(500), .bytes(#"{"error":{"message":"it broke"}}"#)]
        case "complete": [.head(200), .bytes(answer)]
        default: [.head(200), .hang]
        }
    }
}

@Suite("The bills of images and embeddings in docs/billing.md", .timeLimit(.minutes(1)))
struct ImageBillsTests {
    @Test("are all there") func areThere() { #expect(ImageBill.all.count == 19) }

    @Test("are what an engine charges", arguments: ImageBill.all)
    func charges(_ bill: ImageBill) async throws {
        let ledger = ScriptedLedger()
        let catalog = Catalog([bill.model])
        let engine = Engine(
            catalog: { catalog }, vendors: Vendors.all, transport: ScriptedTransport([bill.script]),
            authorizer: KeyAuthorizer(keys: ["openai": [Credentials("secret")].compactMap(\.self)]), ledger: ledger,
            ambient: .manual(), sleep: { _ in })
        let text = bill.operation == .images ? "prompt" : "input"
        let members = bill.asked.isEmpty ? "" : "," + bill.asked
        let request = try OperationRequest(
            Array(#"{"model":"test/model","\#(text)":"a yurt at dawn"\#(members)}"#.utf8), for: bill.operation)
        let task = Task {
            let answer = try await engine.answer(request, for: Samples.caller, as: Samples.generation)
            return try await answer.forward { _ in }
        }
        if bill.end.hasPrefix("client left") { task.cancel() }
        _ = await task.result
        let record = try #require(ledger.settled.first)
        #expect(ledger.settled.count == 1 && record.cost.text == bill.charge && record.basis.rawValue == bill.basis)
    }
}
