import NIOCore

/// How many threads serve clients.
public enum ServerThreads {
    /// Takes `count` threads, at least one. Counts when called before the first server of the process runs; without it
    /// there are as many as the machine has processors.
    public static func use(_ count: Int) { NIOSingletons.groupLoopCountSuggestion = max(1, count) }
}
