import RouterCore

extension OpenAIQuirks {
    /// DeepSeek: what it does not know it refuses, so that only known members go on.
    ///
    /// Source: DeepSeek API reference, "Create Chat Completion"; guides "Thinking Mode" and "JSON Output".
    public static let deepSeek = OpenAIQuirks(
        members: [
            "temperature": .dropWhileReasoning, "top_p": .dropWhileReasoning,
            "presence_penalty": .dropWhileReasoning, "frequency_penalty": .dropWhileReasoning,
            "logprobs": .dropWhileReasoning, "top_logprobs": .dropWhileReasoning,
            "n": .refuseUnlessOne, "response_format": .send,
            "modalities": .refuseUnlessText, "audio": .refuse, "web_search_options": .refuse,
        ],
        otherMembers: .drop,
        tokenLimit: .maxTokens,
        streamOptions: ["include_usage": true],
        effortNone: .unsaid,
        hasTemplateSwitches: false,
        hasThinkingSwitch: true,
        efforts: [.xhigh: .max],
        hasSchemas: false,
        messageMembers: .only(["role", "content", "name", "tool_calls", "tool_call_id"]),
        callMembers: .only(["id", "type", "function"]),
        hasDeveloperRole: false,
        joinsTextParts: true,
        fillsEmptyContent: true,
        needsArgumentObjects: false,
        wantsReasoningBack: true,
        names: .everyoneButTools,
        parts: ["image_url": .refuse, "input_audio": .refuse, "file": .refuse],
        callIDCharactersMax: nil,
        hasFunctions: false,
        hasCustomTools: false,
        hasAllowedTools: false,
        hasStrictTools: false,
        saysToolChoiceAuto: false,
        hiddenAnswerMembers: [],
        finishReasons: ["insufficient_system_resource": .failure(.overloaded)],
        endsWithDone: true)
}
