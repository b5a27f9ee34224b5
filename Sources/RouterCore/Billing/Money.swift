/// An amount of money: nano-dollars (US), exact up to 9.2 billion dollars either way.
///
/// There are no operators: whoever adds says what happens when the sum cannot be counted.
public struct Money: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var nanoUSD: Int64

    public init(nanoUSD: Int64) { self.nanoUSD = nanoUSD }

    public static let zero = Money(nanoUSD: 0)

    public static func < (one: Money, other: Money) -> Bool { one.nanoUSD < other.nanoUSD }

    /// - Returns: `nil` when the sum cannot be counted.
    public func adding(_ other: Money) -> Money? {
        let (sum, overflow) = nanoUSD.addingReportingOverflow(other.nanoUSD)
        return overflow ? nil : Money(nanoUSD: sum)
    }

    /// - Returns: `nil` when the difference cannot be counted.
    public func subtracting(_ other: Money) -> Money? {
        let (difference, overflow) = nanoUSD.subtractingReportingOverflow(other.nanoUSD)
        return overflow ? nil : Money(nanoUSD: difference)
    }

    /// Dollars with nine digits after the point: `10.000000000`, `-0.003062500`.
    public var text: String { Self.text(of: nanoUSD, digits: 9) }

    /// Dollars without zeros at the end, as a JSON number: `10`, `0.0030625`.
    public var shortText: String {
        // Every answer shows some: the zeros go while it is a number.
        var (number, digits) = (nanoUSD, 9)
        while digits > 0, number % 10 == 0 { (number, digits) = (number / 10, digits - 1) }
        return digits == 0 ? String(number) : Self.text(of: number, digits: digits)
    }

    public var description: String { "\(shortText) USD" }

    /// Reads dollars: digits, perhaps a point and at most nine digits more, no sign, no exponent.
    /// - Returns: `nil` for anything else, and for more than can be counted.
    public init?(usd text: String) {
        guard let nanoUSD = Self.number(text, digits: 9) else { return nil }
        self.nanoUSD = nanoUSD
    }

    /// `text` as a whole number of `10^-digits`.
    static func number(_ text: String, digits: Int) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, parts.count == 1 || !parts[1].isEmpty else { return nil }
        let fraction = parts.count == 2 ? parts[1] : whole[whole.endIndex...]
        guard fraction.count <= digits else { return nil }
        var number: Int64 = 0
        let padding = repeatElement(UInt8(ascii: "0"), count: digits - fraction.count)
        for digit in Array(whole) + Array(fraction) + padding {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.addingReportingOverflow(Int64(digit - 0x30))
            guard !isTooLarge, !overflow else { return nil }
            number = sum
        }
        return number
    }

    /// A whole number of `10^-digits` as text.
    static func text(of number: Int64, digits: Int) -> String {
        // From the last digit to the first, and turned round.
        String(unsafeUninitializedCapacity: max(digits, 19) + 3) { bytes in
            var count = 0
            func put(_ byte: UInt8) {
                bytes.initializeElement(at: count, to: byte)
                count += 1
            }
            var rest = number.magnitude
            while rest > 0 || count < digits + 2 {
                if count == digits { put(UInt8(ascii: ".")) }
                put(UInt8(ascii: "0") + UInt8(rest % 10))
                rest /= 10
            }
            if number < 0 { put(UInt8(ascii: "-")) }
            var text = bytes[..<count]
            text.reverse()
            return count
        }
    }
}

/// Money that cannot be counted.
public enum BillingError: Error, Sendable, Hashable {
    /// Above 9.2 billion dollars.
    case overflow
}
