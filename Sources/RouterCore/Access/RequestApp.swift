/// The program that asked, as it says itself: stored with the record of a request, shown, and never believed.
///
/// Source: OpenRouter's documentation, "App attribution": the headers `HTTP-Referer`, `X-Title` and `X-OpenRouter-Title`.
public struct RequestApp: Sendable, Hashable {
    /// Where it lives, without query and fragment, in which there may be secrets: `https://cline.bot`.
    public var referer: String?
    /// What it is called: `Cline`.
    public var title: String?
    /// Such as `OpenAI/Python 3.54.0`.
    public var userAgent: String?

    /// Bytes of each that are kept.
    public static let bytesMax = 200

    public init(referer: String? = nil, title: String? = nil, userAgent: String? = nil) {
        self.referer = referer
        self.title = title
        self.userAgent = userAgent
    }

    /// - Parameter header: header fields by lower-case name.
    public init(_ header: (String) -> String?) {
        // Browsers send `Referer` of themselves; that is the page, and often the app.
        let address = header("http-referer") ?? header("referer")
        referer = address.flatMap { Self.kept($0.prefix { $0 != "?" && $0 != "#" }) }
        title = (header("x-openrouter-title") ?? header("x-title")).flatMap { Self.kept($0[...]) }
        userAgent = header("user-agent").flatMap { Self.kept($0[...]) }
    }

    /// Without what could change how a page shows it; `nil` when nothing is left.
    private static func kept(_ text: Substring) -> String? {
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for letter in text.unicodeScalars where PlainName.isPlain(letter) {
            bytes += UTF8.width(letter)
            guard bytes <= bytesMax else { break }
            kept.append(letter)
        }
        return kept.isEmpty ? nil : String(kept)
    }
}
