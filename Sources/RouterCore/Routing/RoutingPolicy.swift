/// Decides where a request is tried: conditions first, then an order. Pure: health, time and chance are given.
struct RoutingPolicy {
    let catalog: Catalog
    /// Tries of one request; so many targets and two more make a plan.
    let attemptsMax: Int
    /// Milliseconds on the clock of the reports.
    let now: Int64
    /// How the endpoints of a model are doing, in their order.
    let reports: (_ candidates: Candidates) -> [EndpointReport]
    /// The endpoint that answered a conversation last.
    let sticky: (_ conversation: Conversation) -> String?
    /// 64 random bits.
    let random: () -> UInt64

    /// Models whose author is this run on the operator's own machines and nowhere else.
    static let localAuthor = "airouter-cloud"
    /// Below this a price counts as this, in pico-dollars a token: a cent for a million. Nothing is infinitely cheap.
    private static let priceFloor = 10_000.0

    /// An endpoint that may be tried, and by what it is ordered.
    private struct Choice {
        var candidates: Candidates
        var index: Int
        /// Better first: conditions that are wishes, and health.
        var rank: Int
        /// By what it is sorted, least first.
        var key: Double

        var rests: Bool { rank >= Rank.resting }

        func precedes(_ other: Choice) -> Bool {
            if rests != other.rests { return other.rests }
            return key == other.key ? rank < other.rank : key < other.key
        }

        var facts: EndpointFacts { candidates.facts[index] }
    }

    /// - Parameters:
    ///   - session: the header `x-session-id`.
    /// - Throws: ``APIError``: `modelNotFound`; `invalidRequest` for wrong preferences; `notFound` when no endpoint meets
    ///   the conditions, naming which condition excluded which; `rateLimited` when all are at their limits.
    func plan(for request: some RoutedRequest, session: String?, caller: Caller) throws(APIError) -> Plan {
        let selection = try ModelSelection(request, in: catalog)
        var preferences = try ProviderPreferences(request.root["provider"])
        preferences.sort = preferences.sort ?? selection.sort
        let parameters = ParameterSet(of: request.root)
        let order = try catalog.places(of: preferences.order)
        let filter = try EndpointFilter(
            preferences, order: order, in: catalog, parameters: parameters,
            staysLocal: selection.models.first?.model.author == Self.localAuthor && !caller.allowsThirdParties)
        var groups: [[Choice]] = []
        var limitedUntil: Int64?
        for candidates in selection.models {
            let reports = reports(candidates)
            var group: [Choice] = []
            group.reserveCapacity(candidates.facts.count)
            for index in candidates.facts.indices where filter.exclusion(of: candidates.facts[index]) == nil {
                let report = report(at: index, of: reports)
                if case .limited(let until) = report.state, until > now {
                    limitedUntil = min(until, limitedUntil ?? until)
                    continue
                }
                group.append(
                    Choice(
                        candidates: candidates, index: index,
                        rank: rank(candidates.facts[index], report, preferences, parameters),
                        key: sortKey(candidates.facts[index], report, preferences.sort)))
            }
            groups.append(group)
        }
        if preferences.sortsAcrossModels, preferences.sort != nil { groups = [groups.flatMap { $0 }] }
        guard groups.contains(where: { !$0.isEmpty }) else {
            throw limitedUntil.map { limited(until: $0, selection) } ?? excluded(by: filter, preferences, selection)
        }
        return ordered(groups, request, session, caller, preferences, order, selection)
    }

    // MARK: Order

    private func ordered(
        _ groups: [[Choice]], _ request: some RoutedRequest, _ session: String?, _ caller: Caller,
        _ preferences: ProviderPreferences, _ order: [Int], _ selection: ModelSelection
    ) -> Plan {
        let most = attemptsMax + 2
        var plan = Plan(
            targets: [], strategy: .balanced, eligibleCount: groups.reduce(0) { $0 + $1.count },
            requested: selection.names, conversation: nil)
        let isFree = order.isEmpty && preferences.sort == nil
        if isFree, let first = selection.models.first, first.facts.count > 1 {
            plan.conversation = Conversation(
                of: request, session: session, account: caller.account, model: first.model.id)
        }
        let favourite = plan.conversation.flatMap(sticky)
        for group in groups where plan.targets.count < most {
            var group = group
            var chosen: [Choice] = []
            if preferences.sort != nil {
                plan.strategy = .sort
                chosen = sorted(group, most: most)
            } else if order.isEmpty {
                if let favourite,
                    let place = group.firstIndex(where: {
                        $0.rank < Rank.degraded && $0.candidates.keys[$0.index] == favourite
                    })
                {
                    chosen = [group.remove(at: place)]
                    if plan.targets.isEmpty { plan.strategy = .sticky }
                }
                chosen += balanced(group, most: most - chosen.count)
            } else {
                plan.strategy = .order
                chosen = inOrder(group, order, most: most)
            }
            plan.targets += chosen.prefix(most - plan.targets.count).map {
                Plan.Target(candidates: $0.candidates, index: $0.index)
            }
        }
        if !preferences.allowsFallbacks, order.isEmpty, preferences.only == nil {
            plan.targets = Array(plan.targets.prefix(1))
        }
        if plan.eligibleCount == 1 { plan.strategy = .direct }
        return plan
    }

