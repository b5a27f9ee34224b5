/// How long a prompt is, before any vendor has counted it.
struct PromptLength: Sendable, Hashable {
    private var textBytes = 0
    private var messages = 0
    private(set) var images = 0
    private var pages = 0
    private var audioBytes = 0

    /// Base64 text that a page of a document has at least.
    private static let pageBytes = 40_000

    init(of request: ChatRequest) {
        for member in request.root.members {
            switch member.name {
            case "messages":
                for message in member.value.elements { add(message) }
            case "tools", "functions", "response_format", "prediction":
                textBytes += member.value.text.count
            default: break
            }
        }
    }

    private mutating func add(_ message: JSONValue) {
        messages += 1
        for member in message.members {
            guard member.name == "content", member.value.kind == .array else {
                textBytes += member.value.text.count
                continue
            }
            for part in member.value.elements {
                // Whatever else it has may be what its vendor reads.
                textBytes += part.text.count - add(mediaOf: part)
            }
        }
    }

    /// - Returns: bytes of a part that are no text.
    private mutating func add(mediaOf part: JSONValue) -> Int {
        func bytes(_ name: String) -> Int? { part[name].flatMap { $0.isNull ? nil : $0.text.count } }
        if let count = bytes("image_url") {
            images += 1
            return count
        }
        if let count = bytes("input_audio") {
            audioBytes += count
            return count
        }
        if let count = bytes("file") {
            pages += count / Self.pageBytes + 1
            return count
        }
        return 0
    }

    var hasAudio: Bool { audioBytes > 0 }

    /// Rather too many, for a hold: a token for two bytes of text. One of English has about four bytes, one of code three,
    /// one of Chinese two to three.
    var tokensAtMost: Int { 16 + textBytes / 2 + messages * 8 + images * 5_000 + pages * 3_000 + audioBytes / 400 }

    /// Rather too few, for a charge where no vendor has counted: a token for four bytes of text.
    var tokensAtLeast: Int { textBytes / 4 + messages * 3 + images * 250 + pages * 250 + audioBytes / 4_000 }
}
