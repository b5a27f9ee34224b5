/// Speaks one vendor's format of one ``Operation``. Pure: no clock, no randomness, no credentials, no I/O.
///
/// What comes back are ``ChatEvent``s of an ``AnswerDecoder``, as for chat: `completion` with the members of a whole
/// JSON answer that are the vendor's to say, `bytes` for what is no JSON, `usage` with all that is charged.
public protocol OperationTranslator: Sendable {
    /// Writes `request` the way the vendor wants it.
    /// - Throws: ``UpstreamFailure`` of kind `refused` for what no vendor could take, of kind `unsupported` for what this
    ///   vendor's format cannot say; both name the member.
    func encode(_ request: OperationRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest

    /// Whether the vendor's answer to `request` comes piece by piece: whoever is sent a stream may be answered whole.
    func isStreamed(_ request: OperationRequest) -> Bool

    /// How the answer to `request` goes out: what this vendor makes of it may be another form than was asked for.
    func form(of request: OperationRequest, at endpoint: Endpoint) -> AnswerForm

    /// What is done for each part of the answer, where the vendor works between requests or makes one part for a request;
    /// empty where it answers the request itself. The decoder then reads `{"parts":[…]}`.
    func tasks(for request: OperationRequest, at endpoint: Endpoint) throws(UpstreamFailure) -> [any UpstreamTask]

    /// What `request` uses at `endpoint`, in the words of its prices: a vendor whose images have so many tokens each, or
    /// that makes another size of what was asked, knows better than the request by itself.
    ///
    /// Asked for each endpoint of a plan before anything is held; what is refused there is refused when it is encoded.
    ///
    /// - Parameter counted: what the request says by itself.
    func size(_ counted: OperationSize, of request: OperationRequest, at endpoint: Endpoint) -> OperationSize

    /// Starts reading one answer to `request` that came with a 2xx status.
    func makeDecoder(for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead) -> any AnswerDecoder

    /// Reads why the vendor refused.
    ///
    /// - Parameter body: the error body, possibly cut off at 64 KiB; JSON, HTML or nothing.
    func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure
}

extension OperationTranslator {
    public func tasks(
        for request: OperationRequest, at endpoint: Endpoint
    ) throws(UpstreamFailure) -> [any UpstreamTask] { [] }

    public func size(
        _ counted: OperationSize, of request: OperationRequest, at endpoint: Endpoint
    ) -> OperationSize { counted }

    public func isStreamed(_ request: OperationRequest) -> Bool { request.stream }
    public func form(of request: OperationRequest, at endpoint: Endpoint) -> AnswerForm { request.form }
}
