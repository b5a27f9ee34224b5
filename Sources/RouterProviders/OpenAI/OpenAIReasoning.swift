import RouterCore

/// How hard a model is asked to think, in the words of its vendor.
struct OpenAIReasoning {
    /// What the vendor is told.
    enum Say {
        case nothing
        case effort(ChatTraits.Effort)
        /// What the client wrote, because this version does not know it.
        case unknown(JSONValue)
        /// A member of `chat_template_kwargs`.
        case templateSwitch(String, Bool)
        /// `thinking`; on with an effort, off without one.
        case thinking(ChatTraits.Effort?)
    }

    let say: Say
    /// The model has a reasoning mode.
    let isReasoningModel: Bool
    /// It will reason about this request.
    let isReasoning: Bool

    /// - Parameters:
    ///   - effort: the request's `reasoning_effort`, if it is not `null`.
    ///   - reasoning: the request's `reasoning`, if it is not `null`; `effort` wins over it.
    init(effort: JSONValue?, reasoning: JSONValue?, traits: ChatTraits, quirks: OpenAIQuirks) {
        let asked = effort?.string ?? Self.effort(of: reasoning)
        switch traits.reasoning {
        case .none, .adaptive, .budget, .levels, .tokens:
            say = .nothing
            isReasoningModel = false
            isReasoning = false
        case .always:
            say = .nothing
            isReasoningModel = true
            isReasoning = true
        case .templateSwitch(let name):
            isReasoningModel = true
            isReasoning = asked != "none"
            say = asked == nil || !quirks.hasTemplateSwitches ? .nothing : .templateSwitch(name, isReasoning)
        case .effort(let efforts, let standard):
            isReasoningModel = true
            let isUnasked = asked == nil || asked == Self.switchedOn && standard != .none
            guard let asked, !isUnasked else {
                say = effort.map(Say.unknown) ?? .nothing
                isReasoning = standard != .none
                return
            }
            guard let wanted = ChatTraits.Effort(rawValue: asked == Self.switchedOn ? "medium" : asked) else {
                say = effort.map(Say.unknown) ?? .nothing
                isReasoning = true
                return
            }
            let nearest = Self.nearest(to: quirks.efforts[wanted] ?? wanted, of: efforts, quirks: quirks)
            if quirks.hasThinkingSwitch {
                say = .thinking(nearest == ChatTraits.Effort.none ? nil : nearest)
            } else {
                say = nearest.map(Say.effort) ?? .nothing
            }
            isReasoning = (nearest ?? standard) != .none
        }
    }

    /// The effort that `reasoning: {effort, enabled, max_tokens}` asks for.
    private static func effort(of reasoning: JSONValue?) -> String? {
        guard let reasoning, reasoning.kind == .object else { return nil }
        if let effort = reasoning["effort"]?.string { return effort }
        if let isEnabled = reasoning["enabled"]?.bool { return isEnabled ? switchedOn : "none" }
        return reasoning["max_tokens"]?.integer.map { $0 > 0 ? switchedOn : "none" }
    }

    /// Asked to reason, no matter how much.
    private static let switchedOn = "enabled"

    /// The next lower level that the model has, else the lowest; reasoning is never switched off by this.
    private static func nearest(
        to wanted: ChatTraits.Effort, of efforts: [ChatTraits.Effort], quirks: OpenAIQuirks
    ) -> ChatTraits.Effort? {
        let levels = efforts.filter { $0 != .none }
        if wanted == .none {
            if efforts.contains(.none) { return ChatTraits.Effort.none }
            return quirks.effortNone == .lowest ? levels.min() : nil
        }
        return levels.filter { $0 <= wanted }.max() ?? levels.min()
    }
}
