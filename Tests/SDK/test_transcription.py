"""The official SDK's transcription through routerd: as a form and as JSON, whole, as text and in events."""

import base64
import io
import struct

import httpx
import openai
import pytest

import simulated

# By the kind of a provider: where the simulator speaks its format, what its model is called, and what it charges.
KINDS = {
    "whisper": ("openai", "openai/v1", "whisper-1", 'completion: "0", audio_second: "0.0001"'),
    "tokens": ("openai", "openai/v1", "gpt-4o-transcribe", 'completion: "0.00001", audio: "0.0000025"'),
    "diarize": ("openai", "openai/v1", "gpt-4o-transcribe-diarize", 'completion: "0.00001", audio: "0.0000025"'),
    "mistral": ("mistral", "mistral/v1", "voxtral-mini-2602", 'completion: "0", audio_second: "0.00005"'),
    "xai": ("xai", "xai/v1", "grok-voice-transcribe-2.0", 'completion: "0", audio_second: "0.00003"'),
    "engine": ("openai_compatible", "openai/v1", "whisper", 'completion: "0", audio_second: "0.00001"'),
}


def configuration(simulator):
    models = {name: (kind, path, model, f'prompt: "0", {prices}') for name, (kind, path, model, prices) in KINDS.items()}
    return simulated.configuration(simulator, models, "input_modalities: [audio], output_modalities: [transcription]")


