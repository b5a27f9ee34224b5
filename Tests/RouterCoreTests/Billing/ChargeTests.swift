import Testing

@testable import RouterCore

@Suite("Charges")
struct ChargeTests {
    @Test("cost what the contract's example says: 25 tokens in and 150 out")
    func contractExample() throws {
        let prices = Self.list([.prompt: 2_500_000, .completion: 20_000_000])
        var usage = Usage()
        usage.prompt = 25
        usage.completion = 150
        let charge = try prices.charge(for: usage)
        #expect(charge.total.text == "0.003062500")
        #expect(charge.lines.map(\.amount.nanoUSD) == [62_500, 3_000_000])
    }

    @Test("agree with a bill on paper, to the last nano-dollar, for 10,000 random usages")
    func randomUsages() async {
        var chance = Chance(state: 0x5EED_2026)
        var overflows = 0
        for round in 0..<10_000 {
            await Task.yield()  // Tests beside this one wait for sockets.
            let rates = Self.rates(&chance)
            let usage = Self.usage(&chance)
            let charge = try? Self.list(rates).charge(for: usage)
            let total = PaperBill.total(usage, rates: rates)
            #expect(charge?.total.nanoUSD == total, "round \(round): \(usage) at \(rates)")
            if let charge {
                #expect(
                    charge.lines.reduce(0) { $0 + $1.amount.nanoUSD } == charge.total.nanoUSD,
                    "round \(round)")
                #expect(
                    charge.lines.allSatisfy { $0.amount.nanoUSD >= 0 && $0.quantity > 0 }, "round \(round)")
            } else {
                overflows += 1
            }
        }
        // Both sides are reached, or the comparison would say little.
        #expect((20...5000).contains(overflows))
    }

    @Test(
        "are rounded once, half to even, whatever the number of their lines",
        arguments: [(500, 0), (1500, 2), (2500, 2), (501, 1), (499, 0), (1499, 1), (3500, 4)])
    func halfToEven(picoUSD: Int64, nanoUSD: Int64) throws {
        var usage = Usage()
        usage.prompt = 1
        #expect(try Self.list([.prompt: picoUSD]).charge(for: usage).total.nanoUSD == nanoUSD)
        // Two halves are a whole: rounded line by line they would be nothing.
        usage.completion = 1
        let both = try Self.list([.prompt: picoUSD, .completion: picoUSD]).charge(for: usage)
        #expect(both.total.nanoUSD == PaperNumber(picoUSD * 2).rounded(droppingGroups: 1))
        #expect(both.lines.reduce(0) { $0 + $1.amount.nanoUSD } == both.total.nanoUSD)
    }

    @Test("take negative counts for nothing, and parts for no more than their whole")
    func nonsense() throws {
        let prices = Self.list([
            .prompt: 1_000_000, .completion: 2_000_000, .cacheRead: 100_000, .reasoning: 3_000_000,
        ])
        var usage = Usage()
        usage.prompt = 100
        usage.cacheRead = 5000
        usage.completion = -70
        usage.reasoning = Int.max
        #expect(try prices.charge(for: usage).total.nanoUSD == 10_000)
        usage.prompt = Int.min
        usage.cacheRead = Int.min
        #expect(try prices.charge(for: usage).total == .zero)
    }

    @Test("charge parts without a price of their own as their whole, never twice")
    func partsWithoutPrice() throws {
        let prices = Self.list([.prompt: 1_000_000, .completion: 2_000_000])
        var usage = Usage()
        usage.prompt = 100
        usage.cacheRead = 60
        usage.cacheWrite = 30
        usage.completion = 50
        usage.reasoning = 40
        #expect(try prices.charge(for: usage).total.nanoUSD == 100_000 + 100_000)
    }

    @Test("charge a whole request at the tier that its prompt falls into")
    func tiers() throws {
        var dear = Rates()
        dear[.prompt] = 2_000_000
        let prices = PriceList(
            rates: Self.list([.prompt: 1_000_000, .completion: 5_000_000]).rates,
            tiers: [.init(above: 200_000, rates: dear)])
        var usage = Usage()
        usage.completion = 10
        usage.prompt = 200_000
        #expect(try prices.charge(for: usage).total.nanoUSD == 200_000_000 + 50_000)
        usage.prompt = 200_001
        #expect(try prices.charge(for: usage).total.nanoUSD == 400_002_000 + 50_000)
    }

    @Test("charge a service tier at its own prices, for long prompts too")
    func serviceTiers() throws {
        let prices = PriceList(
            rates: Self.list([.prompt: 1_000_000, .completion: 8_000_000]).rates,
            tiers: [
                .init(above: 1000, rates: Self.list([.prompt: 2_000_000, .completion: 12_000_000]).rates),
                .init(above: 1000, service: "flex", rates: Self.list([.prompt: 900_000]).rates),
            ],
            services: [
                "flex": Self.list([.prompt: 500_000, .completion: 4_000_000]).rates,
                "priority": Self.list([.prompt: 1_800_000, .completion: 14_000_000]).rates,
            ])
        func cost(_ prompt: Int, _ service: String?) throws -> Int64 {
            var usage = Usage()
            usage.prompt = prompt
            usage.completion = 10
            usage.serviceTier = service
            return try prices.charge(for: usage).total.nanoUSD
        }
        #expect(try cost(1000, nil) == 1_000_000 + 80_000)
        #expect(try cost(1001, nil) == 2_002_000 + 120_000)
        #expect(try cost(1000, "flex") == 500_000 + 40_000)
        // Its own price of long prompts, and its own of answers, which the tier does not name.
        #expect(try cost(1001, "flex") == 900_900 + 40_000)
        // No price of its own for long prompts: the dearer of both, unit by unit.
        #expect(try cost(1001, "priority") == 2_002_000 + 140_000)
        // A tier without prices is the ordinary one.
        #expect(try cost(1001, "default") == 2_002_000 + 120_000)
    }

    @Test("charge audio that the vendor had cached at its own price, and as neither cached nor audio then")
    func cachedAudio() throws {
        var usage = Usage()
        usage.prompt = 100
        usage.cacheRead = 60
        usage.promptAudio = 50
        usage.cacheReadAudio = 40
        var rates: [PriceUnit: Int64] = [.prompt: 1_000_000, .cacheRead: 100_000, .audio: 30_000_000]
        rates[.audioCache] = 3_000_000
        // 40 cached audio, 20 cached text, 10 audio, 30 text.
        #expect(try Self.list(rates).charge(for: usage).total.nanoUSD == 120_000 + 2_000 + 300_000 + 30_000)
    }

    @Test("are not read from a list that was changed: another id, a name or a number that is none")
    func damagedLists() throws {
        let prices = PriceList(
            rates: Self.list([.prompt: 1_000_000]).rates,
            tiers: [.init(above: 10, service: "flex", rates: Self.list([.prompt: 2_000_000]).rates)],
            services: ["flex": Self.list([.completion: 3]).rates],
            images: [.init(size: "1x1", quality: nil, picoUSD: 4)])
        let text = String(decoding: prices.json, as: UTF8.self)
        #expect(PriceList(json: try JSONDocument(Array(text.utf8)).root, id: prices.id) == prices)
        for (old, new) in [
            ("1000000", "1000001"), ("\"prompt\"", "\"prompts\""), ("\"above\":10", "\"above\":true"),
            ("\"pico_usd\":4", "\"pico_usd\":1e99"), ("\"name\":\"flex\"", "\"name\":\"fast\""),
            ("\"rates\"", "\"rate\""),
        ] {
            let damaged = text.replacing(old, with: new)
            #expect(damaged != text)
            #expect(PriceList(json: try JSONDocument(Array(damaged.utf8)).root, id: prices.id) == nil, "\(new)")
        }
    }

    @Test("charge an image by its size and quality, and one of no known kind at the dearest price")
    func images() throws {
        let prices = PriceList(images: [
            .init(size: "1024x1024", quality: "low", picoUSD: 11_000_000_000),
            .init(size: "1024x1024", quality: "high", picoUSD: 167_000_000_000),
            .init(size: "1024x1536", quality: nil, picoUSD: 63_000_000_000),
        ])
        func cost(_ size: String?, _ quality: String?) throws -> Int64 {
            var usage = Usage()
            usage.images = 2
            usage.imageSize = size
            usage.imageQuality = quality
            return try prices.charge(for: usage).total.nanoUSD
        }
        #expect(try cost("1024x1024", "low") == 22_000_000)
        #expect(try cost("1024x1024", "high") == 334_000_000)
        #expect(try cost("1024x1536", "medium") == 126_000_000)
        #expect(try cost("4096x4096", "ultra") == 334_000_000)
        #expect(try cost(nil, nil) == 334_000_000)
    }

    @Test("are the same from a list that was written and read again, under the same id")
    func storedLists() throws {
        var chance = Chance(state: 7)
        for round in 0..<200 {
            let prices = PriceList(
                rates: Self.list(Self.rates(&chance)).rates,
                tiers: round % 2 == 0
                    ? [.init(above: 1000, rates: Self.list(Self.rates(&chance)).rates)] : [],
                services: round % 3 == 0 ? ["flex": Self.list(Self.rates(&chance)).rates] : [:],
                images: round % 5 == 0 ? [.init(size: "1x1", quality: nil, picoUSD: Int64(round))] : [])
            let again = try #require(PriceList(json: JSONDocument(prices.json).root, id: prices.id))
            #expect(again == prices)
            #expect(again.id == prices.id)
            let usage = Self.usage(&chance)
            #expect((try? again.charge(for: usage)) == (try? prices.charge(for: usage)))
        }
    }

    private static func list(_ rates: [PriceUnit: Int64]) -> PriceList {
        PriceList(rates: rates.reduce(into: Rates()) { $0[$1.key] = $1.value })
    }

    /// Some units, at prices from nothing to absurd.
    private static func rates(_ chance: inout Chance) -> [PriceUnit: Int64] {
        var rates: [PriceUnit: Int64] = [
            .prompt: chance.upTo(30_000_000), .completion: chance.upTo(200_000_000),
        ]
        for unit in PriceUnit.allCases where chance.upTo(2) == 0 {
            rates[unit] =
                chance.upTo(9) == 0 ? chance.upTo(100_000_000_000_000) : chance.upTo(500_000_000)
        }
        return rates
    }

    /// Counts from below zero to absurd.
    private static func usage(_ chance: inout Chance) -> Usage {
        func count(_ most: Int64) -> Int {
            switch chance.upTo(40) {
            case 0: Int(-chance.upTo(1_000_000))
            case 1: Int(chance.upTo(Int64.max - 1))
            case 2...10: 0
            default: Int(chance.upTo(most))
            }
        }
        var usage = Usage()
        usage.prompt = count(200_000)
        usage.cacheRead = count(100_000)
        usage.cacheReadAudio = count(20_000)
        usage.cacheWrite = count(50_000)
        usage.cacheWriteHour = count(30_000)
        usage.promptAudio = count(20_000)
        usage.promptImage = count(20_000)
        usage.completion = count(20_000)
        usage.reasoning = count(10_000)
        usage.completionAudio = count(5000)
        usage.completionImage = count(5000)
        usage.imagesIn = count(10)
        usage.images = count(10)
        usage.audioMilliseconds = count(3_600_000)
        usage.audioOutputMilliseconds = count(3_600_000)
        usage.characters = count(4096)
        usage.webSearches = count(10)
        return usage
    }
}

/// Chance that can be repeated.
private struct Chance {
    var state: UInt64

    /// From zero to `most`.
    mutating func upTo(_ most: Int64) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let mixed = (state >> 29) ^ state &* 0x9E37_79B9_7F4A_7C15
        return Int64(mixed % (UInt64(most) + 1))
    }
}
