import Synchronization

/// Every simulated vendor behind one real socket on 127.0.0.1, each below its name: `http://127.0.0.1:PORT/anthropic`.
///
/// A request whose words hold `hold:NAME` gets one piece of its answer, and the rest once `/release/NAME` was asked for.
public final class VendorSimulator: Sendable {
    private let server: LoopbackServer

    /// - Parameters:
    ///   - port: 0 for a free one.
    ///   - fault: what goes wrong with a request; by default what its words ask for.
    public init(
        port: Int = 0,
        fault: @escaping @Sendable (LoopbackServer.Request) -> SimulatedFault? = {
            let prompt = $0.form?["prompt"].map { Array($0.utf8) }
            return SimulatedFault.named(in: String(decoding: prompt ?? $0.body, as: UTF8.self))
        }
    ) throws {
        let flux = SimulatedFlux()
        let gates = Gates()
        server = try LoopbackServer(port: port, readsForms: true) { request in
            if request.target.hasPrefix("/release/") {
                gates[String(request.target.dropFirst("/release/".count))].raise()
                return [.answer(200, body: "released")]
            }
            let parts = request.target.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true)
            if parts.first == "bfl" { return flux.answer(to: request, at: "/" + (parts.count > 1 ? parts[1] : "")) }
            guard let name = parts.first, let vendor = SimulatedVendor(rawValue: String(name)) else {
                return [.answer(404, body: "no such vendor")]
            }
            let path = "/" + (parts.count > 1 ? String(parts[1]) : "")
            let below = path.hasPrefix(vendor.basePath) ? String(path.dropFirst(vendor.basePath.count)) : path
            let response = vendor.answer(to: below, header: { request[$0] }, body: request.body, form: request.form)
            guard response.status == 200, request.form != nil || !request.body.isEmpty, let fault = fault(request)
            else {
                var steps = SimulatedStep.all(of: response).map(Step.init)
                if let name = Gates.name(in: request.body), steps.count > 2 {
                    steps.insert(.wait(for: gates[name]), at: 2)
                }
                return steps
            }
            var steps = fault.play(response, of: vendor).map(Step.init)
            if fault == .slowDrip { steps = steps.flatMap { [$0, .pause(.milliseconds(1))] } }
            return steps
        }
    }

    public var port: Int { server.port }
    /// How many requests came.
    public var requestCount: Int { server.requests.count }

    /// Where a vendor's documented paths begin.
    public func baseURL(of vendor: SimulatedVendor) -> String {
        "\(server.baseURL)/\(vendor.rawValue)\(vendor.basePath)"
    }

    /// Ends every connection and stops listening.
    public func stop() { server.stop() }
}

/// What answers wait for, by name.
private final class Gates: Sendable {
    private let signals = Mutex<[String: Signal]>([:])

    subscript(name: String) -> Signal {
        signals.withLock {
            if let known = $0[name] { return known }
            let signal = Signal()
            $0[name] = signal
            return signal
        }
    }

    /// The gate that the words of a request ask for.
    static func name(in body: [UInt8]) -> String? {
        let text = String(decoding: body, as: UTF8.self)
        guard let mark = text.firstRange(of: "hold:") else { return nil }
        return String(text[mark.upperBound...].prefix { $0.isLetter || $0.isNumber })
    }
}

extension Step {
    fileprivate init(_ step: SimulatedStep) {
        switch step {
        case .head(let status, let type, let headers):
            self = .head(
                status,
                headers.merging(
                    ["content-type": type, "transfer-encoding": "chunked"], uniquingKeysWith: { own, _ in own }))
        case .bytes(let bytes):
            self = .send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
        case .end: self = .lastChunk
        case .reset: self = .reset
        case .hang: self = .untilClosed(Signal())
        }
    }
}
