import TestSupport
import Testing

@testable import RouterCore

@Suite("A request in JSON that comes in pieces, and its sound") struct InputAudioReaderTests {
    /// What became of a body.
    private struct Outcome: Equatable {
        var document = ""
        var fields: [FormField] = []
        var sound: [UInt8] = []
        var error: APIError?
    }

    /// - Parameter pieces: how long they are, one after the other and from the first again.
    private static func read(
        _ body: [UInt8], pieces: [Int], bytesMax: Int = 1000, noting omission: inout JSONOmission
    ) -> Outcome {
        var reader = InputAudioReader(bytesMax: bytesMax)
        var outcome = Outcome()
        do throws(APIError) {
            var at = 0
            var index = 0
            while at < body.count {
                let end = min(at + pieces[index % pieces.count], body.count)
                outcome.sound += try reader.read(body.span.extracting(at..<end))
                (at, index) = (end, index + 1)
            }
            omission = reader.omission
            let sound = InputAudio(BytesContent(outcome.sound), UploadedAudio(outcome.sound))
            let request = try OperationRequest(reader, sound, for: .transcription)
            outcome.document = String(decoding: request.document.bytes, as: UTF8.self)
            guard let upload = request.upload else { throw APIError(.internalError, "no upload") }
            outcome.fields = upload.fields
            outcome.sound = try Self.file(of: upload)
        } catch {
            outcome = Outcome(error: error)
        }
        return outcome
    }

    private static func read(_ body: [UInt8], pieces: [Int] = [1 << 20], bytesMax: Int = 1000) -> Outcome {
        var omission = JSONOmission()
        return read(body, pieces: pieces, bytesMax: bytesMax, noting: &omission)
    }

    /// The same where the body is there as a whole.
    private static func readWhole(_ body: [UInt8]) -> Outcome {
        do throws(APIError) {
            let request = try OperationRequest(body, for: .transcription)
            guard let upload = request.upload else { throw APIError(.internalError, "no upload") }
            return Outcome(fields: upload.fields, sound: try file(of: upload))
        } catch {
            return Outcome(error: error)
        }
    }

    private static func file(of upload: FormUpload) throws(APIError) -> [UInt8] {
        do throws(UpstreamFailure) {
            let (body, content) = try upload.form(with: [])
            let sent = UpstreamRequest(path: "/", body: body, upload: content).wholeBody()
            return Array(sent[body.count..<body.count + upload.fileByteCount])
        } catch {
            throw APIError(.internalError, error.message)
        }
    }

    private static let sound = Array("RIFF".utf8) + (0..<301).map { UInt8(truncatingIfNeeded: $0 &* 89) }

