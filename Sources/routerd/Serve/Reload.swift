import Logging
import RouterCore
import RouterHTTP
import ServiceLifecycle
import UnixSignals

/// Reads the configuration again on SIGHUP, and the operator's catalogue when it is another. What is wrong is logged, and
/// the old one kept.
struct Reload: Service {
    let assembly: Assembly
    let read: @Sendable () throws(ConfigurationFaults) -> LoadedSettings
    let logger: Logger

    private enum Cause: Sendable {
        case signal
        case catalog
    }

    func run() async throws {
        let (causes, cause) = AsyncStream<Cause>.makeStream(bufferingPolicy: .bufferingNewest(16))
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { cause.yield(.signal) }
                }
                group.addTask { await watch { cause.yield(.catalog) } }
                // One after the other, so that the last one read is the one that counts.
                var settings = assembly.settings
                for await cause in causes {
                    switch cause {
                    case .signal: settings = await configuration() ?? settings
                    case .catalog: await catalog(settings)
                    }
                }
            }
        }
    }

    /// Looks twice a second whether the operator's catalogue was changed.
    private func watch(_ changed: () -> Void) async {
        let catalog = OperatorCatalog(in: assembly.settings.data)
        var stamp = assembly.catalogStamp
        while !Task.isCancelled {
            let now = catalog.stamp
            if now != stamp {
                stamp = now
                changed()
            }
            // Cancelling ends the wait, and then the loop.
            try? await Task.sleep(for: .milliseconds(500), tolerance: .milliseconds(100))
        }
    }

    /// - Returns: what counts now; `nil` when it is what counted before.
    private func configuration() async -> Settings? {
        do {
            let loaded = try read()
            try await assembly.reload(loaded.settings)
            for warning in loaded.warnings { logger.warning("configuration", metadata: ["note": "\(warning)"]) }
            let old = assembly.settings
            if loaded.settings.http != old.http || loaded.settings.data != old.data
                || loaded.settings.store != old.store
            {
                logger.warning("configuration read again; http, data and database count from the next start on")
            } else {
                logger.notice("configuration read again")
            }
            return loaded.settings
        } catch {
            logger.error("configuration kept as it was", metadata: ["reason": "\(Self.reason(error))"])
            return nil
        }
    }

    private func catalog(_ settings: Settings) async {
        do throws(CommandFailure) {
            try await assembly.reload(settings)
            logger.notice("catalogue read again", metadata: ["models": "\(assembly.catalog.current.models.count)"])
        } catch {
            logger.error("catalogue kept as it was", metadata: ["reason": "\(Self.reason(error))"])
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? CommandFailure)?.message ?? "\(error)"
    }
}
