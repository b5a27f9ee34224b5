/// Puts the bytes of what a request names by its address into the request, for vendors that want them. Fetches nothing
/// twice, however many endpoints are tried.
struct MediaInlining: Sendable {
    /// What one request may have fetched.
    struct Limits: Sendable, Hashable {
        var addressesMax = 16
        /// Of all of it together, before it is Base64.
        var bytesMax = 20 * 1024 * 1024
    }

    private let fetcher: any MediaFetcher
    private let limits: Limits
    private var fetched: [Key: FetchedMedia] = [:]

    private struct Key: Hashable, Sendable {
        var url: String
        var types: Set<MediaType>

        init(_ address: MediaAddress) {
            url = address.url
            types = address.types
        }
    }

    init(_ fetcher: any MediaFetcher, limits: Limits = Limits()) {
        self.fetcher = fetcher
        self.limits = limits
    }

    /// `request` as a vendor can read it that cannot be given these addresses.
    ///
    /// - Parameters:
    ///   - addresses: of `request`, in order.
    ///   - time: what is left of the request's.
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` that names the member: another endpoint may be able to follow
    ///   the address itself. Of kind `cancelled` when the task was.
    mutating func inlining(
        _ addresses: [MediaAddress], in request: ChatRequest, within time: Duration
    ) async throws(UpstreamFailure) -> ChatRequest {
        do throws(UpstreamFailure) {
            try await fetch(addresses, within: time)
            return try replacing(addresses, in: request)
        } catch {
            var failure = error
            if failure.kind == .refused { failure.kind = .unsupported }
            throw failure
        }
    }

    /// Fetches what was not fetched yet, all at once; the first that fails ends the others.
    private mutating func fetch(_ addresses: [MediaAddress], within time: Duration) async throws(UpstreamFailure) {
        if addresses.count > limits.addressesMax {
            let first = addresses[limits.addressesMax].parameter
            throw UpstreamFailure(
                .refused,
                "`\(first)` is one address too many: at most \(limits.addressesMax) are fetched for a request.",
                parameter: first)
        }
        var missing: [Key: MediaAddress] = [:]
        for address in addresses where fetched[Key(address)] == nil && missing[Key(address)] == nil {
            missing[Key(address)] = address
        }
        let outcomes = await withTaskGroup(of: (Key, Result<FetchedMedia, UpstreamFailure>).self) {
            [missing, fetcher, bytesMax = limits.bytesMax] group in
            for (key, address) in missing {
                group.addTask {
                    do throws(UpstreamFailure) {
                        return (key, .success(try await fetcher.fetch(address, within: time)))
                    } catch {
                        return (key, .failure(error))
                    }
                }
            }
            var outcomes: [(Key, Result<FetchedMedia, UpstreamFailure>)] = []
            var sum = 0
            while let outcome = await group.next() {
                switch outcome.1 {
                case .failure:
                    group.cancelAll()
                    outcomes.append(outcome)
                case .success(let media):
                    // What is too much in all is not kept until all is there.
                    sum += media.base64.count / 4 * 3
                    guard sum > bytesMax else {
                        outcomes.append(outcome)
                        continue
                    }
                    group.cancelAll()
                    outcomes.append((outcome.0, .failure(.mediaTooMuch(missing[outcome.0], bytesMax: bytesMax))))
                }
            }
            return outcomes
        }
        // What failed first comes first: the others may only have been ended by it.
        for (key, result) in outcomes { fetched[key] = try result.get() }
    }

    private func replacing(
        _ addresses: [MediaAddress], in request: ChatRequest
    ) throws(UpstreamFailure) -> ChatRequest {
        let text = request.document.bytes
        var bytes: [UInt8] = []
        var at = 0
        var sum = 0
        for address in addresses {
            guard let media = fetched[Key(address)] else { continue }
            sum += media.base64.count / 4 * 3
            guard sum <= limits.bytesMax else {
                throw .mediaTooMuch(address, bytesMax: limits.bytesMax)
            }
            bytes += text[at..<address.place.lowerBound]
            bytes.append(0x22)
            if address.form == .dataAddress { bytes += "data:\(media.type.rawValue);base64,".utf8 }
            bytes += media.base64
            bytes.append(0x22)
            at = address.place.upperBound
        }
        bytes += text[at...]
        guard let inlined = request.replacingText(with: bytes) else {
            throw UpstreamFailure(.refused, "The request is too large with what its addresses stand for.")
        }
        return inlined
    }
}

extension UpstreamFailure {
    /// What is fetched for a request is too much in all.
    fileprivate static func mediaTooMuch(_ address: MediaAddress?, bytesMax: Int) -> UpstreamFailure {
        let name = address?.parameter ?? "messages"
        return UpstreamFailure(
            .refused, "`\(name)` is too much: what is fetched for a request may have \(bytesMax) bytes in all.",
            parameter: name)
    }
}
