/// What a price is for. Raw values are the names of `pricing` in `GET /models`.
public enum PriceUnit: String, Sendable, Hashable, CaseIterable {
    /// A token of the prompt, unless one of the others has it.
    case prompt
    /// A token of the answer, unless one of the others has it.
    case completion
    /// A token of the prompt read from the vendor's cache.
    case cacheRead = "input_cache_read"
    /// A token of the prompt written to the vendor's cache for five minutes.
    case cacheWrite = "input_cache_write"
    /// The same for an hour.
    case cacheWrite1h = "input_cache_write_1h"
    /// A token of the answer that is not shown.
    case reasoning = "internal_reasoning"
    /// A token of an image in the prompt.
    case imageToken = "image_token"
    /// A token of audio in the prompt.
    case audio
    /// A token of audio in the answer.
    case audioOutput = "audio_output"
    /// A token of audio read from the vendor's cache.
    case audioCache = "input_audio_cache"
    /// A token of an image in the answer.
    case imageOutputToken = "image_output_token"
    /// A request, whatever is in it.
    case request
    /// An image in the prompt.
    case image
    /// An image that was made; sizes and qualities may have their own.
    case imageOutput = "image_output"
    /// A second of audio in the prompt.
    case audioSecond = "audio_second"
    /// A second of audio in the answer.
    case audioOutputSecond = "audio_output_second"
    /// A character of text to be spoken.
    case character
    /// A search of the web.
    case webSearch = "web_search"

    /// Whether it is counted in tokens.
    public var isToken: Bool {
        switch self {
        case .prompt, .completion, .cacheRead, .cacheWrite, .cacheWrite1h, .reasoning, .imageToken, .audio,
            .audioOutput,
            .audioCache, .imageOutputToken:
            true
        case .request, .image, .imageOutput, .audioSecond, .audioOutputSecond, .character, .webSearch: false
        }
    }

    /// Its place among all of them.
    var place: Int {
        switch self {
        case .prompt: 0
        case .completion: 1
        case .cacheRead: 2
        case .cacheWrite: 3
        case .cacheWrite1h: 4
        case .reasoning: 5
        case .imageToken: 6
        case .audio: 7
        case .audioOutput: 8
        case .audioCache: 9
        case .imageOutputToken: 10
        case .request: 11
        case .image: 12
        case .imageOutput: 13
        case .audioSecond: 14
        case .audioOutputSecond: 15
        case .character: 16
        case .webSearch: 17
        }
    }
}

/// What each unit costs: pico-dollars, exact.
public struct Rates: Sendable, Hashable {
    /// By ``PriceUnit/place``; `nil`: no price of its own.
    private var picoUSD: [Int64?] = Array(repeating: nil, count: PriceUnit.allCases.count)

    public init() {}

    /// Pico-dollars for one; `nil` when the unit has no price of its own.
    public subscript(_ unit: PriceUnit) -> Int64? {
        get { picoUSD[unit.place] }
        set { picoUSD[unit.place] = newValue }
    }

    /// These, and those of `base` that are not here.
    func over(_ base: Rates) -> Rates {
        var rates = self
        for unit in PriceUnit.allCases where rates[unit] == nil { rates[unit] = base[unit] }
        return rates
    }

    /// The dearer of both, unit by unit.
    func orDearer(_ other: Rates) -> Rates {
        var rates = self
        for unit in PriceUnit.allCases {
            rates[unit] = [self[unit], other[unit]].compactMap(\.self).max()
        }
        return rates
    }

    /// What one of these can cost at most.
    func dearest(_ units: [PriceUnit]) -> Int64 { units.reduce(0) { max($0, self[$1] ?? 0) } }

    /// In the order of ``PriceUnit``, those that have a price.
    public var all: [(unit: PriceUnit, picoUSD: Int64)] {
        PriceUnit.allCases.compactMap { unit in self[unit].map { (unit, $0) } }
    }
}
