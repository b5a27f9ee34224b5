/// Goes from header to header through bytes that come cut anywhere, and keeps only the beginning of a header whose rest has
/// not come.
///
/// In each round ``append(_:)`` what came, look with ``next(_:)`` and go on with ``advance(_:)``, and ``keepRest()`` at last.
struct HeaderWalk: Sendable, Hashable {
    /// What came and has not been passed.
    private(set) var bytes: ArraySlice<UInt8> = []
    /// Bytes to pass that have not come; above zero only while ``bytes`` is empty.
    private(set) var skip = 0
    /// Bytes that were passed, also those that have not come.
    private(set) var passed = 0

    /// Steps of a few bytes so far: nobody is to spend seconds of this machine with a file of nothing else.
    private var smallSteps = 0
    private static let smallStepsMax = 1 << 20
    private static let smallStepBytes = 16

    /// Takes what came. Only what is not to be passed anyway is copied.
    mutating func append(_ more: Span<UInt8>) {
        let passed = min(skip, more.count)
        skip -= passed
        guard passed < more.count else { return }
        var joined = Array(bytes)
        joined += more.extracting(droppingFirst: passed)
        bytes = joined[...]
    }

    /// The next bytes; `nil` while fewer have come.
    func next(_ count: Int) -> ArraySlice<UInt8>? { bytes.count >= count ? bytes.prefix(count) : nil }

    /// Passes so many bytes, also those that have not come; all that follow, after too many steps of a few bytes.
    mutating func advance(_ count: Int) {
        var count = min(max(0, count), AudioLength.most)
        if count < Self.smallStepBytes {
            smallSteps += 1
            if smallSteps > Self.smallStepsMax { count = AudioLength.most }
        }
        let step = min(count, bytes.count)
        bytes = bytes.dropFirst(step)
        skip += count - step
        passed = min(passed + count, AudioLength.most)
    }

    /// Passes at least one byte, up to the next of those at which a header can begin.
    mutating func search(for starts: (UInt8) -> Bool) {
        let rest = bytes.dropFirst().drop { !starts($0) }
        advance(bytes.count - rest.count)
    }

    /// Lets go of everything but what has not been passed.
    mutating func keepRest() { bytes = ArraySlice(Array(bytes)) }
}

extension ArraySlice<UInt8> {
    /// The byte at a place counted from the slice's own start; zero behind its end.
    subscript(from start: Int) -> Int {
        let index = startIndex + start
        return indices.contains(index) ? Int(self[index]) : 0
    }

    /// A number of up to eight bytes, the lowest first.
    func little(_ place: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(self[from: place + $1]) << UInt64(8 * $1) }
    }

    /// A number of up to eight bytes, the highest first.
    func big(_ place: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 << 8 | UInt64(self[from: place + $1]) }
    }

    /// Whether a text stands at a place counted from the slice's own start.
    func stands(_ text: StaticString, at place: Int = 0) -> Bool {
        text.withUTF8Buffer { dropFirst(place).starts(with: $0) }
    }
}
