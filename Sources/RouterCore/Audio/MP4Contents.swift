/// What says how long an MP4 file is: the movie's header, or the times of its fragments.
///
/// Source: ISO/IEC 14496-12, sections 4.2, 8.2.2, 8.4.2, 8.8.2 and 8.8.12.
struct MP4Contents: AudioContents {
    private var walk = HeaderWalk()
    private var byteCount = 0
    /// Of the movie, in its units.
    private var movie: (duration: UInt64, scale: UInt64)?
    /// Of all fragments, in the movie's units.
    private var fragmented: UInt64 = 0
    /// Units a second of the track.
    private var trackScale: UInt64 = 0
    private var fragments = 0
    /// Where the last fragment starts, in the track's units.
    private var lastStart: UInt64 = 0

    /// Thousand bits a second: it may hold a film.
    private static let kilobits = 4...8192
    /// The same of sound.
    private static let usualKilobits = 16...512

    mutating func add(_ bytes: Span<UInt8>) {
        byteCount += bytes.count
        walk.append(bytes)
        while let head = walk.next(8) {
            var size = Int(head.big(0, 4))
            var headerBytes = 8
            if size == 1 {
                guard let long = walk.next(16) else { break }
                size = Int(clamping: long.big(8, 8))
                headerBytes = 16
            } else if size == 0 {
                size = AudioLength.most  // up to the end of the file
            }
            guard size >= headerBytes else {
                walk.advance(AudioLength.most)  // no box
                break
            }
            if ["moov", "trak", "mdia", "mvex", "moof", "traf"].contains(where: { head.stands($0, at: 4) }) {
                if head.stands("moof", at: 4) { fragments += 1 }
                walk.advance(headerBytes)
                continue
            }
            if ["mvhd", "mdhd", "mehd", "tfdt"].contains(where: { head.stands($0, at: 4) }) {
                guard let box = walk.next(min(size, headerBytes + 32)) else { break }
                read(box.dropFirst(4).prefix(4), box.dropFirst(headerBytes))
            }
            walk.advance(size)
        }
        walk.keepRest()
    }

    private mutating func read(_ name: ArraySlice<UInt8>, _ box: ArraySlice<UInt8>) {
        let isLong = box[from: 0] == 1
        if name.stands("mvhd") {
            let duration = isLong ? box.big(24, 8) : box.big(16, 4)
            movie = (duration == (isLong ? .max : 0xFFFF_FFFF) ? 0 : duration, box.big(isLong ? 20 : 12, 4))
        } else if name.stands("mdhd") {
            trackScale = box.big(isLong ? 20 : 12, 4)
        } else {
            let time = isLong ? box.big(4, 8) : box.big(4, 4)
            if name.stands("mehd") { fragmented = time } else { lastStart = max(lastStart, time) }
        }
    }

    private var milliseconds: Int? {
        func time(_ count: UInt64, _ scale: UInt64) -> Int? {
            count > 0 && scale > 0 ? AudioLength.milliseconds(Double(count) * 1000 / Double(scale)) : nil
        }
        guard let movie else { return nil }
        return time(movie.duration, movie.scale) ?? time(fragmented, movie.scale)
    }

    func length(ofBytes total: Int) -> AudioLength {
        if let milliseconds { return AudioLength(exactly: milliseconds).within(total, at: Self.kilobits) }
        // The last fragment is about as long as the others.
        if total == byteCount, fragments > 1, trackScale > 0,
            let start = AudioLength.milliseconds(Double(lastStart) * 1000 / Double(trackScale)), start > 0
        {
            return AudioLength(atLeast: start, atMost: start / (fragments - 1) * fragments)
                .within(total, at: Self.kilobits)
        }
        return AudioLength(bytes: total, at: Self.usualKilobits)
    }
}
