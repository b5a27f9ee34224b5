import RouterCore

/// Contents as Gemini sends them. Source: Gemini API reference, "Generating content".
enum SimulatedGemini {
    /// What the vendor would refuse.
    static func fault(of root: JSONValue, path: String) -> String? {
        guard path.hasPrefix("/models/"), path.contains(":generateContent") || path.contains(":streamGenerateContent")
        else { return "There is nothing at \(path)." }
        guard let contents = root["contents"], contents.count > 0 else {
            return "* GenerateContentRequest.contents: contents is not specified"
        }
        for content in contents.elements {
            guard (content["parts"]?.count ?? 0) > 0 else { return "* contents.parts must not be empty." }
            let calls = content["parts"]?.elements.filter { $0["functionCall"] != nil } ?? []
            // The vendor also takes a placeholder; here that would hide that a signature was lost.
            if let first = calls.first, first["thoughtSignature"]?.equals("c2ln") != true {
                return "Function call is missing a thought_signature in functionCall parts."
            }
        }
        return nil
    }

    static func answer(_ question: SimulatedQuestion, isStreamed: Bool) -> SimulatedResponse {
        var parts: [String] = []
        if question.reasons { parts.append(#"{"text":"Let me think.","thought":true}"#) }
        if let tool = question.tool {
            parts.append(#"{"functionCall":{"name":"\#(tool)","args":{"city":"Paris"}},"thoughtSignature":"c2ln"}"#)
        } else {
            parts += question.words.map { #"{"text":"\#($0)"}"# }
        }
        let usage =
            #""usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":2,"candidatesTokenCount":4,"thoughtsTokenCount":3,"totalTokenCount":17}"#
        let end = #""modelVersion":"sim","responseId":"sim""#
        guard isStreamed else {
            return .json(
                200,
                #"{"candidates":[{"content":{"parts":[\#(parts.joined(separator: ","))],"role":"model"},"finishReason":"STOP","index":0}],\#(usage),\#(end)}"#
            )
        }
        var pieces = parts.map {
            "data: {\"candidates\":[{\"content\":{\"parts\":[\($0)],\"role\":\"model\"},\"index\":0}],\(end)}\r\n\r\n"
        }
        pieces.append(
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\","
                + "\"index\":0}],\(usage),\(end)}\r\n\r\n")
        return .stream(pieces, firstContent: 0)
    }
}