    /// Wishes that are not met, and trouble: a sum of these, worst last.
    private enum Rank {
        static let slow = 1
        static let parameters = 2
        static let degraded = 4
        static let resting = 8
    }

    private func rank(
        _ facts: EndpointFacts, _ report: EndpointReport, _ preferences: ProviderPreferences, _ parameters: ParameterSet
    ) -> Int {
        var rank = 0
        if !preferences.latencyMax.isEmpty || !preferences.throughputMin.isEmpty, isSlow(report, preferences) {
            rank += Rank.slow
        }
        if !facts.parameters.isSuperset(of: parameters.intersection(.preferred)) { rank += Rank.parameters }
        if report.isDegraded(at: now) { rank += Rank.degraded }
        if case .resting(let until) = report.state, until > now { rank += Rank.resting }
        return rank
    }

    /// What is not known is no reason.
    private func isSlow(_ report: EndpointReport, _ preferences: ProviderPreferences) -> Bool {
        func exceeds(_ value: Double?, _ bound: Double?) -> Bool {
            guard let value, let bound else { return false }
            return value > bound
        }
        let latency = report.latency, most = preferences.latencyMax
        let throughput = report.throughput, least = preferences.throughputMin
        return exceeds(latency.p50, most.p50) || exceeds(latency.p75, most.p75) || exceeds(latency.p90, most.p90)
            || exceeds(latency.p99, most.p99) || exceeds(least.p50, throughput.p50)
            || exceeds(least.p75, throughput.p75) || exceeds(least.p90, throughput.p90)
            || exceeds(least.p99, throughput.p99)
    }

    /// The first of the order; who rests comes last whatever it is.
    private func sorted(_ group: [Choice], most: Int) -> [Choice] {
        var first: [Choice] = []
        for choice in group {
            if first.count == most, let last = first.last, !choice.precedes(last) { continue }
            let place = first.firstIndex { choice.precedes($0) } ?? first.endIndex
            first.insert(choice, at: place)
            if first.count > most { first.removeLast() }
        }
        return first
    }

    /// What endpoints are sorted by, least first; what is not known comes last.
    private func sortKey(
        _ facts: EndpointFacts, _ report: EndpointReport, _ sort: ProviderPreferences.Sort?
    ) -> Double {
        switch sort {
        case nil: 0
        case .price: facts.blendedPrice
        case .latency: report.latency.p50 ?? .infinity
        case .throughput: report.throughput.p50.map { -$0 } ?? .infinity
        }
    }

    /// What is known of an endpoint now: not what it was minutes ago.
    private func report(at index: Int, of reports: [EndpointReport]) -> EndpointReport {
        guard reports.indices.contains(index) else { return EndpointReport() }
        guard now - reports[index].madeAt > EndpointReport.ageMax else { return reports[index] }
        return EndpointReport(state: reports[index].state)
    }

    /// The providers of `order` one after another, then the others as ever; whoever rests last.
    private func inOrder(_ group: [Choice], _ order: [Int], most: Int) -> [Choice] {
        var chosen: [Choice] = []
        var resting: [Choice] = []
        for provider in order {
            for choice in balanced(group.filter { $0.facts.provider == provider }, most: most) {
                if choice.rests { resting.append(choice) } else { chosen.append(choice) }
            }
        }
        let others = balanced(group.filter { !order.contains($0.facts.provider) }, most: most)
        return Array(
            (chosen + others.filter { !$0.rests } + resting + others.filter { $0.rests })
                .prefix(most))
    }

