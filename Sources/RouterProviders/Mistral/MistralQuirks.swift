import RouterCore

extension OpenAIQuirks {
    /// Mistral's own service: it refuses every member that it does not know.
    ///
    /// Source: Mistral API reference, "Chat completion"; guides "Reasoning", "Vision", "Audio" and "Document QnA".
    public static let mistral = OpenAIQuirks(
        members: [
            "temperature": .cutTo("1.5"), "top_p": .send, "presence_penalty": .send, "frequency_penalty": .send,
            "n": .send, "seed": .renameAbsolute("random_seed"), "logprobs": .send, "top_logprobs": .send,
            "top_k": .send, "repetition_penalty": .send, "response_format": .send, "parallel_tool_calls": .send,
            "prediction": .joinContent, "prompt_cache_key": .send,
            "modalities": .refuseUnlessText, "audio": .refuse, "web_search_options": .refuse,
        ],
        otherMembers: .drop,
        tokenLimit: .maxTokens,
        streamOptions: nil,
        effortNone: .unsaid,
        hasTemplateSwitches: false,
        efforts: [.minimal: .none],
        messageMembers: .only(["role", "content", "name", "tool_calls", "tool_call_id"]),
        callMembers: .only(["id", "type", "function"]),
        hasDeveloperRole: false,
        joinsTextParts: true,
        fillsEmptyContent: true,
        needsArgumentObjects: false,
        fillsNullContent: true,
        names: .toolsOnly,
        parts: ["input_audio": .bareAudio, "file": .documentURL],
        keepsMistralRules: true,
        callIDCharactersMax: nil,
        hasFunctions: false,
        hasCustomTools: false,
        hasAllowedTools: false,
        hasStrictTools: true,
        saysToolChoiceAuto: false,
        requiredChoice: "any",
        fillsToolParameters: true,
        hiddenAnswerMembers: ["prefix"],
        finishReasons: ["model_length": .reason("length"), "error": .failure(.overloaded)],
        endsWithDone: true)
}
