import Foundation
import RouterCore

/// What reading, editing and writing JSON costs, beside Foundation on the same texts.
///
/// `swift run -c release --package-path Benchmarks json-benchmark`; columns: best, median, speed of the best.
@main
struct JSONBenchmark {
    static func main() {
        let large = Texts.request(ofAbout: 100_000)
        let small = Texts.request(ofAbout: 1_000)
        print("request \(large.count) B, small request \(small.count) B, event \(Texts.event.count) B; CPU time")
        for (name, text) in [("100 KB request", large), ("1 KB request", small)] {
            measure("\(name): check only", bytes: text.count) { check(text) }
            measure("\(name): check, read 3 members", bytes: text.count) { readThree(text) }
            measure("\(name): check, change the model, write", bytes: text.count) { changeModel(text) }
        }
        measure("300 B event: check only", bytes: Texts.event.count) { check(Texts.event) }
        measure("300 B event: check, read the content", bytes: Texts.event.count) { readEvent(Texts.event) }
        measure("300 B event: check, change id and model, write", bytes: Texts.event.count) {
            changeEvent(Texts.event)
        }
        for (name, text) in Texts.others {
            measure("\(name), \(text.count) B: check only", bytes: text.count) { check(text) }
        }
        for (name, text) in [
            ("100 KB request", large), ("1 KB request", small), ("300 B event", Texts.event),
        ] {
            let data = Data(text)
            measure("\(name): JSONSerialization", bytes: text.count) { serialization(data) }
            measure("\(name): JSONDecoder, typed", bytes: text.count) { decoder(data) }
        }
    }

    static func check(_ text: [UInt8]) -> Int {
        (try? JSONDocument(text))?.root.count ?? 0
    }

    static func readThree(_ text: [UInt8]) -> Int {
        guard let document = try? JSONDocument(text) else { return 0 }
        let root = document.root
        let streams = root["stream"]?.bool == true ? 1 : 0
        return (root["model"]?.string?.utf8.count ?? 0) + (root["max_tokens"]?.integer ?? 0) + streams
    }

    static func changeModel(_ text: [UInt8]) -> Int {
        guard let document = try? JSONDocument(text) else { return 0 }
        var writer = JSONWriter(capacity: text.count + 64)
        writer.beginObject()
        for member in document.root.members {
            switch member.name {
            case "model": writer.member("model", "gpt-4o-mini-2024-07-18")
            default: writer.copy(member)
            }
        }
        writer.endObject()
        return writer.bytes.count
    }

    static func readEvent(_ text: [UInt8]) -> Int {
        guard let document = try? JSONDocument(text, limits: .response) else { return 0 }
        var length = 0
        if let choices = document.root["choices"] {
            for choice in choices.elements { length += choice["delta"]?["content"]?.string?.utf8.count ?? 0 }
        }
        return length
    }

    static func changeEvent(_ text: [UInt8]) -> Int {
        guard let document = try? JSONDocument(text, limits: .response) else { return 0 }
        var writer = JSONWriter(capacity: text.count + 64)
        writer.beginObject()
        for member in document.root.members {
            switch member.name {
            case "id": writer.member("id", "gen-1730000000-AbCdEfGhIjKlMnOpQrSt")
            case "model": writer.member("model", "openai/gpt-4o-mini")
            default: writer.copy(member)
            }
        }
        writer.endObject()
        return writer.bytes.count
    }

    static func serialization(_ data: Data) -> Int {
        let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        return (object?["model"] as? String)?.utf8.count ?? 0
    }

    static func decoder(_ data: Data) -> Int {
        guard let request = try? JSONDecoder().decode(Request.self, from: data) else { return 0 }
        return request.model.utf8.count + (request.maxTokens ?? 0)
    }

    /// What both kinds of text have, typed as a hand-written server would.
    struct Request: Decodable {
        struct Message: Decodable {
            var role: String
            var content: String
        }
        struct Choice: Decodable {
            struct Delta: Decodable { var content: String? }
            var index: Int
            var delta: Delta
        }
        var model: String
        var messages: [Message]?
        var choices: [Choice]?
        var stream: Bool?
        var maxTokens: Int?

        enum CodingKeys: String, CodingKey {
            case model, messages, choices, stream
            case maxTokens = "max_tokens"
        }
    }
}
