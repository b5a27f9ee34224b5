import RouterCore

extension FrontResponse {
    /// Answers with an error that is the whole answer, and ends.
    func send(_ error: APIError, headers: ResponseHeaders, entry: inout RequestRecord) async {
        let answer = ErrorResponse(error, headers: headers)
        entry.status = answer.status
        // A client's mistake is told to the client; its words may hold what the client sent.
        entry.detail = error.detail ?? (answer.status >= 500 ? error.message : nil)
        writeHead(status: answer.status, headers: answer.headers, contentLength: answer.body.count)
        // A client that has left does not need to know what went wrong.
        try? await write(answer.body)
        end()
    }
}

extension RequestRecord {
    /// What the log says where no status could be sent; nginx's word for it.
    static let clientLeft = 499
}
