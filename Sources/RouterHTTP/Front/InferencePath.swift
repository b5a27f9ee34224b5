import RouterCore

/// A path at which models are asked: what the front answers itself.
enum InferencePath: Sendable, Hashable {
    case chat
    case operation(Operation)

    /// Whether a form with a file may come in there.
    var takesForms: Bool {
        if case .operation(let operation) = self { operation.takesForms } else { false }
    }

    static let all = [chat] + Operation.allCases.map(operation)

    /// As it is documented, with `/api` in front and without.
    var spellings: [String] {
        let normal =
            switch self {
            case .chat: [RequestPath.chat]
            case .operation(let operation): [operation.path] + (operation.otherPath.map { [$0] } ?? [])
            }
        return normal + normal.map { String($0.dropFirst("/api".count)) }
    }

    /// - Parameter normal: as ``RequestPath`` writes it; `nil` for a path that is another's.
    init?(_ normal: String) {
        if normal == RequestPath.chat {
            self = .chat
        } else if let operation = Operation.allCases.first(where: { $0.path == normal || $0.otherPath == normal }) {
            self = .operation(operation)
        } else {
            return nil
        }
    }
}
