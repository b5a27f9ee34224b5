import RouterCore

/// Subtitles made of the segments of a transcript.
///
/// Sources: W3C's "WebVTT: The Web Video Text Tracks Format", section "Syntax"; SubRip as OpenAI writes it.
struct Subtitles {
    private struct Cue {
        /// Milliseconds from the beginning.
        var start: Int
        var end: Int
        var text: String
    }

    private var cues: [Cue] = []

    /// Seconds that can be meant: less than a year of them.
    private static let seconds: Range<Double> = 0..<366 * 86_400

    /// - Returns: `nil` where something was said and it is not known when.
    init?(of answer: JSONValue) {
        var isSilent = true
        if let text = answer["text"]?.string { isSilent = text.allSatisfy(\.isWhitespace) }
        if let segments = answer["segments"], segments.kind == .array {
            for segment in segments.elements {
                guard let text = segment["text"]?.string, let start = Self.milliseconds(segment["start"]),
                    let end = Self.milliseconds(segment["end"])
                else { return nil }
                let lines = Self.lines(of: text)
                if !lines.isEmpty { cues.append(Cue(start: start, end: max(start, end), text: lines)) }
            }
        }
        guard !cues.isEmpty || isSilent else { return nil }
    }

    /// In SubRip's format: `00:00:01,500 --> 00:00:02,000`.
    var subRip: [UInt8] {
        var text = ""
        for (index, cue) in cues.enumerated() {
            text += "\(index + 1)\n\(Self.time(cue.start, ",")) --> \(Self.time(cue.end, ","))\n\(cue.text)\n\n"
        }
        return Array(text.utf8)
    }

    /// As WebVTT: `00:00:01.500 --> 00:00:02.000`.
    var webVTT: [UInt8] {
        var text = "WEBVTT\n\n"
        for cue in cues {
            text += "\(Self.time(cue.start, ".")) --> \(Self.time(cue.end, "."))\n\(Self.escaped(cue.text))\n\n"
        }
        return Array(text.utf8)
    }

    private static func milliseconds(_ value: JSONValue?) -> Int? {
        guard let number = value?.double, seconds.contains(number) else { return nil }
        return Int((number * 1000).rounded())
    }

    /// Without empty lines, which end a cue, and without what looks like the times of one.
    private static func lines(of text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            line.split(separator: " ").joined(separator: " ").replacingArrows
        }
        return lines.filter { !$0.allSatisfy(\.isWhitespace) }.joined(separator: "\n")
    }

    /// Marks begin with these in WebVTT. A player sees them where an accent stands on them, too, which makes another
    /// `Character` of them.
    private static func escaped(_ text: String) -> String {
        let scalars = text.unicodeScalars.reduce(into: String.UnicodeScalarView()) { scalars, scalar in
            switch scalar {
            case "&": scalars += "&amp;".unicodeScalars
            case "<": scalars += "&lt;".unicodeScalars
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    private static func time(_ milliseconds: Int, _ point: String) -> String {
        let seconds = milliseconds / 1000
        return [seconds / 3600, seconds / 60 % 60, seconds % 60].map { digits($0, 2) }.joined(separator: ":")
            + point + digits(milliseconds % 1000, 3)
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

extension String {
    /// `-->` stands between times only: an arrow has one dash here, however many it had and whatever stands on its head.
    fileprivate var replacingArrows: String {
        let scalars = unicodeScalars.reduce(into: String.UnicodeScalarView()) { scalars, scalar in
            while scalar == ">", scalars.suffix(2).elementsEqual("--".unicodeScalars) { scalars.removeLast() }
            scalars.append(scalar)
        }
        return String(scalars)
    }
}
