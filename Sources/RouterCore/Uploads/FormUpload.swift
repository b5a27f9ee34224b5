import Synchronization

/// A file that a client sends, with the fields beside it: written for a vendor as a form again.
///
/// The file is not here: it is read when it is sent, and may still be on its way.
///
/// Source: RFC 7578, and RFC 2046, section 5.1.
public struct FormUpload: Sendable {
    /// In their order; those that came behind the file are here only where it was kept until they were there.
    public let fields: [FormField]
    public let audio: UploadedAudio
    /// Those that came behind a file that went on as it came.
    public let late: LateFields
    /// What is set aside for it while it is on its way.
    public let credit: UploadCredit
    /// Bytes of the file, or the most that it can have while it is on its way.
    public let fileByteCount: Int
    private let boundary: String
    /// The lines of the file's own part, with the empty line behind them.
    private let fileHead: [UInt8]
    private let content: any UploadContent
    /// What ends the form; nothing where the content brings that itself.
    private let end: [UInt8]
    private let sent = Sent()

    /// Where it was sent last.
    private final class Sent: Sendable {
        let pipe = Mutex<UploadPipe?>(nil)
    }

    /// A file whose form comes as it is from here on: its end is in `content`.
    ///
    /// - Parameters:
    ///   - boundary: the client's.
    ///   - fileHead: the lines of the file's part, as they came.
    ///   - late: where fields behind the file are noted when they come; the vendor gets them with the rest.
    ///   - credit: to be asked before the end of the file goes to the vendor.
    public init(
        fields: [FormField], boundary: String, fileHead: [UInt8], rest content: any UploadContent, audio: UploadedAudio,
        late: LateFields = LateFields(), credit: UploadCredit = UploadCredit()
    ) {
        self.fields = fields
        self.boundary = boundary
        self.fileHead = fileHead
        self.content = content
        self.audio = audio
        self.late = late
        self.credit = credit
        fileByteCount = max(0, content.byteCount - Self.end(boundary).count)
        end = []
    }

    /// A file that is there.
    public init(
        fields: [FormField], boundary: String, fileHead: [UInt8], file content: any UploadContent, audio: UploadedAudio
    ) {
        self.fields = fields
        self.boundary = boundary
        self.fileHead = fileHead
        self.content = content
        self.audio = audio
        late = LateFields()
        credit = UploadCredit()
        fileByteCount = content.byteCount
        end = Self.end(boundary) + [0x0D, 0x0A]
    }

    private static func end(_ boundary: String) -> [UInt8] { Array("\r\n--\(boundary)--".utf8) }

    /// The fields as members of one JSON object; see ``document(of:)``.
    var document: [UInt8] { get throws(APIError) { try Self.document(of: fields) } }

    /// Fields as members of one JSON object, in their order. A name that ends with `[]`, or is there more than once,
    /// has a list; `provider`, `models` and `chunking_strategy` are JSON where they can be read as such, and `provider`
    /// and `models` may come in pieces; all else is text. What is too long for memory is not here: nobody reads it here.
    ///
    /// - Throws: ``APIError`` that names a piece of `provider` or `models` that does not fit the others.
    static func document(of fields: [FormField]) throws(APIError) -> [UInt8] {
        var writer = JSONWriter(capacity: fields.reduce(64) { $0 + $1.value.count + $1.name.utf8.count + 8 })
        writer.beginObject()
        var written: Set<Substring> = []
        for field in fields where field.kept == nil {
            let name = memberName(of: field)
            guard written.insert(name).inserted else { continue }
            let all = fields.filter { memberName(of: $0) == name && $0.kept == nil }
            writer.name(escaping: String(name))
            if jsonNames.contains(name), all.count == 1, field.name == name, let json = field.json {
                writer.raw(json)
            } else if isNested(all, of: name) {
                try NestedFields(all, of: String(name)).write(to: &writer)
            } else if all.count > 1 || field.name != name {
                writer.beginArray()
                for one in all { writer.string(one.text) }
                writer.endArray()
            } else {
                writer.string(field.text)
            }
        }
        writer.endObject()
        return writer.bytes
    }

    private static let jsonNames: Set<Substring> = ["provider", "models", "chunking_strategy"]
    /// Those that may come in pieces.
    private static let nestedNames: Set<Substring> = ["provider", "models"]

    /// Of which member a field is one, or a piece of one.
    private static func memberName(of field: FormField) -> Substring {
        nestedNames.contains(field.rootName) ? field.rootName : field.plainName
    }

    /// Whether these fields are pieces of one member. A `provider` that is there twice is none; `models` may be a list so.
    private static func isNested(_ fields: [FormField], of name: Substring) -> Bool {
        guard nestedNames.contains(name) else { return false }
        return fields.contains { $0.name != name } || name == "provider" && fields.count > 1
    }

    /// Unicode scalars of a prompt.
    public static let promptCharactersMax = TranscriptionCheck.promptCharactersMax

