import RouterCore

/// One image on its way: submit, poll the address that was returned until it is ready, fetch what it names.
///
/// Source: BFL API reference, "get_result", and its guide "Using the API": statuses, regions, expiry.
struct FluxTask: UpstreamTask {
    private enum Phase {
        case new
        case submitted
        case waiting(WebAddress)
        case polled(WebAddress)
        case fetching
    }

    private let submission: UpstreamRequest
    private let baseURL: String
    private var phase = Phase.new
    private var pause = Self.firstPause

    private static let firstPause = Duration.milliseconds(500)
    private static let pauseMax = Duration.seconds(2)

    init(_ submission: UpstreamRequest, baseURL: String) {
        self.submission = submission
        self.baseURL = baseURL
    }

    mutating func next(after outcome: TaskOutcome?) throws(UpstreamFailure) -> TaskStep {
        switch (phase, outcome) {
        case (.new, _):
            phase = .submitted
            return .send(submission, origin: nil)
        case (.submitted, .answer(let head, let body)?):
            guard (200..<300).contains(head.status) else { return .refused(head, body: body) }
            guard let url = Self.root(body)?["polling_url"]?.string else { throw .notAnAnswer }
            let address = try place(url)
            return wait(for: address)
        case (.submitted, .lost(let failure)?): throw failure
        case (.waiting(let address), .waited?):
            phase = .polled(address)
            return .send(UpstreamRequest(method: .get, path: address.path, headers: []), origin: address.origin)
        case (.polled(let address), .answer(let head, let body)?): return try read(head, body, at: address)
        // Only what the task itself says ends it.
        case (.polled(let address), .lost?): return wait(for: address)
        case (.fetching, .fetched(let media)?):
            var writer = JSONWriter(capacity: media.base64.count + 64)
            writer.beginObject()
            writer.name("b64_json")
            writer.raw([UInt8(ascii: "\"")] + media.base64 + [UInt8(ascii: "\"")])
            writer.member("media_type", media.type.rawValue)
            writer.endObject()
            return .done(writer.bytes)
        default: throw .notAnAnswer
        }
    }

    private mutating func wait(for address: WebAddress) -> TaskStep {
        defer { pause = min(pause * 3 / 2, Self.pauseMax) }
        phase = .waiting(address)
        return .wait(pause)
    }

    private mutating func read(
        _ head: UpstreamHead, _ body: [UInt8], at address: WebAddress
    ) throws(UpstreamFailure) -> TaskStep {
        let root = Self.root(body)
        let status = root?["status"]?.string
        if status == "Task not found" || head.status == 404 {
            throw UpstreamFailure(.failed, "The provider lost the task.", status: head.status)
        }
        guard (200..<300).contains(head.status) else {
            guard head.status >= 500 || head.status == 429 || head.status == 408 else {
                return .refused(head, body: body)
            }
            return wait(for: address)
        }
        switch status {
        case "Ready"?:
            guard let sample = root?["result"]?["sample"]?.string else { throw .notAnAnswer }
            phase = .fetching
            return .fetch(ResultAddress(.web(url: sample), types: [.png, .jpeg, .webp]))
        case "Request Moderated"?, "Content Moderated"?:
            throw UpstreamFailure(
                .refused, "The request was rejected by the provider's moderation (\(status ?? "")).",
                status: head.status)
        case "Error"?, "Failed"?:
            throw UpstreamFailure(.failed, "The provider failed to make the image.", status: head.status)
        case nil: throw .notAnAnswer
        default: return wait(for: address)
        }
    }

    private static func root(_ body: [UInt8]) -> JSONValue? { (try? JSONDocument(body, limits: .response))?.root }

    /// Where to ask about the task. The key goes there, so it must be the vendor's own: the host that is configured, or
    /// by https another of BFL's where that is one of them.
    private func place(_ url: String) throws(UpstreamFailure) -> WebAddress {
        guard let base = WebAddress(baseURL, anyPort: true), let address = WebAddress(url, anyPort: true) else {
            throw .notAnAnswer
        }
        let isOwn = address.origin == base.origin
        // By the whole origin: ``WebAddress/host`` is cut for people.
        let isBFL =
            base.origin.hasSuffix(Self.domain) && address.origin.hasSuffix(Self.domain)
            && address.origin.hasPrefix("https:")
        guard isOwn || isBFL else {
            throw UpstreamFailure(
                .broken,
                "The provider wants to be asked at another host (\(address.host)), which is not done: its key would go there."
            )
        }
        return address
    }

    private static let domain = ".bfl.ai"
}
