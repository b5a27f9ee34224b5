import NIOCore
import RouterCore

/// A request in JSON with a sound in it, on its way in: the sound is decoded as it comes, and kept in a file without a name
/// where it is long, so that only what stands beside it is in memory.
///
/// It does not go on before it is whole: who is to get it may stand behind it, and often does.
final class InputAudioIntake: UploadIntake, @unchecked Sendable {
    private let spoolDirectory: String
    private var reader = InputAudioReader()
    private let audio = UploadedAudio()
    /// A short sound.
    private var bytes: [UInt8] = []
    /// A long one.
    private var spool: SpoolFile?

    /// So much of a sound stays in memory.
    private static let memoryMax = 64 * 1024

    /// - Parameter spoolDirectory: where long sounds are kept.
    init(spoolDirectory: String, loop: any EventLoop) {
        self.spoolDirectory = spoolDirectory
        super.init(loop: loop)
    }

    override func request(for operation: RouterCore.Operation) async throws(APIError) -> OperationRequest {
        try await open()
        let content: any UploadContent =
            if let spool { SpoolContent(spool, 0..<audio.byteCount) } else { BytesContent(bytes) }
        let reader = reader
        letGo()
        return try OperationRequest(reader, InputAudio(content, audio), for: operation)
    }

    override func read(_ bytes: ByteBuffer) throws(APIError) -> Bool {
        let sound = try reader.read(bytes.readableBytesUInt8Span)
        audio.add(sound.span)
        if let spool {
            spool.write(sound.span)
        } else if self.bytes.count + sound.count <= Self.memoryMax {
            self.bytes += sound
        } else {
            let spool = SpoolFile(in: spoolDirectory)
            self.spool = spool
            spool.write(self.bytes.span)
            spool.write(sound.span)
            self.bytes = []
        }
        return spool?.hasRoom(or: roomHook) ?? true
    }

    override func complete() {
        guard let spool else { return ready() }
        keep(spool) { self.ready() }
    }

    override func letGo(_ failure: UpstreamFailure) { letGo() }

    override func letGo() {
        reader = InputAudioReader()
        bytes = []
        spool = nil
    }
}
