"""The list of models, for clients of OpenAI, OpenRouter and Anthropic."""

from urllib.parse import quote

import openai
import pytest

from processes import MODEL


def test_the_list_has_the_model(client):
    models = list(client.models.list())
    assert MODEL in [model.id for model in models]
    assert all(model.object == "model" and model.owned_by for model in models)


def test_one_model_is_retrieved_although_the_sdk_escapes_the_slash(client):
    reply = client.models.with_raw_response.retrieve(MODEL)
    assert "%2F" in str(reply.http_request.url)
    assert reply.parse().id == MODEL


def test_the_slash_may_also_stand_there(http):
    for id in [MODEL, quote(MODEL, safe="")]:
        assert http.get(f"/api/v1/models/{id}").json()["id"] == MODEL


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("airouter-cloud/no-such-model")


def test_the_list_needs_no_key_and_satisfies_other_clients(http):
    for path in ["/api/v1/models", "/v1/models", "/v1//models/"]:
        reply = http.get(path)
        assert reply.status_code == 200, path
    listing = reply.json()
    assert listing["object"] == "list"
    assert "has_more" in listing
    entry = next(entry for entry in listing["data"] if entry["id"] == MODEL)
    assert entry["context_length"] == 8192
    assert float(entry["pricing"]["prompt"]) > 0
    assert entry["type"] == "model"
    assert entry["display_name"]
    # One entry without a number, and a well-known client loses all prices.
    assert all(isinstance(entry["context_length"], int) for entry in listing["data"])
