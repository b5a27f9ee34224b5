import CCurl
import RouterCore

/// The header lines of one request as libcurl reads them: a linked list over one piece of text.
///
/// libcurl's own list costs two allocations a line; this one uses its two again for the next request. What it gives out
/// is valid until it is filled again, and is not to be freed by libcurl's functions.
final class HeaderList {
    private var text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
    private var nodes = UnsafeMutableBufferPointer<curl_slist>.allocate(capacity: 0)
    private var textCount = 0
    private var nodeCount = 0
    private var hasContentType = false

    deinit {
        text.deallocate()
        nodes.deallocate()
    }

    /// - Parameter forbidsExpect: libcurl is not to ask whether the body may be sent, which costs a round trip.
    /// - Throws: ``/RouterCore/UpstreamFailure`` of kind `unsupported` when a name or value cannot be in a header: a line
    ///   break in it would be another header, or another request.
    func fill(_ headers: [UpstreamRequest.Header], forbidsExpect: Bool) throws(UpstreamFailure)
        -> UnsafeMutablePointer<curl_slist>?
    {
        reserve(headers)
        textCount = 0
        nodeCount = 0
        hasContentType = false
        for header in headers {
            guard add(header) else {
                throw UpstreamFailure(.unsupported, "A request header holds characters that cannot be sent.")
            }
        }
        add("accept-encoding: identity")
        // A name with nothing behind its colon keeps libcurl from sending one of its own.
        if !hasContentType { add("content-type:") }
        if forbidsExpect { add("expect:") }
        return nodes.baseAddress
    }

    /// Room for all lines, so that nothing moves while they are linked.
    private func reserve(_ headers: [UpstreamRequest.Header]) {
        let fixed = 128
        let bytes = headers.reduce(fixed) { $0 + $1.name.utf8.count + $1.value.utf8.count + 3 }
        if bytes > text.count {
            text.deallocate()
            text = .allocate(capacity: bytes)
        }
        if headers.count + 3 > nodes.count {
            nodes.deallocate()
            nodes = .allocate(capacity: headers.count + 3)
        }
    }

    /// - Returns: false when it cannot be sent.
    private func add(_ header: UpstreamRequest.Header) -> Bool {
        let start = textCount
        let isName = put(header.name) { $0 > 0x20 && $0 != UInt8(ascii: ":") && $0 != 0x7F }
        guard isName, textCount > start else { return false }
        if !hasContentType, textCount - start == 12 {
            hasContentType = text[start..<textCount].elementsEqual("content-type".utf8) { $0 | 0x20 == $1 }
        }
        // A name alone takes a semicolon where it is to be sent, an empty value behind a colon would take it away.
        guard !header.value.isEmpty else {
            put(UInt8(ascii: ";"))
            link(start)
            return true
        }
        put(UInt8(ascii: ":"))
        put(0x20)
        let isValue = put(header.value) { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        link(start)
        return isValue
    }

    /// - Returns: whether all of its bytes are allowed.
    private func put(_ part: String, where isAllowed: (UInt8) -> Bool) -> Bool {
        var part = part  // To reach its bytes; it is not copied where it is one piece already.
        return part.withUTF8 { bytes in
            var isClean = true
            for byte in bytes where !isAllowed(byte) { isClean = false }
            _ = UnsafeMutableBufferPointer(rebasing: text[textCount...]).update(fromContentsOf: bytes)
            textCount += bytes.count
            return isClean
        }
    }

    private func add(_ line: StaticString) {
        let start = textCount
        line.withUTF8Buffer { for byte in $0 { put(byte) } }
        link(start)
    }

    private func put(_ byte: UInt8) {
        text[textCount] = byte
        textCount += 1
    }

    /// Ends the line that begins at `start` and appends it to the list.
    private func link(_ start: Int) {
        put(0)
        guard let line = text.baseAddress, let first = nodes.baseAddress else { return }
        // The text and the nodes stay where they are until the next `fill`, which comes when libcurl is done with them.
        let data = UnsafeMutableRawPointer(line + start).assumingMemoryBound(to: CChar.self)
        (first + nodeCount).initialize(to: curl_slist(data: data, next: nil))
        if nodeCount > 0 { (first + nodeCount - 1).pointee.next = first + nodeCount }
        nodeCount += 1
    }
}
