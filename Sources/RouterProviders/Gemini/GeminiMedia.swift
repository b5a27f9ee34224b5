import RouterCore

/// The vendor reads the addresses of its own files and of videos; everything else of the web it wants as bytes.
///
/// Source: Gemini API guide, "Image understanding", section "Passing images".
struct GeminiMedia: MediaNeeds {
    private static let files = MediaType.images.union(MediaType.sounds).union([.pdf])

    func addresses(in request: ChatRequest, for endpoint: Endpoint) -> [MediaAddress] {
        MessageMedia.addresses(in: request) { part in
            if let url = MessageMedia.image(in: part) { return address(url, types: MediaType.images) }
            if let data = part["file"]?["file_data"] { return address(data, types: Self.files) }
            if let data = part["input_audio"]?["data"] { return address(data, types: MediaType.sounds, as: .base64) }
            return nil
        }
    }

    private func address(
        _ value: JSONValue, types: Set<MediaType>, as form: MediaAddress.Form = .dataAddress
    ) -> MediaAddress? {
        guard MediaAddress.isOnWeb(value), !GeminiParts.isOwn(value.string ?? "") else { return nil }
        return MediaAddress(value, types: types, as: form)
    }
}
