import NIOCore
import RouterCore

/// One form on its way in: its fields are read, and its file goes on as it comes, or into a file without a name until it
/// is whole where that has to be.
///
/// A file can go on at once where it is known before it which model is asked, and how long the body is. Most libraries
/// send it so. Others send the file first: then it is kept on the disk, since who is to get it is not known yet.
///
/// `@unchecked Sendable`: as ``UploadIntake``.
final class FormIntake: UploadIntake, @unchecked Sendable {
    /// What one form may have.
    struct Limits: Sendable, Hashable {
        /// Of the file.
        var fileBytesMax = 25 << 20
        /// Of the fields that are read here, and of the names of all.
        var readBytesMax = 32 * 1024
        /// Of the values of the others that are in memory; what would be more is kept on the disk.
        var passedBytesMax = 16 * 1024
        /// Of what is kept of them.
        var keptBytesMax = 16 << 20
        var parts = MultipartReader.Limits()
    }

    private enum Part {
        case none
        case field(FormField)
        case file
    }

    private enum Carrier {
        /// The file goes on as it comes, with all that follows it.
        case pipe(UploadPipe, offset: Int, byteCount: Int)
        case spool(start: Int)
    }

    private let limits: Limits
    private let contentLength: Int?
    private let spoolDirectory: String

    private var reader: MultipartReader?
    private var boundary = ""
    private let audio = UploadedAudio()
    /// Bytes of the body that were read.
    private var position = 0
    private var part = Part.none
    private var fields: [FormField] = []
    /// What is kept on the disk, and so many bytes of it: the file, and fields too long for memory.
    private var spool: SpoolFile?
    private var spoolCount = 0
    /// Those behind the file.
    private let late = LateFields()
    private let credit = UploadCredit()
    private var readBytes = 0
    private var passedBytes = 0
    private var promptCharacters = 0
    private var fileHead: MultipartHead?
    private var isFileWhole = false
    private var carrier: Carrier?
    /// From the end of a file on its way on: held back until the form is known to be whole, and paid.
    private var tail: [UInt8] = []
    private var upload: FormUpload?

    /// Of the end of a file, which comes in one piece with what follows it, fields behind it with their heads, and what some send behind the last boundary.
    private static let tailBytesMax = 128 * 1024 + UploadReading.pieceBytes
    /// So much of a file tells what it is and, mostly, how long it takes to play.
    private static let fileBytesNeeded = 4096

    /// - Parameters:
    ///   - contentLength: `nil` for a body in chunks.
    ///   - spoolDirectory: where files are kept that cannot go on as they come.
    init(
        contentType: String, contentLength: Int?, limits: Limits = Limits(), spoolDirectory: String, loop: any EventLoop
    ) {
        self.limits = limits
        self.contentLength = contentLength
        self.spoolDirectory = spoolDirectory
        super.init(loop: loop)
        do throws(MultipartFault) {
            reader = try MultipartReader(contentType: contentType, limits: limits.parts)
            boundary = reader?.boundary ?? ""
        } catch {
            fail(Self.error(error))
        }
    }

    /// Whether a body of this type is a form.
    static func isForm(_ contentType: String?) -> Bool {
        guard let type = contentType?.utf8, type.count >= 19,
            type.prefix(19).elementsEqual("multipart/form-data".utf8, by: { $0 | 0x20 == $1 | 0x20 })
        else { return false }
        return type.dropFirst(19).first.map { " \t;".utf8.contains($0) } ?? true
    }

    override func request(for operation: RouterCore.Operation) async throws(APIError) -> OperationRequest {
        try await open()
        guard let upload else { throw APIError(.internalError, "The form was lost.") }
        return try OperationRequest(upload, for: operation)
    }

    // MARK: The end

    override func letGo() {
        if case .pipe(let pipe, _, _)? = carrier { pipe.close() }
        carrier = nil
        spool = nil
        tail = []
        upload = nil
        endCredit()
    }

    override func letGo(_ failure: UpstreamFailure) {
        tail = []
        if case .pipe(let pipe, _, _)? = carrier { pipe.fail(failure) }
    }

    override func clientLeft() {
        super.clientLeft()
        endCredit()
    }

    private func endCredit() {
        guard isEnded else { return }  // Nobody asks.
        Task { [credit] in await credit.end() }
    }

    // MARK: Reading

    override func read(_ bytes: ByteBuffer) throws(APIError) -> Bool {
        do {
            if var reader {
                self.reader = nil  // Nobody else is to touch it while it reads.
                defer { self.reader = reader }
                try reader.read(bytes.readableBytesUInt8Span) { try note($0, $1) }
            }
        } catch let error as APIError {
            throw error
        } catch let error as MultipartFault {
            throw Self.error(error)
        } catch {
            throw APIError(.internalError, "The form could not be read.", detail: "\(error)")
        }
        defer { position += bytes.readableBytes }
        return try pass(bytes)
    }

