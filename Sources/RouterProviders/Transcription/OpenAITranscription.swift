public import RouterCore

/// Speaks OpenAI's transcription to OpenAI's models, to Mistral, and to engines with the same path.
///
/// Sources: OpenAI API reference, "Create transcription"; Mistral's API reference, "Create Transcription".
public struct OpenAITranscription: OperationTranslator {
    /// Whose form it is.
    public enum Vendor: Sendable, Hashable {
        case openAI, mistral
        /// Whatever the client sent goes on, but for what is meant for this router.
        case engine
    }

    private let vendor: Vendor

    public init(_ vendor: Vendor) { self.vendor = vendor }

    /// What Mistral takes of a request.
    private static let mistralMembers: Set<String> = [
        "language", "temperature", "stream", "timestamp_granularities", "diarize", "context_bias",
    ]

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        try checkFormat(request, for: endpoint)
        guard let upload = request.upload else {
            throw UpstreamFailure(.refused, "`file` is required.", parameter: "file")
        }
        try upload.late.limit { isTakenLate($0) }
        let fields = upload.fields.compactMap { isTaken($0) ? renamed($0) : nil }
        let form = try upload.form(with: [FormField("model", endpoint.upstreamModel)] + fields)
        return UpstreamRequest(
            path: "/audio/transcriptions", headers: [.init("content-type", upload.contentType)], body: form.body,
            upload: form.upload)
    }

    private func isTaken(_ field: FormField) -> Bool {
        switch vendor {
        case .mistral: return Self.mistralMembers.contains(String(field.plainName))
        case .openAI, .engine: return !OperationRequest.routerMembers.contains(String(field.rootName))
        }
    }

    /// Whether a field behind a file on its way may go on as it came. Mistral passes over what it does not know.
    private func isTakenLate(_ field: FormField) -> Bool {
        guard vendor == .mistral else { return isTaken(field) }
        let name = String(field.plainName)
        if name == "response_format" {
            return field.value.elementsEqual("json".utf8) || field.value.elementsEqual("verbose_json".utf8)
        }
        return !OperationRequest.routerMembers.contains(String(field.rootName))
            && (!Self.mistralMembers.contains(name) || renamed(field) == field)
    }

    /// Mistral's lists have no `[]`.
    private func renamed(_ field: FormField) -> FormField {
        vendor == .mistral ? FormField(String(field.plainName), field.value, typeLine: field.typeLine) : field
    }

    private func checkFormat(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) {
        guard let known = formats(of: endpoint), !known.contains(request.transcriptFormat) else { return }
        // Events are the same whatever their text would come as.
        if vendor == .mistral, request.transcriptForm == .events { return }
        let words = known.map(\.rawValue).joined(separator: ", ")
        throw UpstreamFailure(
            .unsupported, "`response_format` must be one of \(words) for \(endpoint.upstreamModel).",
            parameter: "response_format")
    }

    /// `nil`: nobody knows.
    private func formats(of endpoint: Endpoint) -> [TranscriptFormat]? {
        switch vendor {
        case .engine: return nil
        case .mistral: return [.json, .verboseJSON]
        case .openAI:
            let name = endpoint.upstreamModel
            if Self.isWhisper(endpoint) { return [.json, .text, .srt, .verboseJSON, .vtt] }
            if name.contains("diarize") { return [.json, .text, .diarizedJSON] }
            return name.hasPrefix("gpt-4o") ? [.json, .text] : nil
        }
    }

    private static func isWhisper(_ endpoint: Endpoint) -> Bool { endpoint.upstreamModel.hasPrefix("whisper") }

    /// OpenAI's Whisper does not stream, and answers whole whoever asks for a stream.
    public func form(of request: OperationRequest, at endpoint: Endpoint) -> AnswerForm {
        vendor == .openAI && Self.isWhisper(endpoint) ? request.wholeTranscriptForm : request.transcriptForm
    }

    public func makeDecoder(
        for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder {
        let form = form(of: request, at: endpoint)
        let type = head["content-type"]?.lowercased() ?? ""
        if form == .events, type.hasPrefix("text/event-stream") {
            return TranscriptEvents(announces: request.form != .events)
        }
        // What is no text can only be JSON, or is no answer.
        if form == .json
            || !type.isEmpty && !type.hasPrefix("text/plain") && !type.hasPrefix("text/vtt")
                && !type.hasPrefix("application/x-subrip")
        {
            return WholeAnswer(TranscriptAnswer(form: form), status: head.status, isStreamed: form == .events)
        }
        return TranscriptText(form: form)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