def wav(seconds):
    """Silence: 16 bits, 16,000 samples a second, one channel."""
    size = int(seconds * 32_000)
    return (
        struct.pack("<4sI8sIHHIIHH", b"RIFF", size + 36, b"WAVEfmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
        + struct.pack("<4sI", b"data", size)
        + bytes(size)
    )


SOUND = wav(3)
HEARD = f"Heard {len(SOUND)} bytes of wav."


@pytest.fixture
def client(vendor_client):
    return vendor_client


def ask(client, name, sound=SOUND, **members):
    return client.audio.transcriptions.create(model=f"sim/{name}", file=("a b.wav", io.BytesIO(sound)), **members)


@pytest.mark.parametrize(
    "name, kind, cost",
    [
        ("whisper", "duration", 3 * 0.0001),
        ("tokens", "tokens", 30 * 0.0000025 + 5 * 0.00001),
        # It says seconds and is sold by the token: 30 of sound, and 7 for the 27 letters that came.
        ("diarize", "tokens", 30 * 0.0000025 + 7 * 0.00001),
        ("mistral", "duration", 3 * 0.00005),
        ("xai", "duration", 3 * 0.00003),
        ("engine", "duration", 3 * 0.00001),
    ],
)
def test_whole(client, name, kind, cost):
    reply = ask(client, name)
    assert reply.text == HEARD
    assert reply.usage.type == kind
    assert reply.usage.model_extra["cost"] == pytest.approx(cost)


@pytest.mark.parametrize("form, start", [("text", HEARD), ("srt", "1\n00:00"), ("vtt", "WEBVTT\n\n")])
def test_text(client, form, start):
    raw = client.audio.transcriptions.with_raw_response.create(
        model="sim/whisper", file=("a.wav", SOUND), response_format=form
    )
    assert raw.text.startswith(start)
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert isinstance(ask(client, "whisper", response_format=form), str)


def test_verbose(client):
    reply = ask(client, "whisper", response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert reply.duration == 3.0
    assert reply.segments[0].text == HEARD
    assert reply.usage.seconds == 3


@pytest.mark.parametrize(
    "form, answer",
    [
        ("text", f"{HEARD}\n"),
        ("srt", f"1\n00:00:00,500 --> 00:00:01,250\n{HEARD}\n\n"),
        ("vtt", f"WEBVTT\n\n00:00:00.500 --> 00:00:01.250\n{HEARD}\n\n"),
    ],
)
def test_mistral_text(client, form, answer):
    # The simulator refuses a language beside the times that subtitles need, as Mistral does.
    assert ask(client, "mistral", response_format=form, language="en") == answer


def test_mistral_verbose(client):
    reply = ask(client, "mistral", response_format="verbose_json", language="en")
    assert (reply.duration, reply.text, reply.model_extra["task"]) == (3, HEARD, "transcribe")
    assert [(part.id, part.start, part.end, part.text) for part in reply.segments] == [(0, 0.5, 1.25, f" {HEARD}")]
    words = ask(client, "mistral", response_format="verbose_json", timestamp_granularities=["word"]).words
    assert "".join(word.word for word in words) == HEARD


@pytest.mark.parametrize(
    "provider, parameter",
    [
        ({"only": ["nobody"]}, "provider.only[0]"),
        ({"zrd": True}, "provider.zrd"),
        ({"zdr": "maybe"}, "provider.zdr"),
        ({"max_price": {"prompt": "much"}}, "provider.max_price.prompt"),
    ],
)
def test_preferences_refused(client, provider, parameter):
    """What the SDK writes in pieces into a form (`provider[only][]`) is read, and not passed over."""
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, "tokens", extra_body={"provider": provider})
    assert refused.value.param == parameter


def test_preferences(client):
    """The simulator refuses fields that it does not know: none of these goes to a vendor."""
    extra = {
        "provider": {"only": ["tokens"], "allow_fallbacks": False, "max_price": {"completion": 100}},
        "models": ["sim/whisper"],
        "trace": {"trace_id": "t"},
        "metadata": {"a": "b"},
        "usage": {"include": True},
        "session_id": "s",
        "user": "u",
    }
    assert ask(client, "tokens", extra_body=extra).text == HEARD
    with pytest.raises(openai.APIStatusError) as refused:
        ask(client, "tokens", extra_body={"provider": {"only": ["whisper"]}})
    assert refused.value.body["param"] == "provider.only"


def test_openrouter_sdk(vendors):
    openrouter = pytest.importorskip("openrouter")
    router, key = vendors
    file = {"file_name": "a.wav", "content": SOUND}
    with openrouter.OpenRouter(api_key=key, server_url=router.base_url) as client:
        reply = client.stt.create_transcription_multipart(model="sim/tokens", file=file, user="u", session_id="s")
        assert (reply.text, reply.usage.input_tokens) == (HEARD, 30)
        reply = client.stt.create_transcription_multipart(
            model="sim/mistral",
            file=file,
            response_format="verbose_json",
            timestamp_granularities=["word"],  # Mistral tells speakers by segments only.
            keyterms=["Ada Lovelace"],
            diarize=True,
            provider='{"only": ["mistral"]}',
            trace='{"trace_id": "t"}',
            user="u",
        )
        assert (reply.text, reply.task, reply.duration, reply.usage.seconds) == (HEARD, "transcribe", 3, 3)
        assert [(part.start, part.speaker, part.speaker_label) for part in reply.segments] == [(0.5, 1, "speaker_1")]
        sound = {"data": base64.b64encode(SOUND).decode(), "format": "WAV"}
        reply = client.stt.create_transcription(model="sim/whisper", input_audio=sound, user="u", keyterms=[])
        assert (reply.text, reply.usage.seconds) == (HEARD, 3)
        with pytest.raises(openrouter.errors.BadRequestResponseError, match="timestamp_granularities"):
            client.stt.create_transcription_multipart(
                model="sim/whisper", file=file, timestamp_granularities=["letter"]
            )


def test_diarized(client):
    reply = ask(client, "diarize", response_format="diarized_json", chunking_strategy="auto")
    assert [(segment.speaker, segment.text) for segment in reply.segments] == [("A", HEARD)]


@pytest.mark.parametrize("name, members", [("tokens", {}), ("tokens", {"response_format": "text"}), ("mistral", {})])
def test_stream(client, name, members):
    events = list(ask(client, name, stream=True, **members))
    assert "".join(event.delta for event in events[:-1]) == HEARD
    assert len(events) == 6
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == HEARD
    assert events[-1].usage.model_extra["cost"] > 0


def test_whisper_does_not_stream(client):
    raw = client.audio.transcriptions.with_raw_response.create(
        model="sim/whisper", file=("a.wav", SOUND), stream=True
    )
    assert raw.headers["content-type"].startswith("application/json")
    raw.http_response.read()
    assert raw.http_response.json()["text"] == HEARD


def test_members(client):
    """What the SDK writes into a form: lists, objects and numbers."""
    reply = ask(
        client,
        "tokens",
        include=["logprobs"],
        temperature=0.2,
        language="kk",
        prompt="Сәлем",
        chunking_strategy={"type": "server_vad"},
    )
    assert reply.text == HEARD


def test_json(client):
    """OpenRouter's form of the request."""
    sound = base64.b64encode(SOUND).decode()
    body = {
        "model": "sim/tokens",
        "input_audio": {"data": sound, "format": "wav"},
        "temperature": 0,
        "provider": {"order": ["tokens"]},
    }
    reply = client.post("/audio/transcriptions", cast_to=object, body=body)
    assert reply["text"] == HEARD
    assert reply["usage"]["cost"] == pytest.approx(30 * 0.0000025 + 5 * 0.00001)


def test_file_first(client):
    """The order of curl's examples: the model stands behind the file."""
    reply = httpx.post(
        f"{client.base_url}audio/transcriptions",
        headers={"authorization": f"Bearer {client.api_key}"},
        files=[("file", ("a.wav", SOUND)), ("model", (None, "sim/whisper")), ("language", (None, "en"))],
    )
    assert reply.status_code == 200, reply.text
    assert reply.json()["text"] == HEARD


@pytest.mark.parametrize("members", [{"response_format": "text"}, {"stream": "true"}])
def test_late_fields(client, members):
    """Fields behind a file that was already on its way to the vendor."""
    late = [(name, (None, value)) for name, value in members.items()]
    reply = httpx.post(
        f"{client.base_url}audio/transcriptions",
        headers={"authorization": f"Bearer {client.api_key}"},
        files=[("model", (None, "sim/tokens")), ("file", ("a.wav", SOUND)), *late],
    )
    assert reply.status_code == 200, reply.text
    kind, end = ("text/plain", HEARD + "\n") if "response_format" in members else ("text/event-stream", "}}\n\n")
    assert reply.headers["content-type"].startswith(kind)
    assert reply.text.endswith(end)


def test_large(client):
    sound = wav(600)
    reply = ask(client, "whisper", sound)
    assert reply.text == f"Heard {len(sound)} bytes of wav."
    assert reply.usage.model_extra["cost"] == pytest.approx(0.06)


def test_record(client):
    raw = client.audio.transcriptions.with_raw_response.create(model="sim/whisper", file=("a.wav", SOUND))
    reply = client.get("/generation", cast_to=object, options={"params": {"id": raw.headers["x-generation-id"]}})
    assert reply["data"]["api_type"] == "stt"
    assert reply["data"]["total_cost"] == pytest.approx(0.0003)


@pytest.mark.parametrize(
    "name, members, parameter",
    [
        ("whisper", {"response_format": "xml"}, "response_format"),
        ("tokens", {"response_format": "srt"}, "response_format"),
        ("mistral", {"response_format": "diarized_json"}, "response_format"),
        ("tokens", {"extra_body": {"keyterms": ["Ada"]}}, "keyterms"),
        ("tokens", {"extra_body": {"diarize": True}}, "diarize"),
        ("whisper", {"temperature": 1.5}, "temperature"),
        ("whisper", {"timestamp_granularities": ["letter"]}, "timestamp_granularities[0]"),
    ],
)
def test_refused(client, name, members, parameter):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, name, **members)
    assert refused.value.param == parameter


