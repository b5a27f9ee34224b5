import RouterCore

/// Finds addresses in the parts of what users say.
enum MessageMedia {
    /// More than any request may have are not looked for: each has its place told.
    private static let addressesMax = 100

    /// - Parameter address: what of a part is to be fetched; `nil` when nothing is.
    static func addresses(in request: ChatRequest, _ address: (JSONValue) -> MediaAddress?) -> [MediaAddress] {
        guard let messages = request.root["messages"] else { return [] }
        var addresses: [MediaAddress] = []
        for message in messages.elements {
            guard let content = message["content"], content.kind == .array, message["role"]?.equals("user") == true
            else { continue }
            for part in content.elements {
                if let found = address(part) { addresses.append(found) }
                guard addresses.count < addressesMax else { return addresses }
            }
        }
        return addresses
    }

    /// The address of an image in a part, on the web or not.
    static func image(in part: JSONValue) -> JSONValue? {
        guard part["type"]?.equals("image_url") == true, let image = part["image_url"] else { return nil }
        return image["url"] ?? image
    }
}

/// Engines of the operator's own are given images as bytes: they stand in networks where an address can lead to what is
/// not for everyone, and would follow any.
struct EngineMedia: MediaNeeds {
    func addresses(in request: ChatRequest, for endpoint: Endpoint) -> [MediaAddress] {
        guard endpoint.provider.location == .local else { return [] }
        return MessageMedia.addresses(in: request) { part in
            guard let url = MessageMedia.image(in: part), MediaAddress.isOnWeb(url) else { return nil }
            return MediaAddress(url, types: MediaType.images)
        }
    }
}
