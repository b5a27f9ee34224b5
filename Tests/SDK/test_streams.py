"""Chat completions that come in pieces."""

import json

from processes import MODEL


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_a_stream_answers_the_question_in_pieces(client, ask):
    chunks = list(client.chat.completions.create(**ask(stream=True)))
    assert "Paris" in text(chunks)
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks if chunk.choices) > 3
    assert {chunk.model for chunk in chunks} == {MODEL}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].id.startswith("gen-")
    finished = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert finished[-1] == "stop"
    assert not any(finished[:-1])


def test_usage_comes_on_the_finish_chunk_when_nobody_asked(client, ask):
    chunks = list(client.chat.completions.create(**ask(stream=True)))
    with_usage = [chunk for chunk in chunks if chunk.usage]
    assert with_usage == [chunks[-1]]
    assert chunks[-1].choices[0].finish_reason == "stop"
    usage = chunks[-1].usage
    assert usage.prompt_tokens > 10
    assert usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_usage_comes_in_a_chunk_of_its_own_when_asked_for(client, ask):
    chunks = list(client.chat.completions.create(**ask(stream=True, stream_options={"include_usage": True})))
    assert [chunk for chunk in chunks if chunk.usage] == [chunks[-1]]
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_no_usage_comes_when_it_is_declined(client, ask):
    chunks = list(client.chat.completions.create(**ask(stream=True, stream_options={"include_usage": False})))
    assert not any(chunk.usage for chunk in chunks)
    assert "Paris" in text(chunks)


def test_the_stream_helper_puts_the_answer_together(client, ask):
    with client.chat.completions.stream(**ask()) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "content.delta")
        final = stream.get_final_completion()
    assert "Paris" in deltas
    assert final.choices[0].message.content == deltas
    assert final.usage.completion_tokens > 0


def test_the_bytes_of_a_stream_are_what_every_client_reads(http, key, ask):
    with http.stream(
        "POST",
        "/api/v1/chat/completions",
        json=ask(stream=True),
        # Accept decides nothing: the official SDK sends this also when it streams.
        headers={"Authorization": f"Bearer {key}", "Accept": "application/json", "Accept-Encoding": "gzip"},
    ) as reply:
        body = reply.read().decode()
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in reply.headers
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= reply.headers.keys()
    assert reply.headers["x-request-id"]
    assert body.endswith("\n\ndata: [DONE]\n\n")
    events = [event for event in body.split("\n\n") if event]
    for event in events:
        for line in event.split("\n"):
            # An `id:` line makes the SDK fail on comments; `event:` is none of this format's.
            assert line.startswith(("data: ", ":")), line
    chunks = [json.loads(event.removeprefix("data: ")) for event in events if event.startswith("data: {")]
    assert {chunk["id"] for chunk in chunks} == {reply.headers["x-generation-id"]}
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)
    assert all("finish_reason" in choice for chunk in chunks for choice in chunk["choices"])
