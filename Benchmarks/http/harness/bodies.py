"""The request bodies: chat requests of a given size, the same in every run."""

import json
import random

WORDS = (
    "router answer question model request stream token account balance ledger gateway latency memory socket thread "
    "buffer measure because therefore however the a of and to in that is with for not on naïve façade über 東京 “quoted” "
    "C:\\temp line\nbreak"
).split(" ")

TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks a word up.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}


def _text(source, length):
    words = []
    while length > 0:
        words.append(source.choice(WORDS))
        length -= len(words[-1].encode()) + 1
    return " ".join(words)


def chat(size, stream=None):
    """A chat request of `size` bytes; `stream` is what the mock is to do, such as "chunks=64 gap=2-10"."""
    source = random.Random(1)
    request = {
        "model": "airouter-cloud/bench",
        "messages": [{"role": "system", "content": "You answer in a few sentences."}],
        "temperature": 0.7,
        "max_tokens": 1000,
        "tools": [TOOL],
    }
    if stream:
        request |= {"stream": True, "stream_options": {"include_usage": True}}
    question = {"role": "user", "content": f"bench {stream}." if stream else "And now?"}
    body = lambda messages: json.dumps(
        request | {"messages": messages}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    messages = request["messages"]
    # A conversation: user and assistant in turn, until one more turn would be too long.
    while len(body(messages + [question])) < size - 2000:
        role = "assistant" if messages[-1]["role"] == "user" else "user"
        messages.append({"role": role, "content": _text(source, 1500)})
    short = size - len(body(messages + [question]))
    question["content"] += (" Say it once more, in other words." * short)[: max(0, short)]
    return body(messages + [question])
