import RouterCore

/// The arguments of a call in the history, for vendors that want a JSON object.
enum CallArguments {
    /// What is there instead of the object that was to come: nothing, an object, or a text that holds one.
    enum Form {
        case none
        case object(JSONValue)
        case text(JSONValue)
    }

    /// - Parameter function: the `function` of the call.
    /// - Throws: ``UpstreamFailure`` of kind `refused` for what is neither nothing nor an object.
    static func form(of function: JSONValue) throws(UpstreamFailure) -> Form {
        guard let arguments = function["arguments"], !arguments.isNull else { return .none }
        if arguments.kind == .object { return .object(arguments) }
        guard let text = arguments.string else {
            throw .refused(arguments, "must be a string that holds a JSON object")
        }
        if text.allSatisfy(\.isWhitespace) { return .none }
        guard let document = try? JSONDocument(Array(text.utf8)), document.root.kind == .object else {
            throw .refused(arguments, "must hold a JSON object: the arguments of the call as the model wrote them")
        }
        return .text(document.root)
    }

    /// The object as it was written; `{}` for none.
    static func object(of function: JSONValue) throws(UpstreamFailure) -> ArraySlice<UInt8> {
        switch try form(of: function) {
        case .none: Array("{}".utf8)[...]
        case .object(let value), .text(let value): value.text
        }
    }
}
