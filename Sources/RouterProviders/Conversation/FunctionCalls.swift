import RouterCore

/// Names calls in the older form, which have no ids: a result belongs to the last call before it.
struct FunctionCalls {
    private var last = 0

    /// The id of the call in `message`, or of the call that it is the result of.
    mutating func id(for message: JSONValue, at index: Int) -> String {
        if let call = message["function_call"], !call.isNull { last = index }
        return "call_function_\(last)"
    }
}
