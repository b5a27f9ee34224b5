import NIOCore
import RouterCore

/// A body with a file on its way in: read while it comes, once somebody is to answer it. Classes below this one know what
/// it is written in.
///
/// `@unchecked Sendable`: every member is touched on the connection's event loop only, where the answering task runs too.
class UploadIntake: @unchecked Sendable {
    let loop: any EventLoop
    /// Called on the event loop when more may come in.
    var onRoom: () -> Void = {}

    /// What came before anybody was to read it.
    private var held = ByteBuffer()
    private var isOpen = false
    /// All of the body came.
    private(set) var isEnded = false
    /// Nobody reads any more.
    private(set) var isClosed = false
    private var isReady = false
    private var waiting: UnsafeContinuation<Void, Never>?
    /// What is wrong with the body; may be known only after a vendor was asked.
    private(set) var fault: APIError?

    init(loop: any EventLoop) { self.loop = loop }

    // MARK: What it is written in

    /// Reads on.
    ///
    /// - Returns: whether more may come in now; if not, ``roomHook`` is called when it may.
    func read(_ bytes: ByteBuffer) throws(APIError) -> Bool { true }

    /// All of the body was read: says whether it is whole, by ``fail(_:)`` or ``ready()``.
    func complete() {}

    /// Lets go of what is there: of a body at fault, or whose client left.
    func letGo(_ failure: UpstreamFailure) {}

    /// Lets go of what is there: there is an answer.
    func letGo() {}

    /// The request, when enough of the body is there to ask a vendor.
    ///
    /// - Throws: ``APIError`` that says what is wrong with it.
    func request(for operation: RouterCore.Operation) async throws(APIError) -> OperationRequest {
        throw APIError(.internalError, "This body cannot be read.")
    }

    // MARK: The route's side

    /// Starts to read, and returns when enough is there to ask a vendor.
    func open() async throws(APIError) {
        loop.preconditionInEventLoop()
        isOpen = true
        let hasRoom = take(held)
        held = ByteBuffer()
        if isEnded { finishReading() } else if hasRoom { onRoom() }
        if !isReady, fault == nil, !isClosed { await withUnsafeContinuation { waiting = $0 } }
        if let fault { throw fault }
        guard isReady, !isClosed else {
            throw APIError(.invalidRequest, "The client left before its request was whole.")
        }
    }

    /// The request has its answer: what still comes is thrown away.
    func close() {
        isClosed = true
        held = ByteBuffer()
        letGo()
        wake()
        onRoom()
        // Whoever hears of room later must not let in more of the connection's next request.
        onRoom = {}
    }

    // MARK: The front's side

    /// - Returns: whether more may come in now; if not, ``onRoom`` is called when it may.
    func feed(_ bytes: ByteBuffer) -> Bool {
        guard isOpen else {
            var bytes = bytes
            held.writeBuffer(&bytes)
            return false
        }
        return take(bytes)
    }

    /// The body is whole.
    func finish() {
        isEnded = true
        if isOpen { finishReading() }
    }

    /// The body came too slowly, or in some other way that cannot be.
    func fail(_ error: APIError) {
        guard fault == nil, !isClosed else { return }
        fault = error
        letGo(UpstreamFailure(.refused, error.message, parameter: error.parameter))
        wake()
    }

    func clientLeft() {
        isClosed = true
        letGo(UpstreamFailure(.cancelled, "The client left."))
        wake()
    }

    // MARK: For the classes below

    /// Enough is there to ask a vendor.
    final func ready() {
        isReady = true
        wake()
    }

    /// Goes on once all that was written to `spool` is on the disk.
    final func keep(_ spool: SpoolFile, then goOn: @escaping @Sendable () -> Void) {
        spool.finish { [self] isKept in
            loop.execute { if isKept { goOn() } else { self.fail(.fileNotKept) } }
        }
    }

    final var roomHook: @Sendable () -> Void {
        { [self] in loop.execute { self.onRoom() } }
    }

    /// - Returns: whether more may come in now.
    private func take(_ bytes: ByteBuffer) -> Bool {
        guard fault == nil, !isClosed else { return true }  // Thrown away, so that the client can read why.
        do throws(APIError) {
            return try read(bytes)
        } catch {
            fail(error)
            return true
        }
    }

    private func finishReading() {
        guard fault == nil, !isClosed else { return }
        complete()
    }

    private func wake() {
        let continuation = waiting
        waiting = nil
        continuation?.resume()
    }
}