    /// Passes on what belongs to the file or follows it, as it came.
    private func pass(_ bytes: ByteBuffer) throws(APIError) -> Bool {
        switch carrier {
        case nil, .spool?: return spool?.hasRoom(or: roomHook) ?? true
        case .pipe(let pipe, let offset, _)?:
            var bytes = bytes
            let isLast = position + bytes.readableBytes >= contentLength ?? .max
            bytes.moveReaderIndex(forwardBy: min(max(0, offset - position), bytes.readableBytes))
            guard bytes.readableBytes > 0 else { return true }
            guard isFileWhole || isLast else {
                return pipe.write(piece: BufferPiece.piece(of: bytes), whenRoom: roomHook)
            }
            // No vendor is to have all of a form that turns out to be broken, or whose file is not paid.
            guard tail.count + bytes.readableBytes <= Self.tailBytesMax else {
                throw APIError(.payloadTooLarge, "The form has too much behind its file: send the fields before it.")
            }
            tail += bytes.readableBytesUInt8Span
            return true
        }
    }

    private func note(_ event: MultipartReader.Event, _ bytes: Span<UInt8>) throws {
        switch event {
        case .part(let head, let offset): try begin(head, at: offset)
        case .bytes:
            switch part {
            case .none: break
            case .field(var field):
                part = .none  // So that the value is not copied.
                try add(bytes, to: &field)
                part = .field(field)
            case .file:
                audio.add(bytes)
                guard audio.byteCount <= limits.fileBytesMax else { throw Self.tooLarge(limits.fileBytesMax) }
                if case .spool? = carrier { keep(bytes) }
                if audio.byteCount >= Self.fileBytesNeeded { try settle() }
            }
        case .partEnd:
            switch part {
            case .none: break
            case .field(var field):
                field.value = field.value.withUnsafeBufferPointer { Array($0) }  // No more memory than it needs.
                fields.append(field)
                if fileHead != nil, !late.add(field) { throw Self.mustBeEarly(String(field.plainName)) }
            case .file:
                isFileWhole = true
                guard audio.byteCount > 0 else {
                    throw APIError(.invalidRequest, "The file is empty: it has 0 bytes.", parameter: "file")
                }
                try settle()
            }
            part = .none
        case .end: break
        }
    }

    private func add(_ bytes: Span<UInt8>, to field: inout FormField) throws(APIError) {
        if field.name == "prompt" { try countPrompt(bytes) }
        if Self.readNames.contains(String(field.rootName)) {
            try read(bytes.count, of: field)
            field.value += bytes
            return
        }
        if field.kept == nil, passedBytes + bytes.count > limits.passedBytesMax { try moveOut(&field) }
        guard let kept = field.kept else {
            field.value += bytes
            passedBytes += bytes.count
            return
        }
        keep(bytes)
        field.kept = kept.lowerBound..<spoolCount
        guard spoolCount - (isFileKept ? audio.byteCount : 0) <= limits.keptBytesMax else {
            throw Self.tooLarge(field, "fields have at most \(limits.keptBytesMax >> 20) MiB together")
        }
    }

    /// Goes on with a field on the disk.
    private func moveOut(_ field: inout FormField) throws(APIError) {
        if case .pipe? = carrier { throw Self.mustBeEarly(String(field.plainName)) }
        passedBytes -= field.value.count
        field.kept = spoolCount..<spoolCount
        keep(field.value.span)
        field.value = []
    }

    /// Counts what has to be in memory.
    private func read(_ count: Int, of field: FormField) throws(APIError) {
        readBytes += count
        guard readBytes <= limits.readBytesMax else {
            throw Self.tooLarge(field, "fields like it have at most \(limits.readBytesMax >> 10) KiB together")
        }
    }

    /// A prompt on the disk is not checked with the others.
    private func countPrompt(_ bytes: Span<UInt8>) throws(APIError) {
        for index in bytes.indices where bytes[index] & 0xC0 != 0x80 { promptCharacters += 1 }
        guard promptCharacters <= FormUpload.promptCharactersMax else {
            throw APIError(
                .invalidRequest, "`prompt` must have at most \(FormUpload.promptCharactersMax) characters.",
                parameter: "prompt")
        }
    }

    private var isFileKept: Bool { if case .spool? = carrier { true } else { false } }

    private func keep(_ bytes: Span<UInt8>) {
        let spool = spool ?? SpoolFile(in: spoolDirectory)
        self.spool = spool
        spool.write(bytes)
        spoolCount += bytes.count
    }

    /// Root names of what is read here, and so has to be in memory.
    private static let readNames: Set<String> = [
        "model", "models", "provider", "language", "response_format", "temperature", "stream",
        "timestamp_granularities",
        "include", "chunking_strategy", "diarize", "keyterms", "user",
    ]

