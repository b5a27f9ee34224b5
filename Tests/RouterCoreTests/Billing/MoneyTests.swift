import Testing

@testable import RouterCore

@Suite("Money and prices as text")
struct MoneyTests {
    @Test(
        "is read to the nano-dollar",
        arguments: [
            ("0", 0), ("10", 10_000_000_000), ("0.000000001", 1), ("007.5", 7_500_000_000),
            ("9223372036.854775807", Int64.max),
        ])
    func readsMoney(text: String, nanoUSD: Int64) { #expect(Money(usd: text)?.nanoUSD == nanoUSD) }

    @Test(
        "is refused with signs, exponents, too many digits, and as no number",
        arguments: [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1E-3", "0x10", "NaN", "Infinity", "1,5", " 1", "1 ",
            "1.0000000001",
            "9223372036.854775808", "1234567890123456789012345678901234567890", "١", "1.2.3", "1_000",
        ])
    func refusesMoney(text: String) { #expect(Money(usd: text) == nil) }

    @Test(
        "is written with nine digits, and short for people",
        arguments: [
            (10_000_000_000, "10.000000000", "10"), (3_062_500, "0.003062500", "0.0030625"),
            (0, "0.000000000", "0"),
            (-1, "-0.000000001", "-0.000000001"),
            (Int64.min, "-9223372036.854775808", "-9223372036.854775808"),
        ])
    func writesMoney(nanoUSD: Int64, text: String, short: String) {
        #expect(Money(nanoUSD: nanoUSD).text == text)
        #expect(Money(nanoUSD: nanoUSD).shortText == short)
    }

    @Test("adds and subtracts as far as it can be counted")
    func sums() {
        #expect(Money(nanoUSD: .max).adding(Money(nanoUSD: 1)) == nil)
        #expect(Money(nanoUSD: .min).subtracting(Money(nanoUSD: 1)) == nil)
        #expect(Money(nanoUSD: 5).adding(Money(nanoUSD: -7)) == Money(nanoUSD: -2))
        #expect(Money.zero.subtracting(Money(nanoUSD: .min)) == nil)
    }

    @Test(
        "of a price with a sign, an exponent, 40 digits or no number is refused, with a reason",
        arguments: [
            "-0.000001", "+0.000001", "2.5e-6", "1E3", "NaN", "Infinity", "", ".", "0.0000000000001",
            "0.0000000000000000000000000000000000000001", "1234567890123456789012345678901234567890",
            "0,5", "$1",
        ])
    func refusesPrices(text: String) { #expect(PriceUnit.prompt.fault(of: text) != nil) }
}
