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

    public func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        try checkFormat(request, for: endpoint)
        guard let upload = request.upload else {
            throw UpstreamFailure(.refused, "`file` is required.", parameter: "file")
        }
        let fields = TranscriptionFields(request, upload.fields, for: endpoint, of: vendor)
        let sent = try fields.sent(of: upload.fields)
        try upload.late.limit { fields.isTakenLate($0) }
        let form = try upload.form(with: [FormField("model", endpoint.upstreamModel)] + sent)
        return UpstreamRequest(
            path: "/audio/transcriptions", headers: [.init("content-type", upload.contentType)], body: form.body,
            upload: form.upload)
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
        // Only JSON comes from there: text and subtitles are made of it.
        case .mistral: return [.json, .text, .srt, .verboseJSON, .vtt]
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
        if form == .json || vendor == .mistral
            || !type.isEmpty && !type.hasPrefix("text/plain") && !type.hasPrefix("text/vtt")
                && !type.hasPrefix("application/x-subrip")
        {
            let reader = TranscriptAnswer(
                form: form, format: request.transcriptFormat, verbose: verbose(request, endpoint))
            return WholeAnswer(reader, status: head.status, isStreamed: form == .events)
        }
        return TranscriptText(form: form)
    }

    /// How Mistral's answer becomes `verbose_json`; `nil` where that was not asked for, or comes as it is to be.
    private func verbose(_ request: OperationRequest, _ endpoint: Endpoint) -> VerboseTranscript? {
        guard vendor == .mistral, request.transcriptFormat == .verboseJSON, let upload = request.upload else {
            return nil
        }
        let fields = TranscriptionFields(request, upload.fields, for: endpoint, of: vendor)
        return VerboseTranscript(milliseconds: upload.audio.length.atLeast, hasWords: fields.hasWords)
    }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        OpenAIFailure.reading(head, body: body)
    }
}
