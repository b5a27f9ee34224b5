"""The official SDK's embeddings through routerd, at every vendor that makes them."""

import openai
import pytest

import simulated

PATHS = {
    "openai": "openai/v1",
    "gemini": "gemini/v1beta",
    "vertex": "gemini/v1beta",
    "mistral": "mistral/v1",
    "openai_compatible": "openai/v1",
}


def configuration(simulator):
    models = {kind: (kind, path, "sim", 'prompt: "0.000001", completion: "0"') for kind, path in PATHS.items()}
    return simulated.configuration(simulator, models, "context_length: 8192, output_modalities: [embeddings]")


@pytest.fixture
def client(vendor_client):
    return vendor_client


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("form", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}])
def test_embeddings(client, kind, form):
    # Without a form the SDK asks for base64 by itself and hands out numbers.
    reply = client.embeddings.create(model=f"sim/{kind}", input=["one", "two"], **form)
    assert [item.index for item in reply.data] == [0, 1]
    if form.get("encoding_format") == "base64":
        assert [item.embedding for item in reply.data] == ["AAAAAAAAAMAAAAA/", "AACAPwAAAMAAAAA/"]
    else:
        assert [list(item.embedding) for item in reply.data] == [[0, -2, 0.5], [1, -2, 0.5]]
    assert reply.model == f"sim/{kind}"
    assert reply.usage.prompt_tokens > 0
    assert reply.usage.model_extra["cost"] == pytest.approx(reply.usage.prompt_tokens / 1e6)


@pytest.mark.parametrize("kind", PATHS)
def test_many(client, kind):
    # Gemini takes 100 at once. As numbers the SDK has no Base64 to read.
    texts = [str(place) for place in range(250)]
    reply = client.embeddings.create(model=f"sim/{kind}", input=texts, encoding_format="float")
    assert [item.index for item in reply.data] == list(range(250))
    assert [item.embedding for item in reply.data] == [[place, -2, 0.5] for place in range(250)]


def test_record(client, vendors):
    raw = client.embeddings.with_raw_response.create(model="sim/openai", input="one")
    reply = client.get("/generation", cast_to=object, options={"params": {"id": raw.headers["x-generation-id"]}})
    assert reply["data"]["api_type"] == "embeddings"
    assert reply["data"]["total_cost"] == pytest.approx(3e-6)


@pytest.mark.parametrize("kind, tokens", [("openai", [1, 2]), ("openai_compatible", [[1], [2, 3]])])
def test_tokens(client, kind, tokens):
    assert client.embeddings.create(model=f"sim/{kind}", input=tokens).data


@pytest.mark.parametrize(
    "members, parameter",
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_refused(client, members, parameter):
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="sim/openai", **members)
    assert refused.value.param == parameter


def test_vertex_takes_no_more_texts_than_are_few(client):
    with pytest.raises(openai.BadRequestError, match="250") as refused:
        client.embeddings.create(model="sim/vertex", input=["a"] * 251)
    assert refused.value.param == "input"


def test_tokens_refused_by_vendor(client):
    with pytest.raises(openai.BadRequestError, match="takes no tokens"):
        client.embeddings.create(model="sim/mistral", input=[1, 2])


def test_chat_refused(client):
    with pytest.raises(openai.BadRequestError, match="/api/v1/embeddings"):
        client.chat.completions.create(model="sim/openai", messages=[{"role": "user", "content": "Hi"}])
