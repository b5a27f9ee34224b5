/// How long the answers of each model have been, for holds of requests that set no bound.
struct AnswerSizes: Sendable {
    /// Sixteenths of tokens, a mean over the last answers.
    private var means: [String: Int] = [:]

    /// Of a model that has not answered yet.
    private static let first = 4096
    private static let least = 1024
    /// So many times the mean: few answers are longer.
    private static let margin = 4
    /// Beyond it all are forgotten and learned again.
    private static let modelsMax = 10_000

    /// - Parameter possible: what the model can write at most.
    func expected(of model: String, possible: Int) -> Int {
        guard let mean = means[model] else { return min(Self.first, possible) }
        return min(possible, max(Self.least, mean / 16 * Self.margin))
    }

    mutating func note(_ generation: Generation) {
        guard generation.outcome == .completed, generation.usage.completion > 0 else { return }
        let tokens = min(generation.usage.completion, 100_000_000)
        if let mean = means[generation.model] {
            means[generation.model] = mean + tokens - mean / 16
        } else {
            if means.count >= Self.modelsMax { means = [:] }
            means[generation.model] = tokens * 16
        }
    }
}
