import TestSupport
import Testing

@testable import RouterProviders

@Suite("A heap of deadlines")
struct DeadlineHeapTests {
    @Test("it gives the earliest, also after deadlines moved or went, as a sorted list would", arguments: [1, 2, 3])
    func agreesWithSorting(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var heap = DeadlineHeap()
        var expected: [Int: Moment] = [:]
        for _ in 0..<5_000 {
            let id = Int.random(in: 0..<200, using: &generator)
            if Bool.random(using: &generator) {
                let due = Moment(nanoseconds: Int64.random(in: 0..<1_000, using: &generator))
                heap.set(id, due: due)
                expected[id] = due
            } else {
                heap.remove(id)
                expected[id] = nil
            }
            #expect(heap.count == expected.count)
            #expect(heap.earliest?.due == expected.values.min())
            if let earliest = heap.earliest { #expect(expected[earliest.id] == earliest.due) }
        }
        var order: [Moment] = []
        while let (id, due) = heap.earliest {
            order.append(due)
            heap.remove(id)
        }
        #expect(order == expected.values.sorted())
    }

    @Test("removing what never was there changes nothing")
    func removesNothing() {
        var heap = DeadlineHeap()
        heap.remove(5)
        heap.set(2, due: Moment(nanoseconds: 7))
        heap.remove(1)
        heap.remove(900)
        #expect(heap.earliest?.id == 2)
        heap.remove(2)
        #expect(heap.earliest == nil)
    }
}

@Suite("A moment")
struct MomentTests {
    @Test(
        "milliseconds are rounded up, and are zero for what is past",
        arguments: [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (-5, 0)])
    func roundsUp(nanoseconds: Int64, milliseconds: Int32) {
        let start = Moment(nanoseconds: 10)
        #expect(start.advanced(by: nanoseconds).milliseconds(since: start) == milliseconds)
    }

    @Test("what is too far to count is never")
    func saturates() {
        #expect(Moment(nanoseconds: .max - 1).advanced(by: 5) == .never)
        #expect(Duration.seconds(Int64.max).nanosecondsClamped == 3_155_760_000_000_000_000)
        #expect(Duration.seconds(-1).nanosecondsClamped == 0)
        #expect(Duration.milliseconds(1_500).nanosecondsClamped == 1_500_000_000)
        #expect(Moment.never.milliseconds(since: Moment(nanoseconds: 0)) == 86_400_000)
    }
}
