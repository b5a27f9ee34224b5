import RouterCore

/// `POST /api/v1/chat/completions`. A class only so that a request holds one reference to it.
final class ChatRoute: Sendable {
    let engine: Engine
    let gate: Gate
    let ambient: Ambient
    let recorder: any RequestRecorder
    /// Whether an unknown model is told as 400 instead of 404.
    let unknownModelIsInvalid: Bool
    let load: LoadGate

    init(
        engine: Engine, gate: Gate, ambient: Ambient, recorder: any RequestRecorder,
        unknownModelIsInvalid: Bool = false,
        load: LoadGate = LoadGate()
    ) {
        self.engine = engine
        self.gate = gate
        self.ambient = ambient
        self.recorder = recorder
        self.unknownModelIsInvalid = unknownModelIsInvalid
        self.load = load
    }

    /// Answers one request, whatever comes: an answer, a stream or an error, and always an end.
    func respond(to request: FrontRequest, through response: any FrontResponse) async {
        let start = ambient.now()
        let requestID = "req-\(ambient.letters(20))"
        var entry = RequestRecord(request: requestID, route: "chat")
        await answer(request, requestID: requestID, through: response, entry: &entry)
        entry.elapsed = start.duration(to: ambient.now())
        recorder.record(entry)
    }

    private func answer(
        _ request: FrontRequest, requestID: String, through response: any FrontResponse, entry: inout RequestRecord
    ) async {
        let id = ambient.generationID(at: ambient.timestamp())
        var headers = ResponseHeaders(requestID: requestID, origin: request.header("origin"))
        headers.add("x-generation-id", id.rawValue)
        do throws(APIError) {
            let admission = try await gate.admit(request, noting: &headers, &entry)
            let chat: ChatRequest
            let answer: ChatAnswer
            do throws(APIError) {
                if let fault = request.fault { throw fault }
                try ContentType.checkJSON(request.header("content-type"))
                chat = try ChatRequest(request.body)
                if let refusal = load.refusal(isStreamed: chat.stream, chance: ambient.random()) { throw refusal }
                answer = try await engine.chat(chat, for: admission.caller, as: id, session: session(request))
            } catch {
                throw gate.refused(admission, for: error, unknownModelIsInvalid: unknownModelIsInvalid)
            }
            let metadata = wantsMetadata(request) ? answer.routerMetadata : nil
            if chat.stream {
                await stream(answer, to: chat, metadata, headers: headers, through: response, entry: &entry)
            } else {
                await response.send(whole: answer, headers: headers, entry: &entry) { piece, record in
                    OpenAIChatFormat(answer, to: chat, metadata: metadata).completion(piece, of: record)
                }
            }
        } catch {
            await response.send(error, headers: headers, entry: &entry)
        }
    }

    /// Whether the client asks to be told how its request was routed.
    private func wantsMetadata(_ request: FrontRequest) -> Bool {
        request.header("x-openrouter-metadata")?.lowercased() == "enabled"
    }

    /// What the client calls its conversation; more than a name is none.
    private func session(_ request: FrontRequest) -> String? {
        guard let session = request.header("x-session-id"), (1...256).contains(session.utf8.count) else { return nil }
        return session
    }

    /// Server-sent events, each as soon as it is there.
    private func stream(
        _ answer: ChatAnswer, to request: ChatRequest, _ metadata: [UInt8]?, headers: ResponseHeaders,
        through response: any FrontResponse,
        entry: inout RequestRecord
    ) async {
        var headers = headers
        headers.addEventStream()
        response.writeHead(status: 200, headers: headers, contentLength: nil)
        entry.status = 200
        var format = OpenAIChatFormat(answer, to: request, metadata: metadata)
        var end: [UInt8] = []
        do {
            let record = try await answer.forward { events in
                var bytes: [UInt8] = []
                bytes.reserveCapacity(512 * events.count)
                format.append(events, to: &bytes)
                if !bytes.isEmpty { try await response.write(bytes) }
            }
            entry.generation = record
            format.finish(record, into: &end)
        } catch let failure as UpstreamFailure {
            var failure = failure
            failure.provider = failure.provider ?? answer.provider
            failure.providerName = failure.providerName ?? answer.providerName
            entry.detail = failure.description
            format.fail(APIError(failure), into: &end)
        } catch let error as APIError {
            entry.detail = error.detail ?? error.message
            format.fail(error, into: &end)
        } catch {
            entry.status = RequestRecord.clientLeft
            response.end()
            return
        }
        // A client that leaves now has had everything but the last record.
        try? await response.write(end)
        response.end()
    }
}

/// What a request's body says it is.
enum ContentType {
    /// - Throws: ``APIError`` of kind `unsupportedMediaType` when it is said to be something else than JSON. Saying
    ///   nothing is fine.
    ///
    /// - Parameter orForm: a form could have been sent as well.
    static func checkJSON(_ contentType: String?, orForm: Bool = false) throws(APIError) {
        guard let contentType, contentType != "application/json" else { return }
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard type.isEmpty || type == "application/json" || type.hasSuffix("+json") || type == "text/json" else {
            throw APIError(
                .unsupportedMediaType,
                orForm
                    ? "The body must be a form (`multipart/form-data`) with the file, or JSON, not \(type.prefix(80))."
                    : "The body must be JSON: send it with `Content-Type: application/json`, not \(type.prefix(80)).")
        }
    }
}
