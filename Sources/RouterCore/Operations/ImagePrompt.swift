/// How long the prompt of a request for images is, before any vendor has counted it.
///
/// Engines get every member that a client sends, so each may be something that they read.
struct ImagePrompt: Sendable, Hashable {
    private var promptBytes = 0
    /// Of members beside the prompt.
    private var otherBytes = 0
    /// Of `input_references`.
    private var references = 0
    /// Of other members: texts that are no words.
    private var otherImages = 0

    /// Members that say how an image is to be made, in a word or a number.
    private static let settings: Set<String> = [
        "model", "n", "size", "quality", "background", "output_format", "output_compression", "response_format",
        "stream", "partial_images", "moderation", "user", "aspect_ratio", "resolution", "seed",
    ]

    init(of root: JSONValue) {
        for member in root.members where !member.value.isNull {
            let name = member.name.string
            switch name {
            case "prompt": promptBytes = member.value.text.count
            case "input_references": references = member.value.elements.reduce(0) { count, _ in count + 1 }
            default:
                guard !Self.settings.contains(name), !OperationRequest.routerMembers.contains(name) else { continue }
                add(member.value)
            }
        }
    }

    /// A longer text of letters without an end of a word is a file in Base64, or in its address.
    private static let wordBytesMax = 1000

    private mutating func add(_ value: JSONValue) {
        switch value.kind {
        case .array: for element in value.elements { add(element) }
        case .object: for member in value.members { add(member.value) }
        default:
            if Self.isFile(value.text) { otherImages += 1 } else { otherBytes += value.text.count }
        }
    }

    private static func isFile(_ text: ArraySlice<UInt8>) -> Bool {
        let start = text.prefix(wordBytesMax)
        // Letters that are written `\u…` are of a language that may have no spaces.
        return text.count > wordBytesMax && start.allSatisfy { (0x21...0x7E).contains($0) }
            && !zip(start, start.dropFirst()).contains { $0 == 0x5C && $1 == 0x75 }
    }

    /// Tokens of an image in the prompt, as for chat; see ``PromptLength``.
    private static let imageTokens = (atMost: 5_000, atLeast: 250)

    /// Rather too many, for a hold.
    var tokensAtMost: Int { 16 + (promptBytes + otherBytes) / 2 + imageTokensAtMost }
    /// Of them, those of images.
    var imageTokensAtMost: Int { (references + otherImages) * Self.imageTokens.atMost }

    /// Rather too few, for a charge where no vendor has counted: what not every vendor is sent is not in it.
    var tokensAtLeast: Int { promptBytes / 4 + imageTokensAtLeast }
    /// Of them, those of images.
    var imageTokensAtLeast: Int { references * Self.imageTokens.atLeast }
}
