// The form in which a record stands in the journal and in the store. Read by every later version: members are added,
// never renamed; what is zero or not there is left out.

extension Generation {
    /// One JSON object without line breaks: `{"id":"gen-…","account":1,"key":"key_…",…}`.
    public var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer, as: outcome.rawValue)
        return writer.bytes
    }

    /// The same for a request that is under way: whoever finds it in a journal without its end knows that it was
    /// interrupted.
    var openJSON: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        write(to: &writer, as: Self.open)
        return writer.bytes
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Parameter isOpen: whether it is the record of a request that was under way; its outcome is then `interrupted`.
    /// - Throws: ``StoreError`` of kind `incompatible` when it is something else.
    public init(json: JSONValue) throws(StoreError) {
        guard let id = json["id"]?.string, let account = json["account"]?.integer, let key = json["key"]?.string,
            let model = json["model"]?.string, let createdAt = json["created"]?.integer,
            let outcome = json["outcome"]?.string
        else { throw StoreError(.incompatible, "A record of a request has lost members") }
        self.init(
            id: ID(rawValue: id), kind: json["kind"]?.string.flatMap(Kind.init) ?? .chat,
            account: Account.ID(rawValue: Int64(account)), key: key, model: model,
            provider: json["provider"]?.string ?? "", providerName: json["provider_name"]?.string ?? "",
            createdAt: Int64(createdAt), streamed: json["streamed"]?.bool ?? false,
            outcome: Outcome(rawValue: outcome) ?? .interrupted, finishReason: json["finish_reason"]?.string,
            nativeFinishReason: json["native_finish_reason"]?.string, usage: Usage(record: json["usage"]),
            basis: json["basis"]?.string.flatMap(Basis.init) ?? .none, priceID: json["prices"]?.string ?? "",
            cost: json.money("cost"), answerCost: json.money("answer_cost"), uncollected: json.money("uncollected"),
            held: json.money("held"),
            failedAttempts: json["attempts"]?.elements.map { UpstreamFailure(json: $0) } ?? [],
            firstContentAfter: json["first_us"]?.integer.map { .microseconds($0) },
            elapsed: .microseconds(json["elapsed_us"]?.integer ?? 0))
        app = RequestApp(
            referer: json["referer"]?.string, title: json["title"]?.string, userAgent: json["agent"]?.string)
    }

    /// Whether a record in a journal is that of a request under way.
    static func isOpen(_ json: JSONValue) -> Bool { json["outcome"]?.equals("open") ?? false }

    private static let open = "open"

    private func write(to writer: inout JSONWriter, as outcome: String) {
        writer.beginObject()
        writer.member("id", id.rawValue)
        if kind != .chat { writer.member("kind", kind.rawValue) }
        writer.member("account", account.rawValue)
        writer.member("key", key)
        writer.member("model", model)
        if !provider.isEmpty { writer.member("provider", provider) }
        if !providerName.isEmpty { writer.member("provider_name", providerName) }
        writer.member("created", createdAt)
        if streamed { writer.member("streamed", true) }
        writer.member("outcome", outcome)
        if let finishReason { writer.member("finish_reason", finishReason) }
        if let nativeFinishReason { writer.member("native_finish_reason", nativeFinishReason) }
        if usage != Usage() {
            writer.name("usage")
            usage.writeRecord(to: &writer)
        }
        if basis != .none { writer.member("basis", basis.rawValue) }
        if !priceID.isEmpty { writer.member("prices", priceID) }
        if cost != .zero { writer.member("cost", cost.nanoUSD) }
        if answerCost != .zero { writer.member("answer_cost", answerCost.nanoUSD) }
        if uncollected != .zero { writer.member("uncollected", uncollected.nanoUSD) }
        if held != .zero { writer.member("held", held.nanoUSD) }
        if !failedAttempts.isEmpty {
            writer.name("attempts")
            writer.beginArray()
            for attempt in failedAttempts { attempt.write(to: &writer) }
            writer.endArray()
        }
        if let firstContentAfter { writer.member("first_us", firstContentAfter.wholeMicroseconds) }
        writer.member("elapsed_us", elapsed.wholeMicroseconds)
        if let referer = app.referer { writer.member("referer", referer) }
        if let title = app.title { writer.member("title", title) }
        if let agent = app.userAgent { writer.member("agent", agent) }
        writer.endObject()
    }
}

extension UpstreamFailure {
    /// Letters of a message that are kept.
    private static let messageCharactersMax = 300

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("kind", kind.rawValue)
        if let provider { writer.member("provider", provider) }
        if let status { writer.member("status", status) }
        writer.member("message", String(message.prefix(Self.messageCharactersMax)))
        writer.endObject()
    }

    fileprivate init(json: JSONValue) {
        self.init(
            json["kind"]?.string.flatMap(Kind.init) ?? .failed, json["message"]?.string ?? "",
            status: json["status"]?.integer, provider: json["provider"]?.string)
    }
}

extension JSONValue {
    /// Nano-dollars; zero for a member that is not there.
    fileprivate func money(_ name: String) -> Money { Money(nanoUSD: Int64(self[name]?.integer ?? 0)) }
}

extension Duration {
    /// Rounded down; bounded to what fits.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, Int64.max / 2_000_000) * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
