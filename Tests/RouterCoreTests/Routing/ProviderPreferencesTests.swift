import TestSupport
import Testing

@testable import RouterCore

@Suite("The provider object of a request") struct ProviderPreferencesTests {
    let models = [Sites.model("test/model", Sites.endpoints("openai", "azure"))]

    @Test(
        "names the member that is wrong",
        arguments: [
            (#""fast""#, "provider"), (#"{"order":"openai"}"#, "provider.order"),
            (#"{"order":[1]}"#, "provider.order[0]"), (#"{"only":[""]}"#, "provider.only[0]"),
            (#"{"allow_fallbacks":"no"}"#, "provider.allow_fallbacks"), (#"{"zdr":1}"#, "provider.zdr"),
            (#"{"data_collection":"never"}"#, "provider.data_collection"),
            (#"{"quantizations":["fp9"]}"#, "provider.quantizations[0]"), (#"{"sort":"speed"}"#, "provider.sort"),
            (#"{"sort":{"by":"speed"}}"#, "provider.sort.by"), (#"{"sort":"exacto"}"#, "provider.sort"),
            (#"{"sort":{"partition":"all"}}"#, "provider.sort.partition"),
            (#"{"sort":{"order":"up"}}"#, "provider.sort.order"),
            (#"{"preferred_max_latency":-1}"#, "provider.preferred_max_latency"),
            (#"{"preferred_max_latency":{"p51":1}}"#, "provider.preferred_max_latency.p51"),
            (#"{"preferred_min_throughput":{"p50":"9"}}"#, "provider.preferred_min_throughput.p50"),
            (#"{"max_price":1}"#, "provider.max_price"), (#"{"max_price":{"prompt":-1}}"#, "provider.max_price.prompt"),
            (#"{"max_price":{"prompt":1e9}}"#, "provider.max_price.prompt"),
            (#"{"max_price":{"video":1}}"#, "provider.max_price.video"),
            (#"{"require_parameters":null,"zrd":true}"#, "provider.zrd"),
            (#"{"enforce_distillable_text":true}"#, "provider.enforce_distillable_text"),
            (#"{"options":{"openai":{}}}"#, "provider.options"),
        ])
    func namesMember(_ object: String, _ member: String) {
        let error = Sites.refusal(#","provider":\#(object)"#, in: models)
        #expect(error?.kind == .invalidRequest && error?.parameter == member)
        #expect(error?.message.contains("`\(member)`") == true)
    }

    @Test("says what a misspelt member was meant to be")
    func spelling() {
        let error = Sites.refusal(#","provider":{"data_colection":"deny"}"#, in: models)
        #expect(error?.message.contains("`data_collection`") == true)
    }

    @Test(
        "names a provider that is not here, and says who was meant",
        arguments: [
            (#"{"order":["azure","opnai"]}"#, "provider.order[1]", "Did you mean \"openai\"?"),
            (#"{"only":["deepinfra"]}"#, "provider.only[0]", "Providers here: openai, azure."),
            (#"{"ignore":["opnai"]}"#, "provider.ignore[0]", "Did you mean \"openai\"?"),
        ])
    func unknownProvider(_ object: String, _ member: String, _ hint: String) {
        let error = Sites.refusal(#","provider":\#(object)"#, in: models)
        #expect(error?.kind == .invalidRequest && error?.parameter == member)
        #expect(error?.message.contains(hint) == true)
    }

    @Test("takes null for what is not there, and names of providers for people")
    func lenient() throws {
        #expect(try Sites.plan(#","provider":null"#, in: models).slugs == ["openai", "azure"])
        #expect(try Sites.plan(#","provider":{"order":null,"sort":null,"options":{}}"#, in: models).slugs.count == 2)
        #expect(try Sites.plan(#","provider":{"only":["AZURE"]}"#, in: models).slugs == ["azure"])
    }

    @Test("with more than a hundred names is refused")
    func bounded() {
        let names = (0..<101).map { "\"p\($0)\"" }.joined(separator: ",")
        #expect(Sites.refusal(#","provider":{"order":[\#(names)]}"#, in: models)?.parameter == "provider.order")
        #expect(Sites.refusal(#","models":["a","b","c","d","e","f","g","h","i"]"#, in: models)?.parameter == "models")
    }
}
