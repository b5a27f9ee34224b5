public import RouterCore

/// A vendor's format made of lines of words, for tests of what is around translators.
///
/// `open`, `content WORD`, `finish`, `whole WORD`, `image BASE64 [TYPE]`, `partial BASE64` and `drawn BASE64` of a stream, `usage PROMPT COMPLETION`,
/// `cached PROMPT COMPLETION CACHED [TIER]`, `sound MILLISECONDS` of PCM, `heard WORD` and `transcript WORD` of a
/// transcript, `plain WORD` of one that is text, `seconds SECONDS` of its sound, `error MESSAGE`, `end`. An answer that has not had `end` was cut off.
public struct ScriptedTranslator: ChatTranslator {
    public init() {}

    public static let dialect = Dialect(rawValue: "scripted")

    public func encode(_ request: ChatRequest, for endpoint: Endpoint) throws(UpstreamFailure) -> UpstreamRequest {
        if request.root["refuse"] != nil {
            throw UpstreamFailure(.refused, "`refuse` cannot be said.", parameter: "refuse")
        }
        return UpstreamRequest(path: "/chat", body: request.document.bytes)
    }

    public func makeDecoder(
        for request: ChatRequest, from endpoint: Endpoint, head: UpstreamHead
    ) -> any AnswerDecoder { Decoder() }

    public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
        let kind: UpstreamFailure.Kind =
            switch head.status {
            case 400: .refused
            case 401: .unauthorized
            case 429: .rateLimited
            case 503: .overloaded
            default: .failed
            }
        return UpstreamFailure(
            kind, String(decoding: body, as: UTF8.self), status: head.status,
            retryAfter: head["retry-after"].flatMap(Int.init).map { .seconds($0) })
    }

    /// The same for every operation.
    public struct Operations: OperationTranslator {
        public init() {}

        public func encode(
            _ request: OperationRequest, for endpoint: Endpoint
        ) throws(UpstreamFailure) -> UpstreamRequest {
            guard let upload = request.upload else {
                return UpstreamRequest(path: "/\(request.operation.rawValue)", body: request.document.bytes)
            }
            let form = try upload.form(with: upload.fields)
            return UpstreamRequest(
                path: "/\(request.operation.rawValue)", headers: [.init("content-type", upload.contentType)],
                body: form.body, upload: form.upload)
        }

        public func makeDecoder(
            for request: OperationRequest, from endpoint: Endpoint, head: UpstreamHead
        ) -> any AnswerDecoder { Decoder() }

        public func failure(head: UpstreamHead, body: [UInt8]) -> UpstreamFailure {
            ScriptedTranslator().failure(head: head, body: body)
        }
    }

    struct Decoder: AnswerDecoder {
        var rest: [UInt8] = []
        var hasEnded = false

        mutating func decode(_ bytes: [UInt8], into events: inout [ChatEvent]) throws(UpstreamFailure) {
            rest += bytes
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ").map(String.init)
                rest.removeSubrange(...end)
                switch words.first {
                case "open": events.append(.opening(Self.piece(#"{"role":"assistant","content":""}"#)))
                case "content": events.append(.content(Self.piece(#"{"content":"\#(words[1])"}"#)))
                case "finish": events.append(.finish(Self.piece("{}", finish: #""stop""#)))
                case "whole":
                    events.append(
                        .completion(
                            ChatPiece(
                                members: Array(
                                    #""system_fingerprint":null,"choices":[{"index":0,"message":{"role":"assistant","content":"\#(words[1])"},"finish_reason":"stop"}]"#
                                        .utf8))))
                case "image":
                    let type = words.count > 2 ? words[2] : "image/png"
                    events.append(
                        .completion(
                            ChatPiece(
                                members: Array(
                                    #""data":[{"b64_json":"\#(words[1])","media_type":"\#(type)"}]"#.utf8))))
                case "partial":
                    events.append(.content(Self.imageEvent("partial_image", words[1])))
                case "drawn":
                    events.append(.completion(Self.imageEvent("completed", words[1])))
                case "sound":
                    let bytes = [UInt8](repeating: 0, count: 48 * (Int(words[1]) ?? 0))
                    events.append(.bytes(BytesPiece(type: AudioFormat.pcm.contentType, bytes: bytes)))
                case "heard":
                    events.append(
                        .content(
                            ChatPiece(members: Array(#""type":"transcript.text.delta","delta":"\#(words[1])""#.utf8))))
                case "transcript":
                    let text = words.count > 1 ? words[1] : ""
                    events.append(.completion(ChatPiece(members: Array(#""text":"\#(text)""#.utf8))))
                case "plain":
                    let text = words.count > 1 ? words[1] : ""
                    events.append(.bytes(BytesPiece(type: "text/plain; charset=utf-8", bytes: Array(text.utf8))))
                case "seconds":
                    var usage = Usage()
                    usage.audioMilliseconds = (Int(words[1]) ?? 0) * 1000
                    events.append(.usage(usage))
                case "usage", "cached":
                    var usage = Usage()
                    usage.prompt = Int(words[1]) ?? 0
                    usage.completion = Int(words[2]) ?? 0
                    usage.cacheRead = words.count > 3 ? Int(words[3]) ?? 0 : 0
                    usage.serviceTier = words.count > 4 ? words[4] : nil
                    events.append(.usage(usage))
                case "error": throw UpstreamFailure(.failed, words.dropFirst().joined(separator: " "))
                case "end": hasEnded = true
                default: break
                }
            }
        }

        mutating func finish(into events: inout [ChatEvent]) throws(UpstreamFailure) {
            guard hasEnded else { throw UpstreamFailure(.broken, "cut off") }
        }

        static func imageEvent(_ type: String, _ base64: String) -> ChatPiece {
            ChatPiece(members: Array(#""type":"image_generation.\#(type)","b64_json":"\#(base64)""#.utf8))
        }

        static func piece(_ delta: String, finish: String = "null") -> ChatPiece {
            ChatPiece(
                members: Array(
                    #""system_fingerprint":null,"choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]"#
                        .utf8))
        }
    }
}
