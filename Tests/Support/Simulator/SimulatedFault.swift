/// What can go wrong at a vendor. A user's words `fault:NAME` ask the simulator for one.
public enum SimulatedFault: String, Sendable, CaseIterable {
    case limit = "429", limitWithWait = "429-wait"
    case failed = "500", unavailable = "503", overloaded = "529"
    /// The connection ends before anything was answered.
    case refusedConnection = "refused"
    case resetBeforeContent = "reset-before", resetAfterContent = "reset-after"
    /// Nothing more comes, and nobody hangs up.
    case stall, stallAfterContent = "stall-after"
    case slowDrip = "drip"
    case truncatedJSON = "truncated-json", truncatedStream = "truncated-stream"
    case garbage
    case errorInside = "error-in-200", errorAfterContent = "error-after"
    case wrongContentType = "wrong-type"
    /// A megabyte of comments before the answer.
    case comments

    /// The fault that the words of a request ask for.
    public static func named(in text: String) -> SimulatedFault? {
        guard let mark = text.firstRange(of: "fault:") else { return nil }
        let name = text[mark.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "-" }
        return SimulatedFault(rawValue: String(name))
    }

    /// What is done instead of sending `response` as it is.
    public func play(_ response: SimulatedResponse, of vendor: SimulatedVendor) -> [SimulatedStep] {
        func refused(_ status: Int, _ type: String, headers: [String: String] = [:]) -> [SimulatedStep] {
            var refusal = vendor.refusal(status, type, "The simulator was asked for this.")
            refusal.headers = headers
            return SimulatedStep.all(of: refusal)
        }
        let head = SimulatedStep.head(response.status, response.contentType, [:])
        let opening = response.pieces.prefix(response.firstContent).map { SimulatedStep.bytes($0) }
        let content = response.pieces.dropFirst(response.firstContent).prefix(2).map {
            SimulatedStep.bytes($0)
        }
        let error = vendor.errorBody(500, "api_error", "The simulator was asked for this.")
        let errorEvent =
            response.isStream
            ? (vendor == .anthropic ? "event: error\n" : "") + "data: \(error)\n\n" : error
        let hasMore = response.pieces.count > 1
        switch self {
        case .limit: return refused(429, "rate_limit_error")
        case .limitWithWait: return refused(429, "rate_limit_error", headers: ["retry-after": "7"])
        case .failed: return refused(500, "api_error")
        case .unavailable: return refused(503, "api_error")
        case .overloaded: return refused(529, "overloaded_error")
        case .refusedConnection: return [.reset]
        case .resetBeforeContent: return [head] + opening + [.reset]
        case .resetAfterContent: return hasMore ? [head] + opening + content + [.reset] : [head, .reset]
        case .stall: return [head] + opening + [.hang]
        case .stallAfterContent: return hasMore ? [head] + opening + content + [.hang] : [head, .hang]
        case .slowDrip:
            return [head]
                + response.pieces.joined().map { SimulatedStep.bytes([$0]) } + [.end]
        case .truncatedJSON:
            let body = Array(response.pieces.joined())
            return [head, .bytes(Array(body.prefix(body.count / 2))), .end]
        case .truncatedStream:
            return [head] + response.pieces.dropLast(2).map { SimulatedStep.bytes($0) } + [.end]
        case .garbage:
            return [head, .bytes((0..<512).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }), .end]
        case .errorInside: return [head] + opening + [.bytes(Array(errorEvent.utf8)), .end]
        case .errorAfterContent:
            return response.isStream
                ? [head] + opening + content + [.bytes(Array(errorEvent.utf8)), .end]
                : [head, .bytes(Array(errorEvent.utf8)), .end]
        case .wrongContentType:
            return [
                .head(200, "text/html", [:]), .bytes(Array("<html><body>Welcome to the proxy</body></html>".utf8)),
                .end,
            ]
        case .comments:
            guard response.isStream else { return SimulatedStep.all(of: response) }
            let comment = SimulatedStep.bytes(Array((": " + String(repeating: "x", count: 1021) + "\n").utf8))
            return [head] + Array(repeating: comment, count: 1024) + [.bytes(Array("\n".utf8))]
                + response.pieces.map { .bytes($0) } + [.end]
        }
    }
}

/// One thing that a simulated vendor does.
public enum SimulatedStep: Sendable, Hashable {
    case head(Int, _ contentType: String, _ headers: [String: String])
    case bytes([UInt8])
    /// The end of the response as it should be.
    case end
    /// The connection ends with a reset.
    case reset
    /// Nothing, until the client gives up.
    case hang

    /// All of a response.
    public static func all(of response: SimulatedResponse) -> [SimulatedStep] {
        [.head(response.status, response.contentType, response.headers)]
            + response.pieces.map { .bytes($0) } + [.end]
    }
}
