/// Counts what a transcript costs where its vendor does not say: the sound that went there, and the text that came.
struct TranscriptCount: Sendable {
    /// Milliseconds that a vendor may charge for a file of none: Groq's least is ten seconds.
    private static let leastCharged = TranscriptionCheck.leastHeld
    /// Thousand bits a second that sound has in any format, at least.
    private static let kilobits = 4...4608

    private let upload: FormUpload
    private var pieceBytes = 0
    /// Of a text that came whole, or once more at the end of a stream.
    private var wholeBytes = 0

    init(_ upload: FormUpload) { self.upload = upload }

    /// Whether the vendor got all of the sound: before that it cannot have done any work.
    var wasSent: Bool { upload.wasSent }

    mutating func note(_ event: ChatEvent) {
        switch event {
        case .bytes(let piece): pieceBytes += piece.bytes.count
        case .content(let piece): pieceBytes += piece.textBytes("delta")
        case .completion(let piece): wholeBytes = piece.textBytes("text")
        case .opening, .finish, .usage, .silence: break
        }
    }

    /// Adds what came to our count, and what only we know to the vendor's.
    ///
    /// A vendor counts tokens, or seconds. Its seconds are believed up to what so many bytes can last in any format, or to
    /// twice what the file says, for those that charge by the channel; and a little more, for those that charge for some
    /// seconds at least. So a file that says it is short is charged for what its vendor heard, and microseconds that are
    /// taken for seconds are not. One that counts seconds of a model that is sold by the token leaves the tokens to us.
    func complete(_ reported: inout Usage?, _ counted: inout Usage, prices: PriceList) {
        let length = upload.audio.length.atLeast
        let rates = prices.rates(prompt: 0, service: nil)
        let isByToken = rates.dearest([.prompt, .completion, .audio]) > 0
        let bytes = AudioLength(bytes: upload.audio.byteCount, at: Self.kilobits)
        let believable = 1...max(upload.audio.length.atMost * 2, bytes.atMost) + Self.leastCharged
        let saidLength = reported.flatMap { believable.contains($0.audioMilliseconds) ? $0.audioMilliseconds : nil }
        counted.audioMilliseconds = saidLength ?? length
        if isByToken {
            counted.promptAudio = counted.audioMilliseconds / TranscriptionCheck.millisecondsPerToken
            counted.prompt += counted.promptAudio
            counted.completion = (max(pieceBytes, wholeBytes) + 3) / 4
        } else {
            counted.prompt = 0
        }
        guard var said = reported else { return }
        guard !isByToken || said.prompt > 0 || said.completion > 0 else {
            reported = nil
            return
        }
        said.audioMilliseconds = counted.audioMilliseconds
        reported = said
    }
}

extension ChatPiece {
    /// Bytes of the text under `name`; 0 when there is none.
    fileprivate func textBytes(_ name: String) -> Int {
        guard let document = try? JSONDocument([0x7B] + members + [0x7D], limits: .response) else { return 0 }
        return document.root[name]?.string?.utf8.count ?? 0
    }
}
