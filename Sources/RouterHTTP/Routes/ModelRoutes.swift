import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /api/v1/models` and `GET /api/v1/models/{id}`: need no key, and ignore one.
struct ModelRoutes: Sendable {
    let catalog: LiveCatalog

    func add(to router: some RouterMethods<RouterContext>) {
        router.read("/api/v1/models") { request, _ in
            let listing = catalog.listing
            if request.headers[.ifNoneMatch] == listing.tag {
                return Response(status: .notModified, headers: [.eTag: listing.tag])
            }
            var response = Response.json(listing.body)
            response.headers[.eTag] = listing.tag
            return response
        }
        // The id has a slash in it, sent as it is or as %2F.
        router.read("/api/v1/models/**") { _, context in
            let segments = context.parameters.getCatchAll()
            let id = segments.map { $0.removingPercentEncoding ?? String($0) }.joined(separator: "/")
            return .json(ModelListing.object(of: try catalog.current.model(asked: id)))
        }
    }
}

extension Substring {
    /// The text with `%2F` and its like taken as the bytes they stand for; `nil` when they are no UTF-8 or not complete.
    fileprivate var removingPercentEncoding: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return String(self) }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
