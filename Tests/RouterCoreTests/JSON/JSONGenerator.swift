import TestSupport

/// Makes JSON texts from a seed, with everything the grammar allows: space between tokens, every kind of escape,
/// numbers in every form, characters of every length.
struct JSONGenerator {
    private var random: SeededGenerator
    private var text: [UInt8] = []
    /// Whether halves of surrogate pairs may be in values.
    var loneSurrogates = true
    /// Whether numbers go beyond what a double or 64 bits can hold.
    var hugeNumbers = true
    var spaces = true

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// A valid text.
    mutating func document(depth: Int = 5) -> [UInt8] {
        text = []
        space()
        value(depth)
        space()
        return text
    }

    private mutating func value(_ depth: Int) {
        switch pick(depth > 0 ? 10 : 6) {
        case 0: write(["null", "true", "false"][pick(3)])
        case 1, 2: number()
        case 3, 4, 5: string(isName: false)
        case 6, 7:
            write("[")
            space()
            for position in 0..<pick(6) {
                if position > 0 { separator() }
                value(depth - 1)
            }
            space()
            write("]")
        default:
            write("{")
            space()
            let count = pick(10) == 0 ? 20 + pick(20) : pick(6)
            for position in 0..<count {
                if position > 0 { separator() }
                string(isName: true, unique: position)
                space()
                write(":")
                space()
                value(depth - 1)
            }
            space()
            write("}")
        }
    }

    private mutating func number() {
        if pick(3) == 0 { write("-") }
        switch pick(4) {
        case 0: write("0")
        case 1: write(String(pick(10) + 1))
        case 2: write(String(UInt32.random(in: 1...UInt32.max, using: &random)))
        default:
            write(String(1 + pick(9)))
            for _ in 0..<pick(hugeNumbers ? 40 : 14) { write(String(pick(10))) }
        }
        if pick(4) == 0 {
            write(".")
            for _ in 0...pick(6) { write(String(pick(10))) }
        }
        if pick(4) == 0 {
            write(["e", "E"][pick(2)] + ["", "+", "-"][pick(3)] + String(pick(hugeNumbers ? 500 : 20)))
        }
    }

    /// - Parameter unique: for names: makes the name differ from the others of its object, mostly in its last character.
    private mutating func string(isName: Bool, unique: Int = 0) {
        write("\"")
        for _ in 0..<(pick(8) == 0 ? pick(120) : pick(12)) { character(isName: isName) }
        if isName {
            // Between two marks that nothing else contains.
            write("<\(unique)>")
        }
        write("\"")
    }

    private mutating func character(isName: Bool) {
        switch pick(24) {
        case 0: write(["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"][pick(8)])
        case 1: escape(UInt16(pick(0x80)))
        case 2: escape(UInt16([0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFE, 0xFFFF][pick(7)]))
        case 3:
            escape(0xD800 + UInt16(pick(0x400)))
            escape(0xDC00 + UInt16(pick(0x400)))
        case 4 where loneSurrogates && !isName: escape(0xD800 + UInt16(pick(0x800)))
        case 5: write(["é", "\u{80}", "\u{7FF}"][pick(3)])
        case 6: write(["€", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}"][pick(5)])
        case 7: write(["😀", "\u{10000}", "\u{10FFFF}"][pick(3)])
        case 8: write("\u{7F}")
        default: text.append(Array("abcdefghijklmnopqrstuvwxyz ABC019_-{}[]:,/'".utf8)[pick(43)])
        }
    }

    private mutating func escape(_ unit: UInt16) {
        let digits = String(unit, radix: 16, uppercase: pick(2) == 0)
        write("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
    }

    private mutating func separator() {
        space()
        write(",")
        space()
    }

    private mutating func space() {
        guard spaces, pick(4) == 0 else { return }
        for _ in 0...pick(3) { write([" ", "\n", "\t", "\r"][pick(4)]) }
    }

    private mutating func write(_ piece: String) { text.append(contentsOf: piece.utf8) }

    private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
}
