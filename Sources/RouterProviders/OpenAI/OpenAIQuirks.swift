public import RouterCore

/// What one vendor of the OpenAI family does differently: data only, so that such a vendor needs no code.
///
/// ``openAI`` is the format itself; start from it, or from ``selfHosted``, and change what the vendor's documents say.
/// What differs by model and not by vendor is in ``ChatTraits``.
public struct OpenAIQuirks: Sendable {
    /// What becomes of a member of the request that is not `null`.
    public enum Fate: Sendable, Hashable {
        /// Goes on as it stands.
        case send
        /// Goes on under another name.
        case rename(String)
        /// Is a hint, and left out without a word.
        case drop
        /// Changes what the answer is, and cannot be said: 400 that names it.
        case refuse
        /// Refused only when it asks for something other than text.
        case refuseUnlessText
        /// Left out while the model reasons.
        case dropWhileReasoning
        /// Left out for models that do not reason.
        case dropUnlessReasoning
        /// Left out for models that reason, whether they will this time or not.
        case dropOnReasoningModel
        /// A number: what is higher is cut to this one, which goes out as it is spelled here.
        case cutTo(String)
        /// A number that goes on without its sign, under another name.
        case renameAbsolute(String)
        /// Refused unless it is the number 1.
        case refuseUnlessOne
        /// An object whose `content` goes on as one string.
        case joinContent
    }

    /// Which members of an object go on.
    public enum Members: Sendable, Hashable {
        case all(except: Set<String>)
        case only(Set<String>)

        func contains(_ name: String) -> Bool {
            switch self {
            case .all(let except): !except.contains(name)
            case .only(let names): names.contains(name)
            }
        }
    }

    /// What is said to a model that knows levels of effort, but not the one to switch reasoning off.
    public enum EffortNone: Sendable, Hashable {
        /// Its lowest level.
        case lowest
        /// Nothing.
        case unsaid
    }

    /// What becomes of the vendor's word for why an answer ended.
    public enum Finish: Sendable, Hashable {
        /// The public word for it.
        case reason(String)
        /// The answer failed.
        case failure(UpstreamFailure.Kind)
    }

    /// What becomes of one part of a message's content.
    public enum PartFate: Sendable, Hashable {
        /// 400 that names it.
        case refuse
        /// `input_audio` with nothing but its data, as a string.
        case bareAudio
        /// `document_url` with the file's data as an address, and `document_name`.
        case documentURL
    }

    /// Whose `name` goes on.
    public enum Names: Sendable, Hashable {
        case everyone
        case everyoneButTools
        case toolsOnly

        func contains(_ role: ChatTurn.Role) -> Bool {
            switch self {
            case .everyone: true
            case .everyoneButTools: !role.isResult
            case .toolsOnly: role.isResult
            }
        }
    }

    // MARK: The request

    /// By name. The members that have rules of their own (`model`, `messages`, `stream`, `stream_options`, the limits
    /// on tokens, `reasoning_effort`, `tools`, `tool_choice`, `functions`, `function_call`, `stop`) are not looked up
    /// here.
    public var members: [String: Fate]
    /// Of members that are not in ``members``: ``Fate/send``, or ``Fate/drop`` for a vendor that refuses what it does
    /// not know.
    public var otherMembers: Fate
    /// The only name the vendor has for the limit on the answer; `nil` when the model decides.
    public var tokenLimit: ChatTraits.TokenLimit?
    /// What `stream_options` holds; `nil` for a vendor that does not know it.
    public var streamOptions: KeyValuePairs<String, Bool>?
    public var effortNone: EffortNone
    /// The engine hands `chat_template_kwargs` to the model's template.
    public var hasTemplateSwitches: Bool
    /// `thinking: {"type": …}` switches reasoning on and off, and the effort stands beside it.
    public var hasThinkingSwitch = false
    /// Efforts that count as another one with this vendor.
    public var efforts: [ChatTraits.Effort: ChatTraits.Effort] = [:]
    /// `stop` is refused by models that reason.
    public var dropsStopOnReasoningModels = false
    /// `response_format` may hold a schema; otherwise the model is asked for JSON, and told the schema in the system
    /// text.
    public var hasSchemas = true

    // MARK: Messages

