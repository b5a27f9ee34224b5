import Foundation
public import RouterCore

/// One worked example of a translation: a folder with the client's request, the vendor's side of it, and what the
/// client must get. `docs/vendors.md` tells what each file holds.
public struct Fixture: Sendable, CustomStringConvertible {
    /// Such as `01-max-tokens-renamed`.
    public let name: String
    private let folder: URL

    public var description: String { "\(folder.deletingLastPathComponent().lastPathComponent)/\(name)" }

    /// All examples of one vendor, by name.
    ///
    /// - Parameters:
    ///   - vendor: a folder in the folder `Fixtures` beside `file`.
    ///   - file: the test's own path.
    public static func all(of vendor: String, file: String = #filePath) -> [Fixture] {
        let folder = URL(filePath: file).deletingLastPathComponent().appending(path: "Fixtures/\(vendor)")
        // A folder that cannot be read gives no examples, which the test that counts them tells.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().filter { !$0.hasPrefix(".") }.map {
            Fixture(name: $0, folder: folder.appending(path: $0))
        }
    }

    /// The bytes of a file; `nil` when the example has none of this name.
    public func bytes(_ file: String) throws -> [UInt8]? {
        let url = folder.appending(path: file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return Array(try Data(contentsOf: url))
    }

    /// The JSON in a file; `nil` when the example has none of this name.
    public func json(_ file: String) throws -> JSONValue? {
        try bytes(file).map { try JSONDocument($0, limits: .response).root }
    }

    /// What the example is about, and what the vendor's and the public status are.
    public func meta() throws -> JSONValue { try json("meta.json") ?? JSONDocument(Array("{}".utf8)).root }

    /// The head of the vendor's answer, as `meta.json` has it.
    public func vendorHead() throws -> UpstreamHead {
        let meta = try meta()
        let type = try raw("vendor_response.json")?.type ?? meta["vendor_content_type"]?.string ?? "application/json"
        var lines = "content-type: \(type)\r\n"
        if let headers = meta["vendor_headers"]?.members {
            for header in headers { lines += "\(header.name.string): \(header.value.string ?? "")\r\n" }
        }
        return UpstreamHead(status: meta["vendor_status"]?.integer ?? 0, lines: Array(lines.utf8))
    }

    /// What a file stands for that is `{"$content_type": …, "$bytes_base64": …}`: a body that is no JSON; `nil` for others.
    public func raw(_ file: String) throws -> (type: String, bytes: [UInt8])? {
        guard let json = try json(file), let text = json["$bytes_base64"]?.string,
            let letters = Base64.checked(Array(text.utf8)[...])
        else { return nil }
        return (json["$content_type"]?.string ?? "", Base64.decoded(letters))
    }

    /// The body of the vendor's answer, whole or streamed.
    public func vendorBody() throws -> [UInt8]? {
        if let raw = try raw("vendor_response.json") { return raw.bytes }
        return try bytes("vendor_response.json") ?? bytes("vendor_stream.txt") ?? bytes("vendor_response.txt")
    }

    /// A part of a form, as a file has it that is `{"$multipart": […]}`.
    public struct Part: Sendable, Hashable {
        public var name: String
        /// `nil` for a field that is no file, and so is the next.
        public var fileName: String?
        public var contentType: String?
        public var bytes: [UInt8]

        public init(_ name: String, fileName: String? = nil, contentType: String? = nil, _ bytes: [UInt8]) {
            self.name = name
            self.fileName = fileName
            self.contentType = contentType
            self.bytes = bytes
        }
    }

    /// The parts of a form; `nil` for a file that is none.
    public func parts(_ file: String) throws -> [Part]? {
        try json(file)?["$multipart"]?.elements.map { part in
            let name = part["name"]?.string ?? ""
            guard let base64 = part["body_base64"]?.string else {
                return Part(name, Array((part["value"]?.string ?? "").utf8))
            }
            return Part(
                name, fileName: part["filename"]?.string, contentType: part["content_type"]?.string,
                Base64.checked(Array(base64.utf8)[...]).map(Base64.decoded) ?? [])
        }
    }
}

extension FormUpload {
    /// A form whose file is there.
    ///
    /// - Parameter boundary: what stands in none of the parts.
    public init(_ parts: [Fixture.Part], boundary: String = "fixture-boundary") {
        let file = parts.first { $0.fileName != nil }
        let head =
            "Content-Disposition: form-data; name=\"\(file?.name ?? "file")\"; filename=\"\(file?.fileName ?? "a")\"\r\n"
            + "Content-Type: \(file?.contentType ?? "application/octet-stream")\r\n\r\n"
        self.init(
            fields: parts.filter { $0.fileName == nil }.map { FormField($0.name, $0.bytes) }, boundary: boundary,
            fileHead: Array(head.utf8), file: BytesContent(file?.bytes ?? []), audio: UploadedAudio(file?.bytes ?? []))
    }
}

extension UpstreamRequest {
    /// The whole body, the upload that follows it read to its end; takes it from whoever would send it.
    public func wholeBody() -> [UInt8] {
        guard let upload else { return body }
        var bytes = body
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let reading = piece.withUnsafeMutableBytes { upload.pipe.read(into: $0, turn: upload.turn, whenMore: {}) }
            guard case .bytes(let count) = reading else { return bytes + upload.end }
            bytes += piece.prefix(count)
        }
    }

    /// The parts of the form that it is; `nil` when it is none.
    public func parts() throws -> [Fixture.Part]? {
        let type = headers.first { $0.name == "content-type" }?.value ?? ""
        guard var reader = try MultipartReader(contentType: type) else { return nil }
        var parts: [Fixture.Part] = []
        try reader.read(wholeBody().span) { event, bytes in
            switch event {
            case .part(let head, offset: _):
                parts.append(Fixture.Part(head.name, fileName: head.fileName, contentType: head.contentType, []))
            case .bytes: parts[parts.count - 1].bytes += bytes
            case .partEnd, .end: break
            }
        }
        try reader.finish()
        return parts
    }
}
