/// What is wrong with a form.
public enum MultipartFault: Error, Sendable, Hashable {
    /// The content type names none.
    case noBoundary
    /// It has more than 70 bytes, or bytes that a boundary cannot have.
    case badBoundary
    /// Something else than a line's end follows a boundary, or one stands where content begins.
    case badDelimiter
    /// The lines before a part's content are more than the limit.
    case headTooLarge(bytesMax: Int)
    /// A part says no name.
    case noName
    /// A part says more than one name, or one in two ways.
    case ambiguousName
    /// A part's content is not sent as it is.
    case encoded
    /// A part is a form itself.
    case nested
    case tooManyParts(Int)
    /// It ended before its last boundary.
    case truncated

    /// For people.
    public var message: String {
        switch self {
        case .noBoundary:
            "The form's `Content-Type` has no `boundary`: let your HTTP library set it, and do not write it yourself."
        case .badBoundary:
            "The form's boundary is not valid: it has 1 to 70 letters, digits or '()+_,-./:=? and spaces."
        case .badDelimiter:
            "The form is broken: something other than the end of the line stands before or behind a boundary."
        case .headTooLarge(let bytesMax):
            "The lines before the content of a part are too long: at most \(bytesMax) bytes."
        case .noName: "A part of the form has no name: `Content-Disposition: form-data; name=\"…\"` is missing."
        case .ambiguousName:
            "A part of the form can be read under two names: it needs one `Content-Disposition`, in one line, with one `name` and no `name*`."
        case .encoded: "A part of the form has a `Content-Transfer-Encoding`: send its bytes as they are."
        case .nested: "A part of the form is a form itself: send one file, and the fields beside it."
        case .tooManyParts(let max): "The form has too many parts: at most \(max)."
        case .truncated: "The form ended before its last boundary: it did not come whole."
        }
    }
}
