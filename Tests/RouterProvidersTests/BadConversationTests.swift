import RouterCore
import TestSupport
import Testing

@testable import RouterProviders

/// What is wrong with a conversation, put to every vendor: refused with the member at fault where the vendor's format
/// cannot say it, passed on as it was where the vendor may know better.
@Suite("Conversations that are wrong")
struct BadConversationTests {
    static let vendors: [String: Endpoint] = [
        "openai": .gpt41, "anthropic": Endpoint(provider: Endpoints.anthropic, upstreamModel: "m"),
        "gemini": Endpoint(provider: Endpoints.gemini, upstreamModel: "m", traits: Endpoints.gemini3Pro),
        "vertex": Endpoint(
            provider: Provider(slug: "vertex", name: "V", dialect: .vertex, baseURL: "https://v.example"),
            upstreamModel: "m"),
        "mistral": Endpoint(provider: Endpoints.mistral, upstreamModel: "m"),
        "deepseek": Endpoint(provider: Endpoints.deepSeek, upstreamModel: "m"),
        "xai": Endpoint(provider: Endpoints.xAI, upstreamModel: "m"), "engine": .engine(),
    ]

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Members of the request.
        var members: String
        /// The member at fault.
        var member: String
        /// Those that refuse; the others are asked.
        var refusing: Set<String>
        /// What those get that are asked, as far as it tells; `nil` where formats differ.
        var sent: String?

        init(_ what: String, _ members: String, at member: String, by refusing: Set<String>, sent: String? = nil) {
            testDescription = what
            self.members = members
            self.member = member
            self.refusing = refusing
            self.sent = sent
        }

        /// One user message with these parts.
        init(_ what: String, part: String, at member: String, by refusing: Set<String>, sent: String? = nil) {
            self.init(
                what, #""messages":[{"role":"user","content":[{"type":"text","text":"a"},\#(part)]}]"#,
                at: "messages[0].content[1].\(member)", by: refusing, sent: sent)
        }
    }

    private static func call(_ arguments: String) -> String {
        #"{"role":"assistant","content":null,"tool_calls":[{"id":"abcdefghi","type":"function","function":{"name":"f","arguments":\#(arguments)}}]}"#
    }
    private static let result = #"{"role":"tool","tool_call_id":"abcdefghi","content":"r"}"#
    private static let user = #"{"role":"user","content":"a"}"#
    private static let large = String(repeating: "QUJD", count: 5_000_000)

    /// Those whose format is not OpenAI's.
    private static let others: Set<String> = ["anthropic", "gemini", "vertex"]

    static let cases = [
        Case(
            "arguments that are no JSON", #""messages":[\#(user),\#(call(#""{\"a\":""#)),\#(result)]"#,
            at: "messages[1].tool_calls[0].function.arguments", by: others.union(["engine"]),
            sent: #""arguments":"{\"a\":""#),
        Case(
            "arguments that are no object", #""messages":[\#(user),\#(call(#""[1]""#)),\#(result)]"#,
            at: "messages[1].tool_calls[0].function.arguments", by: others.union(["engine"]),
            sent: #""arguments":"[1]""#),
        Case(
            "a result without a call", #""messages":[\#(user),\#(result)]"#, at: "messages[1].tool_call_id", by: others,
            sent: #""tool_call_id":"abcdefghi""#),
        Case(
            "a call without a result", #""messages":[\#(user),\#(call(#""{}""#)),\#(user)]"#,
            at: "messages[1].tool_calls[0]", by: others, sent: #""id":"abcdefghi""#),
        Case(
            "a result in front of its call", #""messages":[\#(user),\#(result),\#(call(#""{}""#))]"#,
            at: "messages[1].tool_call_id", by: others, sent: #""tool_call_id":"abcdefghi""#),
        Case(
            "an image that is a text", part: #"{"type":"image_url","image_url":{"url":"data:text/plain;base64,QUJD"}}"#,
            at: "image_url.url", by: others, sent: "data:text/plain;base64,QUJD"),
        Case(
            "an image of a type that only some know",
            part: #"{"type":"image_url","image_url":{"url":"data:image/tiff;base64,QUJD"}}"#, at: "image_url.url",
            by: ["anthropic"], sent: "QUJD"),
        Case(
            "an image of 20 MB",
            part: #"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(large)"}}"#, at: "image_url.url",
            by: [], sent: large),
        Case(
            "data that does not decode",
            part: #"{"type":"image_url","image_url":{"url":"data:image/png;base64,QU*D"}}"#, at: "image_url.url",
            by: others, sent: "data:image/png;base64,QU*D"),
        Case(
            "a part that nobody knows", part: #"{"type":"hologram","hologram":{"url":"x"}}"#, at: "type", by: others,
            sent: #""type":"hologram""#),
        Case(
            "efforts that contradict each other",
            #""messages":[\#(user)],"reasoning_effort":"low","reasoning":{"effort":"high"}"#, at: "reasoning_effort",
            by: Set(vendors.keys)),
        Case(
            "reasoning that is switched off and asked for",
            #""messages":[\#(user)],"reasoning":{"effort":"high","enabled":false}"#, at: "reasoning.enabled",
            by: Set(vendors.keys)),
    ]

    @Test("are refused by name, or reach a vendor that may know better", arguments: cases)
    func wrong(_ one: Case) throws {
        for (name, endpoint) in Self.vendors {
            // Text is all that DeepSeek's models read.
            let isUnread = name == "deepseek" && one.members.contains(#""type":"image_url""#)
            let outcome = Result { try encoded(one.members, to: endpoint) }
            switch outcome {
            case .success(let body):
                #expect(!one.refusing.contains(name) && !isUnread, "\(name)")
                if let sent = one.sent {
                    let isThere = body.contains(sent)
                    #expect(isThere, "\(name)")
                }
            case .failure(let error):
                let failure = try #require(error as? UpstreamFailure)
                #expect(one.refusing.contains(name) || isUnread, "\(name): \(failure)")
                #expect(failure.parameter == (isUnread ? "messages[0].content[1].type" : one.member), "\(name)")
                let refusal = APIError(failure)
                #expect(refusal.kind == .invalidRequest, "\(name)")
                #expect(refusal.message.contains("`\(refusal.parameter ?? "?")`"), "\(name): \(refusal.message)")
            }
        }
    }

    @Test("roles out of order are put into an order that the vendor takes, and nothing is lost")
    func order() throws {
        let messages =
            #""messages":[{"role":"assistant","content":"first"},{"role":"assistant","content":"second"},{"role":"user","content":"third"},{"role":"user","content":"fourth"},{"role":"system","content":"fifth"}]"#
        for (name, endpoint) in Self.vendors {
            let body = try encoded(messages, to: endpoint)
            var place = body.startIndex
            for word in ["first", "second", "third", "fourth", "fifth"] {
                let found = try #require(body[place...].firstRange(of: word), "\(name): \(word)")
                place = found.upperBound
            }
        }
    }
}
