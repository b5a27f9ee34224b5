/// The body of a request for an ``Operation``: typed views of the JSON the client sent.
///
/// Everything stays in the document, known to this version or not, in its order.
public struct OperationRequest: RoutedRequest {
    public let operation: Operation
    public let document: JSONDocument
    /// The model asked for; the first of `models` when `model` is not there.
    public let model: String
    public let form: AnswerForm
    /// The file that comes with it, and the form it came in, or is sent in where it came in JSON; `nil` for what has none.
    public let upload: FormUpload?

    /// Whether the answer begins before it is whole.
    public var stream: Bool { form == .events || operation == .speech }

    /// Checks the text and the members this version knows; leaves the others alone.
    ///
    /// - Parameter body: the text as it came, at most 32 MiB; with audio in it 36 MiB.
    /// - Throws: ``APIError`` of kind `invalidRequest` that names the offset of a fault in the text, or the first member
    ///   at fault; of kind `payloadTooLarge` for a text that is too long.
    public init(_ body: [UInt8], for operation: Operation) throws(APIError) {
        try self.init(body, for: operation, upload: nil)
    }

    /// Checks what a reader has kept of a text with a sound in it.
    ///
    /// - Parameter sound: what the reader has handed on; not looked at where it has found none.
    /// - Throws: as ``init(_:for:)``.
    public init(_ reader: InputAudioReader, _ sound: InputAudio, for operation: Operation) throws(APIError) {
        try self.init(
            reader.text, omission: reader.omission, for: operation, upload: nil,
            sound: reader.hasSound ? sound : nil)
    }

    /// Checks the fields of a form: the document says what they say.
    /// - Throws: as ``init(_:for:)``, and for pieces of a member that do not fit each other.
    public init(_ upload: FormUpload, for operation: Operation) throws(APIError) {
        try self.init(upload.document, for: operation, upload: upload)
    }

    private init(
        _ body: [UInt8], omission: JSONOmission = JSONOmission(), for operation: Operation, upload: FormUpload?,
        sound: InputAudio? = nil
    ) throws(APIError) {
        self.operation = operation
        do throws(JSONFault) {
            document = try JSONDocument(body, limits: operation.limits, omission: omission)
        } catch {
            throw APIError(error)
        }
        let root = document.root
        guard root.kind == .object else {
            throw APIError(.invalidRequest, "The body must be a JSON object, not \(root.kind.article).")
        }
        if let model = root["model"], !model.isNull {
            guard let name = model.string else {
                throw MemberCheck.wrongType(model, "a string such as \"openai/gpt-5.4\"")
            }
            guard !name.isEmpty else {
                throw MemberCheck.invalid(model, "must name a model; GET /api/v1/models lists them")
            }
        }
        model = root["model"]?.string ?? root["models"]?.elements.first { _ in true }?.string ?? ""
        guard !model.isEmpty else {
            throw APIError(
                .invalidRequest, "`model` is required; GET /api/v1/models lists what can be asked for.",
                parameter: "model")
        }
        try operation.check(root)
        form = operation.form(of: root)
        self.upload =
            if operation == .transcription, upload == nil {
                try InputAudio.upload(of: root, with: sound)
            } else {
                upload
            }
    }

    public var root: JSONValue { document.root }

    /// Members that are meant for this router, and for no vendor.
    public static let routerMembers: Set<String> = [
        "model", "models", "provider", "session_id", "trace", "plugins", "route", "metadata", "usage", "transforms",
    ]

    /// What it uses, by our own count: with a file that is still on its way, as long as that is likely to be.
    var size: OperationSize { size(length: upload?.likelyLength) }

    /// What it uses with a file of this length, and with what stands behind that by now.
    func size(length: AudioLength?) -> OperationSize {
        var size = operation.size(of: root, length: length)
        let promptBytes = upload?.otherPromptBytes ?? 0
        size.atMost.prompt += promptBytes / 2
        size.atLeast.prompt += promptBytes / 4
        return size
    }
}

extension OperationSize {
    /// The same at an endpoint, as its vendor knows it.
    func of(_ request: OperationRequest, at endpoint: Endpoint, of vendors: [Dialect: Vendor]) -> OperationSize {
        vendors[endpoint.provider.dialect]?.operations[request.operation]?.size(self, of: request, at: endpoint) ?? self
    }
}

extension HoldEstimate {
    /// What a request costs at most at the dearest of these endpoints: known before it is sent.
    ///
    /// - Parameter vendors: those of the endpoints, who know how much it uses there.
    init(
        for request: OperationRequest, size: OperationSize, targets: [Plan.Target], vendors: [Dialect: Vendor] = [:]
    ) {
        var dearest: Int64 = 0
        for target in targets {
            let prices = target.endpoint.prices
            var usage = size.of(request, at: target.endpoint, of: vendors).atMost
            if request.operation == .images {
                (usage.imageSize, usage.imageQuality) = prices.dearestImage(
                    size: usage.imageSize, quality: usage.imageQuality,
                    in: prices.rates(prompt: usage.prompt, service: nil))
            }
            // More than can be counted is refused when it is held.
            let total = (try? prices.charge(for: usage))?.total.nanoUSD ?? .max
            dearest = max(dearest, total)
        }
        let pico = dearest.multipliedReportingOverflow(by: 1000)
        self.init(
            promptTokens: 0, outputTokensAllowed: 0, outputTokensPossible: 0, promptRate: 0, outputRate: 0,
            requestFee: pico.overflow ? .max : pico.partialValue, streamed: request.stream,
            model: targets.first?.model.id ?? request.model)
    }
}
