import RouterCore

/// How hard a client asks the model to think. `reasoning_effort` and `reasoning` can both say it, and must agree.
struct AskedReasoning {
    /// `nil`: nothing was said of it.
    private(set) var effort: ChatTraits.Effort?
    /// Tokens for thoughts, above 0; `nil`: nothing was said of them.
    private(set) var tokens: Int?

    /// - Parameters:
    ///   - effort: the request's `reasoning_effort`, if it is not `null`.
    ///   - reasoning: the request's `reasoning`, if it is not `null`.
    ///   - passesUnknown: what is not known is the vendor's to judge; otherwise it is refused.
    /// - Throws: ``UpstreamFailure`` of kind `refused` for settings that contradict each other, or are unknown.
    init(effort: JSONValue?, reasoning: JSONValue?, passesUnknown: Bool = false) throws(UpstreamFailure) {
        let outer = try Self.level(effort, passesUnknown: passesUnknown)
        self.effort = outer
        guard let reasoning else { return }
        guard reasoning.kind == .object else {
            guard !passesUnknown else { return }
            throw .refused(reasoning, "must be an object, such as {\"effort\":\"low\"}")
        }
        let inner = try Self.level(reasoning["effort"], passesUnknown: passesUnknown)
        if let effort, let outer, let inner, outer != inner {
            throw .refused(
                effort, "is \(outer.rawValue), and `reasoning.effort` is \(inner.rawValue): keep one of them")
        }
        self.effort = outer ?? inner
        if let limit = reasoning["max_tokens"], !limit.isNull {
            if let count = limit.integer, count >= 0 {
                if count > 0 { tokens = count } else { self.effort = self.effort ?? ChatTraits.Effort.none }
            } else if !passesUnknown {
                throw .refused(limit, "must be a whole number of tokens")
            }
        }
        guard let isEnabled = reasoning["enabled"], let on = isEnabled.bool else { return }
        if self.effort != nil || tokens != nil {
            guard on == (self.effort.map { $0 != .none } ?? true) else {
                throw .refused(isEnabled, "is \(on), which contradicts the effort that is asked for: keep one of them")
            }
        } else {
            self.effort = on ? .medium : ChatTraits.Effort.none
        }
    }

    private static func level(
        _ value: JSONValue?, passesUnknown: Bool
    ) throws(UpstreamFailure) -> ChatTraits.Effort? {
        guard let value, !value.isNull else { return nil }
        if let level = value.string.flatMap(ChatTraits.Effort.init) { return level }
        guard !passesUnknown else { return nil }
        let words = ChatTraits.Effort.allCases.map(\.rawValue).joined(separator: ", ")
        throw .refused(value, "must be one of \(words)")
    }
}
