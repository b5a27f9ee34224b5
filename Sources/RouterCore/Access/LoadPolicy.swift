/// Which new requests are still taken, by how full the process is: a value that is told samples.
///
/// What is full stays full for a moment: a level goes down only when the fill is well below where it went up.
public struct LoadPolicy: Sendable, Hashable {
    /// How full the process is; each share from 0 to 1.
    public struct Sample: Sendable, Hashable {
        /// Of the memory that it may use.
        public var memory: Double
        /// Of the descriptors that it may open.
        public var descriptors: Double

        public init(memory: Double, descriptors: Double) {
            self.memory = memory
            self.descriptors = descriptors
        }
    }

    /// What is refused, least first.
    public enum Level: Int, Sendable, Hashable, Comparable {
        case nothing
        /// New answers that are not streamed: each is held whole until it is done.
        case wholeAnswers
        /// Every new answer. Those that run go on.
        case everything

        public static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
    }

    public private(set) var level = Level.nothing

    private static let wholeAnswersAt = 0.85
    private static let everythingAt = 0.92
    /// So much below it must be before it is taken back.
    private static let slack = 0.05

    public init() {}

    public mutating func take(_ sample: Sample) {
        let fill = max(sample.memory, sample.descriptors)
        let rising = Self.level(at: fill)
        let falling = Self.level(at: fill + Self.slack)
        level = level < rising ? rising : min(level, falling)
    }

    private static func level(at fill: Double) -> Level {
        fill >= everythingAt ? .everything : fill >= wholeAnswersAt ? .wholeAnswers : .nothing
    }
}
