import RouterCore
import Testing

@Suite("What is refused when the process is full") struct LoadPolicyTests {
    @Test("first new whole answers, then every new answer, for memory as for descriptors")
    func levels() {
        for (memory, descriptors, level) in [
            (0.0, 0.0, LoadPolicy.Level.nothing), (0.84, 0.5, .nothing), (0.85, 0, .wholeAnswers),
            (0.5, 0.9, .wholeAnswers), (0.92, 0, .everything), (0, 1.2, .everything),
        ] {
            var policy = LoadPolicy()
            policy.take(.init(memory: memory, descriptors: descriptors))
            #expect(policy.level == level)
        }
    }

    @Test("is taken back only when there is room to spare")
    func slack() {
        var policy = LoadPolicy()
        var levels: [LoadPolicy.Level] = []
        for memory in [0.93, 0.9, 0.88, 0.86, 0.82, 0.79, 0.86] {
            policy.take(.init(memory: memory, descriptors: 0))
            levels.append(policy.level)
        }
        #expect(
            levels == [
                .everything, .everything, .everything, .wholeAnswers, .wholeAnswers, .nothing, .wholeAnswers,
            ])
    }
}
