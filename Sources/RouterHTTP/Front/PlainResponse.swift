import NIOCore
import NIOHTTP1

/// Writes a response as the bytes that go over the wire: what is ready goes into one buffer, and that out in one call.
struct PlainResponse {
    /// What is not handed to the channel yet.
    private var unsent: ByteBuffer
    private var isChunked = false

    /// - Parameter allocator: of the channel.
    init(allocator: ByteBufferAllocator) { unsent = allocator.buffer(capacity: 0) }

    /// - Parameters:
    ///   - contentLength: `nil` for a body in chunks.
    ///   - isLast: the connection ends with this response.
    mutating func writeHead(status: Int, headers: ResponseHeaders, contentLength: Int?, isLast: Bool) {
        isChunked = contentLength == nil
        unsent.reserveCapacity(1024 + (contentLength.map { min($0, 64 * 1024) } ?? 0))
        writeStatus(status)
        for field in headers.fields { writeField(field.name, field.value) }
        if let contentLength {
            writeField("content-length", String(contentLength))
        } else {
            unsent.writeStaticString("transfer-encoding: chunked\r\n")
        }
        if isLast { unsent.writeStaticString("connection: close\r\n") }
        unsent.writeStaticString("\r\n")
    }

    /// An answer before the answer, such as 100.
    mutating func writeInformational(_ status: Int) {
        writeStatus(status)
        unsent.writeStaticString("\r\n")
    }

    /// A part of the body; nothing for an empty one, which would end a body in chunks.
    mutating func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        guard isChunked else {
            unsent.writeBytes(bytes)
            return
        }
        unsent.reserveCapacity(minimumWritableBytes: bytes.count + 16)
        unsent.writeString(String(bytes.count, radix: 16))
        unsent.writeStaticString("\r\n")
        unsent.writeBytes(bytes)
        unsent.writeStaticString("\r\n")
    }

    mutating func writeEnd() {
        if isChunked { unsent.writeStaticString("0\r\n\r\n") }
    }

    /// What is ready; `nil` when nothing is.
    mutating func takeUnsent(allocator: ByteBufferAllocator) -> ByteBuffer? {
        guard unsent.readableBytes > 0 else { return nil }
        defer { unsent = allocator.buffer(capacity: 0) }
        return unsent
    }

    private mutating func writeStatus(_ code: Int) {
        guard code != 200 else {
            unsent.writeStaticString("HTTP/1.1 200 OK\r\n")
            return
        }
        let status = HTTPResponseStatus(statusCode: code)
        unsent.writeString("HTTP/1.1 \(code) \(status.reasonPhrase)\r\n")
    }

    private mutating func writeField(_ name: String, _ value: String) {
        unsent.writeString(name)
        unsent.writeStaticString(": ")
        unsent.writeString(value)
        unsent.writeStaticString("\r\n")
    }
}
