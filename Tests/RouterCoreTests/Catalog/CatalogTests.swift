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

    @Test("finds a model by the spellings of other routers, unless two would fit")
    func spellings() {
        func model(_ id: String, _ alias: String) -> Model {
            var model = Samples.model()
            model.id = id
            model.aliases = [alias]
            return model
        }
        let catalog = Catalog([
            model("anthropic/claude-opus-4-7", "claude-opus-4-7"), model("mistral/large-3", "large-3"),
            model("xai/grok-4.1", "grok-4.1"), model("a/x-1.5", "x-1.5"), model("a/x-1-5", "x-1-5"),
        ])
        for (name, id) in [
            ("anthropic/claude-opus-4.7", "anthropic/claude-opus-4-7"),
            ("Claude-Opus-4.7", "anthropic/claude-opus-4-7"),
            ("mistralai/large-3", "mistral/large-3"), ("x-ai/grok-4.1", "xai/grok-4.1"),
            ("X-AI/Grok-4-1", "xai/grok-4.1"), ("a/x-1.5", "a/x-1.5"), ("a/x-1-5", "a/x-1-5"),
        ] {
            #expect(catalog.model(named: name)?.id == id, "\(name)")
        }
        for name in ["x-ai", "x-ai/", "x-ai/large-3", "mistralai", String(repeating: "a", count: 100_000)] {
            #expect(catalog.model(named: name) == nil)
        }
        // Which of the two is meant nobody can tell.
        #expect(Catalog([model("a/x.1-5", "p"), model("a/x-1.5", "q")]).model(named: "a/x-1-5") == nil)
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
