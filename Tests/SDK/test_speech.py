"""The official SDK's speech through routerd, at every vendor that speaks."""

import base64
import io
import wave
from decimal import Decimal

import httpx
import httpx2
import openai
import pytest

import simulated

# By model: the kind of its provider, where the simulator speaks its format, what it is called there, and its prices.
MODELS = {
    "token": ("openai", "openai/v1", "gpt-4o-mini-tts", 'prompt: "0.0000006", completion: "0", audio_output: "0.000012"'),
    "letter": ("openai", "openai/v1", "tts-1", 'prompt: "0", completion: "0", character: "0.000015"'),
    "gemini": (
        "gemini", "gemini/v1beta", "gemini-2.5-flash-preview-tts",
        'prompt: "0.0000005", completion: "0", audio_output: "0.00001"',
    ),
    "newer": (
        "gemini", "gemini/v1beta", "gemini-3.8-flash-tts",
        'prompt: "0.0000005", completion: "0", audio_output: "0.000009"',
    ),
    "mistral": ("mistral", "mistral/v1", "voxtral-mini-tts-3-0", 'prompt: "0", completion: "0", character: "0.000013"'),
    "xai": ("xai", "xai/v1", "grok-voice-tts-1.0", 'prompt: "0", completion: "0", character: "0.000015"'),
    "second": ("openai_compatible", "openai/v1", "piper", 'prompt: "0", completion: "0", audio_output_second: "0.0001"'),
}  # fmt: skip
# Where OpenAI's are not known.
VOICES = {"mistral": "gb_jane_neutral", "xai": "Eve"}
TEXT = "Good day, café!"  # 15 characters, 16 bytes
SECONDS = Decimal("1.2")  # of what the simulator answers
CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm;rate=24000;channels=1",
}
# Where the bytes of a format begin, as far as they say so.
BEGINNINGS = {"mp3": b"\xff\xf3", "opus": b"OggS", "aac": b"\xff\xf1", "flac": b"fLaC", "wav": b"RIFF", "pcm": bytes(2)}


def configuration(simulator):
    return simulated.configuration(simulator, MODELS, "output_modalities: [speech]")


@pytest.fixture
def client(vendor_client):
    return vendor_client


def speak(client, name, **members):
    return client.audio.speech.with_raw_response.create(
        **{"model": f"sim/{name}", "voice": VOICES.get(name, "alloy"), "input": TEXT} | members
    )


def record(vendors, generation):
    router, key = vendors
    reply = httpx.get(
        f"{router.base_url}/generation", params={"id": generation}, headers={"authorization": f"Bearer {key}"}
    )
    assert reply.status_code == 200, reply.text
    return reply.json(parse_float=Decimal)["data"]


@pytest.mark.parametrize(
    "name, form",
    [("second", form) for form in CONTENT_TYPES]
    + [("mistral", form) for form in CONTENT_TYPES if form != "aac"]
    + [("xai", form) for form in ("mp3", "wav", "pcm")],
)
def test_every_format(client, name, form):
    reply = speak(client, name, response_format=form)
    assert reply.headers["content-type"] == CONTENT_TYPES[form]
    assert reply.content.startswith(BEGINNINGS[form])


def test_turns(client):
    turns = [{"text": "Hi", "voice": "Kore"}, {"text": "Hello", "voice": "echo", "instructions": "tired"}]
    assert speak(client, "gemini", input=turns, response_format="pcm").content
    with pytest.raises(openai.BadRequestError, match="Gemini") as refused:
        speak(client, "token", input=turns)
    assert refused.value.param == "input"


def test_without_a_format_it_is_mp3(client):
    speech = client.audio.speech.create(model="sim/token", voice="alloy", input=TEXT)
    assert speech.response.headers["content-type"] == "audio/mpeg"
    assert len(speech.content) == 50 * 192


@pytest.mark.parametrize("name, form", [("second", "wav"), ("gemini", "wav"), ("newer", "wav"), ("mistral", "wav"), ("xai", "wav")])
def test_wav_is_as_long_as_it_says(client, name, form):
    with wave.open(io.BytesIO(speak(client, name, response_format=form).content)) as file:
        assert Decimal(file.getnframes()) / file.getframerate() == SECONDS


@pytest.mark.parametrize("name, form", [("token", "mp3"), ("second", "pcm"), ("gemini", "pcm"), ("mistral", "mp3"), ("mistral", "pcm"), ("xai", "mp3")])
def test_bytes_come_while_the_vendor_holds_the_rest_back(client, simulator, name, form):
    gate = f"{name}{form}"
    with client.audio.speech.with_streaming_response.create(
        model=f"sim/{name}", voice=VOICES.get(name, "alloy"), input=f"hold:{gate}", response_format=form
    ) as reply:
        pieces = reply.iter_bytes()
        first = next(pieces)
        # Only this lets the simulator go on, so what is there came before.
        assert httpx.get(f"{simulator}/release/{gate}").status_code == 200
        rest = b"".join(pieces)
    size = 50 * 192 if form == "mp3" else 57_600
    assert 0 < len(first) <= size // 10
    assert len(first) + len(rest) == size


