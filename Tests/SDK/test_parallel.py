"""Many streams at once, and one that nobody reads to its end."""

import asyncio
import time

import openai

STREAMS = 20


def test_twenty_streams_run_at_the_same_time(router, engine, key, ask):
    async def one(client):
        begun, words, finish = None, 0, None
        request = ask(stream=True, max_tokens=40)
        async for chunk in await client.chat.completions.create(**request, extra_body={"ignore_eos": True}):
            if chunk.choices and chunk.choices[0].delta.content:
                begun = begun or time.monotonic()
                words += 1
            finish = finish or (chunk.choices and chunk.choices[0].finish_reason)
        return begun, time.monotonic(), words, finish

    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=router.base_url, api_key=key, max_retries=0, timeout=300) as client:
            return await asyncio.gather(*(one(client) for _ in range(STREAMS)))

    engine.wait_for_busy_slots(0, seconds=30)
    streams = asyncio.run(all_of_them())
    assert [finish for *_, finish in streams] == ["length"] * STREAMS
    assert all(words > 20 for _, _, words, _ in streams)
    last_to_begin = max(begun for begun, *_ in streams)
    first_to_end = min(ended for _, ended, *_ in streams)
    assert last_to_begin < first_to_end, "a stream began only after another had ended"
    engine.wait_for_busy_slots(0, seconds=1)


def test_a_client_that_leaves_after_two_chunks_frees_the_engine_at_once(client, engine, ask):
    engine.wait_for_busy_slots(0, seconds=30)
    # 2,000 tokens are half a minute of work and more: a slot that is free within a second was freed.
    stream = client.chat.completions.create(**ask(stream=True, max_tokens=2000), extra_body={"ignore_eos": True})
    chunks = iter(stream)
    next(chunks), next(chunks)
    engine.wait_for_busy_slots(1, seconds=30)
    stream.close()
    engine.wait_for_busy_slots(0, seconds=1)
