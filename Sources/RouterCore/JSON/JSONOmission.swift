/// What was left out of a text before it was read, so that faults in the rest are told where they stood.
struct JSONOmission: Sendable, Hashable {
    /// Bytes of the text before it.
    var start = 0
    var count = 0

    /// Where the byte at `offset` of the text stood before.
    func original(_ offset: Int) -> Int { offset < start ? offset : offset + count }
}
