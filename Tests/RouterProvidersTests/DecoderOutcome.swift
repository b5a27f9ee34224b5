import RouterCore

/// What a decoder makes of pieces: the events of each as text, and how it ended.
func outcome(of pieces: [[UInt8]], by decoder: some AnswerDecoder) -> [String] {
    var decoder = decoder
    var outcome: [String] = []
    do throws(UpstreamFailure) {
        for piece in pieces {
            var events: [ChatEvent] = []
            defer { outcome.append(text(events)) }
            try decoder.decode(piece, into: &events)
        }
    } catch {
        outcome.append("\(error)")
    }
    return outcome
}

private func text(_ events: [ChatEvent]) -> String {
    events.map { event in
        switch event {
        case .opening(let piece): "opening " + String(decoding: piece.members, as: UTF8.self)
        case .content(let piece): "content " + String(decoding: piece.members, as: UTF8.self)
        case .finish(let piece): "finish " + String(decoding: piece.members, as: UTF8.self)
        default: "\(event)"
        }
    }.joined(separator: "\n")
}
