"""The official SDK's images through routerd, at every vendor that makes them."""

import base64
import re

import httpx
import openai
import pytest

import simulated
from processes import Router

# By the kind of a provider: where the simulator speaks its format, what its model is called, and what it charges.
KINDS = {
    "openai": ("openai/v1", "gpt-image-1", 'completion: "0.00004", image_output_token: "0.00004"'),
    "gemini": ("gemini/v1beta", "imagen-4.0-generate-001", 'completion: "0", image_output: "0.04"'),
    "vertex": ("gemini/v1beta", "gemini-2.5-flash-image", 'completion: "0", image_output_token: "0.00003"'),
    "bfl": ("bfl/v1", "flux-pro-1.1", 'completion: "0", image_output: "0.04"'),
    "xai": ("xai/v1", "grok-imagine-image-2.0", 'completion: "0", image_output: "0.08", images: [{ size: 1K, quality: medium, price: "0.06" }]'),
    "openai_compatible": ("openai/v1", "flux", 'completion: "0", image_output: "0.01"'),
}
PIXEL_START = b"\x89PNG\r\n"


def configuration(simulator):
    models = {kind: (kind, path, model, f'prompt: "0", {prices}') for kind, (path, model, prices) in KINDS.items()}
    return simulated.configuration(simulator, models, "output_modalities: [image]", "media: { fetch: any }")


@pytest.fixture
def client(vendor_client):
    return vendor_client


@pytest.mark.parametrize("kind, cost", [("openai", 2 * 4160 * 0.00004), ("gemini", 0.08), ("vertex", 2 * 1290 * 0.00003), ("bfl", 0.08), ("openai_compatible", 0.02)])
def test_images(client, kind, cost):
    reply = client.images.generate(model=f"sim/{kind}", prompt="a white siamese cat", n=2, size="1024x1024")
    assert len(reply.data) == 2
    for image in reply.data:
        assert base64.b64decode(image.b64_json).startswith(PIXEL_START)
        served = httpx.get(image.url)
        assert served.content == base64.b64decode(image.b64_json)
        assert served.headers["content-type"] == "image/png"
    assert reply.usage.model_extra["cost"] == pytest.approx(cost)


@pytest.mark.parametrize("form, present", [("url", "url"), ("b64_json", "b64_json")])
def test_form(client, form, present):
    image = client.images.generate(model="sim/openai", prompt="p", response_format=form).data[0]
    assert [name for name in ("url", "b64_json") if getattr(image, name)] == [present]


def test_settings(simulator, tmp_path):
    """The operator's word counts where the client says nothing, and an address is good for as long as it says."""
    settings = "images: { default_form: url }\nmedia: { fetch: any, keep_seconds: 60 }"
    router = Router(tmp_path, text=configuration(simulator).replace("media: { fetch: any }", settings))
    key = router.create_key("images")["key"]
    with openai.OpenAI(base_url=router.base_url, api_key=key, max_retries=0, timeout=30) as client:
        image = client.images.generate(model="sim/openai", prompt="p").data[0]
    assert image.b64_json is None
    served = httpx.get(image.url)
    assert served.content.startswith(PIXEL_START)
    assert 50 <= int(re.search(r"max-age=(\d+)", served.headers["cache-control"])[1]) <= 60
    assert router.program.stop() == 0, router.program.said()


def test_moderated(client):
    with pytest.raises(openai.BadRequestError, match="moderation"):
        client.images.generate(model="sim/bfl", prompt="a moderated thing")


def test_record(client):
    raw = client.images.with_raw_response.generate(model="sim/gemini", prompt="p")
    reply = client.get("/generation", cast_to=object, options={"params": {"id": raw.headers["x-generation-id"]}})
    assert reply["data"]["api_type"] == "image"
    assert reply["data"]["total_cost"] == pytest.approx(0.04)
    assert reply["data"]["num_media_completion"] == 1


@pytest.mark.parametrize(
    "members, parameter",
    [({"size": "512x512"}, "size"), ({"n": 11}, "n"), ({"quality": "best"}, "quality")],
)
def test_refused(client, members, parameter):
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="sim/openai", prompt="p", **members)
    assert refused.value.param == parameter


@pytest.mark.parametrize("kind, token", [("openai", 0.00004), ("openai_compatible", 0)])
@pytest.mark.parametrize("partials", [0, 2])
def test_stream(client, kind, token, partials):
    events = list(client.images.generate(model=f"sim/{kind}", prompt="p", stream=True, partial_images=partials))
    assert [event.type for event in events] == ["image_generation.partial_image"] * partials + [
        "image_generation.completed"
    ]
    assert [event.partial_image_index for event in events[:-1]] == list(range(partials))
    for event in events:
        assert base64.b64decode(event.b64_json).startswith(PIXEL_START)
        assert (event.size, event.quality, event.output_format, event.background) == (
            "1024x1024",
            "high",
            "png",
            "opaque",
        )
    last = events[-1]
    assert httpx.get(last.model_extra["url"]).content == base64.b64decode(last.b64_json)
    assert last.usage.input_tokens == 15
    assert last.usage.output_tokens == 4160 + partials * 100
    cost = last.usage.output_tokens * token if token else 0.01
    assert last.usage.model_extra["cost"] == pytest.approx(cost)


def test_stream_refused(client):
    with pytest.raises(openai.BadRequestError) as refused:
        list(client.images.generate(model="sim/gemini", prompt="p", stream=True))
    assert refused.value.param == "stream"


def test_xai(client):
    """A ratio and a resolution, and a price by what was asked for."""
    reply = client.images.generate(
        model="sim/xai", prompt="p", n=2, size="1536x1024", quality="medium", response_format="b64_json"
    )
    assert [base64.b64decode(image.b64_json).startswith(PIXEL_START) for image in reply.data] == [True] * 2
    assert reply.usage.model_extra["cost"] == pytest.approx(0.12)
    with pytest.raises(openai.BadRequestError, match="moderation"):
        client.images.generate(model="sim/xai", prompt="a moderated thing")
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="sim/xai", prompt="p", size="512x512")
    assert refused.value.param == "size"


def test_stream_of_several(client):
    """OpenAI is asked for them whole, so each is an event."""
    events = list(client.images.generate(model="sim/openai", prompt="p", n=2, stream=True, partial_images=2))
    assert [event.type for event in events] == ["image_generation.completed"] * 2
    for event in events:
        assert base64.b64decode(event.b64_json).startswith(PIXEL_START)


def test_openrouter_path(client):
    """OpenRouter's path takes the same, and its words for a shape."""
    body = {"model": "sim/openai", "prompt": "p", "aspect_ratio": "3:2", "response_format": "b64_json"}
    reply = client.post("/images", cast_to=openai.types.ImagesResponse, body=body)
    assert base64.b64decode(reply.data[0].b64_json).startswith(PIXEL_START)
    assert reply.usage.model_extra["cost"] == pytest.approx(4160 * 0.00004)
