public import RouterCore
import Synchronization

/// Parts that many tests need.
public enum Samples {
    public static func provider(_ slug: String, dialect: Dialect = ScriptedTranslator.dialect) -> Provider {
        Provider(slug: slug, name: slug.capitalizedFirst, dialect: dialect, baseURL: "http://\(slug).example/v1")
    }

    /// A model `test/model`, alias `model`, at endpoints of these providers in order.
    public static func model(_ providers: [String] = ["one"]) -> Model {
        Model(
            id: "test/model", name: "Test", contextLength: 8192, supportedParameters: ["temperature"],
            pricing: [.init(unit: "prompt", usd: "0.000001"), .init(unit: "completion", usd: "0.000002")],
            aliases: ["model"], endpoints: providers.map { Endpoint(provider: provider($0), upstreamModel: "m") })
    }

    public static let caller = Caller(account: .first, key: "key_test")
    public static let generation = Generation.ID(rawValue: "gen-1776249000-abcdefghij0123456789")

    public static func request(stream: Bool = false, extra: String = "") throws(APIError) -> ChatRequest {
        try ChatRequest(
            Array(
                #"{"model":"test/model","messages":[{"role":"user","content":"Hi"}],"stream":\#(stream)\#(extra)}"#.utf8
            ))
    }

    public static func engine(
        _ transport: any Transport, models: [Model]? = nil, ledger: any Ledger = FreeLedger(),
        observer: any EngineObserver = SilentObserver(), ambient: Ambient = .manual()
    ) -> Engine {
        let catalog = Catalog(models ?? [model()])
        return Engine(
            catalog: { catalog },
            vendors: [
                ScriptedTranslator.dialect: Vendor(
                    chat: ScriptedTranslator(),
                    operations: Dictionary(
                        uniqueKeysWithValues: Operation.allCases.map { ($0, ScriptedTranslator.Operations()) }))
            ], transport: transport, authorizer: NoAuthorizer(), ledger: ledger, observer: observer, ambient: ambient)
    }
}

/// Adds nothing.
public struct NoAuthorizer: Authorizer {
    public init() {}
    public func authorize(_ request: inout UpstreamRequest, for provider: Provider) async throws(UpstreamFailure) {}
}

extension Ambient {
    /// Time stands still at 2026-04-15T10:30:00Z, and chance always gives the first.
    public static func manual() -> Ambient {
        let start = ContinuousClock.now
        return Ambient(now: { start }, timestamp: { 1_776_249_000_000 }, random: { 0 })
    }
}

extension Ambient {
    /// Time stands still, and chance gives the lowest and the highest number by turns.
    public static func flipping() -> Ambient {
        let flips = Flips()
        var ambient = manual()
        ambient.random = { flips.next() }
        return ambient
    }

    private final class Flips: Sendable {
        private let isHigh = Mutex(true)

        func next() -> UInt64 {
            isHigh.withLock { isHigh in
                isHigh.toggle()
                return isHigh ? .max : 0
            }
        }
    }
}

/// A clock that a test sets.
public final class ManualClock: Sendable {
    private let state: Mutex<Duration> = Mutex(.zero)
    private let start = ContinuousClock.now

    public init() {}

    public func advance(by duration: Duration) { state.withLock { $0 += duration } }

    /// Chance gives the middle.
    public var ambient: Ambient {
        let milliseconds: Int64 = 1_776_249_000_000
        return Ambient(
            now: { self.start + self.state.withLock { $0 } },
            timestamp: { milliseconds + Int64(self.state.withLock { $0 } / .milliseconds(1)) }, random: { .max / 2 })
    }
}

/// The one fake ledger: refuses or lets pass, and remembers.
public final class ScriptedLedger: Ledger {
    private let state = Mutex<(settled: [Generation], held: Int, grown: [Money], ended: [Money])>(([], 0, [], []))
    private let refusal: APIError?
    private let amount: Money?
    private let growsTo: Money?
    private let failure: StoreError?

    /// - Parameters:
    ///   - amount: what each hold has; `nil`: what is asked for, of what is held whole.
    ///   - growsTo: how large a hold can become; `nil`: nobody can tell.
    ///   - failure: why nothing can be settled.
    public init(
        refusing refusal: APIError? = nil, amount: Money? = .zero, growsTo: Money? = Money(nanoUSD: .max),
        failing failure: StoreError? = nil
    ) {
        self.failure = failure
        self.refusal = refusal
        self.amount = amount
        self.growsTo = growsTo
    }

    public var settled: [Generation] { state.withLock(\.settled) }
    public var held: Int { state.withLock(\.held) }
    /// What holds were made larger to, in order.
    public var grown: [Money] { state.withLock(\.grown) }

    /// How large holds were at their end, in order.
    public var ended: [Money] { state.withLock(\.ended) }

    public func hold(
        for generation: Generation, _ estimate: HoldEstimate, caller: Caller
    ) async throws(APIError) -> Hold {
        if let refusal { throw refusal }
        state.withLock { $0.held += 1 }
        return Hold(
            generation: generation.id, lease: LeaseName(account: caller.account),
            amount: amount ?? estimate.amount(outputTokens: 0) ?? .zero)
    }

    public func grow(_ hold: inout Hold, to amount: Money) async -> HoldGrowth {
        guard let growsTo else { return .unknown }
        guard amount <= growsTo else { return .short }
        hold.amount = amount
        state.withLock { $0.grown.append(amount) }
        return .granted
    }

    public func settle(_ hold: Hold, as generation: Generation) async throws(StoreError) -> Generation {
        state.withLock { state in
            state.settled.append(generation)
            state.ended.append(hold.amount)
        }
        if let failure { throw failure }
        return generation
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
