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
}
