/// The path of a request as our routes know it.
enum RequestPath {
    /// `/api/v1/…` for every spelling of it: doubled and trailing slashes removed, `/v1/…` taken as `/api/v1/…`, the
    /// query cut off. Nothing is decoded: `%2F` stays inside its segment.
    static func normal(_ uri: String) -> String {
        if uri == chat { return chat }
        var path = "/"
        path.reserveCapacity(uri.utf8.count)
        for segment in uri.utf8.prefix(while: { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
            .split(separator: UInt8(ascii: "/"))
        {
            if path.utf8.count > 1 { path += "/" }
            path += Substring(segment)
        }
        return path == "/v1" || path.hasPrefix("/v1/") ? "/api" + path : path
    }

    static let chat = "/api/v1/chat/completions"

    /// The query behind the path, with its question mark; empty when there is none.
    static func query(_ uri: String) -> Substring {
        uri.firstIndex(of: "?").map { uri[$0...] } ?? ""
    }
}
