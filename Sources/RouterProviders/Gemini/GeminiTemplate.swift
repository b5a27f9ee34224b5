import RouterCore

/// Passes on a record that differs from an earlier one in its text and in its counts, without reading it as JSON again.
struct GeminiTemplate: Sendable {
    private let template: ChunkTemplate
    /// What the numbers count, in their order.
    private let counts: [GeminiUsage.Count]
    private var numbers: [Int] = []

    /// - Parameters:
    ///   - document: a record that became one piece of text.
    ///   - translate: translates a record as that one was, and changes nothing.
    /// - Returns: `nil` when the record says more than a text.
    init?(of document: JSONDocument, translate: ([UInt8]) -> ChatPiece?) {
        guard let list = document.root["candidates"], list.count == 1,
            let parts = list.elements.first(where: { _ in true })?["content"]?["parts"], parts.count == 1,
            let text = parts.elements.first(where: { _ in true })?["text"]?.text, text.count > 2
        else { return nil }
        var counts: [GeminiUsage.Count] = []
        var numbers: [Range<Int>] = []
        if let usage = document.root["usageMetadata"], usage.text.startIndex > text.endIndex {
            for member in usage.members {
                guard let count = GeminiUsage.Count(rawValue: member.name.string), member.value.kind == .number,
                    member.value.integer != nil
                else { continue }
                counts.append(count)
                numbers.append(member.value.text.startIndex..<member.value.text.endIndex)
            }
        }
        let made = ChunkTemplate(
            of: document.bytes, text: text.startIndex..<text.endIndex, numbers: numbers, translate: translate)
        guard let made else { return nil }
        template = made
        self.counts = counts
    }

    /// Records that it passes on have counts.
    var hasCounts: Bool { !counts.isEmpty }

    /// What `record` becomes, and its text; `nil` when it must be read.
    ///
    /// - Parameter usage: takes its counts.
    mutating func piece(
        for record: ArraySlice<UInt8>, counting usage: inout GeminiUsage
    ) -> (piece: ChatPiece, text: ArraySlice<UInt8>)? {
        guard let found = template.piece(for: record, numbers: &numbers) else { return nil }
        for place in counts.indices { usage[counts[place]] = numbers[place] }
        return found
    }
}
