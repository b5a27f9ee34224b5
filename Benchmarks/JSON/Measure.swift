import Foundation

/// Runs `work` in rounds and prints the best and the median CPU time of one run, and the speed that the best means.
///
/// With words on the command line, only what has one of them in its name.
func measure(_ name: String, bytes: Int, rounds: Int = 15, _ work: () -> Int) {
    let wanted = CommandLine.arguments.dropFirst()
    guard wanted.isEmpty || wanted.contains(where: name.contains) else { return }
    var runs = 1
    while time(of: runs, work) < 0.01 { runs *= 2 }
    let seconds = (0..<rounds).map { _ in time(of: runs, work) / Double(runs) }.sorted()
    let best = seconds[0] * 1e6
    let median = seconds[rounds / 2] * 1e6
    let speed = Double(bytes) / seconds[0] / 1e9
    print(
        name.padding(toLength: 56, withPad: " ", startingAt: 0)
            + String(format: "%9.2f %9.2f µs %7.2f GB/s", best, median, speed))
}

/// CPU seconds of this process for `runs` runs.
private func time(of runs: Int, _ work: () -> Int) -> Double {
    let start = processorSeconds()
    for _ in 0..<runs { sink &+= work() }
    return processorSeconds() - start
}

private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// What the work returned, so that the compiler cannot leave it out. Only the main thread touches it.
nonisolated(unsafe) private var sink = 0