    @Test("stays as it was sent, without the sound, wherever it was cut", arguments: [1, 2, 3, 5, 7, 64, 1 << 20])
    func keeps(pieceBytes: Int) throws {
        let letters = String(decoding: Base64.encoded(Self.sound), as: UTF8.self)
        let rest =
            #"{ "x":{"data":"a\"b"}, "input_audio" : {"y":[{"data":"c"}],"data":"","format":"wav"},"z":"é\\","#
            + #""input_audio2":{"data":"d"},"model":"a/b","input":"input_audio","data":"e","seed":1.50}"#
        let body = rest.replacing(#""data":"","format""#, with: #""data":"\#(letters)","format""#)
        let outcome = Self.read(Array(body.utf8), pieces: [pieceBytes])
        #expect(outcome.error == nil && outcome.document == rest && outcome.sound == Self.sound)
        #expect(outcome.fields.map(\.name) == ["x", "z", "input_audio2", "model", "input", "data", "seed"])
        #expect(outcome.fields.last?.text == "1.50")
    }

    @Test(
        "however the names and the letters are written",
        arguments: [
            (#"{"model":"a/b","input\u005faudio":{"d\u0061ta":"UklGRgAA+/8="}}"#, true),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA+\/8"}}"#, true),
            (#"{"model":"a/b","input_audio":{"data":"\u0055klG\r\nRgAA +\u002f8=\t="}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"\u0055klG\r\nRgAA +\u002F8\t="}}"#, true),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA+_8="}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA+é8="}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA\"/8="}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA\u0130/8="}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA\u00g0/8="}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA\x/8="}}"#, false),
            ("{\"model\":\"a/b\",\"input_audio\":{\"data\":\"UklGRgAA\n/8=\"}}", false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA+/8="},"input_audio":{"data":"UklGRgAA+/8="}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA+/8=","data":"UklGRgAA+/8="}}"#, false),
            (#"{"model":"a/b","input_audio":[{"data":"UklGRgAA+/8="}]}"#, false),
            (#"{"model":"a/b","input_audio":{"data":["UklGRgAA+/8="]}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA+/8=" "x"}}"#, false),
            (#"{"model":"a/b","input_audio":{"data":"UklGRgAA+/8="#, false), (#"{"\u":"#, false), ("", false),
            (#"{"input_audio":{"data":"UklGRgAA+/8="}}"#, false), (#"]]]]{"input_audio":{"data":"U"#, false),
            (#"{"model":"a/b","input_audio":{"data":""}}"#, false), (#"{"model":"a/b","input_audio":{}}"#, false),
            (#"{"model":"a/b","input_audio":{"url":"http://x","data":"UklGRgAA+/8="}}"#, false),
        ])
    func writes(_ text: String, isTaken: Bool) {
        let body = Array(text.utf8)
        let whole = Self.readWhole(body)
        #expect((whole.error == nil) == isTaken, "\(whole)")
        for pieces in [[1], [2], [3, 1], [1 << 20]] {
            let outcome = Self.read(body, pieces: pieces)
            #expect(outcome.error == whole.error, "\(text) in \(pieces): \(String(describing: outcome.error))")
            #expect(outcome.sound == whole.sound && outcome.fields == whole.fields)
            #expect(outcome.error != nil || outcome.sound == [0x52, 0x49, 0x46, 0x46, 0, 0, 0xFB, 0xFF])
        }
    }

    @Test("is refused as it would be as a whole, with the place of the fault, whatever is changed in it")
    func refuses() {
        let good = Samples.transcription(of: Self.sound, model: "a/b", #""language":"en","y":{"data":"x"}"#)
        var random = SeededGenerator(seed: 5)
        let bytes = Array("\"\\{}[]:,ua09 =\n\u{0}".utf8) + [0xC3, 0xFF]
        var refusedCount = 0
        for round in 0..<3000 {
            var body = good
            for _ in 0...(round % 2) {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: body[place] = bytes.randomElement(using: &random) ?? 0
                case 1: body.remove(at: place)
                default: body.insert(bytes.randomElement(using: &random) ?? 0, at: place)
                }
            }
            let whole = Self.readWhole(body)
            var omission = JSONOmission()
            let pieces = [Int.random(in: 1..<100, using: &random), Int.random(in: 1..<400, using: &random)]
            let outcome = Self.read(body, pieces: pieces, bytesMax: 1 << 20, noting: &omission)
            if whole.error != nil { refusedCount += 1 }
            let text = String(decoding: body, as: UTF8.self)
            #expect((outcome.error == nil) == (whole.error == nil), "\(text)")
            // Of two faults either may be told, and letters that are none are told first.
            if round % 2 == 0, outcome.error != InputAudio.notBase64 {
                #expect(outcome.error == whole.error, "\(text)")
            }
            #expect(outcome.sound == whole.sound && outcome.fields == whole.fields)
        }
        #expect(refusedCount > 1000 && refusedCount < 3000)
    }

    @Test("may have a sound and a text of so many bytes, and not of one more")
    func bounds() {
        for (count, isTaken) in [(1000, true), (1001, false), (1500, false)] {
            let body = Samples.transcription(of: [UInt8](repeating: 0, count: count), model: "a/b")
            let error = Self.read(body, pieces: [100]).error
            #expect((error == nil) == isTaken, "\(count)")
            #expect(isTaken || (error?.kind == .payloadTooLarge && error?.parameter == "input_audio.data"))
        }
        let bare = Samples.transcription(of: [UInt8](repeating: 0, count: 1000), model: "a/b", #""x":"""#)
        // Less the letters of the sound.
        let room = InputAudioReader.textBytesMax - bare.count + (1000 + 2) / 3 * 4
        for (count, isTaken) in [(room, true), (room + 1, false)] {
            let filler = String(repeating: "y", count: count)
            let body = Samples.transcription(of: [UInt8](repeating: 0, count: 1000), model: "a/b", #""x":"\#(filler)""#)
            let error = Self.read(body, pieces: [1 << 16]).error
            #expect(isTaken ? error == nil : error?.kind == .payloadTooLarge, "\(String(describing: error))")
            #expect(isTaken || error?.message.hasPrefix("Beside") == true)
        }
    }
}
