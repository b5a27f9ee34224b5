import Testing

@testable import RouterCore

@Suite("A lease") struct LeaseBookTests {
    private let name = LeaseName(account: .first)
    private let start = ContinuousClock.now

    @Test("is low when a third of its last slice is left, or less than two requests need")
    func low() {
        var book = LeaseBook()
        #expect(book.isLow(name, amount: 1))
        book.refill(name, remaining: 900, at: start)
        for _ in 0..<6 {
            let isTaken = book.take(100, from: name, at: start)
            #expect(isTaken && !book.isLow(name, amount: 100))
        }
        let isTaken = book.take(1, from: name, at: start)
        #expect(isTaken && book.isLow(name, amount: 100))
        book.refill(name, remaining: 901, at: start)
        #expect(book.isLow(name, amount: 151) && !book.isLow(name, amount: 150))
    }
}
