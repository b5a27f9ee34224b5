/// Why models could not be read: every fault that was found, in their order.
public struct CatalogFaults: Error, Sendable, Hashable, CustomStringConvertible {
    public var faults: [CatalogFault]

    public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong with a model.
public struct CatalogFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where it stands: `models[3].pricing.prompt`.
    public var path: String
    /// The name at the end of ``path`` is what is wrong, not its value.
    public var isAboutName: Bool
    /// What is wrong: `"0.25" is 250000 USD for a million`.
    public var message: String
    /// What to do about it: `did you mean "prompt"?`; `nil` when the message says all.
    public var hint: String?

    public init(path: String, isAboutName: Bool = false, message: String, hint: String? = nil) {
        self.path = path
        self.isAboutName = isAboutName
        self.message = message
        self.hint = hint
    }

    public var description: String { "\(path): \(message)" + (hint.map { "; \($0)" } ?? "") }
}

/// What an operator should know of a configured model: nothing is wrong, but it may not be what was meant.
public struct CatalogNote: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// It has no prices, so it is not served.
        case unpriced
        /// None of its providers is switched on, so it is not served.
        case unreachable
        /// It has no prices and all its endpoints are the operator's own: it costs nothing.
        case free
        /// Its context is not given: ``CatalogReader/contextTokensAssumed`` is assumed.
        case contextAssumed
        /// An alias that finds another model already.
        case aliasTaken
    }

    public var kind: Kind
    /// The id of the model.
    public var model: String
    /// A sentence that says what follows and what to do.
    public var message: String
}