def events(client, vendors, name, **members):
    """The events of an answer, and its generation."""
    router, key = vendors
    asked = {"model": f"sim/{name}", "voice": VOICES.get(name, "alloy"), "input": TEXT}
    asked |= {"response_format": "pcm", "stream_format": "sse"}
    with client.audio.speech.with_streaming_response.create(**asked | members) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        with openai.Stream(
            cast_to=object, response=reply.http_response, client=client
        ) as stream:
            return list(stream), reply.headers["x-generation-id"]


@pytest.mark.parametrize("name", ["token", "gemini", "second", "mistral", "xai"])
def test_events(client, vendors, name):
    came, generation = events(client, vendors, name)
    *deltas, done = came
    assert [event["type"] for event in deltas] == ["speech.audio.delta"] * len(deltas)
    assert sum(len(base64.b64decode(event["audio"])) for event in deltas) == 57_600
    assert done["type"] == "speech.audio.done"
    said = record(vendors, generation)
    assert done["usage"]["cost"] == pytest.approx(float(said["total_cost"]))


@pytest.mark.parametrize(
    "name, members, cost",
    [
        # 16 bytes are 4 tokens of text, and 1.2 s are 25 of audio.
        ("token", {}, 4 * Decimal("0.0000006") + 25 * Decimal("0.000012")),
        ("letter", {}, 15 * Decimal("0.000015")),
        ("mistral", {}, 15 * Decimal("0.000013")),
        ("mistral", {"response_format": "pcm"}, 15 * Decimal("0.000013")),
        ("xai", {}, 15 * Decimal("0.000015")),
        ("gemini", {"response_format": "wav"}, 8 * Decimal("0.0000005") + 30 * Decimal("0.00001")),
        ("gemini", {"response_format": "pcm"}, 8 * Decimal("0.0000005") + 30 * Decimal("0.00001")),
        ("newer", {"response_format": "wav"}, 8 * Decimal("0.0000005") + 30 * Decimal("0.000009")),
        ("newer", {"response_format": "pcm", "instructions": "calm"}, 8 * Decimal("0.0000005") + 30 * Decimal("0.000009")),
        ("second", {"response_format": "mp3"}, SECONDS * Decimal("0.0001")),
        ("second", {"response_format": "wav"}, SECONDS * Decimal("0.0001")),
        ("second", {"response_format": "pcm"}, SECONDS * Decimal("0.0001")),
    ],
)
def test_record(client, vendors, name, members, cost):
    said = record(vendors, speak(client, name, **members).headers["x-generation-id"])
    assert said["api_type"] == "tts"
    assert said["total_cost"] == cost
    assert (said["characters"], said["audio_output_ms"], said["audio_input_ms"]) == (len(TEXT), 1200, None)


def test_cost_of_events_is_by_the_vendors_count(client, vendors):
    _, generation = events(client, vendors, "token")
    assert record(vendors, generation)["total_cost"] == 14 * Decimal("0.0000006") + 101 * Decimal("0.000012")


@pytest.mark.parametrize("name, voices", [("token", ["alloy", "cedar"]), ("letter", ["alloy", "shimmer"]), ("gemini", ["Kore", "Puck"]), ("xai", ["eve", "zenith"])])  # fmt: skip
def test_an_unknown_voice_is_told_which_there_are(client, name, voices):
    with pytest.raises(openai.BadRequestError) as refused:
        speak(client, name, voice="nobody", response_format="wav")
    assert refused.value.param == "voice"
    for voice in voices:
        assert voice in refused.value.message


@pytest.mark.parametrize(
    "name, members, parameter",
    [
        ("gemini", {"response_format": "mp3"}, "response_format"),
        ("gemini", {"response_format": "wav", "speed": 2}, "speed"),
        ("letter", {"stream_format": "sse"}, "stream_format"),
        ("mistral", {"response_format": "aac"}, "response_format"),
        ("mistral", {"speed": 2}, "speed"),
        ("mistral", {"instructions": "calm"}, "instructions"),
        # The vendor's own words: nobody else knows which voices an account has.
        ("mistral", {"voice": "nobody"}, "voice"),
        ("mistral", {"input": "moderated"}, "input"),
        ("xai", {"response_format": "opus"}, "response_format"),
        ("xai", {"speed": 2}, "speed"),
        ("xai", {"input": "x" * 15001}, "input"),
        ("token", {"input": "x" * 4097}, "input"),
        ("token", {"speed": 5}, "speed"),
    ],
)
def test_refused(client, name, members, parameter):
    with pytest.raises(openai.BadRequestError) as refused:
        speak(client, name, **members)
    assert refused.value.param == parameter


def test_a_vendor_that_breaks_off_is_not_taken_for_whole(client):
    with pytest.raises(httpx2.RemoteProtocolError):
        with client.audio.speech.with_streaming_response.create(
            model="sim/token", voice="alloy", input="fault:reset-after"
        ) as reply:
            reply.read()