    /// Bytes of a prompt that ``document`` does not have: one that is kept, or came behind the file.
    var otherPromptBytes: Int {
        let late = late.fields.last { $0.plainName == "prompt" }?.value.count
        return late ?? fields.last { $0.plainName == "prompt" }?.kept?.count ?? 0
    }

    /// The value of the header field `Content-Type`.
    public var contentType: String {
        let isToken = boundary.utf8.allSatisfy { HeaderParameters.isTokenByte($0) }
        return "multipart/form-data; boundary=" + (isToken ? boundary : "\"\(boundary)\"")
    }

    /// How long the file is, by what came of it. Of one that is on its way less is known, and what it begins with may be a
    /// picture: it is taken for one of ``likelyKilobits`` rather than for the longest that it could be. What it takes is set
    /// aside before its vendor has the end of it.
    var likelyLength: AudioLength {
        let length = audio.length(ofBytes: fileByteCount)
        guard audio.byteCount < fileByteCount else { return length }
        let likely = AudioLength(bytes: fileByteCount, at: Self.likelyKilobits...Self.likelyKilobits)
        return AudioLength(atLeast: length.atLeast, atMost: min(length.atMost, likely.atMost))
    }

    /// Thousand bits a second: few files have fewer.
    private static let likelyKilobits = 64

    /// Whether it can be sent, now or once more.
    var canSend: Bool { content.canOpen }

    /// Whether all of it was sent to the endpoint that was asked last.
    var wasSent: Bool { sent.pipe.withLock { $0?.isDrained ?? false } }

    /// The form with these fields: its beginning, and what follows.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` when it was sent already and its beginning is gone.
    public func form(with fields: [FormField]) throws(UpstreamFailure) -> (body: [UInt8], upload: Upload) {
        let kept = fields.filter { $0.kept != nil }
        let rest = kept.isEmpty ? [] : segments(of: kept)
        guard let (pipe, turn) = content.open(with: rest) else {
            throw UpstreamFailure(.unsupported, "The file is too large to be sent to a second provider. Send it again.")
        }
        sent.pipe.withLock { $0 = pipe }
        var body: [UInt8] = []
        body.reserveCapacity(fields.reduce(fileHead.count + 200) { $0 + $1.value.count + $1.name.utf8.count + 150 })
        for field in fields where field.kept == nil { field.write(boundary: boundary, to: &body) }
        body += "--\(boundary)\r\n".utf8
        body += fileHead
        let pipeBytes = rest.reduce(content.byteCount) { $0 + $1.byteCount }
        return (body, Upload(pipe: pipe, turn: turn, pipeByteCount: pipeBytes, end: end, isLive: content.isLive))
    }

    /// Fields that are kept stand behind the file: each with the line end that closes what is before it.
    private func segments(of fields: [FormField]) -> [UploadSegment] {
        fields.flatMap { field -> [UploadSegment] in
            guard let kept = field.kept else { return [] }
            var head = Array("\r\n".utf8)
            field.writeHead(boundary: boundary, to: &head)
            return [.bytes(head), .kept(kept)]
        }
    }
}

/// Fields of a form that come behind its file, while that is already on its way to a vendor, who gets them as they come.
public final class LateFields: Sendable {
    private struct State {
        var fields: [FormField] = []
        var isTaken: @Sendable (FormField) -> Bool = { _ in true }
    }

    private let state = Mutex(State())

    public init() {}

    /// - Returns: whether the vendor that is asked is to have it; true as long as none is.
    public func add(_ field: FormField) -> Bool {
        state.withLock { state in
            state.fields.append(field)
            return state.isTaken(field)
        }
    }

    /// Those that came by now, in their order.
    public var fields: [FormField] { state.withLock(\.fields) }

    /// A vendor is asked that is to have only some of them.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` when another one came already.
    public func limit(to isTaken: @escaping @Sendable (FormField) -> Bool) throws(UpstreamFailure) {
        let other = state.withLock { state in
            state.isTaken = isTaken
            return state.fields.first { !isTaken($0) }
        }
        guard let name = other.map({ String($0.plainName) }) else { return }
        throw UpstreamFailure(.unsupported, Self.mustBeEarly(name), parameter: name)
    }

    /// What a client is told of a field that was not to come late.
    public static func mustBeEarly(_ name: String) -> String {
        "`\(name)` must stand before the file where `model` does."
    }

    /// Checks the values of those that came, by themselves.
    ///
    /// - Throws: ``APIError`` that names the first one at fault.
    public func check() throws(APIError) {
        let fields = fields
        guard !fields.isEmpty else { return }
        let bytes = try FormUpload.document(of: fields)
        let document: JSONDocument
        do throws(JSONFault) {
            document = try JSONDocument(bytes)
        } catch {
            throw APIError(error)
        }
        try TranscriptionCheck.check(document.root)
    }
}
