/// Fetches what clients name by an address on the web, for vendors that want the bytes. `MediaFetch` is the real one.
public protocol MediaFetcher: Sendable {
    /// Fetches what stands at `address`.
    ///
    /// - Parameter time: until it must be there.
    /// - Throws: ``UpstreamFailure`` of kind `refused` that names ``MediaAddress/parameter`` and says what was wrong, of
    ///   kind `cancelled` when the task was.
    func fetch(_ address: MediaAddress, within time: Duration) async throws(UpstreamFailure) -> FetchedMedia
}

/// What a vendor wants to be given as bytes where other vendors follow the address themselves.
///
/// A value that is asked before the vendor's ``ChatTranslator`` is, and reads the same request. What it names is
/// fetched, and put into the request in the place of its address; the translator sees only the outcome.
public protocol MediaNeeds: Sendable {
    /// The addresses in `request` that `endpoint` cannot be given, in order.
    func addresses(in request: ChatRequest, for endpoint: Endpoint) -> [MediaAddress]
}

/// An address on the web in a request.
public struct MediaAddress: Sendable, Hashable {
    /// How the bytes go into the request.
    public enum Form: Sendable, Hashable {
        /// `data:image/png;base64,…`.
        case dataAddress
        /// Base64 and nothing else: the type is said elsewhere.
        case base64
    }

    public var url: String
    /// The member that it is the value of, such as `messages[0].content[1].image_url.url`.
    public var parameter: String
    /// What may be found there.
    public var types: Set<MediaType>
    public var form: Form
    /// Where its value stands in the request's text, quotes included.
    public var place: Range<Int>
    /// Whether the server may say that it is elsewhere.
    public var followsRedirects = true

    /// - Parameter value: the string that is the address.
    public init(_ value: JSONValue, types: Set<MediaType>, as form: Form = .dataAddress) {
        url = value.string ?? ""
        parameter = value.path
        self.types = types
        self.form = form
        place = value.text.startIndex..<value.text.endIndex
    }

    /// An address that a vendor gives of what it made.
    public init(resultAt url: String, types: Set<MediaType>) {
        self.url = url
        parameter = "result"
        self.types = types
        form = .base64
        place = 0..<0
        followsRedirects = false
    }

    /// Whether a string is an address that can be fetched, as far as its beginning tells.
    public static func isOnWeb(_ value: JSONValue) -> Bool {
        let start = value.text.dropFirst().prefix(8).map { $0 | 0x20 }
        return value.kind == .string && (start.starts(with: "http://".utf8) || start.starts(with: "https://".utf8))
    }
}

/// What stood at an address.
public struct FetchedMedia: Sendable, Hashable {
    public var type: MediaType
    /// In Base64, with padding.
    public var base64: [UInt8]

    public init(type: MediaType, base64: [UInt8]) {
        self.type = type
        self.base64 = base64
    }
}

/// Types that can be fetched, and how each begins. Raw values are their names.
public enum MediaType: String, Sendable, Hashable, CaseIterable {
    case png = "image/png", jpeg = "image/jpeg", gif = "image/gif", webp = "image/webp", pdf = "application/pdf"
    case wav = "audio/wav", mp3 = "audio/mpeg"

    /// What vendors take as images.
    public static let images: Set<MediaType> = [.png, .jpeg, .gif, .webp]
    /// What vendors take as sound.
    public static let sounds: Set<MediaType> = [.wav, .mp3]

    /// The type that a server calls `name`, in lower case: there are several names for some.
    public init?(name: String) {
        switch name {
        case "image/jpg": self = .jpeg
        case "audio/x-wav", "audio/wave", "audio/vnd.wave": self = .wav
        case "audio/mp3": self = .mp3
        default: self.init(rawValue: name)
        }
    }

    /// The type that a server says its answer has.
    public init?(of head: UpstreamHead) {
        let said = head["content-type"]?.prefix { $0 != ";" }.lowercased().filter { $0 != " " } ?? ""
        self.init(name: said)
    }

    /// Whether `bytes` begin as this type does.
    public func begins(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .png: bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        case .jpeg: bytes.starts(with: [0xFF, 0xD8, 0xFF])
        case .gif: bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8)
        case .webp: bytes.starts(with: "RIFF".utf8) && bytes.dropFirst(8).starts(with: "WEBP".utf8)
        case .pdf: bytes.starts(with: "%PDF-".utf8)
        case .wav: bytes.starts(with: "RIFF".utf8) && bytes.dropFirst(8).starts(with: "WAVE".utf8)
        // A tag, or the eleven bits that begin a frame.
        case .mp3: bytes.starts(with: "ID3".utf8) || bytes.count > 1 && bytes[0] == 0xFF && bytes[1] & 0xE0 == 0xE0
        }
    }
}
