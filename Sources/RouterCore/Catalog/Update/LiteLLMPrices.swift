/// LiteLLM's price file, `model_prices_and_context_window.json`, in the form of our own catalogue.
///
/// The file is an object with a member for each model: what it does (`mode`), whose it is (`litellm_provider`), and US
/// dollars for each unit as numbers (`"input_cost_per_token": 2.5e-06`). Taken are models of the vendors that this
/// program speaks to: chat models with all their prices; of models that make images or sound, only the prices that the
/// catalogue has already.
///
/// Source: BerriAI/litellm, `model_prices_and_context_window.json`, its member `sample_spec`.
public struct LiteLLMPrices: Sendable {
    /// For ``CatalogUpdate``. A model of the catalogue has `id` and `pricing` only, a new one all members.
    public let models: JSONDocument
    /// What is wrong with entries that cannot be used, in their order.
    public let refused: [CatalogFault]
    public let skipped: Skipped

    /// What was passed over, by how often.
    public struct Skipped: Sendable, Hashable {
        /// Entries of providers that are not known here.
        public var providers: [String: Int] = [:]
        /// Entries of known providers whose mode is not known, or is not chat and the model is new.
        public var modes: [String: Int] = [:]
        /// Prices for which there is no unit here, of models that were taken.
        public var prices: [String: Int] = [:]
        /// Chat models without a price for prompt and answer.
        public var unpriced = 0
    }

    /// - Parameters:
    ///   - file: the price file; its models are not all of ours, so one bad entry does not spoil the others.
    ///   - catalogs: texts in our own form, the one that counts first: their models are found by what their vendors
    ///     call them.
    ///   - date: when the file was read, such as `2026-04-15`.
    /// - Throws: ``CatalogFaults`` when this is no price file.
    public init(_ file: JSONDocument, catalogs: [JSONDocument], date: String) throws(CatalogFaults) {
        guard Self.isPriceFile(file) else {
            throw CatalogFaults(faults: [
                CatalogFault(
                    path: "models",
                    message: "is missing: this is neither a catalogue nor a price file of LiteLLM")
            ])
        }
        var reader = Reader(known: Self.known(in: catalogs), date: date)
        reader.writer.beginObject()
        reader.writer.name("models")
        reader.writer.beginArray()
        for member in file.root.members { reader.read(member.name.string, member.value) }
        reader.writer.endArray()
        reader.writer.endObject()
        do throws(JSONFault) {
            models = try JSONDocument(reader.writer.bytes, limits: .response)
        } catch {
            throw CatalogFaults(faults: [CatalogFault(path: error.path, message: error.message)])
        }
        refused = reader.refused
        skipped = reader.skipped
    }

    /// Whether a text looks like a price file: an object of objects that say whose model each is.
    public static func isPriceFile(_ file: JSONDocument) -> Bool {
        file.root.kind == .object && file.root["models"]?.kind != .array
            && file.root.members.contains { $0.value["litellm_provider"] != nil }
    }

    /// A model of the catalogue as far as it matters here.
    private struct Known {
        var id: String
        var pricing: JSONValue?
    }

    /// Models by provider and what it calls them, such as `openai/gpt-5.4`.
    private static func known(in catalogs: [JSONDocument]) -> [String: [Known]] {
        var known: [String: [Known]] = [:]
        var pricing: [String: JSONValue] = [:]
        let models = catalogs.lazy.compactMap { $0.root["models"] }.flatMap { Array($0.elements) }
        for model in models {
            guard let id = model["id"]?.string, pricing[id] == nil else { continue }
            pricing[id] = model["pricing"]
        }
        for model in models {
            guard let id = model["id"]?.string, let endpoints = model["endpoints"] else { continue }
            for endpoint in endpoints.elements {
                guard let provider = endpoint["provider"]?.string, let name = endpoint["model"]?.string else {
                    continue
                }
                let key = "\(provider)/\(name)"
                if known[key]?.contains(where: { $0.id == id }) != true {
                    known[key, default: []].append(Known(id: id, pricing: pricing[id]))
                }
            }
        }
        return known
    }

    /// Goes through the entries.
    private struct Reader {
        let known: [String: [Known]]
        let date: String
        var writer = JSONWriter(capacity: 64 * 1024)
        var written: Set<String> = []
        var refused: [CatalogFault] = []
        var skipped = Skipped()

