import RouterCore

/// Reads the whole answer of a request for embeddings, and writes it in the form that the client asked for, whatever
/// form the vendor chose.
struct EmbeddingsAnswer: AnswerDecoder {
    /// Finds the embeddings in a vendor's answer, in the order of the inputs, and what it counted.
    typealias Reading =
        @Sendable (_ answer: JSONValue) throws(UpstreamFailure) -> (vectors: [JSONValue], usage: Usage?)

    private let inputCount: Int
    private let isBase64: Bool
    private let status: Int
    private let read: Reading
    private var body: [UInt8] = []

    /// Numbers that an answer may hold: 2,048 embeddings of 4,096 dimensions.
    private static let valuesMax = 8_500_000
    /// Bytes of an answer; more is not read.
    private static let bytesMax = 128 << 20

    init(_ request: OperationRequest, status: Int, read: @escaping Reading) {
        inputCount = request.inputCount
        isBase64 = request.root["encoding_format"]?.equals("base64") == true
        self.status = status
        self.read = read
    }

    mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
        guard body.count + bytes.count <= Self.bytesMax else {
            throw UpstreamFailure(
                .broken, "The provider's answer has more than \(Self.bytesMax) bytes.", status: status)
        }
        if body.isEmpty { body = bytes } else { body += bytes }
    }

    mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
        do throws(UpstreamFailure) {
            let limits = JSONLimits(
                bytesMax: Self.bytesMax, depthMax: 64, valuesMax: Self.valuesMax, duplicateNames: .lastWins)
            // Why it is no JSON helps nobody.
            guard let document = try? JSONDocument(body, limits: limits) else { throw .notAnAnswer }
            body = []
            let (vectors, usage) = try read(document.root)
            guard vectors.count == inputCount else {
                throw UpstreamFailure(
                    .broken, "The provider answered with \(vectors.count) embeddings for \(inputCount) inputs.")
            }
            if let usage { events.append(.usage(usage)) }
            events.append(.completion(try piece(vectors, bytes: document.bytes.count)))
        } catch {
            var failure = error
            failure.status = failure.status ?? status
            throw failure
        }
    }

    private func piece(_ vectors: [JSONValue], bytes: Int) throws(UpstreamFailure) -> ChatPiece {
        var writer = JSONWriter(capacity: bytes + 256)
        writer.beginObject()
        writer.member("object", "list")
        writer.name("data")
        writer.beginArray()
        for (index, vector) in vectors.enumerated() {
            writer.beginObject()
            writer.member("object", "embedding")
            writer.member("index", index)
            writer.name("embedding")
            try write(vector, to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return ChatPiece(members: Array(writer.bytes.dropFirst().dropLast()))
    }

    private func write(_ vector: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        switch (vector.kind, isBase64) {
        case (.string, true), (.array, false):
            guard vector.kind == .string || vector.elements.allSatisfy({ $0.kind == .number }) else {
                throw .notAnAnswer
            }
            writer.copy(vector)
        case (.array, true):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(vector.count * 4)
            for element in vector.elements {
                guard let number = element.double else { throw .notAnAnswer }
                withUnsafeBytes(of: Float(number).bitPattern.littleEndian) { bytes += $0 }
            }
            writer.raw([0x22] + Base64.encoded(bytes) + [0x22])
        case (.string, false):
            guard let text = vector.string, let base64 = Base64.checked(Array(text.utf8)[...]) else {
                throw .notAnAnswer
            }
            let bytes = Base64.decoded(base64)
            guard bytes.count % 4 == 0 else { throw .notAnAnswer }
            writer.beginArray()
            for place in stride(from: 0, to: bytes.count, by: 4) {
                let pattern = bytes[place..<(place + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                let number = Float(bitPattern: pattern)
                guard number.isFinite else { throw .notAnAnswer }
                writer.raw(number.description.utf8)
            }
            writer.endArray()
        default: throw .notAnAnswer
        }
    }
}
