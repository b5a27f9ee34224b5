/// Fetches what a provider made and gave the address of, without its key. What goes wrong is the provider's fault.
struct ResultFetch: Sendable {
    let provider: Provider
    let timeouts: Timeouts
    let transport: any Transport
    /// For what is not at the provider's own server; `nil`: that is not fetched.
    let media: (any MediaFetcher)?

    /// Of one thing.
    private static let bytesMax = 20 << 20
    /// In Base64, of all that one answer names.
    private static let sumMax = 64 << 20

    /// Fetched at the same time.
    private static let atOnceMax = 3

    /// Fetches all of them, some at a time; the first that fails ends the others.
    ///
    /// - Parameter time: until they must be there.
    /// - Throws: ``UpstreamFailure`` of kind `cancelled` when the task was.
    func fetch(
        _ addresses: [ResultAddress], within time: Duration
    ) async throws(UpstreamFailure) -> [FetchedMedia] {
        let (results, failure) = await withTaskGroup(
            of: (index: Int, result: Result<FetchedMedia, UpstreamFailure>).self
        ) {
            group in
            let start = ContinuousClock.now
            var rest = addresses.enumerated().makeIterator()
            func begin() {
                guard let (index, address) = rest.next() else { return }
                group.addTask {
                    do throws(UpstreamFailure) {
                        let left = time - start.duration(to: .now)
                        return (index, .success(try await fetch(address, within: max(left, .zero))))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<Self.atOnceMax { begin() }
            var results: [Int: FetchedMedia] = [:]
            var failure: UpstreamFailure?
            var sum = 0
            for await (index, result) in group {
                switch result {
                case .success(let media):
                    sum += media.base64.count
                    results[index] = media
                    if sum > Self.sumMax { failure = failure ?? Self.failed("it is too much together") }
                // What failed first comes first: the others may only have been ended by it.
                case .failure(let one): failure = failure ?? one
                }
                if failure == nil { begin() } else { group.cancelAll() }
            }
            return (results, failure)
        }
        if let failure { throw failure }
        return addresses.indices.compactMap { results[$0] }
    }

    func fetch(_ address: ResultAddress, within time: Duration) async throws(UpstreamFailure) -> FetchedMedia {
        switch address.place {
        case .web(let url): try await fetchFromWeb(url, address.types, within: time)
        case .provider(let origin, let path):
            try await fetchFromProvider(path, at: origin, address.types, within: time)
        }
    }

    private func fetchFromWeb(
        _ url: String, _ types: Set<MediaType>, within time: Duration
    ) async throws(UpstreamFailure) -> FetchedMedia {
        guard let media else { throw Self.failed("nothing is fetched from elsewhere here") }
        do throws(UpstreamFailure) {
            return try await media.fetch(MediaAddress(resultAt: url, types: types), within: time)
        } catch {
            if error.kind == .cancelled { throw error }
            throw UpstreamFailure(.broken, "What the provider made could not be fetched. \(error.message)")
        }
    }

    private func fetchFromProvider(
        _ path: String, at origin: String, _ types: Set<MediaType>, within time: Duration
    ) async throws(UpstreamFailure) -> FetchedMedia {
        var place = provider
        place.baseURL = origin
        let request = UpstreamRequest(method: .get, path: path, headers: [.init("accept", "*/*")])
        let answer = try await transport.open(request, to: place, timeouts: timeouts.within(time)).collect(
            bytesMax: Self.bytesMax)
        guard answer.head.status == 200 else { throw Self.failed("its server answered HTTP \(answer.head.status)") }
        guard let body = answer.body else { throw Self.failed("it is larger than \(Self.bytesMax) bytes") }
        guard let type = MediaType(of: answer.head), types.contains(type), type.begins(body) else {
            throw Self.failed("it is none of \(types.map(\.rawValue).sorted().joined(separator: ", "))")
        }
        return FetchedMedia(type: type, base64: Base64.encoded(body))
    }

    private static func failed(_ why: String) -> UpstreamFailure {
        UpstreamFailure(.broken, "What the provider made could not be fetched: \(why).")
    }
}
