"""Chat completions that come as one answer."""

import asyncio

import openai

from processes import MODEL


def test_a_completion_answers_the_question(client, ask):
    completion = client.chat.completions.create(**ask())
    choice = completion.choices[0]
    assert "Paris" in choice.message.content
    assert choice.message.role == "assistant"
    assert choice.finish_reason == "stop"
    assert completion.object == "chat.completion"
    assert completion.model == MODEL
    assert completion.id.startswith("gen-")


def test_a_completion_has_its_usage(client, ask):
    usage = client.chat.completions.create(**ask()).usage
    assert usage.prompt_tokens > 10
    assert usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_the_async_client_gets_the_same(router, key, ask):
    async def answers():
        async with openai.AsyncOpenAI(base_url=router.base_url, api_key=key, max_retries=0) as client:
            whole = await client.chat.completions.create(**ask())
            streamed = ""
            async for chunk in await client.chat.completions.create(**ask(stream=True)):
                streamed += chunk.choices[0].delta.content or ""
            return whole.choices[0].message.content, streamed

    whole, streamed = asyncio.run(answers())
    assert "Paris" in whole
    assert "Paris" in streamed


def test_v1_is_an_alias_of_api_v1(router, key, ask):
    with openai.OpenAI(base_url=f"{router.url}/v1", api_key=key, max_retries=0) as client:
        assert "Paris" in client.chat.completions.create(**ask()).choices[0].message.content


def test_doubled_and_trailing_slashes_are_no_redirect(http, key, ask):
    for path in ["/api/v1//chat/completions", "/v1/chat/completions/"]:
        reply = http.post(path, json=ask(max_tokens=1), headers={"Authorization": f"Bearer {key}"})
        assert reply.status_code == 200, f"{path}: {reply.text}"


def test_a_model_is_found_by_its_alias(client, ask):
    assert client.chat.completions.create(**ask(model="smollm2-135m", max_tokens=1)).model == MODEL


def test_the_developer_role_is_understood(client, ask):
    messages = [
        {"role": "developer", "content": "You answer in one short sentence."},
        {"role": "user", "content": "What is the capital of France?"},
    ]
    assert client.chat.completions.create(**ask(messages=messages, max_tokens=20)).choices[0].message.content


def test_max_tokens_and_max_completion_tokens_end_an_answer_alike(client, ask):
    for name in ["max_tokens", "max_completion_tokens"]:
        completion = client.chat.completions.create(**ask(**{name: 3}))
        assert completion.choices[0].finish_reason == "length"
        assert completion.usage.completion_tokens == 3


def test_a_member_that_only_the_engine_knows_reaches_it(client, ask):
    # With ignore_eos llama.cpp goes on after the end of the sentence.
    completion = client.chat.completions.create(**ask(max_tokens=24), extra_body={"ignore_eos": True})
    assert completion.usage.completion_tokens == 24
    assert completion.choices[0].finish_reason == "length"


def test_an_answer_has_the_headers_and_keys_that_clients_look_for(http, key, ask):
    reply = http.post(
        "/api/v1/chat/completions", json=ask(max_tokens=1), headers={"Authorization": f"Bearer {key}"}
    )
    answer = reply.json()
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.headers["x-request-id"]
    assert reply.headers["x-generation-id"] == answer["id"]
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= reply.headers.keys()
    assert "system_fingerprint" in answer
    assert isinstance(answer["choices"][0]["message"]["content"], str)
