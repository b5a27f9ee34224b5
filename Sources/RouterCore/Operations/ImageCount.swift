/// Counts the images of a stream while they go out: a vendor says what it used only with the last.
struct ImageCount: Sendable {
    private let imagesMax: Int
    private let partialsMax: Int
    private var partials = 0
    private var hasImage = false

    /// - Parameter root: the request: images that nobody asked for are not charged.
    init(of root: JSONValue) {
        imagesMax = ImageCheck.count(of: root)
        partialsMax = ImageCheck.partials(of: root)
    }

    mutating func note(_ event: ChatEvent) {
        switch event {
        case .content: partials = min(partials + 1, partialsMax)
        case .completion: hasImage = true
        case .opening, .finish, .bytes, .usage, .silence: break
        }
    }

    /// Adds the partial images that came to our count. They are all that a stream brought that broke off before an image.
    ///
    /// A vendor that counts images and no tokens, of a model that is sold by the token, leaves the tokens to us.
    func complete(_ reported: inout Usage?, _ counted: inout Usage, _ end: Bill.End, prices: PriceList) {
        if var said = reported {
            said.leaveOut(imagesBeyond: imagesMax)
            reported = said
            guard said.completion == 0,
                prices.rates(prompt: 0, service: nil).dearest([.completion, .imageOutputToken]) > 0
            else { return }
            counted.images = said.images
            counted.imageSize = said.imageSize
            counted.imageQuality = said.imageQuality
            counted.completion = counted.completion / imagesMax * said.images
            reported = nil
        } else if end == .brokenOff, !hasImage {
            counted.images = 0
            counted.completion = 0
        }
        counted.completion += partials * ImageCheck.tokensOfPartial
        counted.completionImage = counted.completion
    }
}

extension Usage {
    /// Takes images that nobody asked for away, with their share of the tokens.
    fileprivate mutating func leaveOut(imagesBeyond count: Int) {
        guard images > count else { return }
        // Neither overflows: `count` is less than `images`.
        func share(_ tokens: Int) -> Int { tokens / images * count + tokens % images * count / images }
        completion = share(completion)
        completionImage = share(completionImage)
        reasoning = share(reasoning)
        images = count
    }
}
