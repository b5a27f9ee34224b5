import TestSupport
import Testing

@testable import RouterCore

@Suite("Files with the fields of their form")
struct FormUploadTests {
    private static func sent(_ form: (body: [UInt8], upload: Upload)) -> [UInt8] {
        var bytes = form.body
        var piece = [UInt8](repeating: 0, count: 7)
        while true {
            let reading = piece.withUnsafeMutableBytes {
                form.upload.pipe.read(into: $0, turn: form.upload.turn, whenMore: {})
            }
            guard case .bytes(let count) = reading else { return bytes + form.upload.end }
            bytes += piece.prefix(count)
        }
    }

    private static let head = Array("Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".utf8)

    @Test("a file that is there is sent behind the fields, and once more")
    func whole() throws {
        let upload = FormUpload(
            fields: [FormField("model", "a/b")], boundary: "b b", fileHead: Self.head,
            file: BytesContent(Array("sound".utf8)), audio: UploadedAudio())
        #expect(upload.contentType == "multipart/form-data; boundary=\"b b\"" && upload.fileByteCount == 5)
        for model in ["one", "two"] {
            let form = try upload.form(with: [FormField("model", model), FormField("a\"b[]", "x")])
            let text = String(decoding: Self.sent(form), as: UTF8.self)
            #expect(
                text == "--b b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n\(model)\r\n"
                    + "--b b\r\nContent-Disposition: form-data; name=\"a%22b[]\"\r\n\r\nx\r\n"
                    + "--b b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nsound\r\n--b b--\r\n"
            )
            #expect(form.body.count + form.upload.byteCount == text.utf8.count)
        }
    }

    @Test("a file on its way is sent as it comes, and again only while its beginning is kept")
    func live() throws {
        var limits = UploadPipe.Limits()
        limits.keptMax = 8
        let pipe = UploadPipe(limits: limits)
        let rest = Array("sound\r\n--b\r\nlate\r\n--b--\r\n".utf8)
        pipe.write(rest)
        pipe.finish()
        let upload = FormUpload(
            fields: [], boundary: "b", fileHead: Self.head, rest: LiveContent(pipe, byteCount: rest.count),
            audio: UploadedAudio())
        #expect(upload.fileByteCount == rest.count - 7)
        let first = try upload.form(with: [])
        let second = try upload.form(with: [])
        #expect(Self.sent(first) == first.body, "its turn is over")
        #expect(Self.sent(second) == Array("--b\r\n".utf8) + Self.head + rest)
        #expect(throws: UpstreamFailure.self) { _ = try upload.form(with: []) }
    }

    @Test("the document says what the fields say")
    func document() throws {
        let upload = FormUpload(
            fields: [
                FormField("model", "a/\"b\""), FormField("x[]", "1"), FormField("temperature", "0.2"),
                FormField("x[]", "2"), FormField("provider", #"{"order":["a"]}"#), FormField("models", "[not json"),
                FormField("twice", "1"), FormField("twice", "2"), FormField("bytes", [0xFF, 0x41]),
            ], boundary: "b", fileHead: Self.head, file: BytesContent([1]), audio: UploadedAudio())
        let text = String(decoding: upload.document, as: UTF8.self)
        #expect(
            text
                == #"{"model":"a/\"b\"","x":["1","2"],"temperature":"0.2","provider":{"order":["a"]},"#
                + #""models":"[not json","twice":["1","2"],"bytes":"\#u{FFFD}A"}"#)
    }
}
