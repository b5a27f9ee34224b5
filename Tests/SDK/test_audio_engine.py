"""Speech and back, on this machine: the official SDK, routerd, and the audio engine of Examples/."""

import io
import os
import shutil
import wave
from decimal import Decimal

import httpx
import openai
import pytest

from processes import REPOSITORY, Program, Router

SPOKEN = "one two three four five"
HEARD = "two three four five"  # the first word of a recording is hard to hear
SECOND = Decimal("0.0001")

CONFIGURATION = """\
http: {{ host: 127.0.0.1, port: 0 }}
discover: false
providers:
  - {{ slug: audio, kind: openai_compatible, class: local, base_url: "{url}" }}
models:
  - id: mine/voice
    output_modalities: [speech]
    endpoints: [{{ provider: audio, model: espeak-ng }}]
    pricing: {{ prompt: "0", completion: "0", audio_output_second: "0.0001" }}
  - id: mine/ear
    output_modalities: [transcription]
    endpoints: [{{ provider: audio, model: pocketsphinx }}]
    pricing: {{ prompt: "0", completion: "0", audio_second: "0.0001" }}
"""


@pytest.fixture(scope="module")
def audio_engine(tmp_path_factory):
    if shutil.which("espeak-ng") is None and "ROUTERD_REQUIRE_AUDIO" not in os.environ:
        pytest.skip("espeak-ng is not installed")
    program = Program(
        [REPOSITORY / "scripts/audio-engine", "--port", "0", "--until-eof"],
        tmp_path_factory.mktemp("audio") / "log",
        dict(os.environ),
    )
    # The first start installs 30 MB.
    yield program.wait_for(r"engine listening on (http://\S+)", seconds=300)[1]
    assert program.stop() == 0, program.said()


@pytest.fixture(scope="module")
def routed(audio_engine, tmp_path_factory):
    router = Router(tmp_path_factory.mktemp("router"), text=CONFIGURATION.format(url=audio_engine))
    yield router, router.create_key("audio", "--rpm", "6000")["key"]
    assert router.program.stop() == 0, router.program.said()


@pytest.fixture
def client(routed):
    router, key = routed
    with openai.OpenAI(base_url=router.base_url, api_key=key, max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def speech(routed):
    """The spoken words as a WAV file, and the name of their generation."""
    router, key = routed
    with openai.OpenAI(base_url=router.base_url, api_key=key, max_retries=0, timeout=60) as client:
        reply = client.audio.speech.with_raw_response.create(
            model="mine/voice", voice="en-us", input=SPOKEN, response_format="wav"
        )
    assert reply.headers["content-type"] == "audio/wav"
    return reply.content, reply.headers["x-generation-id"]


def record(routed, generation):
    router, key = routed
    reply = httpx.get(
        f"{router.base_url}/generation", params={"id": generation}, headers={"authorization": f"Bearer {key}"}
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


def seconds_of(sound):
    with wave.open(io.BytesIO(sound)) as file:
        return Decimal(file.getnframes()) / file.getframerate()


def test_speech_is_sound_and_costs_its_seconds(routed, speech):
    sound, generation = speech
    seconds = seconds_of(sound)
    assert seconds > 1
    cost = Decimal(str(record(routed, generation)["total_cost"]))
    assert abs(cost - seconds * SECOND) <= SECOND / 1000, (cost, seconds)


def test_pcm_comes_as_it_is_spoken(client):
    with client.audio.speech.with_streaming_response.create(
        model="mine/voice", voice="en-us", input=SPOKEN, response_format="pcm"
    ) as reply:
        assert reply.headers["content-type"].startswith("audio/pcm")
        assert sum(map(len, reply.iter_bytes())) > 48_000


@pytest.mark.parametrize("asked", [{"voice": "nobody"}, {"response_format": "mp3"}])
def test_what_the_engine_lacks_is_told_in_its_words(client, asked):
    with pytest.raises(openai.BadRequestError, match="must be"):
        client.audio.speech.create(
            **{"model": "mine/voice", "voice": "en-us", "input": "x", "response_format": "wav"} | asked
        )


def test_round_trip(client, routed, speech):
    sound, _ = speech
    reply = client.audio.transcriptions.with_raw_response.create(model="mine/ear", file=("speech.wav", sound))
    assert HEARD in reply.parse().text
    said = record(routed, reply.headers["x-generation-id"])
    cost = Decimal(str(said["total_cost"]))
    assert abs(cost - seconds_of(sound) * SECOND) <= SECOND / 1000, said


def test_round_trip_in_every_form(client, speech):
    sound, _ = speech

    def ask(form, **more):
        return client.audio.transcriptions.create(
            model="mine/ear", file=("speech.wav", sound), response_format=form, **more
        )

    assert HEARD in ask("text")
    assert "-->" in ask("srt") and ask("vtt").startswith("WEBVTT")
    verbose = ask("verbose_json", timestamp_granularities=["word"])
    assert verbose.duration > 1 and any(word.word == "four" for word in verbose.words)
    events = list(ask("json", stream=True))
    assert events[-1].type == "transcript.text.done" and HEARD in events[-1].text
    assert "".join(event.delta for event in events[:-1]) == events[-1].text


def test_what_is_no_sound_is_refused(client):
    with pytest.raises(openai.BadRequestError, match="flac"):
        client.audio.transcriptions.create(model="mine/ear", file=("page.wav", b"<!DOCTYPE html><html></html>"))
