import RouterCore
import TestSupport
import Testing

@Suite("The catalogue") struct CatalogTests {
    @Test("finds a model by id and alias in any case, and nothing else")
    func finds() {
        let catalog = Catalog([Samples.model()])
        for name in ["test/model", "TEST/Model", "model", "Model"] {
            #expect(catalog.model(named: name)?.id == "test/model")
        }
        for name in ["", "test", "test/model:free", "test/model "] { #expect(catalog.model(named: name) == nil) }
    }

    @Test("leaves out what has no price or no endpoint, so that nothing is free by accident")
    func leavesOut() {
        var unpriced = Samples.model()
        unpriced.pricing = [.init(unit: "prompt", usd: "1")]
        var homeless = Samples.model()
        homeless.endpoints = []
        #expect(Catalog([unpriced, homeless]).models.isEmpty)
    }

    @Test("an id counts before another model's alias")
    func idsFirst() {
        var other = Samples.model()
        other.id = "model"
        #expect(Catalog([Samples.model(), other]).model(named: "model")?.id == "model")
    }

    @Test("names what looks like a name, best first, for any name at all")
    func names() {
        var near = Samples.model()
        near.id = "test/model-mini"
        let catalog = Catalog([near, Samples.model()])
        #expect(catalog.names(like: "test/modell") == ["test/model", "test/model-mini"])
        for name in ["", "x", "zzz", "\u{0}", String(repeating: "test", count: 1000)] {
            #expect(catalog.names(like: name).isEmpty)
        }
    }
}
