import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /api/v1/generation`, `/credits`, `/activity`: what an account did and has. Each counts as a request.
struct AccountRoutes: Sendable {
    let gate: Gate
    let books: Books

    func add(to router: some RouterMethods<RouterContext>) {
        router.read("/api/v1/generation") { request, context in
            let key = try await gate.key(of: request, context, for: .reading)
            guard let id = request.uri.queryParameters["id"].map({ String($0) }), !id.isEmpty else {
                throw APIError(.invalidRequest, "`id` is required: /api/v1/generation?id=gen-…", parameter: "id")
            }
            guard let record = try await books.generation(Generation.ID(rawValue: id), of: key.account) else {
                throw APIError(.notFound, "Generation \(id.prefix(100)) not found.", parameter: "id")
            }
            return .json(GenerationRecord.body(record))
        }
        router.read("/api/v1/credits") { request, context in
            let key = try await gate.key(of: request, context, for: .reading)
            let account = try await books.settled { () throws(StoreError) in
                try await books.store.account(named: "\(key.account.rawValue)")
            }
            guard let account else { throw APIError(.notFound, "This account is not there any more.") }
            return .json(Self.credits(account))
        }
        router.read("/api/v1/activity") { request, context in
            let key = try await gate.key(of: request, context, for: .management)
            let (days, hash) = try activityQuery(request)
            let items = try await books.settled { () throws(StoreError) -> [ActivityItem] in
                var name: String?
                if let hash {
                    guard let asked = try await books.store.key(named: hash, of: key.account) else { return [] }
                    name = asked.id
                }
                return try await books.store.activity(of: key.account, key: name, days: days)
            }
            return .json(Self.activity(items))
        }
    }

    private func activityQuery(_ request: Request) throws(APIError) -> (days: ClosedRange<Int64>, key: String?) {
        let today = LimitReset.day(of: books.ambient.timestamp())
        let hash = request.uri.queryParameters["api_key_hash"].map { String($0) }
        guard let text = request.uri.queryParameters["date"].map({ String($0) }) else {
            return (today - 30...today, hash)
        }
        guard let time = Timestamp.milliseconds(of: text + "T00:00:00Z") else {
            throw APIError(.invalidRequest, "`date` must be a day such as 2026-04-15.", parameter: "date")
        }
        let day = LimitReset.day(of: time)
        return (day...day, hash)
    }

    private static func credits(_ account: Account) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.name("data")
        writer.beginObject()
        writer.member("total_credits", account.credited)
        writer.member("total_usage", account.charged)
        writer.member("remaining", account.balance)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private static func activity(_ items: [ActivityItem]) -> [UInt8] {
        var writer = JSONWriter(capacity: 300 * (items.count + 1))
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for item in items {
            writer.beginObject()
            writer.member("date", String(Timestamp.text(ofSeconds: item.day * 86_400).prefix(10)))
            writer.member("model", item.model)
            writer.member("model_permaslug", item.model)
            writer.member("endpoint_id", "\(item.provider)/\(item.model)")
            writer.member("provider_name", item.provider)
            writer.member("usage", item.cost)
            writer.member("byok_usage_inference", 0)
            writer.member("requests", item.requests)
            writer.member("prompt_tokens", item.promptTokens)
            writer.member("completion_tokens", item.completionTokens)
            writer.member("reasoning_tokens", item.reasoningTokens)
            writer.member("cached_tokens", item.cachedTokens)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

extension Gate {
    /// Lets a request in that shows a key good for `purpose`; its answer gets the headers of the key's limit.
    func key(
        of request: Request, _ context: RouterContext, for purpose: Purpose
    ) async throws(APIError) -> APIKey {
        let admission = try await admit(request.header(called:), for: purpose)
        context.limitHeaders.set(admission.verdict)
        if let refusal = admission.refusal { throw refusal }
        return admission.key
    }
}

extension JSONWriter {
    /// An amount as a number, exact.
    mutating func member(_ name: StaticString, _ money: Money) {
        self.name(name)
        raw(money.shortText.utf8)
    }
}