@pytest.mark.parametrize("sound", [b"<!DOCTYPE html><html><body>Not found</body></html>", b"%PDF-1.7 and so on", b""])
def test_no_sound(client, sound):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, "whisper", sound)
    assert refused.value.param == "file"


def test_xai(client):
    """Its words become OpenAI's; text and subtitles are made of them, and events of the whole."""
    reply = ask(client, "xai", response_format="verbose_json", timestamp_granularities=["word"], language="en")
    assert (reply.duration, reply.language) == (3.0, "en")
    assert [(word.word, word.start) for word in reply.words][:2] == [("Heard", 0.25), (str(len(SOUND)), 1.25)]
    assert ask(client, "xai", response_format="text") == HEARD + "\n"
    assert ask(client, "xai", response_format="srt").startswith("1\n00:00:00,250 --> 00:00:04,750\nHeard")
    *deltas, done = ask(client, "xai", stream=True)
    assert ("".join(event.delta for event in deltas), done.text) == (HEARD, HEARD)
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, "xai", response_format="diarized_json")
    assert refused.value.param == "response_format"


def test_xai_takes_no_field_behind_a_file_on_its_way(vendors):
    """The vendor wants the file to be the last part."""
    router, key = vendors
    parts = [("model", (None, "sim/xai")), ("file", ("a.wav", SOUND)), ("language", (None, "en"))]
    headers = {"authorization": f"Bearer {key}"}
    reply = httpx.post(f"{router.base_url}/audio/transcriptions", files=parts, headers=headers, timeout=30)
    assert reply.status_code == 400, reply.text
    assert reply.json()["error"]["param"] == "language"
    # Where the file stands before the model it is kept, and everything is put before it.
    reply = httpx.post(
        f"{router.base_url}/audio/transcriptions", files=[parts[1], parts[0], parts[2]], headers=headers, timeout=30
    )
    assert reply.json()["text"] == HEARD, reply.text
