/// The store could not do what was asked; what was asked did not happen.
///
/// There is one exception: when the connection to a database server is lost while it confirms a change, the error is
/// `unavailable` and says that the result is not known. Who asks again must ask for something that happens once.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// It cannot be reached, is locked or is shutting down: the same call may go through later.
        case unavailable
        /// What was to be made is there already.
        case conflict
        /// It holds what this version cannot read: a newer schema, a damaged file.
        case incompatible
    }

    public var kind: Kind
    /// For the log: what happened, with the facts. Never a key or a prompt.
    public var description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
