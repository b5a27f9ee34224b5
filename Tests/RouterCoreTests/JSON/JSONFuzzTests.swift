import Foundation
import RouterCore
import TestSupport
import Testing

/// Random texts, from a seed that is printed: set `FUZZ_SEED` to run those of a failure again, and `FUZZ_ITERATIONS` to
/// run longer. Without limit, and with coverage: `scripts/fuzz`.
@Suite("Random JSON")
struct JSONFuzzTests {
    static let seed =
        ProcessInfo.processInfo.environment["FUZZ_SEED"].flatMap(UInt64.init) ?? .random(in: 1...1_000_000)
    static let iterations = ProcessInfo.processInfo.environment["FUZZ_ITERATIONS"].flatMap(Int.init) ?? 30_000

    @Test("valid texts are read as the reference reads them")
    func valid() {
        print("JSONFuzzTests: FUZZ_SEED=\(Self.seed) FUZZ_ITERATIONS=\(Self.iterations)")
        for iteration in 0..<UInt64(max(Self.iterations / 20, 1)) {
            var generator = JSONGenerator(seed: Self.seed &+ iteration)
            #expect(expectAgreement(generator.document(), "from seed \(Self.seed &+ iteration)"))
        }
    }

    @Test("spoiled texts never trap, and get the fault that the reference gives them")
    func spoiled() {
        var corpus = JSONConformance.all.map(\.bytes).filter { $0.count < 2_000 }
        corpus += Self.conversations.map { Array($0.utf8) }
        for seed in 0..<UInt64(100) {
            var generator = JSONGenerator(seed: Self.seed &+ seed)
            corpus.append(generator.document())
        }
        var mutator = JSONMutator(seed: Self.seed, corpus: corpus)
        for iteration in 0..<Self.iterations {
            let limits = iteration % 4 == 0 ? JSONLimits.response : .request
            expectAgreement(mutator.next(), limits: limits, "from seed \(Self.seed), iteration \(iteration)")
        }
    }

    @Test("valid texts mean to Foundation what they mean to us")
    func foundation() throws {
        for iteration in 0..<UInt64(max(Self.iterations / 40, 1)) {
            var generator = JSONGenerator(seed: Self.seed &+ iteration)
            generator.hugeNumbers = false
            generator.loneSurrogates = false
            let text = generator.document()
            let object = try JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
            let document = try JSONDocument(text)
            let isSame = Self.isSame(document.root, object)
            #expect(isSame, "from seed \(Self.seed &+ iteration): \(shown(text))")
        }
    }

    private static func isSame(_ value: JSONValue, _ object: Any) -> Bool {
        switch value.kind {
        case .null: return object is NSNull
        case .bool: return (object as? NSNumber)?.boolValue == value.bool
        case .number:
            // Foundation reads some numbers by way of a decimal and is off in the last bit.
            guard let theirs = (object as? NSNumber)?.doubleValue, let ours = value.double else { return false }
            return theirs == ours || abs(theirs - ours) < abs(ours) * 1e-14
        case .string: return (object as? String).map { Array($0.utf16) } == value.string.map { Array($0.utf16) }
        case .array:
            guard let elements = object as? [Any], elements.count == value.count else { return false }
            return zip(value.elements, elements).allSatisfy { isSame($0, $1) }
        case .object:
            guard let members = object as? [String: Any] else { return false }
            // Foundation's names are equal when they are canonically equivalent, ours when their characters are; the
            // generator numbers them, so that none are equal for either.
            return members.count == value.count
                && value.members.allSatisfy { member in
                    members[member.name.string].map { isSame(member.value, $0) } ?? false
                }
        }
    }

    private static let conversations = [
        #"{"model":"openai/gpt-4o-mini","messages":[{"role":"system","content":"You answer briefly."},{"role":"user","content":"Tell me about \"ferries\"\nand cafés by the sea, please, in 20 words."}],"stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"max_tokens":1024,"stop":["\n\n","END"],"tools":[{"type":"function","function":{"name":"look_up","parameters":{"type":"object","properties":{"place":{"type":"string"}},"required":["place"]}}}]}"#,
        #"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1730000000,"model":"m","choices":[{"index":0,"delta":{"content":" wonderful"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
        "{\n  \"model\" : \"m\",\n  \"messages\" : [\n    { \"role\" : \"user\", \"content\" : [ { \"type\" : \"text\", \"text\" : \"日本語 😀\" } ] }\n  ]\n}\n",
    ]
}
