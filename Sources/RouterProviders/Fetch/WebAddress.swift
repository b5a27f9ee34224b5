/// An address of the web that a client or a vendor named, as far as it must be understood to fetch from it safely.
struct WebAddress: Sendable, Hashable {
    /// `http://host` or `https://host:443`: what a connection is made to.
    let origin: String
    /// With the query, from its slash on; never empty.
    let path: String
    /// Who is asked, for people: at most 100 characters.
    let host: String
    private let scheme: String

    /// Characters of an address, at most.
    private static let lengthMax = 8192

    /// - Returns: `nil` for anything but `http` and `https` on their own ports, and for names and passwords in it.
    /// - Parameter anyPort: other ports too.
    init?(_ text: String, anyPort: Bool = false) {
        guard text.utf8.count <= Self.lengthMax, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x5C }),
            let slashes = text.firstRange(of: "://")
        else { return nil }
        scheme = text[..<slashes.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[slashes.upperBound...]
        let end = rest.utf8.firstIndex { [0x2F, 0x3F, 0x23].contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        // By bytes: a character may hold more than the one that is looked for.
        guard !authority.isEmpty, authority.utf8.allSatisfy({ $0 != 0x40 && $0 < 0x80 }) else { return nil }
        let port =
            authority.last == "]" ? nil : authority.lastIndex(of: ":").map { authority[authority.index(after: $0)...] }
        if let port {
            guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
                anyPort || number == (scheme == "https" ? 443 : 80)
            else { return nil }
        }
        origin = "\(scheme)://\(authority)"
        host = String(authority.prefix(100))
        let path = rest[end...].prefix { $0 != "#" }
        self.path = path.hasPrefix("/") ? String(path) : "/\(path)"
    }

    /// The origin in the one spelling that each server has: in lower case, without the port that its scheme has anyway.
    var server: String {
        let text = origin.lowercased()
        let port = scheme == "https" ? ":443" : ":80"
        return text.hasSuffix(port) ? String(text.dropLast(port.count)) : text
    }

    /// Where a `Location` leads from here.
    /// - Returns: `nil` when it cannot be understood, or leads where nothing may be fetched.
    func following(_ location: String, anyPort: Bool = false) -> WebAddress? {
        if location.hasPrefix("//") { return WebAddress("\(scheme):\(location)", anyPort: anyPort) }
        if location.hasPrefix("/") { return WebAddress(origin + location, anyPort: anyPort) }
        return WebAddress(location, anyPort: anyPort)
    }
}
