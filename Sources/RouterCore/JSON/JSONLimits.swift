/// How much of a JSON text is read before it is refused.
public struct JSONLimits: Sendable, Hashable {
    /// What can be done about two members of the same name in one object.
    public enum DuplicateNames: Sendable, Hashable {
        /// ``JSONFault/Kind-swift.enum/duplicateName``, wherever in the text it is.
        case refuse
        /// The text is accepted; ``JSONValue/subscript(_:)`` finds the last of them.
        case lastWins
    }

    /// Length of the whole text in bytes, inclusive. More than 4,294,967,295 counts as that.
    public var bytesMax: Int
    /// Objects and arrays inside each other, inclusive: `[[1]]` has a depth of 2, `1` of 0.
    public var depthMax: Int
    /// Values in the text, inclusive, the root and every object and array among them; names do not count.
    /// More than 134,217,727 counts as that.
    public var valuesMax: Int
    /// What is done about two members of the same name in one object.
    public var duplicateNames: DuplicateNames
    /// Whether texts are refused that cannot be compared in time: ``JSONFault/Kind-swift.enum/costlyText``.
    public var refusesCostlyText: Bool

    /// - Parameters: the limits, as the members of these names say. A negative number allows nothing.
    public init(
        bytesMax: Int, depthMax: Int, valuesMax: Int, duplicateNames: DuplicateNames, refusesCostlyText: Bool = false
    ) {
        self.bytesMax = bytesMax
        self.depthMax = depthMax
        self.valuesMax = valuesMax
        self.duplicateNames = duplicateNames
        self.refusesCostlyText = refusesCostlyText
    }

    /// For what clients send: 32 MiB, 128 levels, 250,000 values, equal names refused.
    public static let request = JSONLimits(
        bytesMax: 32 << 20, depthMax: 128, valuesMax: 250_000, duplicateNames: .refuse, refusesCostlyText: true)
    /// For what vendors send: 64 MiB, 512 levels, 1,000,000 values, the last of equal names wins.
    public static let response = JSONLimits(
        bytesMax: 64 << 20, depthMax: 512, valuesMax: 1_000_000, duplicateNames: .lastWins)
}
