import RouterCore

/// An image that an engine's answer names by its address instead of holding its bytes.
///
/// Source: OpenAI API reference, "Create image": `url` of an element of `data`.
enum NamedImage {
    /// Images of one answer.
    private static let countMax = 10
    private static let types: Set<MediaType> = [.png, .jpeg, .webp]

    /// The address in an element of `data`; `nil` where it holds the bytes, or nothing.
    static func url(in image: JSONValue) -> JSONValue? {
        if let base64 = image["b64_json"], base64.kind == .string, base64.text.count > 2 { return nil }
        guard let url = image["url"], url.kind == .string else { return nil }
        return url
    }

    /// Whether the address is itself what it names.
    static func isData(_ url: JSONValue) -> Bool {
        url.text.dropFirst().prefix(5).elementsEqual("data:".utf8) { $0 | 0x20 == $1 | 0x20 }
    }

    /// What must be fetched for an answer, in the order of its images.
    ///
    /// - Parameter baseURL: of the engine: its own server is asked in whatever network it is.
    /// - Throws: ``UpstreamFailure`` of kind `broken` for what is no address.
    static func addresses(
        in answer: JSONValue, below baseURL: String
    ) throws(UpstreamFailure) -> [ResultAddress] {
        var addresses: [ResultAddress] = []
        for image in answer["data"]?.elements.map(\.self) ?? [] {
            guard let url = url(in: image), !isData(url) else { continue }
            guard addresses.count < countMax else {
                throw UpstreamFailure(.broken, "The provider names more than \(countMax) images by their addresses.")
            }
            addresses.append(ResultAddress(try place(of: url.string ?? "", below: baseURL), types: types))
        }
        return addresses
    }

    private static func place(
        of url: String, below baseURL: String
    ) throws(UpstreamFailure) -> ResultAddress.Place {
        let base = WebAddress(baseURL, anyPort: true)
        let address = url.hasPrefix("/") ? base?.following(url, anyPort: true) : WebAddress(url, anyPort: true)
        guard let address else {
            throw UpstreamFailure(.broken, "The provider names an image by something that is no address of the web.")
        }
        guard let base, address.server == base.server else { return .web(url: address.origin + address.path) }
        return .provider(origin: base.origin, path: address.path)
    }

    /// What a `data:` address holds.
    /// - Throws: ``UpstreamFailure`` of kind `broken` for what is no image.
    static func media(in url: JSONValue) throws(UpstreamFailure) -> FetchedMedia {
        guard let data = DataURI(Array((url.string ?? "").utf8)[...]), let type = MediaType(name: data.mediaType),
            types.contains(type), let base64 = data.base64, type.begins(Base64.decoded(Array(base64.prefix(16))))
        else { throw .notAnAnswer }
        return FetchedMedia(type: type, base64: base64)
    }
}
