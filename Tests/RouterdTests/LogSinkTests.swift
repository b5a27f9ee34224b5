import Foundation
import Testing

@testable import routerd

@Suite("Where log lines go") struct LogSinkTests {
    /// What comes out of `pipe` until `count` bytes are there.
    private func read(_ pipe: Pipe, count: Int) async -> String {
        await Task.detached {
            var data = Data()
            while data.count < count {
                let more = pipe.fileHandleForReading.availableData
                guard !more.isEmpty else { break }
                data += more
            }
            return String(decoding: data, as: UTF8.self)
        }.value
    }

    @Test("a line comes by itself, an urgent one at once with what was waiting, and none is lost or overtaken")
    func order() async {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        sink.write(Array("one\n".utf8), isUrgent: false)
        #expect(await read(pipe, count: 4) == "one\n")
        sink.write(Array("two\n".utf8), isUrgent: false)
        sink.write(Array("three\n".utf8), isUrgent: true)
        #expect(await read(pipe, count: 10) == "two\nthree\n")
        sink.write(Array("four\n".utf8), isUrgent: false)
        #expect(await read(pipe, count: 5) == "four\n")
    }

    @Test("many lines go out in blocks, in their order, and the last ones by themselves")
    func blocks() async {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let lines = (0..<20_000).map { "line \($0)\n" }
        let expected = lines.joined()
        async let read = read(pipe, count: expected.utf8.count)
        for line in lines { sink.write(Array(line.utf8), isUrgent: false) }
        #expect(await read == expected)
    }
}
