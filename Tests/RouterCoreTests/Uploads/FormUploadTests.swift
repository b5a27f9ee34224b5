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
        let text = String(decoding: try upload.document, as: UTF8.self)
        #expect(
            text
                == #"{"model":"a/\"b\"","x":["1","2"],"temperature":"0.2","provider":{"order":["a"]},"#
                + #""models":"[not json","twice":["1","2"],"bytes":"\#u{FFFD}A"}"#)
    }

    private static func document(_ fields: [(String, String)]) throws(APIError) -> String {
        String(decoding: try FormUpload.document(of: fields.map { FormField($0, $1) }), as: UTF8.self)
    }

    @Test(
        "an object that comes in pieces is one again",
        arguments: [
            (
                [
                    ("provider[only][]", "x"), ("provider[only][]", "1"), ("provider[zdr]", "true"),
                    ("provider[allow_fallbacks]", "False"), ("provider[max_price][prompt]", "1.50"),
                    ("provider[max_price][completion]", "2"), ("provider[data_collection]", "deny"),
                ],
                #"{"provider":{"only":["x","1"],"zdr":true,"allow_fallbacks":false,"#
                    + #""max_price":{"prompt":1.50,"completion":2},"data_collection":"deny"}}"#
            ),
            ([("models[]", "a/b"), ("x", "1"), ("models[]", "2")], #"{"models":["a/b","2"],"x":"1"}"#),
            ([("models[][]", "a/b")], #"{"models":["a/b"]}"#),
            ([("models", "a"), ("models", "b")], #"{"models":["a","b"]}"#),
            ([("provider[sort]", "nan"), ("provider[x]", "")], #"{"provider":{"sort":"nan","x":""}}"#),
            ([("keyterms[][]", "a"), ("keyterms[][]", "b")], #"{"keyterms":["a","b"]}"#),
            ([("provider[]", "a")], #"{"provider":["a"]}"#),
        ] as [([(String, String)], String)])
    func nested(_ fields: [(String, String)], _ expected: String) throws {
        #expect(try Self.document(fields) == expected)
    }

    @Test(
        "pieces that do not fit each other, or are written in another way, are refused",
        arguments: [
            [("provider[zdr]", "true"), ("provider[zdr]", "false")], [("provider", "{}"), ("provider[zdr]", "true")],
            [("provider", "{}"), ("provider", #"{"zdr":true}"#)], [("provider[only]", "a"), ("provider[only][]", "b")],
            [("provider[only][]", "a"), ("provider[only][x]", "b")], [("provider[x][][a]", "1")],
            [("provider.zdr", "true")], [("[provider]", "{}")], [("provider[zdr", "true")],
            [("provider[zdr]x", "true")],
            [("provider[[zdr]]", "true")], [("provider]zdr", "true")],
            [("provider" + String(repeating: "[a]", count: 7), "1")], [("models", #"["a"]"#), ("models[]", "b")],
            [("models[0][a]", "x"), ("models[0]", "y")],
        ] as [[(String, String)]])
    func refusesPieces(_ fields: [(String, String)]) {
        let error = #expect(throws: APIError.self) { try Self.document(fields) }
        #expect(error?.kind == .invalidRequest && error?.message.contains("as JSON") == true)
        #expect(error?.parameter == (fields[0].0.contains("models") ? "models" : "provider"))
    }

    @Test("the first word of a name decides whose it is")
    func roots() {
        let names = ["provider[only][]", "provider.zdr", "[provider]", "provider]", "provider", "[[provider[x"]
        #expect(names.allSatisfy { FormField.rootName(of: $0) == "provider" })
        #expect(FormField.rootName(of: "[]").isEmpty && FormField.rootName(of: "provider_x") == "provider_x")
        // A mark that makes one letter with the bracket before it.
        #expect(FormField.rootName(of: "provider[\u{301}x]") == "provider")
        #expect(FormField("x[][]", "").plainName == "x" && FormField("[]", "").plainName == "[]")
    }
}
