import Foundation
import RouterCore
import RouterProviders

/// What a chunk of a stream costs on its way from the vendor's bytes to the client's, and what a request costs on its
/// way to the vendor.
///
/// `swift run -c release --package-path Benchmarks chat-benchmark`; the best and the median of 15 rounds, CPU time.
/// With the name of a kind of chunk, such as `OpenAI`, only that.
@main
struct ChatBenchmark {
    static func main() throws {
        let wanted = CommandLine.arguments.dropFirst().first
        for (name, chunk) in chunks where wanted == nil || name == wanted {
            try measureStream(name, chunk: chunk)
        }
        for (name, chunk) in anthropicChunks where wanted == nil || name == wanted {
            try measureStream(name, chunk: chunk, endpoint: anthropic)
        }
        for (name, chunk) in geminiChunks where wanted == nil || name == wanted {
            try measureStream(name, chunk: chunk, endpoint: gemini)
        }
        for size in [1_000, 100_000] where wanted == nil || wanted == "requests" {
            try measureRequest("request of \(size) B to OpenAI", body: request(of: size), endpoint: openAI)
            try measureRequest("request of \(size) B to an engine", body: request(of: size), endpoint: engine)
            try measureRequest("request of \(size) B to Anthropic", body: request(of: size), endpoint: anthropic)
            try measureRequest("request of \(size) B to Gemini", body: request(of: size), endpoint: gemini)
        }
    }

    static let openAI = Endpoint(
        provider: Provider(slug: "openai", name: "OpenAI", dialect: .openAI, baseURL: "https://api.openai.com/v1"),
        upstreamModel: "gpt-4.1")
    static let engine = Endpoint(
        provider: Provider(
            slug: "engine", name: "Engine", dialect: .openAICompatible, baseURL: "http://127.0.0.1:8000/v1",
            location: .local), upstreamModel: "smollm2")

    static let anthropic = Endpoint(
        provider: Provider(
            slug: "anthropic", name: "Anthropic", dialect: .anthropic, baseURL: "https://api.anthropic.com"),
        upstreamModel: "claude-opus-4-7", traits: ChatTraits(answerTokensMax: 128_000))

    static let gemini = Endpoint(
        provider: Provider(
            slug: "google", name: "Google", dialect: .gemini,
            baseURL: "https://generativelanguage.googleapis.com/v1beta"),
        upstreamModel: "gemini-3-pro", traits: ChatTraits(reasoning: .levels([.low, .high]), signsThoughts: true))

    /// Records as Gemini sends them, with counts (`^`) that differ from one to the next.
    static let geminiChunks = [
        (
            "Gemini",
            #"{"candidates":[{"content":{"parts":[{"text":"%"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":^,"totalTokenCount":^,"promptTokensDetails":[{"modality":"TEXT","tokenCount":12}]},"modelVersion":"gemini-3-pro-preview","responseId":"o3fHaZW1MsGrvdIP4e7CiQ8"}"#
        ),
        (
            "Gemini, thinking",
            #"{"candidates":[{"content":{"parts":[{"text":"%","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":12,"totalTokenCount":^,"promptTokensDetails":[{"modality":"TEXT","tokenCount":12}],"thoughtsTokenCount":^},"modelVersion":"gemini-3-pro-preview","responseId":"o3fHaZW1MsGrvdIP4e7CiQ8"}"#
        ),
    ]

