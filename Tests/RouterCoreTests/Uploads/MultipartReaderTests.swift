import RouterCore
import TestSupport
import Testing

@Suite("Forms")
struct MultipartReaderTests {
    /// What came of a form.
    struct Part: Equatable {
        var name: String
        var fileName: String?
        var type: String?
        var bytes: [UInt8] = []
        var offset: Int
        var isWhole = false

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    private static func read(
        _ pieces: [[UInt8]], _ contentType: String, limits: MultipartReader.Limits = .init()
    ) throws -> [Part] {
        var reader = try #require(try MultipartReader(contentType: contentType, limits: limits))
        var parts: [Part] = []
        for piece in pieces {
            try reader.read(piece.span) { event, bytes in
                switch event {
                case .part(let head, let offset):
                    parts.append(
                        Part(name: head.name, fileName: head.fileName, type: head.contentType, offset: offset))
                case .bytes: parts[parts.count - 1].bytes += bytes
                case .partEnd: parts[parts.count - 1].isWhole = true
                case .end: break
                }
            }
        }
        try reader.finish()
        return parts
    }

    private static func fault(of form: String, _ contentType: String = "multipart/form-data; boundary=b")
        -> MultipartFault?
    {
        do {
            _ = try read([Array(form.utf8)], contentType)
            return nil
        } catch {
            return error as? MultipartFault
        }
    }

    @Test("a boundary is found wherever it stands among line ends, and wherever it is cut")
    func places() throws {
        let head = Array("--bound\r\nContent-Disposition: form-data; name=e\r\n\r\n".utf8)
        for length in 0...130 {
            // Line ends that nothing follows, at all places of a block of 64 in turn.
            let content = (0..<length).map { [0x0D, 0x0A, 0x2D, 0x0D, 0x61][($0 * 7 + length) % 5] as UInt8 }
            let form = head + content + Array("\r\n--bound--\r\n".utf8)
            for cut in stride(from: head.count - 3, through: form.count, by: 1) {
                let parts = try Self.read(
                    [Array(form[..<cut]), Array(form[cut...])], "multipart/form-data; boundary=bound")
                try #require(parts.count == 1 && parts[0].isWhole && parts[0].bytes == content, "\(length) \(cut)")
            }
        }
    }

    @Test("parts come as they were sent, however the bytes are cut")
    func parts() throws {
        // Everything in it that looks like a boundary and is none.
        let file = Array("\r\n--b \r\n--\r\n--bo\r\n\r\r\n-\u{0}--b--\r".utf8) + (0...255).map { UInt8($0) }
        var form = Array(
            "this is not read\r\n--bound \t\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm/x".utf8)
        form += "\r\n--bound\r\ncontent-disposition:form-data;filename=\"a \\\"b\\\".wav\" ; name=file\r\n".utf8
        form += "Content-Type: Audio/WAV; x=y\r\n\r\n".utf8
        let offset = form.count
        form += file
        form += "\r\n--bound\r\nContent-Disposition: form-data; name=\"e\"\r\n\r\n\r\n--bound--\r\nnor this".utf8
        for (name, pieces) in ByteCuts.all(of: form, random: 200, seed: 5) {
            let parts = try Self.read(pieces, "multipart/form-data; boundary=\"bound\"")
            try #require(parts.count == 3, "\(name)")
            #expect(parts[0].text == "m/x" && parts[0].name == "model" && parts[0].fileName == nil)
            #expect(
                parts[1]
                    == Part(
                        name: "file", fileName: "a \"b\".wav", type: "audio/wav", bytes: file, offset: offset,
                        isWhole: true), "\(name)")
            #expect(parts[2].bytes.isEmpty && parts[2].isWhole && parts[2].name == "e")
        }
    }

