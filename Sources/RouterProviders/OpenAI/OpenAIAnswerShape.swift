import RouterCore

/// What of a vendor's answer is shown, and how: the same whether it comes whole or in pieces.
struct OpenAIAnswerShape: Sendable {
    /// Members that are not shown wherever they stand.
    let hiddenMembers: Set<String>
    let finishReasons: [String: OpenAIQuirks.Finish]
    let endsWithDone: Bool
    /// The client does not want to see the reasoning.
    let hidesReasoning: Bool

    init(for request: ChatRequest, quirks: OpenAIQuirks) {
        hiddenMembers = quirks.hiddenAnswerMembers
        finishReasons = quirks.finishReasons
        endsWithDone = quirks.endsWithDone
        hidesReasoning = request.hidesReasoning
    }

    /// The public word for why a choice ended.
    ///
    /// - Parameter word: the vendor's; `nil` and empty when it did not say.
    /// - Throws: ``UpstreamFailure`` when it is the vendor's word for a failure.
    func finishReason(_ word: String?, hasCalls: Bool) throws(UpstreamFailure) -> String {
        guard let word, !word.isEmpty else { return hasCalls ? "tool_calls" : "stop" }
        switch finishReasons[word] {
        case .failure(let kind)?:
            throw UpstreamFailure(kind, "The provider stopped early (\(word.prefix(60))).")
        case .reason(let reason)?:
            return reason == "stop" && hasCalls ? "tool_calls" : reason
        case nil:
            return word == "stop" && hasCalls ? "tool_calls" : word
        }
    }

    /// Whether a member of `object` that has no rule of its own is shown: the last one, if there are several of its
    /// name.
    func shows(_ member: JSONMember, of object: JSONValue) -> Bool {
        guard !member.value.isNull else { return false }
        let name = member.name.string
        return !hiddenMembers.contains(name) && object[name]?.text.startIndex == member.value.text.startIndex
    }

    /// Writes what a message or delta says beside `role`, `content`, `refusal` and `tool_calls`.
    ///
    /// The reasoning goes out under both names that clients look for.
    func writeRest(of message: JSONValue, to writer: inout JSONWriter) {
        var reasoning: JSONValue?
        let thoughts = message["content"].flatMap(OpenAIContentParts.thoughts)
        for member in message.members {
            switch member.name {
            case "role", "content", "refusal", "tool_calls":
                break
            case "reasoning_content":
                if member.value.isText { reasoning = member.value }
            case "reasoning":
                if reasoning == nil, member.value.isText { reasoning = member.value }
            case "reasoning_details":
                if !hidesReasoning, member.value.count > 0, shows(member, of: message) { writer.copy(member) }
            case "annotations", "images":
                if member.value.count > 0, shows(member, of: message) { writer.copy(member) }
            default:
                if shows(member, of: message) { writer.copy(member) }
            }
        }
        if let text = thoughts ?? reasoning.map({ Array($0.text) }), !hidesReasoning {
            writer.name("reasoning_content")
            writer.raw(text)
            writer.name("reasoning")
            writer.raw(text)
        }
    }
}

extension ChatRequest {
    /// The client does not want to see the reasoning.
    var hidesReasoning: Bool {
        root["include_reasoning"]?.bool == false || root["reasoning"]?["exclude"]?.bool == true
    }
}

extension JSONValue {
    /// A string that is not empty.
    var isText: Bool { kind == .string && text.count > 2 }

    /// A string that is not empty; `nil` otherwise.
    var nonEmptyString: String? { isText ? string : nil }
}

/// The members of one chunk or answer, put together from the vendor's.
struct OpenAIEnvelope {
    private var fingerprint: ArraySlice<UInt8> = Self.null
    /// Members that go out as they came, with commas between them.
    private var rest: [UInt8] = []

    private static let null = Array("null".utf8)[...]

    /// Takes a member that has no other rule.
    mutating func add(_ member: JSONMember, of answer: JSONValue, shape: OpenAIAnswerShape) {
        guard shape.shows(member, of: answer) else { return }
        if member.name == "system_fingerprint" {
            fingerprint = member.value.text
        } else {
            rest.append(0x2C)
            rest += member.text
        }
    }

    /// What goes on the first piece made of a chunk goes on no other.
    mutating func dropRest() { rest = [] }

    /// - Parameter choices: the elements of the list, with commas between them.
    func piece(choices: some Collection<UInt8>) -> ChatPiece {
        var members: [UInt8] = []
        members.reserveCapacity(choices.count + rest.count + fingerprint.count + 40)
        members += #""system_fingerprint":"#.utf8
        members += fingerprint
        members += #","choices":["#.utf8
        members += choices
        members.append(0x5D)
        members += rest
        return ChatPiece(members: members)
    }
}
