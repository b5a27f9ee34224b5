import RouterCore

/// The counts of one answer in the vendor's terms, where thoughts are mostly no part of the answer.
///
/// Source: Gemini API reference, `UsageMetadata`.
struct GeminiUsage: Sendable {
    private var prompt = 0
    private var toolPrompt = 0
    private var cached = 0
    private var candidates = 0
    private var thoughts = 0
    private var total = 0
    private var promptKinds = Kinds()
    private var toolPromptKinds = Kinds()
    private var cachedKinds = Kinds()
    private var candidatesKinds = Kinds()
    private var serviceTier: String?

    /// Counts that are one number. Raw values are the vendor's names.
    enum Count: String, Sendable {
        case prompt = "promptTokenCount"
        case toolPrompt = "toolUsePromptTokenCount"
        case cached = "cachedContentTokenCount"
        case candidates = "candidatesTokenCount"
        case thoughts = "thoughtsTokenCount"
        case total = "totalTokenCount"
    }

    subscript(count: Count) -> Int {
        get {
            switch count {
            case .prompt: prompt
            case .toolPrompt: toolPrompt
            case .cached: cached
            case .candidates: candidates
            case .thoughts: thoughts
            case .total: total
            }
        }
        set {
            switch count {
            case .prompt: prompt = newValue
            case .toolPrompt: toolPrompt = newValue
            case .cached: cached = newValue
            case .candidates: candidates = newValue
            case .thoughts: thoughts = newValue
            case .total: total = newValue
            }
        }
    }

    /// Of a count: what is no text.
    private struct Kinds: Sendable {
        var audio = 0
        var image = 0

        init() {}

        init(_ details: JSONValue) {
            for detail in details.elements {
                guard let modality = detail["modality"], let count = GeminiUsage.number(detail["tokenCount"]) else {
                    continue
                }
                if modality.equals("AUDIO") { audio = count }
                if modality.equals("IMAGE") { image = count }
            }
        }
    }

    /// Takes what `usageMetadata` says, member by member: counts are totals, and early ones are missing in part.
    mutating func read(_ usage: JSONValue) {
        for member in usage.members {
            let value = member.value
            switch member.name {
            case "promptTokensDetails": promptKinds = Kinds(value)
            case "toolUsePromptTokensDetails": toolPromptKinds = Kinds(value)
            case "cacheTokensDetails": cachedKinds = Kinds(value)
            case "candidatesTokensDetails": candidatesKinds = Kinds(value)
            case "serviceTier": serviceTier = Usage.serviceTier(value)
            case "trafficType": serviceTier = Self.tier(ofTraffic: value)
            default:
                if let count = Count(rawValue: member.name.string), let said = Self.number(value) { self[count] = said }
            }
        }
    }

    var totals: Usage {
        var usage = Usage()
        usage.prompt = prompt + toolPrompt  // Each is a billion at most.
        usage.cacheRead = cached
        usage.cacheReadAudio = cachedKinds.audio
        usage.promptAudio = promptKinds.audio + toolPromptKinds.audio
        usage.promptImage = promptKinds.image + toolPromptKinds.image
        // Where the total is reached without them, the candidates include the thoughts.
        let includesThoughts = thoughts > 0 && usage.prompt + candidates == total
        usage.completion = includesThoughts ? candidates : candidates + thoughts
        usage.reasoning = thoughts
        usage.completionAudio = candidatesKinds.audio
        usage.completionImage = candidatesKinds.image
        usage.serviceTier = serviceTier
        return usage
    }

    /// A count; the vendor may write numbers of 64 bits as text.
    fileprivate static func number(_ value: JSONValue?) -> Int? {
        guard let value, value.kind == .string else { return Usage.count(value) }
        return value.string.flatMap { Int($0) }.flatMap { (0...Usage.tokensMax).contains($0) ? $0 : nil }
    }

    /// Google Cloud's word for the tier. Source: Vertex AI API reference, `TrafficType`.
    private static func tier(ofTraffic word: JSONValue) -> String? {
        if word.equals("ON_DEMAND_FLEX") { return "flex" }
        return word.equals("ON_DEMAND_PRIORITY") ? "priority" : nil
    }
}
