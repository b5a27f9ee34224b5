/// Checks members of what a client sent, and says what is wrong with one in a sentence that names it.
enum MemberCheck {
    /// - Throws: ``APIError`` that names the member, unless it is a whole number in `range`.
    static func check(_ value: JSONValue, isIntegerIn range: ClosedRange<Int>) throws(APIError) {
        guard value.kind == .number else { throw wrongType(value, "a whole number") }
        guard let number = value.integer, range.contains(number) else {
            throw invalid(value, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// - Throws: ``APIError`` that names the member, unless it is a number in `range`.
    static func check(_ value: JSONValue, isNumberIn range: ClosedRange<Double>) throws(APIError) {
        guard value.kind == .number else { throw wrongType(value, "a number") }
        guard let number = value.double, range.contains(number) else {
            throw invalid(value, "must be from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        }
    }

    /// The member is of another kind than `expected`, such as `a string`.
    static func wrongType(_ value: JSONValue, _ expected: String) -> APIError {
        invalid(value, "must be \(expected), not \(value.kind.article)")
    }

    /// `object` lacks a member.
    static func missing(_ name: String, in object: JSONValue) -> APIError {
        let path = object.path.isEmpty ? name : "\(object.path).\(name)"
        return APIError(.invalidRequest, "`\(path)` is required.", parameter: path)
    }

    /// The member breaks `rule`, such as `must name a model`.
    static func invalid(_ value: JSONValue, _ rule: String) -> APIError {
        let path = value.path
        return APIError(.invalidRequest, "`\(path)` \(rule).", parameter: path)
    }
}

extension JSONValue.Kind {
    /// `a string`, `an object`, `null`: for a sentence.
    var article: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
