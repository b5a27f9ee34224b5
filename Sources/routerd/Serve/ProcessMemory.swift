import CMemory

/// How the C library and the kernel handle this process's memory. Measured in `docs/benchmarks.md`.
enum ProcessMemory {
    /// Free memory of each arena that is kept for the next request instead of being given back at once.
    private static let keptBytes: Int32 = 8 * 1024 * 1024
    /// From this size on a block is mapped for itself, and given back when it is freed.
    private static let mappedBytesMin: Int32 = 4 * 1024 * 1024

    /// For a process that serves: by its standards glibc gives the memory of every larger body back to the kernel and
    /// takes it again for the next, page by page. Called before there are threads.
    static func keepForRequests() {
        cmemory_keep(keptBytes, mappedBytesMin)
    }

    /// Gives back what only starting needed: free blocks, and code and constants of the program and its libraries, which
    /// the kernel reads again from their files (which it has in memory) where they are used.
    static func giveBackStart() { cmemory_give_back() }
}