    @Test(
        "names of files are read as clients write them",
        arguments: [
            (#"filename="a b.mp3""#, "a b.mp3"), (#"filename=a.mp3"#, "a.mp3"),
            (#"filename="a%22b.mp3""#, "a\"b.mp3"), (#"filename="C:\x\a.mp3""#, #"C:\x\a.mp3"#),
            (#"filename="x"; filename*=UTF-8''na%C3%AFve%20x.mp3"#, "naïve x.mp3"),
            (#"filename="naïve;x=y.mp3""#, "naïve;x=y.mp3"), (#"filename="a"#, "a"), (#"filename="""#, ""),
        ])
    func fileNames(_ parameter: String, _ name: String) throws {
        let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; \(parameter)\r\n\r\nx\r\n--b--\r\n"
        #expect(try Self.read([Array(form.utf8)], "multipart/form-data; boundary=b").first?.fileName == name)
    }

    @Test("what is no form is told apart from a form that is broken")
    func contentTypes() throws {
        #expect(try MultipartReader(contentType: "application/json") == nil)
        #expect(try MultipartReader(contentType: "multipart/mixed; boundary=b") == nil)
        #expect(try MultipartReader(contentType: "Multipart/Form-Data ; Boundary=----x'()+_,-./:=?1")?.boundary != nil)
        for type in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\""] {
            #expect(throws: MultipartFault.noBoundary) { _ = try MultipartReader(contentType: type) }
        }
        let long = String(repeating: "b", count: 10_000)
        for boundary in [long, "\"a \"", "\"a\u{1}b\"", "\"ä\"", "\"a\\\"b\""] {
            #expect(throws: MultipartFault.badBoundary) {
                _ = try MultipartReader(contentType: "multipart/form-data; boundary=\(boundary)")
            }
        }
    }

    @Test("a broken form is refused by what is wrong with it")
    func faults() {
        let head = "Content-Disposition: form-data; name=\"x\"\r\n"
        #expect(Self.fault(of: "") == .truncated)
        #expect(Self.fault(of: "--b\r\n\(head)\r\nx") == .truncated)
        #expect(Self.fault(of: "--b\r\n\(head)\r\nx\r\n--b") == .truncated)
        #expect(Self.fault(of: "--b\r\n\(head)") == .truncated)
        #expect(Self.fault(of: "--bx\r\n\(head)\r\nx\r\n--b--") == .badDelimiter)
        #expect(Self.fault(of: "--b" + String(repeating: " ", count: 5000)) == .badDelimiter)
        #expect(Self.fault(of: "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--") == .noName)
        #expect(Self.fault(of: "--b\r\n\r\nx\r\n--b--") == .noName)
        for (encoding, fault) in [("binary", nil), ("8bit", nil), ("Quoted-Printable", .encoded), ("base64", .encoded)]
            as [(String, MultipartFault?)]
        {
            #expect(
                Self.fault(of: "--b\r\n\(head)Content-Transfer-Encoding: \(encoding)\r\n\r\nx\r\n--b--") == fault)
        }
        let inside = "--b\r\n\(head)\r\n--b\r\n\(head)\r\nx\r\n--b--"
        #expect(
            Self.fault(of: inside) == .badDelimiter
                && Self.fault(of: "--b\r\n\(head)\r\n--b \r\nx\r\n--b--") == .badDelimiter)
        #expect(
            Self.fault(of: "--b\r\n\(head)\r\n--a\r\n--b--") == nil
                && Self.fault(of: "--b\r\n\(head)\r\n-\r\n--b--") == nil)
        for lines in [
            "Content-Disposition: form-data; name=\"x\"; name=\"model\"", "\(head.dropLast()); name*=UTF-8''model",
            "Content-Disposition: form-data; name*=UTF-8''model", "\(head.dropLast()); name*0=\"mo\"; name*1=\"del\"",
            "\(head.dropLast());\r\n name*=UTF-8''model", head + "Content-Disposition : form-data; name=\"model\"",
            head.dropLast() + "\r" + head.dropLast(), "\(head.dropLast()); x=\"\n\"; name=\"model\"",
            "\(head.dropLast()); x=\"\r\"; name=\"model\"", head.dropLast() + "\nX-Mine: 1",
            head + "content-disposition: form-data; name=\"model\"",
        ] {
            #expect(Self.fault(of: "--b\r\n\(lines)\r\n\r\nx\r\n--b--") == .ambiguousName, "\(lines)")
        }
        #expect(Self.fault(of: "--b\r\nContent-Disposition: attachment; name=\"x\"\r\n\r\nx\r\n--b--") == .noName)
        #expect(Self.fault(of: "--b\r\n\(head)Content-Type: multipart/mixed; boundary=c\r\n\r\nx\r\n--b--") == .nested)
        #expect(
            Self.fault(of: "--b\r\nX: \(String(repeating: "x", count: 9000))\r\n\(head)\r\nx\r\n--b--")
                == .headTooLarge(bytesMax: 8192))
        #expect(
            Self.fault(of: String(repeating: "--b\r\n\(head)\r\nx\r\n", count: 10_000) + "--b--") == .tooManyParts(200))
        #expect(Self.fault(of: "--b\r\n\(head)\r\nx\r\n--b--") == nil)
    }

    @Test("whatever comes, it does not trap")
    func mutations() {
        let form = Array(
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b\r\ncontent-disposition: form-data; name*=UTF-8''%41; filename=\"\\\"\"\r\n\r\n\r\n--b--"
                .utf8)
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<3_000 {
            var bytes = form
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[index] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: Array("\r\n--b;\"%=".utf8).shuffled(using: &generator), at: index)
                }
            }
            let parts = try? Self.read([bytes], "multipart/form-data; boundary=b")
            #expect((parts ?? []).allSatisfy { $0.offset <= bytes.count && $0.bytes.count <= bytes.count })
        }
    }
}
