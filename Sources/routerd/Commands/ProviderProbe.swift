import RouterCore
import RouterProviders

/// Asks providers whether they answer and take their keys: for their list of models, which costs nothing.
struct ProviderProbe: Sendable {
    let transport: any Transport

    private static let patience: Duration = .seconds(3)
    private static let bytesMax = 16 * 1024 * 1024

    /// - Returns: a finding for each key of each provider, in their order.
    func findings(for routes: Routes) async -> [CheckReport.Finding] {
        await withTaskGroup(of: (Int, CheckReport.Finding).self) { group in
            var count = 0
            for provider in routes.providers {
                let keys = routes.keys[provider.slug] ?? []
                for key in keys.isEmpty ? [nil] : keys.map(Optional.some) {
                    group.addTask { [count] in (count, await finding(for: provider, key: key)) }
                    count += 1
                }
            }
            var findings: [(Int, CheckReport.Finding)] = []
            for await finding in group { findings.append(finding) }
            return findings.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func finding(for provider: Provider, key: Secret?) async -> CheckReport.Finding {
        func found(_ level: CheckReport.Finding.Level, _ message: String) -> CheckReport.Finding {
            CheckReport.Finding(level, "provider", provider.slug, message)
        }
        let access = Vendors.all[provider.dialect]?.access ?? .bearer
        do throws(UpstreamFailure) {
            let (status, models) = try await ask(provider, key: key, access: access)
            switch status {
            case 200:
                return found(.ok, models.map { "answers, with \($0) \($0 == 1 ? "model" : "models")" } ?? "answers")
            case 401, 403:
                guard let key else { return found(.warning, "asks for a key (HTTP \(status)), and has none") }
                return found(
                    .warning,
                    "refuses the key that ends \(key.ending) (HTTP \(status)). Its models are listed and will fail")
            case 404, 405:
                return found(
                    .ok,
                    "answers, but not GET \(access.modelsPath) (HTTP \(status)): whether it takes its key is not known"
                )
            default:
                return found(.warning, "answers HTTP \(status)")
            }
        } catch {
            return found(.warning, "does not answer: \(error.message)")
        }
    }

    private func ask(
        _ provider: Provider, key: Secret?, access: VendorAccess
    ) async throws(UpstreamFailure) -> (status: Int, models: Int?) {
        var timeouts = Timeouts()
        timeouts.connect = Self.patience
        timeouts.firstByte = Self.patience
        timeouts.total = Self.patience
        let headers = access.modelsHeaders + (key.map { [access.header(for: $0.revealed)] } ?? [])
        let exchange = transport.open(
            UpstreamRequest(method: .get, path: access.modelsPath, headers: headers), to: provider, timeouts: timeouts)
        defer { exchange.cancel() }
        var status = 0
        var body: [UInt8] = []
        while let event = try await exchange.next() {
            switch event {
            case .head(let head):
                status = head.status
                if status != 200 { return (status, nil) }
            case .bytes(let bytes):
                body += bytes
                if body.count > Self.bytesMax { return (status, nil) }
            case .silence: break
            }
        }
        // Whatever the list looks like, it answered.
        return (status, (try? JSONDocument(body, limits: .response))?.root["data"]?.count)
    }
}
