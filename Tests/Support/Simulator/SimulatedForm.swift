public import RouterCore

/// A form as a simulated vendor sees it, read while it comes: its fields, and how much of what the file is. Keeps no sound.
public struct SimulatedForm: Sendable {
    public private(set) var fields: [FormField] = []
    public private(set) var fileName: String?
    public private(set) var audio = AudioReader()
    /// Whether no field came behind the file.
    public private(set) var isFileLast = false
    /// What is wrong with it.
    public private(set) var fault: String?
    private var reader: MultipartReader?
    private var isFile = false

    /// - Returns: `nil` where the content type names no form.
    public init?(contentType: String) {
        do {
            guard let reader = try MultipartReader(contentType: contentType) else { return nil }
            self.reader = reader
        } catch {
            fault = error.message
        }
    }

    /// Takes the next bytes of the body.
    public mutating func add(_ bytes: [UInt8]) {
        guard fault == nil, var reader else { return }
        do {
            try reader.read(bytes.span) { note($0, $1) }
        } catch {
            fault = "\(error)"
        }
        self.reader = reader
    }

    /// The body ended.
    public mutating func finish() {
        guard fault == nil else { return }
        do throws(MultipartFault) {
            try reader?.finish()
        } catch {
            fault = error.message
        }
    }

    private mutating func note(_ event: MultipartReader.Event, _ bytes: Span<UInt8>) {
        switch event {
        case .part(let head, offset: _):
            isFile = head.fileName != nil
            isFileLast = isFile
            if isFile { fileName = head.fileName } else { fields.append(FormField(head.name, "")) }
        case .bytes:
            if isFile {
                audio.add(bytes)
            } else {
                fields[fields.count - 1].value += bytes
            }
        case .partEnd, .end: break
        }
    }

    /// The first field of this name.
    public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.text }
}