    public var messageMembers: Members
    /// Members of a tool call in the history.
    public var callMembers: Members
    /// The role `developer` is known.
    public var hasDeveloperRole: Bool
    /// A list of only text parts is sent as one string, with nothing between the parts.
    public var joinsTextParts: Bool
    /// An assistant message with neither content nor calls gets its refusal as content, or an empty string.
    public var fillsEmptyContent: Bool
    /// The arguments of calls in the history must be JSON objects: none become `{}`, broken ones are refused.
    public var needsArgumentObjects: Bool
    /// `content: null` next to calls becomes an empty string.
    public var fillsNullContent = false
    /// An assistant message with calls must bring its reasoning back while the model reasons.
    public var wantsReasoningBack = false
    public var names = Names.everyone
    /// By type; parts that are not in it go on.
    public var parts: [String: PartFate] = [:]
    /// Every model of the vendor keeps ``MistralRules``.
    public var keepsMistralRules = false
    /// Longer ids of calls are shortened, the same id always to the same; `nil` for no limit.
    public var callIDCharactersMax: Int?

    // MARK: Tools

    /// `functions`, `function_call` and the role `function` are known; they are translated otherwise.
    public var hasFunctions: Bool
    /// Tools of type `custom` are known; they are refused otherwise.
    public var hasCustomTools: Bool
    /// A `tool_choice` of type `allowed_tools` is known; the list of tools is cut down otherwise.
    public var hasAllowedTools: Bool
    /// `strict` in a tool is known.
    public var hasStrictTools: Bool
    /// `tool_choice: "auto"` must be said.
    public var saysToolChoiceAuto: Bool
    /// The vendor's word for the choice `required`.
    public var requiredChoice = "required"
    /// A tool without parameters gets an empty schema.
    public var fillsToolParameters = false

    // MARK: The answer

    /// Members that are not shown, in the answer, its choices, messages and deltas.
    public var hiddenAnswerMembers: Set<String>
    /// By the vendor's word; words that are not in it go on unchanged.
    public var finishReasons: [String: Finish]
    /// A stream without a last `[DONE]` was cut off.
    public var endsWithDone: Bool
}

extension OpenAIQuirks {
    /// Members that configure this router, or a vendor whose format is not OpenAI's.
    static let routerMembers: [String: Fate] = [
        "reasoning": .drop, "include_reasoning": .drop, "cache_control": .drop, "provider": .drop, "models": .drop,
        "route": .drop, "transforms": .drop, "plugins": .drop, "usage": .drop, "session_id": .drop, "trace": .drop,
    ]

    /// Members of messages that clients send back although they only belong into answers.
    static let answerOnlyMembers: Set<String> = [
        "reasoning", "reasoning_content", "reasoning_details", "images", "annotations", "cache_control",
    ]

    /// OpenAI itself: everything unknown goes on, and OpenAI says what it thinks of it.
    ///
    /// Source: OpenAI API reference, "Create chat completion"; guide "Reasoning models", section "Limitations".
    public static let openAI = OpenAIQuirks(
        members: routerMembers.merging([
            "top_k": .drop, "min_p": .drop, "repetition_penalty": .drop,
            "temperature": .dropWhileReasoning, "top_p": .dropWhileReasoning,
            "presence_penalty": .dropWhileReasoning, "frequency_penalty": .dropWhileReasoning,
            "logprobs": .dropWhileReasoning, "top_logprobs": .dropWhileReasoning, "logit_bias": .dropWhileReasoning,
            "verbosity": .dropUnlessReasoning,
        ]) { _, new in new },
        otherMembers: .send,
        tokenLimit: nil,
        streamOptions: ["include_usage": true, "include_obfuscation": false],
        effortNone: .lowest,
        hasTemplateSwitches: false,
        messageMembers: .all(except: answerOnlyMembers),
        callMembers: .only(["id", "type", "function", "custom"]),
        hasDeveloperRole: true,
        joinsTextParts: false,
        fillsEmptyContent: false,
        needsArgumentObjects: false,
        callIDCharactersMax: 40,
        hasFunctions: true,
        hasCustomTools: true,
        hasAllowedTools: true,
        hasStrictTools: true,
        saysToolChoiceAuto: false,
        hiddenAnswerMembers: ["obfuscation"],
        finishReasons: [:],
        endsWithDone: true)
}
