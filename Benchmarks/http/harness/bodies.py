"""The request bodies: chat requests of a given size, forms with audio, and others; the same in every run."""

import json
import random
import struct

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


def image(response_format):
    request = {"model": "airouter-cloud/bench-image", "prompt": "a red cube", "size": "1024x1024"}
    if response_format:
        request["response_format"] = response_format
    return json.dumps(request).encode()


def speech(wish):
    """`wish` is what the mock is to do, such as "chunks=64 gap=45-55"; a chunk is 50 ms of PCM."""
    return json.dumps({
        "model": "airouter-cloud/bench-speech", "voice": "any", "response_format": "pcm", "input": f"bench {wish}.",
    }).encode()  # fmt: skip


FORM_TYPE = "multipart/form-data; boundary=bench-boundary"
UPLOAD_BYTES = 25_000_000


def mp3():
    """Frames of 192 kbit/s at 44.1 kHz, whose sound is noise."""
    source = random.Random(1)
    # No frame may look as if another began in it: bytes below 0xff.
    frame = b"\xff\xfb\xb0\xc4" + bytes(source.randrange(0xFF) for _ in range(622))
    return (frame * (UPLOAD_BYTES // len(frame) + 1))[:UPLOAD_BYTES]


def wav():
    """Mono PCM of 16 bits at 16 kHz."""
    samples = random.Random(1).randbytes(65536) * (UPLOAD_BYTES // 65536 + 1)
    length = UPLOAD_BYTES - 44
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", length + 36, b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16,
                       b"data", length)  # fmt: skip
    return head + samples[:length]


def transcription(audio, name):
    """The form that OpenAI's clients send, with `audio` as its file."""
    field = lambda name, value: f'--bench-boundary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    file = (
        f'--bench-boundary\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    fields = field("model", "airouter-cloud/bench-transcription") + field("response_format", "json")
    return (fields + file).encode() + audio + b"\r\n--bench-boundary--\r\n"


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
