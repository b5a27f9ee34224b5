import RouterCore

/// The routes of every ``Operation``: admits, asks the engine, writes what comes.
final class OperationRoute: Sendable {
    private let engine: Engine
    private let gate: Gate
    private let ambient: Ambient
    private let recorder: any RequestRecorder
    /// Whether an unknown model is told as 400 instead of 404.
    private let unknownModelIsInvalid: Bool
    private let load: LoadGate
    private let media: MediaFolder?
    private let publicURL: String?
    /// What images without `response_format` come with.
    private let imageForm: ImagesFormat.Form

    init(
        engine: Engine, gate: Gate, ambient: Ambient, recorder: any RequestRecorder,
        unknownModelIsInvalid: Bool = false, load: LoadGate = LoadGate(), media: MediaFolder? = nil,
        publicURL: String? = nil, imageForm: ImagesFormat.Form = .both
    ) {
        self.engine = engine
        self.gate = gate
        self.ambient = ambient
        self.recorder = recorder
        self.unknownModelIsInvalid = unknownModelIsInvalid
        self.load = load
        self.media = media
        self.publicURL = publicURL
        self.imageForm = imageForm
    }

    /// Answers one request, whatever comes: an answer or an error, and always an end.
    func respond(
        to request: FrontRequest, for operation: Operation, through response: any FrontResponse
    ) async {
        let start = ambient.now()
        let requestID = "req-\(ambient.letters(20))"
        var entry = RequestRecord(request: requestID, route: operation.rawValue)
        let id = ambient.generationID(at: ambient.timestamp())
        var headers = ResponseHeaders(requestID: requestID, origin: request.header("origin"))
        headers.add("x-generation-id", id.rawValue)
        do throws(APIError) {
            let (asked, answer) = try await begin(request, operation, as: id, headers: &headers, entry: &entry)
            let address = publicURL ?? request.header("host").map { "http://\($0)" }
            switch answer.form {
            case .json:
                await response.send(whole: answer, headers: headers, entry: &entry) { piece, record in
                    await write(piece, to: asked, of: record, address: address)
                }
            case .events where operation == .images:
                await response.send(eventsOf: answer, to: operation, headers: headers, entry: &entry) { events in
                    await imageEvents(events, to: asked, createdAt: answer.createdAt, address: address)
                }
            case .events: await response.send(eventsOf: answer, to: operation, headers: headers, entry: &entry)
            case .bytes: await response.send(bytesOf: answer, headers: headers, entry: &entry)
            }
        } catch {
            await response.send(error, headers: headers, entry: &entry)
        }
        request.intake?.close()
        entry.elapsed = start.duration(to: ambient.now())
        recorder.record(entry)
    }

    /// Admits the request and lets the engine begin.
    private func begin(
        _ request: FrontRequest, _ operation: Operation, as id: Generation.ID, headers: inout ResponseHeaders,
        entry: inout RequestRecord
    ) async throws(APIError) -> (OperationRequest, ChatAnswer) {
        let admission = try await gate.admit(request, noting: &headers, &entry)
        do throws(APIError) {
            if let fault = request.fault { throw fault }
            let asked = try await read(request, for: operation)
            if let refusal = load.refusal(isStreamed: asked.stream, chance: ambient.random()) { throw refusal }
            return (asked, try await engine.answer(asked, for: admission.caller, as: id))
        } catch {
            // What is wrong with an upload may have come out while the vendor was asked.
            let error = request.intake?.fault ?? error
            throw gate.refused(admission, for: error, unknownModelIsInvalid: unknownModelIsInvalid)
        }
    }

    /// The request, from JSON or from as much of what still comes in as is needed to ask a vendor.
    private func read(_ request: FrontRequest, for operation: Operation) async throws(APIError) -> OperationRequest {
        if !(request.intake is FormIntake) {
            try ContentType.checkJSON(request.header("content-type"), orForm: operation.takesForms)
        }
        if let intake = request.intake { return try await intake.request(for: operation) }
        guard request.body.count > Self.longBodyBytes else { return try OperationRequest(request.body, for: operation) }
        // Many megabytes of Base64 take a tenth of a second: the event loop's other connections are not to wait for that. It
        // ends by itself.
        let read = Task.detached { [body = request.body] in
            Result { () throws(APIError) in try OperationRequest(body, for: operation) }
        }
        return try await read.value.get()
    }

    /// JSON of more is read beside the event loop.
    private static let longBodyBytes = 1 << 20

    /// The body of a whole answer; images are kept so that they have an address.
    private func write(
        _ piece: ChatPiece, to request: OperationRequest, of record: Generation, address: String?
    ) async -> [UInt8] {
        guard request.operation == .images, let format = ImagesFormat(piece) else {
            return OperationFormat.whole(piece, of: record)
        }
        let form = form(of: request)
        var urls: [String?] = []
        for image in format.images { urls.append(await url(of: image, form: form, address: address)) }
        return format.whole(urls: urls, form: form, of: record)
    }

    /// Events of a stream of images; those that are finished are kept so that they have an address.
    private func imageEvents(
        _ events: [ChatEvent], to request: OperationRequest, createdAt: Int64, address: String?
    ) async -> [ChatEvent] {
        let form = form(of: request)
        var written: [ChatEvent] = []
        for event in events {
            switch event {
            case .content(let piece):
                // A partial image has no address: it is looked at once.
                let shown = ImageEvent(piece)?.piece(url: nil, form: form, createdAt: createdAt)
                written.append(.content(shown ?? piece))
            case .completion(let piece):
                guard let image = ImageEvent(piece) else {
                    written.append(event)
                    continue
                }
                let url = await url(of: image.image, form: form, address: address)
                written.append(.completion(image.piece(url: url, form: form, createdAt: createdAt)))
            default: written.append(event)
            }
        }
        return written
    }

    private func form(of request: OperationRequest) -> ImagesFormat.Form {
        ImagesFormat.Form(request.root["response_format"]?.string, standard: imageForm)
    }

    /// Where an image can be fetched from now on; `nil` where nobody wants that or it cannot be kept.
    private func url(of image: ImagesFormat.Image, form: ImagesFormat.Form, address: String?) async -> String? {
        guard let media, let address, form != .base64 else { return nil }
        let letters = Base64.checked(image.base64)
        let name = await media.keep(letters.map(Base64.decoded) ?? [], type: image.type)
        return name.map { address + MediaRoutes.path + $0 }
    }
}
