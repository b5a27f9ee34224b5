extension APIError {
    /// What a client is told of a fault in the JSON that it sent.
    public init(_ fault: JSONFault) {
        self.init(
            fault.kind == .tooLarge ? .payloadTooLarge : .invalidRequest, fault.message,
            parameter: fault.path.isEmpty ? nil : fault.path)
    }
}
