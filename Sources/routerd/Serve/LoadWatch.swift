import Foundation
import Logging
import RouterCore
import RouterHTTP
import ServiceLifecycle

/// Looks four times a second how much memory and how many descriptors the process uses, and has new answers refused before
/// the system refuses everything.
struct LoadWatch: Service {
    let gate: LoadGate
    /// Bytes.
    let memoryMax: Int
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var policy = LoadPolicy()
            while !Task.isCancelled {
                if let sample = ProcessLoad.sample(memoryMax: memoryMax) {
                    let before = policy.level
                    policy.take(sample)
                    gate.set(policy.level)
                    if policy.level != before {
                        logger.warning(
                            "load changed",
                            metadata: [
                                "refused": .string("\(policy.level)"),
                                "memory_percent": .stringConvertible(Int(sample.memory * 100)),
                                "descriptors_percent": .stringConvertible(Int(sample.descriptors * 100)),
                            ])
                    }
                }
                // Cancelling ends the wait, and then the loop.
                try? await Task.sleep(for: .milliseconds(250), tolerance: .milliseconds(50))
            }
        }
    }
}

/// What the system says of this process. Source: proc(5), `statm`; cgroups(7).
enum ProcessLoad {
    /// - Returns: `nil` where the system does not say.
    static func sample(memoryMax: Int) -> LoadPolicy.Sample? {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        // The lowest free number is given: so many are open, but for gaps that are filled first.
        guard file >= 0 else { return LoadPolicy.Sample(memory: 0, descriptors: 1) }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let words = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
        guard words.count > 1, let pages = Int(words[1]) else { return nil }
        var limit = rlimit()
        let hasLimit = getrlimit(__rlimit_resource_t(7), &limit) == 0 && limit.rlim_cur > 0  // RLIMIT_NOFILE
        return LoadPolicy.Sample(
            memory: Double(pages) * Double(sysconf(Int32(_SC_PAGESIZE))) / Double(max(1, memoryMax)),
            descriptors: hasLimit ? Double(file) / Double(limit.rlim_cur) : 0)
    }

    /// Bytes that this process may use: the limit of its container, else what the machine has.
    static var memoryMax: Int {
        let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let limits = files.compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
            .compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        return ([machine] + limits).filter { $0 > 0 }.min() ?? machine
    }
}
