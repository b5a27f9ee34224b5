"""Speech and back, on this machine: the official SDK, routerd, and the audio engine of Examples/."""

import concurrent.futures
import io
import json
import os
import pathlib
import shutil
import socket
import time
import urllib.parse
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
def engine_program(tmp_path_factory):
    if shutil.which("espeak-ng") is None and "ROUTERD_REQUIRE_AUDIO" not in os.environ:
        pytest.skip("espeak-ng is not installed")
    program = Program(
        [REPOSITORY / "scripts/audio-engine", "--port", "0", "--until-eof"],
        tmp_path_factory.mktemp("audio") / "log",
        dict(os.environ),
    )
    # The first start installs 30 MB.
    program.wait_for(r"engine listening on (http://\S+)", seconds=300)
    yield program
    assert program.stop() == 0, program.said()


@pytest.fixture(scope="module")
def audio_engine(engine_program):
    return engine_program.wait_for(r"engine listening on (http://\S+)", seconds=1)[1]


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


def test_what_openai_has_is_spoken_too(client):
    # No format: what comes says that it is WAV. An alias of OpenAI's has a voice of its own.
    spoken = [client.audio.speech.create(model="mine/voice", voice=voice, input=SPOKEN) for voice in ("alloy", "onyx")]
    assert [reply.response.headers["content-type"] for reply in spoken] == ["audio/wav"] * 2
    assert all(seconds_of(reply.content) > 1 for reply in spoken)
    assert spoken[0].content != spoken[1].content


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


# The engine alone: routerd would refuse some of this before it is asked.


def ask(audio_engine, body):
    content = body if isinstance(body, bytes) else json.dumps(body)
    return httpx.post(f"{audio_engine}/audio/speech", content=content, timeout=30)


def children(program):
    """The processes that the engine has started and that have not ended."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition(") ")
        except OSError:
            continue  # It ended meanwhile.
        if int(rest.split()[1]) == program.process.pid:
            found.append(name)
    return found


def wait_for_children(program, count):
    deadline = time.monotonic() + 20
    while len(children(program)) != count:
        assert time.monotonic() < deadline, children(program)
        time.sleep(0.01)


@pytest.mark.parametrize(
    "asked, parameter",
    [
        ({"input": "\ud800"}, "input"),
        ({"input": "one \udc00 two"}, "input"),
        ({"input": None}, "input"),
        ({"input": 7}, "input"),
        ({"input": ["one"]}, "input"),
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"input": "x", "voice": ["en-us"]}, "voice"),
        ({"input": "x", "voice": {"id": "x"}}, "voice"),
        ({"input": "x", "voice": "en-us; rm"}, "voice"),
        ({"input": "x", "speed": float("nan")}, "speed"),
        ({"input": "x", "speed": 9}, "speed"),
        ({"input": "x", "speed": 10**400}, "input"),
        ({"input": "x", "response_format": "mp3"}, "response_format"),
        ({"input": "x", "response_format": {"a": 1}}, "response_format"),
        (b"[" * 100_000, "input"),
        (b"\xff\xfe", "input"),
        (b"[]", "input"),
        (b"", "input"),
    ],
)
def test_hostile_requests_are_refused_and_leave_no_process(audio_engine, engine_program, asked, parameter):
    reply = ask(audio_engine, asked)
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    assert error["param"] == parameter and error["type"] == "invalid_request_error"
    wait_for_children(engine_program, 0)


@pytest.mark.parametrize("text", ["-v nobody", "<speak>", "[[a", "\u0000one", "one\u0007\n\r\ttwo", "𒀀 one 👍", "--help"])
def test_strange_texts_are_answered(audio_engine, engine_program, text):
    assert ask(audio_engine, {"input": text, "voice": "en-us"}).status_code in (200, 400)
    wait_for_children(engine_program, 0)


def test_null_is_not_there(audio_engine):
    asked = {"input": SPOKEN, "voice": None, "response_format": None, "speed": None, "instructions": None}
    reply = ask(audio_engine, asked)
    assert reply.status_code == 200 and reply.headers["content-type"] == "audio/wav", reply.text
    assert reply.content == ask(audio_engine, {"input": SPOKEN, "voice": "alloy"}).content


@pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="processes are found in /proc")
@pytest.mark.parametrize("form", ["pcm", "wav"])
def test_a_client_that_leaves_ends_what_speaks(audio_engine, engine_program, form):
    # 20 MB of sound: more than goes into the buffers between the two.
    body = json.dumps({"input": "word " * 819, "speed": 0.25, "response_format": form}).encode()
    place = urllib.parse.urlsplit(audio_engine)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.connect((place.hostname, place.port))
        head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        wait_for_children(engine_program, 1)
        if form == "pcm":
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            time.sleep(0.5)
            assert len(children(engine_program)) == 1
    wait_for_children(engine_program, 0)
    assert ask(audio_engine, {"input": SPOKEN}).status_code == 200


def test_several_at_once(audio_engine, engine_program):
    texts = ["one", "one two three", SPOKEN, " ".join([SPOKEN] * 20)]
    alone = [ask(audio_engine, {"input": text, "response_format": "pcm"}).content for text in texts]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: ask(audio_engine, {"input": text, "response_format": "pcm"}).content, texts))
    assert together == alone and sorted(map(len, alone)) == [len(sound) for sound in alone]
    wait_for_children(engine_program, 0)
