/// Reads an audio file as it passes, cut anywhere, and keeps none of it: what it is, and how long.
///
/// A header is believed as far as the bytes behind it allow: no file is shorter than it would be at the highest bit rate
/// of its format, nor longer than at the lowest.
///
/// Sources: the formats' own, named at each of their readers.
public struct AudioReader: Sendable {
    /// So many bytes came.
    public private(set) var byteCount = 0
    /// `nil` before ``UploadedFormat/bytesNeeded`` bytes came, and for what is none of them.
    public private(set) var format: UploadedFormat?
    private var head: [UInt8] = []
    private var contents: (any AudioContents)?

    /// Bytes from the beginning by which it is told what a file is not.
    private static let headBytesMax = 512
    /// Thousand bits a second of what nobody knows: from Opus for speech to stereo without compression.
    private static let unknownKilobits = 6...1536

    public init() {}

    /// What the file is instead that certainly is no audio, with its article, such as `a PDF`; `nil` where it may be
    /// audio, and before twelve bytes came.
    public var foreign: String? { format == nil ? UploadedFormat.foreign(head: head) : nil }

    /// How long what came is.
    public var length: AudioLength { length(ofBytes: byteCount) }

    /// How long the file is when it has so many bytes, by what came of it.
    public func length(ofBytes total: Int) -> AudioLength {
        let total = min(max(byteCount, total), AudioLength.most)
        return contents?.length(ofBytes: total) ?? AudioLength(bytes: total, at: Self.unknownKilobits)
    }

    /// Takes the next bytes.
    public mutating func add(_ bytes: Span<UInt8>) {
        let isDecided = byteCount >= UploadedFormat.bytesNeeded
        byteCount += bytes.count
        if head.count < Self.headBytesMax { head += bytes.extracting(first: Self.headBytesMax - head.count) }
        if isDecided {
            contents?.add(bytes)
            return
        }
        format = UploadedFormat(head: head)
        guard let format else { return }
        var contents = Self.contents(of: format)
        let before = byteCount - bytes.count
        contents.add(head.span.extracting(first: before))
        contents.add(bytes)
        self.contents = contents
    }

    private static func contents(of format: UploadedFormat) -> any AudioContents {
        switch format {
        case .wav: WAVContents()
        case .flac: FLACContents()
        case .mp3: FrameContents(.mpeg)
        case .aac: FrameContents(.adts)
        case .ogg: OggContents()
        case .mp4: MP4Contents()
        case .webm: WebMContents()
        }
    }
}

/// What is read of a file of one format.
protocol AudioContents: Sendable {
    /// Takes the next bytes, from the first of the file on.
    mutating func add(_ bytes: Span<UInt8>)

    /// How long the file is when it has `total` bytes, by what came of it.
    func length(ofBytes total: Int) -> AudioLength
}
