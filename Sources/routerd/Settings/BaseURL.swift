import Foundation

/// A URL below which paths are put: scheme, host, perhaps a port and a path; no slash at the end.
struct BaseURL: Sendable, Hashable {
    let text: String
    /// In lower case, without brackets.
    let host: String
    /// `http://`: what is sent can be read on the way.
    let isPlain: Bool

    init(_ text: String) throws(ValueFault) {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        let isPlain = text.lowercased().hasPrefix("http://")
        guard isPlain || text.lowercased().hasPrefix("https://") else {
            throw ValueFault("must begin with https:// or http://", hint: "such as https://api.example.org/v1")
        }
        let rest = text.dropFirst(isPlain ? 7 : 8)
        guard rest.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0 != "\\" && $0.value != 0x7F }) else {
            throw ValueFault("has a character that a URL cannot have")
        }
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw ValueFault("must end with its path: no ? and no #")
        }
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else {
            throw ValueFault("must not hold a name or password", hint: "put the secret under key or key_file")
        }
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw ValueFault("lacks the ] of its address") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":"), IPAddress(String(host))?.bytes.count == 16 else {
                throw ValueFault("has no valid address in its brackets")
            }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { throw ValueFault("has no host", hint: "such as https://api.example.org/v1") }
        if let port {
            guard let number = Int(port), (1...65535).contains(number) else {
                throw ValueFault("has no valid port: \"\(port)\"")
            }
        }
        // 0x7f.1 and 2130706433 are 127.0.0.1 to a resolver, and look like something else to a reader.
        let last = host.split(separator: ".").last ?? ""
        if last.first?.isNumber == true, IPAddress(String(host)) == nil {
            throw ValueFault("has an address in an unusual form", hint: "write four numbers, such as 10.0.0.5")
        }
        self.text = text
        self.host = host.lowercased()
        self.isPlain = isPlain
    }

    /// Whether the host is this machine or in a private network, as far as its name tells: nobody is asked.
    var isPrivate: Bool {
        if let address = IPAddress(host) { return address.isPrivate }
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        return !name.contains(".")
            || [".localhost", ".local", ".internal", ".lan", ".home.arpa"].contains { name.hasSuffix($0) }
    }
}

/// An IPv4 or IPv6 address: 4 or 16 bytes.
struct IPAddress: Sendable, Hashable {
    let bytes: [UInt8]

    init?(_ text: String) {
        var four = [UInt8](repeating: 0, count: 4)
        var sixteen = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = four
        } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
            bytes = sixteen
        } else {
            return nil
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Loopback, private, link-local, shared or unspecified.
    /// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries.
    var isPrivate: Bool {
        if bytes.count == 4 {
            switch (bytes[0], bytes[1]) {
            case (0, _), (10, _), (127, _), (169, 254), (172, 16...31), (192, 168), (100, 64...127), (198, 18...19):
                return true
            default: return false
            }
        }
        let zeros = bytes.prefix { $0 == 0 }.count
        // ::, ::1 and, of an IPv4 address in IPv6 clothes, what that is.
        if zeros >= 15 { return bytes[15] <= 1 }
        if zeros == 10, bytes[10] == 0xFF, bytes[11] == 0xFF { return IPAddress(bytes: Array(bytes[12...])).isPrivate }
        return bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }
}
