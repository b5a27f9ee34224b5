import Foundation
import Logging
import RouterCore
import RouterHTTP
import RouterProviders
import RouterStore
import ServiceLifecycle
import UnixSignals

/// Runs a server until it is told to stop.
struct Server: Sendable {
    let settings: Settings
    /// Reads the configuration again.
    let read: @Sendable () throws(ConfigurationFaults) -> LoadedSettings

    /// Starts, serves, drains.
    ///
    /// SIGTERM and SIGINT stop accepting and let answers finish for ``Settings/drain``; a second one ends at once. SIGHUP
    /// reads the configuration again; a bad one is logged and the old one kept.
    func run() async throws(CommandFailure) {
        ProcessMemory.keepForRequests()
        // More threads than processors would only take turns.
        if let count = Processors.count { ServerThreads.use(count) }
        let environment = ProcessInfo.processInfo.environment
        let data = try DataDirectory(making: settings.data)
        let lock = try data.lock()
        defer { withExtendedLifetime(lock) {} }
        let sink = LogSink(descriptor: STDERR_FILENO)
        defer { sink.flush() }
        let logger = Self.logger(settings.log, sink: sink)
        let pepper: String?
        do throws(ConfigurationFaults) {
            pepper = try Environment().pepper()
        } catch {
            throw CommandFailure(error)
        }
        let assembly = try await Assembly(
            settings, data: data, peppers: try data.peppers(pepper), logger: logger,
            recorder: RequestLines(
                format: Self.format(settings.log), level: Self.level(settings.log), sink: sink))
        let firstStart = try await firstStart(assembly, environment: environment)
        let server = assembly.server { port in
            let greeting = Greeting(
                version: Version.text, host: settings.http.host, port: port,
                place: "data in \(settings.data), \(settings.store.product)")
            Output.data(greeting.line)
            if case .yes(let key) = firstStart {
                Output.data(
                    greeting.firstStart(models: assembly.catalog.current.models, key: key, found: assembly.found))
            }
            ProcessMemory.giveBackStart()
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                // Services stop from the last to the first: those before the server when all answers have ended.
                LedgerReports(ledger: assembly.ledger, logger: logger),
                RateReports(limiter: assembly.sharedLimiter), server,
                KeyRefresh(directory: assembly.directory, logger: logger), MediaSweep(folder: assembly.mediaFolder),
                LoadWatch(
                    gate: assembly.load, memoryMax: settings.memoryBytesMax ?? ProcessLoad.memoryMax, logger: logger),
                Reload(assembly: assembly, read: read, logger: logger), SecondSignal(sink: sink),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.drain
        let group = ServiceGroup(configuration: configuration)
        do {
            try await group.run()
        } catch {
            try check(error)
        }
        do throws(StoreError) {
            try await assembly.ledger.stop()
        } catch {
            logger.error("settlements stay in the journal", metadata: ["reason": "\(error)"])
        }
        await assembly.sharedLimiter?.stop()
        await assembly.transport.shutdown()
        await assembly.media?.shutdown()
        await assembly.store.close()
    }

    /// What ended the group although nobody asked for it; being cut off at the end of draining is no fault.
    private func check(_ error: any Error) throws(CommandFailure) {
        if error is CancellationError || error is ServiceGroupError { return }
        let text = "\(error)"
        guard text.contains("bind") else { throw CommandFailure(.failed, "the server ended: \(text)") }
        let address = "\(settings.http.host):\(settings.http.port)"
        if text.contains("in use") || text.contains("errno: 98") {
            throw CommandFailure(
                .failed, "cannot listen on \(address): address already in use",
                hint:
                    "Another process holds the port. Find it: ss -ltnp 'sport = :\(settings.http.port)'\nOr choose one: routerd serve --port \(settings.http.port + 1)"
            )
        }
        throw CommandFailure(
            .failed, "cannot listen on \(address): \(text)",
            hint: "Choose another address: routerd serve --host H --port N")
    }

    private enum FirstStart: Sendable {
        case no
        case yes(key: String?)
    }

    /// On the first start with an empty store a key is made, where it reaches a person only.
    private func firstStart(
        _ assembly: Assembly, environment: [String: String]
    ) async throws(CommandFailure) -> FirstStart {
        do throws(StoreError) {
            guard try await assembly.store.keys().isEmpty else { return .no }
        } catch {
            throw CommandFailure(error)
        }
        let mayPrint = isatty(STDOUT_FILENO) == 1 || environment["ROUTERD_PRINT_FIRST_KEY"] == "1"
        return mayPrint ? .yes(key: try await assembly.makeKey(named: "first")) : .no
    }

    private static func logger(_ log: Settings.Log, sink: LogSink) -> Logger {
        Logger(label: "routerd") { _ in LineLogHandler(format: format(log), level: level(log), sink: sink) }
    }

    private static func format(_ log: Settings.Log) -> LineLogHandler.Format {
        let format = log.format ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        return format == .json ? .json : .text
    }

    private static func level(_ log: Settings.Log) -> Logger.Level {
        Logger.Level(rawValue: log.level.rawValue) ?? .info
    }
}

/// Looks twice a second whether keys were changed by another process.
private struct KeyRefresh: Service {
    let directory: KeyDirectory
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await directory.refresh()
                    isFailing = false
                } catch {
                    if !isFailing { logger.error("keys cannot be read", metadata: ["reason": "\(error)"]) }
                    isFailing = true
                }
                // Cancelling ends the wait, and then the loop.
                try? await Task.sleep(for: .milliseconds(500), tolerance: .milliseconds(100))
            }
        }
    }
}

/// Removes files of the media folder once they are too old.
private struct MediaSweep: Service {
    let folder: MediaFolder

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await folder.removeExpired()
                // Cancelling ends the wait, and then the loop.
                try? await Task.sleep(for: .seconds(20), tolerance: .seconds(5))
            }
        }
    }
}

/// Brings what has ended into the store, many requests at once.
private struct LedgerReports: Service {
    let ledger: CreditLedger
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await ledger.run { [logger] trouble in
                if let trouble {
                    logger.error("settlements cannot be stored", metadata: ["reason": "\(trouble)"])
                } else {
                    logger.notice("settlements are stored again")
                }
            }
        }
    }
}

/// Keeps the other servers of a shared store up to date about rate limits.
private struct RateReports: Service {
    let limiter: SharedRateLimiter?

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // A service that returns early would end the server.
            if let limiter {
                await limiter.run()
            } else {
                try? await gracefulShutdown()
            }
        }
    }
}

/// Ends the process at once when it is told to stop for the second time.
private struct SecondSignal: Service {
    let sink: LogSink

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // The group has its own handler for the first; this one only waits for it to be over.
            try? await gracefulShutdown()
        }
        // Not waited for: the process ends with the group, or here.
        Task.detached { [sink] in
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                sink.flush()
                _exit(130)
            }
        }
    }
}