    /// The best of each rank by chance: cheaper ones more often, by the square of the price, and by weight.
    private func balanced(_ group: [Choice], most: Int) -> [Choice] {
        guard group.count > 1 else { return group }
        var chosen: [Choice] = []
        var ranks = 0
        for choice in group { ranks |= 1 << choice.rank }
        for rank in 0..<16 where ranks & 1 << rank != 0 && chosen.count < most {
            var places: [Int] = []
            var shares: [Double] = []
            places.reserveCapacity(group.count)
            shares.reserveCapacity(group.count)
            var total = 0.0
            for place in group.indices where group[place].rank == rank {
                let facts = group[place].facts
                let price = max(facts.blendedPrice, Self.priceFloor) / Self.priceFloor
                let share = Double(facts.weight) / (price * price)
                places.append(place)
                shares.append(share)
                total += share
            }
            for _ in 0..<min(places.count, most - chosen.count) {
                var left = Double(random() >> 11) * 0x1p-53 * total
                // The last one stands where rounding leaves something over.
                var pick = shares.lastIndex { $0 > 0 } ?? 0
                for index in shares.indices where shares[index] > 0 {
                    left -= shares[index]
                    if left < 0 {
                        pick = index
                        break
                    }
                }
                chosen.append(group[places[pick]])
                total -= shares[pick]
                shares[pick] = 0
            }
        }
        return chosen
    }

    // MARK: Nobody is left

    private func limited(until: Int64, _ selection: ModelSelection) -> APIError {
        let wait = Duration.milliseconds(max(1, until - now))
        var error = APIError(
            .rateLimited,
            "Every provider of \(selection.models.map(\.model.id).joined(separator: ", ")) is at its limit now. "
                + "Wait as long as Retry-After says.", retryAfter: wait)
        error.availability = APIError.Availability(
            code: "capacity_exhausted", requestedModels: selection.names,
            exclusions: exclusions(selection) { _, _ in .resting })
        return error
    }

    private func excluded(
        by filter: EndpointFilter, _ preferences: ProviderPreferences, _ selection: ModelSelection
    ) -> APIError {
        let exclusions = exclusions(selection) { candidates, index in filter.exclusion(of: candidates.facts[index]) }
        let names = selection.models.map(\.model.id).joined(separator: ", ")
        let constraints = exclusions.map(\.constraint).reduce(into: [EndpointFilter.Constraint]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let reasons = constraints.map { constraint in
            let slugs = exclusions.filter { $0.constraint == constraint }.map(\.provider)
            let listed = slugs.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            return "\(reason(constraint, filter, preferences, selection)) excludes "
                + listed.prefix(5).joined(separator: ", ") + (listed.count > 5 ? " and \(listed.count - 5) more" : "")
        }
        let isPrivacy = constraints.allSatisfy { [.local, .training, .retention].contains($0) }
        var error = APIError(
            .notFound, "No endpoint of \(names) is left: \(reasons.joined(separator: "; ")).",
            parameter: constraints == [.local] ? "model" : constraints.count == 1 ? constraints[0].member : "provider")
        error.availability = APIError.Availability(
            code: isPrivacy ? "privacy_restricted" : "constraint_filtered", requestedModels: selection.names,
            exclusions: exclusions)
        return error
    }

    private func reason(
        _ constraint: EndpointFilter.Constraint, _ filter: EndpointFilter, _ preferences: ProviderPreferences,
        _ selection: ModelSelection
    ) -> String {
        switch constraint {
        case .local: return "that it runs on the operator's own machines only"
        case .providers where preferences.only == nil:
            return preferences.ignore.isEmpty ? "`provider.order` without fallbacks" : "`provider.ignore`"
        case .parameters:
            let missing = selection.models.lazy.flatMap(\.facts).map { filter.missing(of: $0) }.first { !$0.isEmpty }
            return "`provider.require_parameters` (\((missing ?? []).joined(separator: ", ")))"
        default: return "`\(constraint.member ?? constraint.rawValue)`"
        }
    }

    private func exclusions(
        _ selection: ModelSelection, _ constraint: (Candidates, Int) -> EndpointFilter.Constraint?
    ) -> [APIError.Availability.Exclusion] {
        selection.models.flatMap { candidates in
            candidates.model.endpoints.indices.compactMap { index in
                constraint(candidates, index).map {
                    APIError.Availability.Exclusion(
                        model: candidates.model.id, provider: candidates.model.endpoints[index].provider.slug,
                        constraint: $0)
                }
            }
        }
    }
}
