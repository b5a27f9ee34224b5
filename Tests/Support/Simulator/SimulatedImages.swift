import RouterCore

/// Answers requests for images in each vendor's format, always with the same picture of one pixel.
///
/// Source: OpenAI API reference, "Create image"; Gemini API guide, "Generate images using Imagen".
enum SimulatedImages {
    static let pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="

    /// - Returns: `nil` when the path is not that of images.
    static func answer(_ root: JSONValue, at path: String, of vendor: SimulatedVendor) -> SimulatedResponse? {
        switch vendor {
        case .gemini where path.hasSuffix(":predict"):
            guard root["instances"]?.count == 1, let count = root["parameters"]?["sampleCount"]?.integer,
                (1...4).contains(count)
            else { return vendor.refusal(400, "INVALID_ARGUMENT", "parameters.sampleCount: from 1 to 4") }
            let images = [String](
                repeating: #"{"mimeType":"image/png","bytesBase64Encoded":"\#(pixel)"}"#, count: count)
            return .json(200, #"{"predictions":[\#(images.joined(separator: ","))]}"#)
        case .gemini where path.hasSuffix(":generateContent") && modalities(root) == ["IMAGE"]:
            return .json(
                200,
                #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"\#(pixel)"}}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":1290,"totalTokenCount":1295,"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}"#
            )
        case .xai where path == "/images/generations": return SimulatedXAI.images(root)
        case .openai where path == "/images/generations":
            let known = [
                "model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression",
                "moderation", "user", "response_format", "stream", "partial_images",
            ]
            if let unknown = root.members.first(where: { !known.contains($0.name.string) }) {
                return vendor.refusal(400, "invalid_request_error", "Unknown parameter: '\(unknown.name.string)'.")
            }
            let count = root["n"]?.integer ?? 1
            if root["stream"]?.bool == true {
                guard count == 1 else {
                    return vendor.refusal(400, "invalid_request_error", "Streaming is only supported with n=1.")
                }
                return events(partials: root["partial_images"]?.integer ?? 0)
            }
            let images = [String](repeating: #"{"b64_json":"\#(pixel)"}"#, count: count)
            return .json(
                200,
                #"{"created":1776249001,"background":"opaque","data":[\#(images.joined(separator: ","))],"output_format":"png","quality":"high","size":"1024x1024","usage":{"total_tokens":\#(15 + count * 4160),"input_tokens":15,"output_tokens":\#(count * 4160),"input_tokens_details":{"text_tokens":15,"image_tokens":0}}}"#
            )
        default: return nil
        }
    }

    private static func modalities(_ root: JSONValue) -> [String?] {
        root["generationConfig"]?["responseModalities"]?.elements.map(\.string) ?? []
    }

    /// Source: OpenAI API reference, "Image streaming".
    private static func events(partials: Int) -> SimulatedResponse {
        let shown =
            #""created_at":1776249001,"size":"1024x1024","quality":"high","background":"opaque","output_format":"png""#
        func event(_ type: String, _ members: String) -> String {
            "event: \(type)\ndata: {\"type\":\"\(type)\",\"b64_json\":\"\(pixel)\",\(shown),\(members)}\n\n"
        }
        let output = 4160 + max(0, partials) * 100
        let usage =
            #""usage":{"total_tokens":\#(15 + output),"input_tokens":15,"output_tokens":\#(output),"input_tokens_details":{"text_tokens":15,"image_tokens":0}}"#
        return .stream(
            (0..<max(0, partials)).map { event("image_generation.partial_image", #""partial_image_index":\#($0)"#) }
                + [event("image_generation.completed", usage)], firstContent: 0)
    }
}
