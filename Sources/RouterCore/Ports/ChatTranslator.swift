/// Speaks one vendor's chat format. Pure: no clock, no randomness, no credentials, no I/O.
///
/// To add a vendor, write a value that conforms, list it in `Vendors`, and put worked examples beside the others; the
/// tests find them by themselves. `OpenAIChat` is the one to read first.
public protocol ChatTranslator: Sendable {
    /// Writes `request` the way the vendor wants it.
    /// - Throws: ``UpstreamFailure`` of kind `refused` for what no vendor could take (broken tool arguments), of kind
    ///   `unsupported` for what this vendor's format cannot say; both name the member.
    func encode(_ request: ChatRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest

    /// Starts reading one answer to `request` that came with a 2xx status.
    func makeDecoder(for request: ChatRequest, from endpoint: Endpoint, head: UpstreamHead) -> any AnswerDecoder

    /// Reads why the vendor refused.
    ///
    /// - Parameter body: the error body, possibly cut off at 64 KiB; JSON, HTML or nothing.
    func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure
}

/// Reads one answer as its bytes come in, cut anywhere. A value: tests copy it and replay.
public protocol AnswerDecoder: Sendable {
    /// Reads the next bytes and appends what they say to `events`.
    ///
    /// - Throws: when the vendor says that it failed, or what came cannot be an answer. What was appended before stands.
    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure)

    /// The bytes ended.
    /// - Throws: ``UpstreamFailure`` of kind `broken` if the answer had not.
    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure)

    /// What the answer names by its address instead of holding it, once the bytes ended. It is fetched then, and given
    /// to ``complete(with:into:)``; empty for most.
    var missing: [ResultAddress] { get }

    /// Takes what stood at ``missing``, in that order, and appends what the answer says with it.
    mutating func complete(with results: [FetchedMedia], into events: inout [ChatEvent]) throws(UpstreamFailure)
}

extension AnswerDecoder {
    public var missing: [ResultAddress] { [] }

    public mutating func complete(
        with results: [FetchedMedia], into events: inout [ChatEvent]
    ) throws(UpstreamFailure) {}
}

/// Everything one dialect can do.
public struct Vendor: Sendable {
    /// `nil` when it offers no chat.
    public var chat: (any ChatTranslator)?
    /// What it offers besides chat.
    public var operations: [Operation: any OperationTranslator]
    public var access: VendorAccess
    /// What it wants as bytes; `nil` when it follows addresses itself.
    public var media: (any MediaNeeds)?

    public init(
        chat: (any ChatTranslator)? = nil, operations: [Operation: any OperationTranslator] = [:],
        access: VendorAccess = .bearer, media: (any MediaNeeds)? = nil
    ) {
        self.chat = chat
        self.operations = operations
        self.access = access
        self.media = media
    }
}

/// How a vendor is shown a key, and where one can be tried for nothing.
public struct VendorAccess: Sendable, Hashable {
    /// The header that holds the key, in lower case.
    public var keyHeader: String
    /// What stands before the key in it.
    public var keyPrefix: String
    /// Below the base URL: lists models to whoever has a key.
    public var modelsPath: String
    /// What a request for that list needs beside the key; translators add what theirs need.
    public var modelsHeaders: [UpstreamRequest.Header]

    /// `Authorization: Bearer` and `/models`.
    public static let bearer = VendorAccess(keyHeader: "authorization", keyPrefix: "Bearer ")

    public init(
        keyHeader: String, keyPrefix: String = "", modelsPath: String = "/models",
        modelsHeaders: [UpstreamRequest.Header] = []
    ) {
        self.keyHeader = keyHeader
        self.keyPrefix = keyPrefix
        self.modelsPath = modelsPath
        self.modelsHeaders = modelsHeaders
    }

    /// The header that shows `key`.
    public func header(for key: String) -> UpstreamRequest.Header {
        UpstreamRequest.Header(keyHeader, keyPrefix + key)
    }
}

/// Adds a provider's credentials to a request.
public protocol Authorizer: Sendable {
    /// Adds one of the provider's keys and notes in ``UpstreamRequest/key`` which.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unauthorized` when there is none to add, of kind `rateLimited` when all
    ///   are at their limits.
    func authorize(_ request: inout UpstreamRequest, for provider: Provider) async throws(UpstreamFailure)

    /// Hears that a request failed with the key it had; rests the key when the failure is one of the key's.
    ///
    /// - Returns: whether the failure was one of the key's and another can be used now.
    func failed(_ failure: UpstreamFailure, key: Int, of provider: Provider) -> Bool
}

extension Authorizer {
    public func failed(_ failure: UpstreamFailure, key: Int, of provider: Provider) -> Bool { false }
}
