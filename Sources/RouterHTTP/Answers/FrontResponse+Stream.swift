import RouterCore

// How answers to operations go out piece by piece. Nothing here is inlined: a route would hold the memory of all ways for
// as long as it goes one of them.

extension FrontResponse {
    /// Answers with server-sent events, each as soon as it is there; the last one when the charge is settled.
    ///
    /// - Parameter prepare: what becomes of events before they are written.
    @inline(never)
    func send(
        eventsOf answer: ChatAnswer, to operation: Operation, headers: ResponseHeaders, entry: inout RequestRecord,
        prepare: ([ChatEvent]) async -> [ChatEvent] = { $0 }
    ) async {
        var headers = headers
        headers.addEventStream()
        writeHead(status: 200, headers: headers, contentLength: nil)
        entry.status = 200
        var format = OperationEvents(for: operation)
        var end: [UInt8] = []
        do {
            let record = try await answer.forward { events in
                var bytes: [UInt8] = []
                format.append(await prepare(events), to: &bytes)
                if !bytes.isEmpty { try await write(bytes) }
            }
            entry.generation = record
            format.finish(record, into: &end)
        } catch {
            let isCharged = error is UpstreamFailure
            guard let error = answer.error(error) else {
                entry.status = RequestRecord.clientLeft
                return self.end()
            }
            entry.detail = error.detail ?? error.message
            format.fail(error, isCharged: isCharged, into: &end)
        }
        // A client that leaves now has had everything but the last record.
        try? await write(end)
        self.end()
    }

    /// Answers with bytes as they come, under the type that the first of them have.
    ///
    /// What goes wrong before is told as an error. Afterwards the connection is closed before the end of the body: there
    /// is no other way to say it.
    @inline(never)
    func send(bytesOf answer: ChatAnswer, headers: ResponseHeaders, entry: inout RequestRecord) async {
        var hasBegun = false
        do {
            let record = try await answer.forward { events in
                for case .bytes(let piece) in events {
                    if !hasBegun {
                        hasBegun = true
                        var headers = headers
                        headers.add("content-type", piece.type)
                        writeHead(status: 200, headers: headers, contentLength: nil)
                    }
                    // An empty text is an answer too.
                    if !piece.bytes.isEmpty { try await write(piece.bytes) }
                }
            }
            guard hasBegun else {
                throw UpstreamFailure(.broken, "The provider's answer was empty.", provider: record.provider)
            }
            entry.generation = record
            entry.status = 200
            end()
        } catch {
            guard let error = answer.error(error) else {
                entry.status = RequestRecord.clientLeft
                return end()
            }
            guard hasBegun else { return await send(error, headers: headers, entry: &entry) }
            entry.status = 200
            entry.detail = error.detail ?? error.message
            cut()
        }
    }
}

extension ChatAnswer {
    /// What to tell the client of what ended an answer; `nil` when it is the client that left.
    fileprivate func error(_ error: any Error) -> APIError? {
        if var failure = error as? UpstreamFailure {
            failure.provider = failure.provider ?? provider
            failure.providerName = failure.providerName ?? providerName
            return APIError(failure)
        }
        return error as? APIError
    }
}
