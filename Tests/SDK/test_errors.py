"""What a client is told when a request cannot be answered."""

import httpx
import openai
import pytest

PATH = "/api/v1/chat/completions"


def test_a_wrong_key_is_an_authentication_error(client, ask):
    wrong = client.with_options(api_key="air_live_" + "x" * 43)
    with pytest.raises(openai.AuthenticationError) as caught:
        wrong.chat.completions.create(**ask())
    error = caught.value
    assert error.status_code == 401
    assert error.body["code"] == 401
    assert error.type == "authentication_error"
    assert error.body["metadata"]["error_type"] == "authentication"
    assert error.response.headers["www-authenticate"] == "Bearer"
    assert "x-ratelimit-limit" not in error.response.headers


def test_no_key_is_an_authentication_error_too(http, ask):
    reply = http.post(PATH, json=ask())
    assert reply.status_code == 401
    assert reply.json()["error"]["type"] == "authentication_error"


def test_an_unknown_model_is_not_found(client, ask):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(**ask(model="airouter-cloud/no-such-model"))
    error = caught.value
    assert error.status_code == 404
    assert error.body["code"] == 404
    assert "airouter-cloud/no-such-model" in error.message
    assert error.body["metadata"]["error_type"] == "not_found"
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= error.response.headers.keys()
    assert error.request_id


def test_bad_json_is_refused_with_its_place(http, key):
    body = b'{"model": "airouter-cloud/smollm2-135m", "messages": [{"role": "user", "content": tru}]}'
    reply = http.post(PATH, content=body, headers={"Authorization": f"Bearer {key}"})
    error = reply.json()["error"]
    assert reply.status_code == 400
    assert error["code"] == 400
    assert error["type"] == "invalid_request_error"
    assert "messages[0].content" in error["message"]
    offset = body.index(b"tru}")
    assert any(f"byte {offset + step}" in error["message"] for step in range(4)), error["message"]


def test_a_body_that_ends_too_soon_is_refused(http, key):
    body = b'{"model": "airouter-cloud/smollm2-135m", "messages": ['
    reply = http.post(PATH, content=body, headers={"Authorization": f"Bearer {key}"})
    assert reply.status_code == 400
    assert f"byte {len(body)}" in reply.json()["error"]["message"]


def test_a_member_of_the_wrong_type_is_named(client, ask):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**ask(messages=[{"role": "user", "content": "a"}, {"role": 7}]))
    assert caught.value.param == "messages[1].role"


def test_an_unknown_path_and_a_wrong_method_get_the_same_error_object(http, key):
    headers = {"Authorization": f"Bearer {key}"}
    unknown: httpx.Response = http.get("/api/v1/nothing-here", headers=headers)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, 404)
    method = http.get(PATH, headers=headers)
    assert (method.status_code, method.json()["error"]["code"]) == (405, 405)