        init(known: [String: [Known]], date: String) {
            self.known = known
            self.date = date
        }

        /// By `litellm_provider`: the author in our ids, and the provider that serves.
        private static let vendors: [String: (author: String, provider: String)] = [
            "openai": ("openai", "openai"), "anthropic": ("anthropic", "anthropic"), "gemini": ("google", "gemini"),
            "deepseek": ("deepseek", "deepseek"), "mistral": ("mistral", "mistral"), "xai": ("xai", "xai"),
        ]
        private static let mediaModes = ["embedding", "image_generation", "audio_speech", "audio_transcription"]

        mutating func read(_ name: String, _ entry: JSONValue) {
            guard name != "sample_spec" else { return }
            let provider = entry["litellm_provider"]?.string ?? "none"
            guard let vendor = Self.vendors[provider] else {
                skipped.providers[provider, default: 0] += 1
                return
            }
            let mode = name.hasPrefix("ft:") ? "fine-tuned" : entry["mode"]?.string ?? "none"
            let upstream = name.split(separator: "/").last.map(String.init) ?? name
            let models = known["\(vendor.provider)/\(upstream)"] ?? []
            let isChat = mode == "chat"
            guard isChat || Self.mediaModes.contains(mode) && !models.isEmpty else {
                skipped.modes[mode, default: 0] += 1
                return
            }
            do throws(CatalogFault) {
                let prices = try LiteLLMEntry(entry)
                guard !isChat || prices.isComplete else {
                    skipped.unpriced += 1
                    return
                }
                for price in prices.unknown { skipped.prices[price, default: 0] += 1 }
                for model in models where written.insert(model.id).inserted {
                    write(prices, of: model, isWhole: isChat)
                }
                let id = "\(vendor.author)/\(upstream)"
                if models.isEmpty, CatalogReader.isModelID(id), written.insert(id).inserted {
                    write(entry, id: id, provider: vendor.provider, upstream, prices)
                }
            } catch {
                refused.append(error)
            }
        }

        private mutating func write(_ prices: LiteLLMEntry, of model: Known, isWhole: Bool) {
            if !isWhole, model.pricing == nil { return }
            writer.beginObject()
            writer.member("id", model.id)
            if !isWhole, let pricing = model.pricing {
                prices.write(over: pricing, date: date, to: &writer)
            } else {
                prices.write(date: date, to: &writer)
            }
            writer.endObject()
        }

        /// A model that the catalogue does not have.
        private mutating func write(
            _ entry: JSONValue, id: String, provider: String, _ upstream: String, _ prices: LiteLLMEntry
        ) {
            func has(_ name: String) -> Bool { entry[name]?.bool == true }
            func tokens(_ name: String) -> Int? {
                entry[name]?.integer.flatMap { (1...1_000_000_000).contains($0) ? $0 : nil }
            }
            writer.beginObject()
            writer.member("id", id)
            if let context = tokens("max_input_tokens") ?? tokens("max_tokens") {
                writer.member("context_length", context)
            }
            if let answer = tokens("max_output_tokens") { writer.member("max_completion_tokens", answer) }
            let inputs = [
                ("text", true), ("image", has("supports_vision")), ("audio", has("supports_audio_input")),
                ("file", has("supports_pdf_input")),
            ]
            writer.list("input_modalities", inputs.filter(\.1).map(\.0))
            writer.list("output_modalities", ["text"] + (has("supports_audio_output") ? ["audio"] : []))
            var parameters = ["max_completion_tokens", "max_tokens", "stop", "temperature", "top_p"]
            if has("supports_function_calling") { parameters += ["tool_choice", "tools"] }
            if has("supports_response_schema") { parameters += ["response_format", "structured_outputs"] }
            if has("supports_reasoning") { parameters += ["include_reasoning", "reasoning", "reasoning_effort"] }
            writer.list("supported_parameters", parameters.sorted())
            prices.write(date: date, to: &writer)
            writer.name("endpoints")
            writer.beginArray()
            writer.beginObject()
            writer.member("provider", provider)
            writer.member("model", upstream)
            writer.endObject()
            writer.endArray()
            writer.endObject()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func list(_ name: StaticString, _ texts: [String]) {
        self.name(name)
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}
