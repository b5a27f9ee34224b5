import RouterCore
import Testing

@testable import routerd

@Suite("The load of this process") struct LoadWatchTests {
    @Test("is measured: more memory and more descriptors show")
    func measures() throws {
        let before = try #require(ProcessLoad.sample(memoryMax: ProcessLoad.memoryMax))
        #expect(before.memory > 0 && before.memory < 1)
        #expect(before.descriptors > 0 && before.descriptors < 1)
        let tight = try #require(ProcessLoad.sample(memoryMax: 1_048_576))
        #expect(tight.memory > 1, "no test fits into a megabyte")
        #expect(ProcessLoad.memoryMax > 64 * 1_048_576)
    }
}
