import RouterCore

/// Reads the whole answer of a request for embeddings, and writes it in the form that the client asked for, whatever
/// form the vendor chose.
struct EmbeddingsAnswer: WholeAnswerReader {
    /// Finds the embeddings in a vendor's answer, in the order of the inputs, and what it counted.
    typealias Reading =
        @Sendable (_ answer: JSONValue) throws(UpstreamFailure) -> (vectors: [JSONValue], usage: Usage?)

    /// 2,048 embeddings of 4,096 dimensions.
    static let limits = JSONLimits(
        bytesMax: 128 << 20, depthMax: 64, valuesMax: 8_500_000, duplicateNames: .lastWins)

    private let inputCount: Int
    private let isBase64: Bool
    private let makesUnits: Bool
    private let find: Reading

    /// - Parameter makesUnits: each embedding is given the length 1, which clients take it to have.
    init(_ request: OperationRequest, makesUnits: Bool = false, find: @escaping Reading) {
        self.makesUnits = makesUnits
        inputCount = request.inputCount
        isBase64 = request.root["encoding_format"]?.equals("base64") == true
        self.find = find
    }

    func read(_ answer: JSONValue, isStreamed: Bool, into events: inout [ChatEvent]) throws(UpstreamFailure) {
        let (vectors, usage) = try find(answer)
        guard vectors.count == inputCount else {
            throw UpstreamFailure(
                .broken, "The provider answered with \(vectors.count) embeddings for \(inputCount) inputs.")
        }
        if let usage { events.append(.usage(usage)) }
        events.append(.completion(try piece(vectors, bytes: answer.text.count)))
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
        return ChatPiece(object: writer)
    }

    /// Four bytes for each number.
    private static func floats(in vector: JSONValue) throws(UpstreamFailure) -> [UInt8] {
        guard let text = vector.string, let base64 = Base64.checked(Array(text.utf8)[...]) else { throw .notAnAnswer }
        let bytes = Base64.decoded(base64)
        guard bytes.count % 4 == 0 else { throw .notAnAnswer }
        return bytes
    }

    /// Of a vector in JSON, at the length that it goes out with. One without a length (all zeros, or numbers that are too
    /// large to be squared) stays as it is.
    private func numbers(of vector: JSONValue) throws(UpstreamFailure) -> [Double] {
        var numbers: [Double] = []
        numbers.reserveCapacity(vector.count)
        for element in vector.elements {
            guard let number = element.double else { throw .notAnAnswer }
            numbers.append(number)
        }
        guard makesUnits else { return numbers }
        let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length.isNormal else { return numbers }
        return numbers.map { $0 / length }
    }

    private func write(_ vector: JSONValue, to writer: inout JSONWriter) throws(UpstreamFailure) {
        switch (vector.kind, isBase64) {
        case (.string, true):
            _ = try Self.floats(in: vector)
            writer.copy(vector)
        case (.array, false) where !makesUnits:
            guard vector.elements.allSatisfy({ $0.kind == .number }) else { throw .notAnAnswer }
            writer.copy(vector)
        case (.array, false):
            writer.beginArray()
            for number in try numbers(of: vector) { writer.raw(number.description.utf8) }
            writer.endArray()
        case (.array, true):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(vector.count * 4)
            for number in try numbers(of: vector) {
                let number = Float(number)
                guard number.isFinite else { throw .notAnAnswer }
                withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
            }
            writer.raw([0x22] + Base64.encoded(bytes) + [0x22])
        case (.string, false):
            let bytes = try Self.floats(in: vector)
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
