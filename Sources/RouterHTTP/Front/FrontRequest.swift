import RouterCore

/// One request that the front answers itself.
struct FrontRequest: Sendable {
    /// Header fields by lower-case name; asked for a few only.
    var header: @Sendable (_ name: String) -> String?
    var body: [UInt8]
    /// What is wrong with it already, before anyone has looked into it: a body that is too large or too slow.
    var fault: APIError?
    /// A body that comes in while it is answered; `nil`: all of it is in ``body``.
    var intake: UploadIntake?
    /// Where it came in.
    var path = InferencePath.chat
}

/// Takes one response, in order: a head, bytes, the end. Belongs to the task that answers.
protocol FrontResponse: AnyObject, Sendable {
    /// - Parameter contentLength: `nil` for a body whose length is not known yet.
    func writeHead(status: Int, headers: ResponseHeaders, contentLength: Int?)
    /// Hands over bytes; suspends while the client does not take what is waiting already.
    /// - Throws: `CancellationError` when the client has left.
    func write(_ bytes: [UInt8]) async throws
    func end()
    /// Ends a response that is not whole and cannot say so: the connection is closed without its end, so that no client
    /// takes what came for all of it.
    func cut()
}
