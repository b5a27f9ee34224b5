import RouterCore

extension OpenAIQuirks {
    /// xAI: models that reason refuse `stop` and the penalties.
    ///
    /// Source: xAI API reference, "Chat completions"; guide "Reasoning".
    public static let xAI = OpenAIQuirks(
        members: [
            "temperature": .send, "top_p": .send, "n": .send, "seed": .send, "user": .send,
            "presence_penalty": .dropOnReasoningModel, "frequency_penalty": .dropOnReasoningModel,
            "logprobs": .send, "top_logprobs": .cutTo("8"), "response_format": .send, "parallel_tool_calls": .send,
            "modalities": .refuseUnlessText, "audio": .refuse, "web_search_options": .refuse,
            "search_parameters": .refuse,
        ],
        otherMembers: .drop,
        tokenLimit: .maxCompletionTokens,
        streamOptions: ["include_usage": true],
        effortNone: .unsaid,
        hasTemplateSwitches: false,
        dropsStopOnReasoningModels: true,
        messageMembers: .only(["role", "content", "tool_calls", "tool_call_id"]),
        callMembers: .only(["id", "type", "function"]),
        hasDeveloperRole: false,
        joinsTextParts: false,
        fillsEmptyContent: true,
        needsArgumentObjects: false,
        parts: ["input_audio": .refuse, "file": .refuse],
        callIDCharactersMax: nil,
        hasFunctions: false,
        hasCustomTools: false,
        hasAllowedTools: false,
        hasStrictTools: false,
        saysToolChoiceAuto: false,
        hiddenAnswerMembers: [],
        finishReasons: [:],
        endsWithDone: true)
}
