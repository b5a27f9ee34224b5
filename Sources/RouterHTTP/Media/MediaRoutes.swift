import HTTPTypes
import Hummingbird
import NIOCore
import RouterCore

/// `GET /api/v1/media/{name}`: what an answer gave an address for. Whoever knows the name may fetch it.
struct MediaRoutes {
    let folder: MediaFolder

    /// Below it stands the name.
    static let path = "/api/v1/media/"

    func add(to router: Router<RouterContext>) {
        router.read("/api/v1/media/:name") { [folder] _, context in
            guard let name = context.parameters.get("name"), let file = await folder.open(name) else {
                throw APIError(.notFound, "There is no such file, or it is no longer kept.")
            }
            var headers = HTTPFields()
            headers[.contentType] = file.type
            headers[.contentDisposition] = "inline; filename=\"\(name)\""
            headers[.cacheControl] = "private, max-age=\(file.lifetime.components.seconds)"
            headers[.acceptRanges] = "none"
            headers[.xContentTypeOptions] = "nosniff"
            headers[.accessControlAllowOrigin] = "*"
            return Response(status: .ok, headers: headers, body: Self.body(of: file))
        }
    }

    /// Goes out as fast as the client takes it: one piece is in memory. Without its end where the disk fails.
    private static func body(of file: MediaFile) -> ResponseBody {
        ResponseBody(contentLength: file.byteCount) { writer in
            var sent = 0
            while sent < file.byteCount {
                let piece = try await file.piece(from: sent)
                sent += piece.readableBytes
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
    }
}
