import RouterCore

extension OpenAIQuirks {
    /// Engines with OpenAI's paths: vLLM, SGLang, llama.cpp, Ollama. What they do not know they leave alone.
    ///
    /// Source: vLLM, "OpenAI-compatible server"; SGLang, "OpenAI APIs - completions"; llama.cpp,
    /// `tools/server/README.md`.
    public static let selfHosted = OpenAIQuirks(
        members: routerMembers.merging([
            "store": .drop, "metadata": .drop, "service_tier": .drop, "verbosity": .drop, "moderation": .drop,
            "prediction": .drop, "safety_identifier": .drop, "prompt_cache_key": .drop,
            "prompt_cache_retention": .drop, "prompt_cache_options": .drop,
            "modalities": .refuseUnlessText, "audio": .refuse, "web_search_options": .refuse,
        ]) { _, new in new },
        otherMembers: .send,
        tokenLimit: .maxTokens,
        streamOptions: ["include_usage": true],
        effortNone: .unsaid,
        hasTemplateSwitches: true,
        messageMembers: .only(["role", "content", "name", "tool_calls", "tool_call_id"]),
        callMembers: .only(["id", "type", "function"]),
        hasDeveloperRole: false,
        joinsTextParts: true,
        fillsEmptyContent: true,
        needsArgumentObjects: true,
        callIDCharactersMax: nil,
        hasFunctions: false,
        hasCustomTools: false,
        hasAllowedTools: false,
        hasStrictTools: false,
        saysToolChoiceAuto: true,
        hiddenAnswerMembers: [
            "stop_reason", "token_ids", "prompt_logprobs", "kv_transfer_params", "prompt_token_ids",  // vLLM
            "matched_stop", "metadata",  // SGLang
            "timings", "__verbose",  // llama.cpp
        ],
        finishReasons: [
            "eos": .reason("stop"), "eos_token": .reason("stop"), "stop_sequence": .reason("stop"),
            "model_length": .reason("length"), "max_tokens": .reason("length"),
            "abort": .failure(.failed), "error": .failure(.failed),
        ],
        endsWithDone: true)
}