    private func begin(_ head: MultipartHead, at offset: Int) throws(APIError) {
        guard head.name == "file" else {
            guard head.fileName == nil else {
                throw APIError(
                    .invalidRequest, "The form has a file named `\(head.name.prefix(60))`: send one file, as `file`.",
                    parameter: String(head.name.prefix(60)))
            }
            if case .pipe? = carrier {
                // The vendor reads it as it came: it must be what we read, whoever reads it.
                guard head.isPlainField else {
                    throw APIError(
                        .invalidRequest,
                        "A field behind the file needs a name of letters, digits and any of `_-.[]`, and no other parameter: send it before the file."
                    )
                }
                let root = String(FormField.rootName(of: head.name))
                if Self.earlyNames.contains(root) { throw Self.mustBeEarly(root) }
            }
            promptCharacters = 0
            var field = FormField(head.name, [], typeLine: head.typeLine)
            try read(head.name.utf8.count + head.typeLine.count, of: field)
            // Those of one name stay in their order: what is kept is sent behind the rest.
            if fields.contains(where: { $0.kept != nil && $0.plainName == field.plainName }) {
                field.kept = spoolCount..<spoolCount
            }
            part = .field(field)
            return
        }
        guard fileHead == nil else {
            throw APIError(.invalidRequest, "The form has more than one file: send one.", parameter: "file")
        }
        fileHead = head
        part = .file
        let isKnown = fields.contains { ["model", "models"].contains($0.plainName) && !$0.value.isEmpty }
        // Behind the file come at least two line ends, four hyphens and the boundary.
        if isKnown, spool == nil, let contentLength,
            contentLength - offset <= limits.fileBytesMax + boundary.utf8.count + 8
        {
            carrier = .pipe(UploadPipe(), offset: offset, byteCount: max(0, contentLength - offset))
        } else {
            carrier = .spool(start: spoolCount)
            keep([UInt8]().span)
        }
    }

    /// Root names of what decides who is asked: too late behind a file that is on its way.
    private static let earlyNames: Set<String> = ["model", "models", "provider"]

    /// Enough of the file is there to say what it is.
    private func settle() throws(APIError) {
        guard upload == nil, let fileHead else { return }
        if let foreign = audio.foreign {
            throw APIError(
                .invalidRequest,
                "The file is \(foreign), not audio. Formats: \(UploadedFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
                parameter: "file")
        }
        guard case .pipe(let pipe, _, let byteCount)? = carrier else { return }
        upload = FormUpload(
            fields: fields, boundary: boundary, fileHead: fileHead.lines,
            rest: LiveContent(pipe, byteCount: byteCount), audio: audio, late: late, credit: credit)
        ready()
    }

    override func complete() {
        guard reader?.isOver == true else { return fail(Self.error(.truncated)) }
        guard let fileHead else {
            return fail(
                APIError(
                    .invalidRequest, "`file` is required: the audio file, as a part of the form with a file name.",
                    parameter: "file"))
        }
        switch carrier {
        case .pipe(let pipe, _, _)?:
            do throws(APIError) { try late.check() } catch { return fail(error) }
            Task { [self] in
                let growth = await credit.covers()
                loop.execute { self.pay(growth, pipe) }
            }
        case .spool(let start)?:
            guard let spool else { return }
            keep(spool) { [self] in
                upload = FormUpload(
                    fields: fields, boundary: boundary, fileHead: fileHead.lines,
                    file: SpoolContent(spool, start..<start + audio.byteCount), audio: audio)
                ready()
            }
        case nil: break
        }
    }

    /// The file is whole, and its credit was asked for.
    private func pay(_ growth: HoldGrowth, _ pipe: UploadPipe) {
        guard fault == nil, !isClosed else { return }
        switch growth {
        case .granted:
            _ = pipe.write(tail)
            tail = []
            pipe.finish()
        case .short: fail(.creditShort(forSecondsOf: audio.length))
        case .unknown: fail(APIError(creditUnknown: "more could not be set aside for a file"))
        }
    }

    // MARK: Errors

    private static func mustBeEarly(_ name: String) -> APIError {
        APIError(.invalidRequest, LateFields.mustBeEarly(name), parameter: name)
    }

    private static func error(_ fault: MultipartFault) -> APIError { APIError(.invalidRequest, fault.message) }

    private static func tooLarge(_ field: FormField, _ most: String) -> APIError {
        let name = String(field.name.prefix(60))
        return APIError(.payloadTooLarge, "The field `\(name)` is too large: \(most).", parameter: name)
    }

    private static func tooLarge(_ bytesMax: Int) -> APIError {
        APIError(
            .payloadTooLarge, "The file is too large: at most \(bytesMax >> 20) MB (\(bytesMax) bytes).",
            parameter: "file")
    }
}

extension APIError {
    /// A file could not be written to the disk, or read from it again.
    static var fileNotKept: APIError {
        APIError(
            .unavailable, "The file could not be kept for the moment. Try again.",
            detail: "the disk under the folder for uploads is full or fails", retryAfter: .seconds(5))
    }
}
