/// The texts that are measured, the same on every machine.
enum Texts {
    /// A chat request of about `size` bytes: a long conversation in ordinary English with some line breaks, quotes and
    /// a few characters beyond ASCII.
    static func request(ofAbout size: Int) -> [UInt8] {
        var text = #"{"model":"openai/gpt-4o-mini","messages":[{"role":"system","content":"You answer briefly."}"#
        var turn = 0
        while text.utf8.count < size - 120 {
            let role = turn % 2 == 0 ? "user" : "assistant"
            var content = ""
            for sentence in 0...(turn % 5) { content += sentences[(turn * 3 + sentence) % sentences.count] }
            let rest = size - 120 - text.utf8.count
            if content.utf8.count > rest { content = String(content.filter(\.isLetter).prefix(max(rest - 40, 1))) }
            text += #",{"role":"\#(role)","content":"\#(content)"}"#
            turn += 1
        }
        text += #"],"stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"max_tokens":1024}"#
        return Array(text.utf8)
    }

    /// One event of a stream as an OpenAI-compatible vendor sends it, about 300 bytes.
    static let event = Array(
        (#"{"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012","object":"chat.completion.chunk","created":1730000000,"#
            + #""model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_0123456789","#
            + #""choices":[{"index":0,"delta":{"content":" wonderful"},"logprobs":null,"finish_reason":null}],"#
            + #""usage":null}"#).utf8)

    /// About 100 KB each of what is harder to read than English.
    static let others: [(name: String, bytes: [UInt8])] = [
        ("Japanese", message(repeating: "港の朝は静かで、船が一隻だけ沖へ出ていった。")),
        ("source code", message(repeating: #"    if (x == \"a\") {\n\t\treturn x + 1; // \\d+\n    }\n"#)),
        ("escaped Cyrillic", message(repeating: #"\u041f\u0440\u0438\u0432\u0435\u0442, "#)),
        ("one base64 picture", message(repeating: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ")),
        ("numbers", Array(("[" + (0..<14_000).map { "-0.\($0 % 97)\($0)" }.joined(separator: ",") + "]").utf8)),
        (
            "small objects, indented",
            Array(
                ("[\n"
                    + (0..<1_600).map {
                        "    {\n        \"id\": \($0),\n        \"ok\": true,\n        \"name\": null\n    }"
                    }
                    .joined(separator: ",\n") + "\n]").utf8)
        ),
    ]

    private static func message(repeating content: String) -> [UInt8] {
        let count = 100_000 / content.utf8.count
        return Array(#"{"messages":[{"content":"\#(String(repeating: content, count: count))"}]}"#.utf8)
    }

    private static let sentences = [
        "The ferry leaves the harbour a little after six, when the light is still grey and the gulls are louder than "
            + #"the engine.\n"#,
        "Could you explain once more why the second approach needs less memory than the first one? ",
        #"He wrote \"all of it, by Friday\" on the board and went home. "#,
        "A queue that may grow without a bound is a fault that has not been found yet; give it a limit and decide what "
            + "happens when it is reached. ",
        #"Here is the list:\n- one loaf of bread\n- two onions\n- a bottle of oil\n\n"#,
        "Prices in the café by the square went up by 4 % in spring, which nobody had expected. ",
        "In short, the measurement says that the copy is not where the time goes, and that the parser is. ",
    ]
}
