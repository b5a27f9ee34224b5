import RouterCore

/// Which fields of a client's form an endpoint gets, and what they are called there.
struct TranscriptionFields: Sendable {
    let vendor: OpenAITranscription.Vendor
    /// As the vendor calls it.
    let model: String
    /// What Mistral is to say of when each part was spoken, beyond what the client asks for itself.
    private let granularity: Granularity
    /// Whether Mistral is asked for words, and not for segments: its segments are words then.
    let hasWords: Bool

    private enum Granularity: Sendable {
        /// Nothing is said.
        case none
        /// As the client asks.
        case asked
        /// Segments, whatever the client asks: to be made subtitles of, to tell speakers, or because it says nothing.
        case segments
    }

    private enum Fate {
        case send(FormField)
        case drop
        /// The model cannot do what it asks for.
        case refuse
    }

    /// What Mistral takes of a request.
    private static let mistralMembers: Set<Substring> = [
        "language", "temperature", "stream", "timestamp_granularities", "diarize", "context_bias",
    ]
    /// OpenAI's lists, whose names end with `[]`.
    private static let openAILists: Set<Substring> = [
        "include", "timestamp_granularities", "keywords", "languages", "known_speaker_names",
        "known_speaker_references",
    ]

    init(
        _ request: OperationRequest, _ fields: [FormField], for endpoint: Endpoint,
        of vendor: OpenAITranscription.Vendor
    ) {
        self.vendor = vendor
        model = endpoint.upstreamModel
        // One behind the file cannot ask for times any more.
        let format = fields.last { $0.plainName == "response_format" }.flatMap { TranscriptFormat(rawValue: $0.text) }
        let asked = fields.filter { $0.plainName == "timestamp_granularities" }.map(\.text)
        let isDiarized = fields.contains { $0.plainName == "diarize" && !$0.isFalse }
        let byClient: Granularity = asked.isEmpty ? .none : .asked
        granularity =
            switch (format ?? .json, request.transcriptForm == .events) {
            case (_, true): byClient
            case (.srt, _), (.vtt, _): .segments
            // Speakers come with segments only, and with no words beside them.
            case _ where isDiarized: .segments
            case (.verboseJSON, _): asked.isEmpty ? .segments : .asked
            default: byClient
            }
        hasWords = granularity == .asked && asked.contains("word") && !asked.contains("segment")
    }

    /// What goes to the vendor before the file.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for what the model cannot do.
    func sent(of fields: [FormField]) throws(UpstreamFailure) -> [FormField] {
        var sent: [FormField] = []
        for field in fields {
            switch fate(of: field) {
            case .send(let field): sent.append(field)
            case .drop: continue
            case .refuse:
                let name = String(field.plainName)
                throw UpstreamFailure(.unsupported, "`\(name)` is not offered by \(model).", parameter: name)
            }
        }
        if vendor == .mistral, case .segments = granularity {
            sent.append(FormField("timestamp_granularities", "segment"))
        }
        return sent
    }

    /// Whether a field behind a file on its way may go on as it came. Mistral passes over what it does not know.
    func isTakenLate(_ field: FormField) -> Bool {
        let name = field.plainName
        guard !isOurs(field) else { return false }
        if vendor == .mistral {
            if name == "response_format" { return ["json", "text"].contains(field.text) }
            // Whoever asks for times gives no language, and that went there already.
            if name == "timestamp_granularities" { return false }
            if name == "diarize", !field.isFalse { return false }
            if !Self.mistralMembers.contains(name), name != "keyterms" { return true }
        }
        guard case .send(let sent) = fate(of: field) else { return false }
        return sent == field
    }

    private func fate(of field: FormField) -> Fate {
        guard !isOurs(field) else { return .drop }
        return switch vendor {
        case .openAI: openAI(field)
        case .mistral: mistral(field)
        case .engine: .send(field.renamed(field.isList ? field.plainName + "[]" : field.name[...]))
        }
    }

    /// What is for this router alone. Who asks is nobody's business but the operator's, whose engines these are.
    private func isOurs(_ field: FormField) -> Bool {
        let name = String(field.rootName)
        return OperationRequest.routerMembers.contains(name) || vendor != .engine && name == "user"
    }

    private func openAI(_ field: FormField) -> Fate {
        let name = field.plainName
        switch name {
        case "keyterms": return model.contains("gpt-transcribe") ? .send(field.renamed("keywords[]")) : .refuse
        // Who speaks is said by a model of its own, which says it always.
        case "diarize": return field.isFalse || model.contains("diarize") ? .drop : .refuse
        default:
            let isList = field.isList || Self.openAILists.contains(name)
            return .send(field.renamed(isList ? name + "[]" : field.name[...]))
        }
    }

    private func mistral(_ field: FormField) -> Fate {
        let name = field.plainName
        switch (name, granularity) {
        // A term is one word there.
        case ("keyterms", _):
            let term = field.text.split(whereSeparator: \.isWhitespace).joined(separator: "_")
            return .send(FormField("context_bias", Array(term.utf8), typeLine: field.typeLine))
        // It takes a language or times, and hears by itself which language it is.
        case ("language", .asked), ("language", .segments), ("timestamp_granularities", .segments): return .drop
        default: return Self.mistralMembers.contains(name) ? .send(field.renamed(name)) : .drop
        }
    }
}

extension FormField {
    fileprivate var isList: Bool { plainName != name[...] }

    var isFalse: Bool { ["false", "0", ""].contains(text.lowercased()) }

    fileprivate func renamed(_ name: some StringProtocol) -> FormField {
        var field = self
        field.name = String(name)
        return field
    }
}
