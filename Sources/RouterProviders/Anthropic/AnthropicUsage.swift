import RouterCore

/// The counts of one answer in the vendor's terms, where cached tokens are no part of the input.
///
/// Source: Anthropic API reference, "Prompt caching", section "Tracking cache performance".
struct AnthropicUsage: Sendable {
    private var input = 0
    private var cacheRead = 0
    private var cacheWrite = 0
    private var cacheWriteHour = 0
    private var output = 0
    private var thinking = 0
    private var webSearches = 0
    private var serviceTier: String?

    /// Takes what `usage` says, member by member: later counts are totals too, and may leave some out.
    ///
    /// - Parameter isStart: the answer has only begun, and its output is a placeholder.
    mutating func read(_ usage: JSONValue, isStart: Bool = false) {
        func take(_ value: JSONValue?, _ count: inout Int) { if let said = Usage.count(value) { count = said } }
        take(usage["input_tokens"], &input)
        take(usage["cache_read_input_tokens"], &cacheRead)
        take(usage["cache_creation_input_tokens"], &cacheWrite)
        take(usage["cache_creation"]?["ephemeral_1h_input_tokens"], &cacheWriteHour)
        if let tier = usage["service_tier"], !tier.isNull { serviceTier = Usage.serviceTier(tier) }
        guard !isStart else { return }
        take(usage["server_tool_use"]?["web_search_requests"], &webSearches)
        take(usage["output_tokens"], &output)
        take(usage["output_tokens_details"]?["thinking_tokens"], &thinking)
    }

    var totals: Usage {
        var usage = Usage()
        usage.prompt = input + cacheRead + cacheWrite  // Each is a billion at most.
        usage.cacheRead = cacheRead
        usage.cacheWrite = cacheWrite
        usage.cacheWriteHour = min(cacheWriteHour, cacheWrite)
        usage.completion = output
        usage.reasoning = thinking
        usage.webSearches = webSearches
        usage.serviceTier = serviceTier
        return usage
    }
}
