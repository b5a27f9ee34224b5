import RouterCore

extension FrontResponse {
    /// Answers with one JSON body, once the vendor's answer is whole and settled; or with what went wrong.
    ///
    /// Not inlined: a route would hold its memory while it goes another way.
    ///
    /// - Parameter body: writes the vendor's answer as the client gets it.
    @inline(never)
    func send(
        whole answer: ChatAnswer, headers: ResponseHeaders, entry: inout RequestRecord,
        body: (_ piece: ChatPiece, _ record: Generation) async -> [UInt8]
    ) async {
        var headers = headers
        var completion: ChatPiece?
        do {
            let record = try await answer.forward { events in
                for case .completion(let piece) in events { completion = piece }
            }
            guard let completion else {
                throw UpstreamFailure(.broken, "The provider's answer was empty.", provider: record.provider)
            }
            let body = await body(completion, record)
            entry.generation = record
            entry.status = 200
            headers.add("content-type", "application/json")
            writeHead(status: 200, headers: headers, contentLength: body.count)
            try await write(body)
            end()
        } catch let failure as UpstreamFailure {
            await send(APIError(failure), headers: headers, entry: &entry)
        } catch let error as APIError {
            // Its charge could not be kept: what nobody could be charged for is not handed out.
            await send(error, headers: headers, entry: &entry)
        } catch {
            entry.status = RequestRecord.clientLeft
            end()
        }
    }

    /// Answers with an error that is the whole answer, and ends.
    func send(_ error: APIError, headers: ResponseHeaders, entry: inout RequestRecord) async {
        let answer = ErrorResponse(error, headers: headers)
        entry.status = answer.status
        // A client's mistake is told to the client; its words may hold what the client sent.
        entry.detail = error.detail ?? (answer.status >= 500 ? error.message : nil)
        writeHead(status: answer.status, headers: answer.headers, contentLength: answer.body.count)
        do {
            try await write(answer.body)
        } catch {
            entry.status = RequestRecord.clientLeft  // It does not need to know what went wrong.
        }
        end()
    }
}

extension RequestRecord {
    /// What the log says where no status could be sent; nginx's word for it.
    static let clientLeft = 499
}