    /// Deltas as Anthropic sends them, in a block of their kind.
    static let anthropicChunks = [
        (
            "Anthropic",
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%"}}"#
        ),
        (
            "Anthropic, thinking",
            #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"%"}}"#
        ),
        (
            "Anthropic, tool arguments",
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"%"}}"#
        ),
    ]

    /// What comes before the deltas of a chunk's kind.
    static func opening(of chunk: String) -> [UInt8] {
        guard chunk.contains("content_block_delta") else { return [] }
        let block =
            chunk.contains("text_delta")
            ? #""type":"text","text":"""#
            : chunk.contains("thinking_delta")
                ? #""type":"thinking","thinking":"""# : #""type":"tool_use","id":"t","name":"f","input":{}"#
        return Array(
            #"""
            event: message_start
            data: {"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{\#(block)}}


            """#.utf8)
    }

    /// Chunks as vendors send them; `%` is where the text goes.
    static let chunks: [(String, String)] = [
        (
            "OpenAI",
            #"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1776249001,"model":"gpt-5.4-2026-03-05","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{"content":"%"},"logprobs":null,"finish_reason":null}],"usage":null}"#
        ),
        (
            "OpenAI, obfuscated",
            #"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1776249001,"model":"gpt-5.4-2026-03-05","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{"content":"%"},"logprobs":null,"finish_reason":null}],"obfuscation":"~","usage":null}"#
        ),
        (
            "llama.cpp",
            #"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"%"}}],"created":1776249001,"id":"chatcmpl-8f0c2f3b6a5e4b7d9c1a8f0c2f3b6a5e4b7d9c1a","model":"smollm2-135m-instruct","system_fingerprint":"b6710-74b8fc17","object":"chat.completion.chunk","padding":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#
        ),
        (
            "reasoning",
            #"{"id":"chatcmpl-8f0c2f3b6a5e4b7d9c1a","object":"chat.completion.chunk","created":1776249001,"model":"Qwen/Qwen3-235B-A22B-Instruct-2507-FP8","choices":[{"index":0,"delta":{"reasoning_content":"%"},"logprobs":null,"finish_reason":null,"matched_stop":null}],"usage":null,"metadata":{}}"#
        ),
        (
            "tool arguments",
            #"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1776249001,"model":"gpt-5.4-2026-03-05","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"%"}}]},"logprobs":null,"finish_reason":null}],"usage":null}"#
        ),
    ]

    static let words = [" the", " a", " router", ",", "\\n\\n", " Сәлем", " quick", " \\\"quoted\\\"", ".", " 42"]

    static func measureStream(_ name: String, chunk: String, endpoint: Endpoint = openAI) throws {
        let body = #"{"model":"a/b","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#
        let request = try ChatRequest(Array(body.utf8))
        guard let chat = Vendors.all[endpoint.provider.dialect]?.chat else { return }
        let head = UpstreamHead(status: 200, lines: Array("content-type: text/event-stream\r\n".utf8))
        var pieces = (0..<1000).map { number in
            let text = words[number % words.count]
            let padding = String(repeating: "x", count: number % 13)
            let data = chunk.replacingOccurrences(of: "~", with: padding).replacingOccurrences(of: "%", with: text)
                .replacingOccurrences(of: "^", with: "\(number * 3 + 20)")
            let event = endpoint.provider.dialect == .anthropic ? "event: content_block_delta\n" : ""
            return Array("\(event)data: \(data)\n\n".utf8)
        }
        if endpoint.provider.dialect == .anthropic {
            pieces[0] = opening(of: chunk) + pieces[0]
            pieces.append(Array("data: {\"type\":\"message_stop\"}\n\n".utf8))
        } else if endpoint.provider.dialect == .gemini {
            pieces.append(Array("data: {\"candidates\":[{\"index\":0,\"finishReason\":\"STOP\"}]}\r\n\r\n".utf8))
        } else {
            let end = chunk.replacingOccurrences(of: "\"finish_reason\":null", with: "\"finish_reason\":\"stop\"")
            pieces.append(Array("data: \(end)\n\ndata: [DONE]\n\n".utf8))
        }
        let bytes = pieces.reduce(0) { $0 + $1.count } / pieces.count
        try measure("\(name), \(bytes) B a chunk: decode", runs: pieces.count) {
            var decoder = chat.makeDecoder(for: request, from: endpoint, head: head)
            var count = 0
            for piece in pieces {
                var events: [ChatEvent] = []
                try decoder.decode(piece, into: &events)
                count += events.count
            }
            return count
        }
        try measure("\(name), \(bytes) B a chunk: framing and JSON only", runs: pieces.count) {
            var framing = EventStreamDecoder()
            var count = 0
            for piece in pieces {
                framing.append(piece)
                while let record = try framing.next() {
                    count += (try? JSONDocument(Array(record.data), limits: .response))?.root.count ?? 0
                }
            }
            return count
        }
    }

    static func request(of bytes: Int) -> [UInt8] {
        let text = String(repeating: "Explain the quick brown fox. ", count: bytes > 10_000 ? 52 : 10)
        var messages = [#"{"role":"system","content":"You are helpful."}"#]
        while messages.reduce(0, { $0 + $1.utf8.count }) < bytes - 400 {
            messages.append(#"{"role":"user","content":"\#(text)"}"#)
            messages.append(#"{"role":"assistant","content":"\#(text)"}"#)
        }
        let list = messages.joined(separator: ",")
        return Array(
            #"{"model":"a/b","temperature":0.7,"max_tokens":100,"stream":true,"messages":[\#(list)]}"#.utf8)
    }

    static func measureRequest(_ name: String, body: [UInt8], endpoint: Endpoint) throws {
        let request = try ChatRequest(body)
        guard let chat = Vendors.all[endpoint.provider.dialect]?.chat else { return }
        try measure("\(name): encode", runs: 1) { try chat.encode(request, for: endpoint).body.count }
    }

    /// Prints the best and the median of the CPU time of one run.
    ///
    /// - Parameter runs: how many runs `work` stands for.
    static func measure(_ name: String, runs: Int, _ work: () throws -> Int) throws {
        var repeats = 1
        while try time(of: repeats, work) < 0.01 { repeats *= 2 }
        let seconds = try (0..<15).map { _ in try time(of: repeats, work) / Double(repeats * runs) }.sorted()
        print(
            name.padding(toLength: 56, withPad: " ", startingAt: 0)
                + String(format: "%9.3f %9.3f µs", seconds[0] * 1e6, seconds[7] * 1e6))
    }

    private static func time(of repeats: Int, _ work: () throws -> Int) throws -> Double {
        let start = processorSeconds()
        for _ in 0..<repeats { sink &+= try work() }
        return processorSeconds() - start
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// What the work returned, so that the compiler cannot leave it out. Only the main thread touches it.
nonisolated(unsafe) private var sink = 0
