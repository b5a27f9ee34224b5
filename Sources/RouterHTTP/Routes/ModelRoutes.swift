import HTTPTypes
import Hummingbird
import RouterCore

/// `GET /api/v1/models`, what belongs to it, and `GET /api/v1/providers`: need no key, and ignore one. `/models/user` is the
/// same for the key that asks, and counts as a request.
struct ModelRoutes: Sendable {
    let catalog: LiveCatalog
    let gate: Gate

    func add(to router: some RouterMethods<RouterContext>) {
        addLists(to: router)
        router.read("/api/v1/models/count") { request, _ in
            Self.answer(catalog.listing.count(try ModelQuery(Self.members(of: request))), to: request)
        }
        router.read("/api/v1/models/user") { request, context in
            let key = try await gate.key(of: request, context, for: .reading)
            let members = Self.members(of: request)
            return Self.answer(
                catalog.listing.list(
                    try ModelQuery(members), of: key.models, path: "/api/v1/models/user", members: members), to: request
            )
        }
        router.read("/api/v1/providers") { request, _ in
            Self.answer(EndpointListing.providers(of: catalog.current), to: request)
        }
        router.read("/api/v1/endpoints/zdr") { request, _ in
            Self.answer(EndpointListing.retainingNothing(in: catalog.current), to: request)
        }
        // The id has a slash in it, sent as it is or as %2F.
        router.read("/api/v1/models/**") { request, context in
            let name = Self.name(context)
            if let id = name.endpointsOf, catalog.current.model(named: name) == nil {
                return Self.answer(EndpointListing.body(of: try catalog.current.model(asked: id)), to: request)
            }
            return Self.answer(ModelListing.object(of: try catalog.current.model(asked: name)), to: request)
        }
        router.read("/api/v1/model/**") { request, context in
            let object = ModelListing.object(of: try catalog.current.model(asked: Self.name(context)))
            return Self.answer(Array(#"{"data":"#.utf8) + object + Array("}".utf8), to: request)
        }
    }

    /// The list of all models, and those of models that make something else than text.
    private func addLists(to router: some RouterMethods<RouterContext>) {
        for (path, modality) in [
            ("/api/v1/models", nil), ("/api/v1/images/models", "image"), ("/api/v1/embeddings/models", "embeddings"),
            ("/api/v1/videos/models", "video"),
        ] {
            router.read(RouterPath(path)) { request, _ in
                let asked = Self.members(of: request)
                let members = asked + (modality.map { [("output_modalities", $0)] } ?? [])
                let list = catalog.listing.list(try ModelQuery(members), path: path, members: asked)
                return Self.answer(list, to: request)
            }
        }
    }

    private static func answer(_ body: [UInt8], to request: Request) -> Response {
        answer(ModelListing.Prepared(body), to: request)
    }

    /// The body, or 304 for a client that has it.
    private static func answer(_ prepared: ModelListing.Prepared, to request: Request) -> Response {
        if let held = request.headers[.ifNoneMatch], prepared.isHeld(by: held) {
            return Response(status: .notModified, headers: [.eTag: prepared.tag])
        }
        var response = Response.json(prepared.body)
        response.headers[.eTag] = prepared.tag
        return response
    }

    /// What stands behind the fixed part of the path.
    private static func name(_ context: RouterContext) -> String {
        context.parameters.getCatchAll().map { $0.removingPercentEncoding ?? String($0) }.joined(separator: "/")
    }

    private static func members(of request: Request) -> [(name: String, value: String)] {
        request.uri.queryParameters.map { (String($0.key), String($0.value)) }
    }
}

extension String {
    /// The id in `author/slug/endpoints`; `nil` when it does not end so.
    fileprivate var endpointsOf: String? { hasSuffix("/endpoints") ? String(dropLast("/endpoints".count)) : nil }

    /// For a query: all but letters, digits and a few marks as `%` and two digits.
    var queryEscaped: String {
        utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
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
