/// Who owns keys and pays for what they do.
public enum Account {
    /// A number that the store gave; 1 is the account a new store begins with.
    public struct ID: Sendable, Hashable, RawRepresentable {
        public let rawValue: Int64
        public init(rawValue: Int64) { self.rawValue = rawValue }

        /// The account that is there from the start, which keys made without a user belong to.
        public static let first = ID(rawValue: 1)
    }
}
