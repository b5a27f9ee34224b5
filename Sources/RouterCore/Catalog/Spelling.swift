/// Finds what was meant by a word that nobody knows.
public enum Spelling {
    /// The one of `words` that is nearest to `word`; `nil` when none is near: more than a third of its letters differ.
    ///
    /// Case does not count. Of two that are equally near the first is taken.
    public static func closest(to word: String, in words: some Sequence<String>) -> String? {
        // Nobody mistypes that much; it bounds the work.
        let wanted = Array(word.lowercased().unicodeScalars.prefix(lettersMax))
        var best: (word: String, distance: Int)?
        for candidate in words {
            let letters = Array(candidate.lowercased().unicodeScalars.prefix(lettersMax))
            let distance = distance(wanted, letters)
            guard distance <= (max(wanted.count, letters.count) + 2) / 3, distance < best?.distance ?? .max else {
                continue
            }
            best = (candidate, distance)
        }
        return best?.word
    }

    private static let lettersMax = 64

    /// How many letters must be put in, taken out, changed or swapped with their neighbour to get from one to the other.
    private static func distance(_ one: [Unicode.Scalar], _ other: [Unicode.Scalar]) -> Int {
        guard !one.isEmpty, !other.isEmpty else { return max(one.count, other.count) }
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for i in 1...one.count {
            var row = [i]
            for j in 1...other.count {
                let change = last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1)
                var best = min(change, last[j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, one[i - 1] == other[j - 2], one[i - 2] == other[j - 1] {
                    best = min(best, beforeLast[j - 2] + 1)
                }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[other.count]
    }
}
