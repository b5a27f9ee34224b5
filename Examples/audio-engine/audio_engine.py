"""An OpenAI-compatible audio engine of two old and small programs, on loopback: espeak-ng speaks, pocketsphinx listens.

It shows what a self-hosted engine has to answer so that routerd can put it behind its keys and prices, on a machine
without a GPU. scripts/audio-engine installs what this file imports and then runs it. Standard output gets one line once
requests are taken: `engine listening on http://127.0.0.1:PORT/v1`. Everything else goes to standard error.
"""

import argparse
import array
import contextlib
import json
import mmap
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import wave
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SPEECH_MODEL = "espeak-ng"
TRANSCRIPTION_MODEL = "pocketsphinx"
BODY_BYTES_MAX = 26 << 20
TEXT_CHARACTERS_MAX = 4096
SPEECH_FORMATS = ("wav", "pcm")
DEFAULT_VOICE = "en-us"
# What clients of OpenAI ask for, and who speaks instead.
OPENAI_VOICES = {
    "alloy": "en-us", "ash": "en-us+m3", "ballad": "en-us+m2", "cedar": "en-us+m7", "coral": "en-us+f2",
    "echo": "en-us+m1", "fable": "en-gb", "marin": "en-us+f5", "nova": "en-us+f3", "onyx": "en-us+m4",
    "sage": "en-us+f1", "shimmer": "en-us+f4", "verse": "en-us+m5",
}  # fmt: skip
PCM_RATE = 24_000  # what clients of OpenAI's speech expect of `pcm`
LISTENING_RATE = 16_000  # what the model was trained with
FRAMES_PER_SECOND = 100
UTTERANCE_SECONDS = 30  # what is heard at a time
PAUSE_SECONDS = 0.3  # so much silence ends a cue
WORDS_PER_MINUTE = 150


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, message, parameter=None, status=400):
        super().__init__(message)
        self.status = status
        self.parameter = parameter


# Speech


def voices():
    """The names that espeak-ng has, such as `en-us`."""
    listed = subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True, check=True).stdout
    return [line.split()[1] for line in listed.splitlines()[1:] if len(line.split()) > 1]


class Resampler:
    """Brings 16-bit samples of one channel to another rate, piece by piece, on straight lines between them."""

    def __init__(self, source, target):
        self.step = source / target
        self.place = 0.0  # of the next sample that is wanted, counted from the first one that is kept
        self.kept = array.array("h")

    def feed(self, samples):
        if self.step == 1:
            return samples
        self.kept.extend(samples)
        wanted = array.array("h")
        last = len(self.kept) - 1
        place, step, kept = self.place, self.step, self.kept
        while place < last:
            index = int(place)
            before = kept[index]
            wanted.append(int(before + (kept[index + 1] - before) * (place - index)))
            place += step
        used = min(int(place), max(0, last))
        self.kept = kept[used:]
        self.place = place - used
        return wanted


def spoken(text, voice, speed):
    """Starts espeak-ng; its output is a WAV file whose header does not know how long it will be."""
    rate = str(int(WORDS_PER_MINUTE * speed))
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        return subprocess.Popen(
            ["espeak-ng", "-v", voice, "-s", rate, "--stdin", "--stdout"],
            stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def speech_pieces(text, voice, speed):
    """The rate, then samples as they are spoken. To close it ends espeak-ng."""
    process = spoken(text, voice, speed)
    try:
        header = process.stdout.read(44)
        if len(header) < 44:
            raise Refused("espeak-ng said nothing: is there a word in `input`?", "input")
        yield int.from_bytes(header[24:28], "little")
        while piece := process.stdout.read(8192):
            yield array.array("h", piece[: len(piece) // 2 * 2])
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def asked_for(body, known_voices):
    """What a request for speech says: text in UTF-8, voice, speed and format. A member that is null is not there."""
    try:
        asked = {name: value for name, value in json.load(body).items() if value is not None}
        text, form, speed = asked["input"], asked.get("response_format", "wav"), float(asked.get("speed", 1))
        voice = asked.get("voice", DEFAULT_VOICE)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise Refused("The body must be JSON with a text in `input`.", "input") from None
    if not isinstance(text, str) or not 0 < len(text) <= TEXT_CHARACTERS_MAX:
        raise Refused(f"`input` must have 1 to {TEXT_CHARACTERS_MAX} characters.", "input")
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise Refused("`input` must be text: half of a pair of surrogates is no character.", "input") from None
    if form not in SPEECH_FORMATS:
        raise Refused(f"`response_format` must be {' or '.join(SPEECH_FORMATS)}, not {form}.", "response_format")
    if isinstance(voice, str):
        voice = OPENAI_VOICES.get(voice, voice)
    if voice not in known_voices and voice not in OPENAI_VOICES.values():
        known = ", ".join([*OPENAI_VOICES, *known_voices])
        raise Refused(f"`voice` must be one of {known}.", "voice")
    if not 0.25 <= speed <= 4:
        raise Refused("`speed` must be from 0.25 to 4.", "speed")
    return encoded, voice, speed, form


# Transcription


class Listener:
    """One decoder, used by one request at a time: its model is what takes memory."""

    def __init__(self):
        from pocketsphinx import Decoder

        self.decoder = Decoder(samprate=LISTENING_RATE, loglevel="FATAL")
        self.lock = threading.Lock()

    def words(self, samples):
        """What is said in `samples`: words with the seconds at which they begin and end."""
        begin, found = 0.0, []
        for utterance in utterances(samples):
            with self.lock:
                self.decoder.start_utt()
                # As a whole: then it hears how loud the room is before it guesses.
                self.decoder.process_raw(utterance.tobytes(), full_utt=True)
                self.decoder.end_utt()
                heard = [] if self.decoder.hyp() is None else list(self.decoder.seg())
            found += [
                (re.sub(r"\(\d+\)$", "", word.word), round(begin + word.start_frame / FRAMES_PER_SECOND, 2),
                 round(begin + (word.end_frame + 1) / FRAMES_PER_SECOND, 2))
                for word in heard
            ]
            begin += len(utterance) / LISTENING_RATE
        return found


def utterances(pieces):
    """Half minutes of sound; a word at their edge is heard in two."""
    current = array.array("h")
    for piece in pieces:
        current.extend(piece)
        if len(current) >= UTTERANCE_SECONDS * LISTENING_RATE:
            yield current
            current = array.array("h")
    if current:
        yield current


def cues(words):
    """Words between pauses, without the marks for silence and noise."""
    found, current = [], []
    for word, start, end in words:
        if word[0] in "<[+":
            if end - start >= PAUSE_SECONDS and current:
                found.append(current)
                current = []
        else:
            current.append((word, start, end))
    return found + [current] if current else found


def samples_of(file):
    """Pieces of a WAV file at the rate that the model wants, and its length in seconds."""
    try:
        sound = wave.open(file, "rb")
    except (wave.Error, EOFError) as error:
        raise Refused(f"The file is not a WAV file that can be read: {error}.", "file") from None
    if sound.getsampwidth() != 2:
        raise Refused("The WAV file must have 16 bits a sample.", "file")
    channels, rate = sound.getnchannels(), sound.getframerate()
    resampler = Resampler(rate, LISTENING_RATE)

    def pieces():
        while frames := sound.readframes(4096):
            samples = array.array("h", frames[: len(frames) // 2 * 2])
            yield resampler.feed(samples[::channels])

    return pieces(), sound.getnframes() / rate


def clock(seconds, mark):
    milliseconds = round(seconds * 1000)
    return "{:02}:{:02}:{:02}{}{:03}".format(
        milliseconds // 3_600_000, milliseconds // 60_000 % 60, milliseconds // 1000 % 60, mark, milliseconds % 1000
    )


def transcript(found, seconds, form):
    """The answer in the form that was asked for, and its content type."""
    texts = [" ".join(word for word, _, _ in cue) for cue in found]
    text = " ".join(texts)
    if form == "text":
        return text + "\n", "text/plain; charset=utf-8"
    if form in ("srt", "vtt"):
        mark = "," if form == "srt" else "."
        blocks = [
            (f"{number}\n" if form == "srt" else "")
            + f"{clock(cue[0][1], mark)} --> {clock(cue[-1][2], mark)}\n{line}\n"
            for number, (cue, line) in enumerate(zip(found, texts), 1)
        ]
        return ("" if form == "srt" else "WEBVTT\n\n") + "\n".join(blocks), "text/plain; charset=utf-8"
    answer = {"text": text, "usage": {"type": "duration", "seconds": seconds}}
    if form == "verbose_json":
        answer |= {
            "task": "transcribe", "language": "english", "duration": seconds,
            "segments": [
                {"id": number, "start": cue[0][1], "end": cue[-1][2], "text": line}
                for number, (cue, line) in enumerate(zip(found, texts))
            ],
            "words": [{"word": word, "start": start, "end": end} for cue in found for word, start, end in cue],
        }
    return json.dumps(answer), "application/json"


# HTTP


class Part(Message):
    """The head of one part of a form."""

    def __init__(self, head):
        super().__init__()
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, _, value = line.partition(":")
            if value:
                self[name] = value.strip()

    @property
    def name(self):
        return self.get_param("name", header="content-disposition")


def form_parts(body, boundary):
    """Name, and where the content begins and ends, of each part of a form."""
    mark = b"--" + boundary
    place = body.find(mark)
    while place >= 0:
        start = place + len(mark)
        if body[start : start + 2] == b"--":
            return
        head_end = body.find(b"\r\n\r\n", start)
        place = body.find(b"\r\n" + mark, max(head_end, 0))
        if head_end < 0 or place < 0:
            raise Refused("The form is not whole.")
        yield Part(body[start + 2 : head_end]).name, head_end + 4, place
        place += 2


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass  # Texts that people speak are theirs.

    def do_GET(self):
        if self.path == "/health":
            return self.send("ok", "text/plain")
        if self.path == "/v1/models":
            models = [{"id": name, "object": "model", "owned_by": "local"} for name in (SPEECH_MODEL, TRANSCRIPTION_MODEL)]
            return self.send(json.dumps({"object": "list", "data": models}), "application/json")
        self.send_error_object(Refused("There is nothing here.", status=404))

    def do_POST(self):
        routes = {"/v1/audio/speech": self.speak, "/v1/audio/transcriptions": self.listen}
        try:
            length = int(self.headers.get("content-length") or -1)
            if length < 0:
                self.close_connection = True
                raise Refused("The body needs a Content-Length.", status=411)
            if length > BODY_BYTES_MAX:
                self.close_connection = True
                raise Refused(f"The body is too large: at most {BODY_BYTES_MAX >> 20} MiB.", status=413)
            with tempfile.TemporaryFile() as body:
                while length > 0 and (piece := self.rfile.read(min(length, 65536))):
                    body.write(piece)
                    length -= len(piece)
                if length:
                    self.close_connection = True
                    return
                body.seek(0)
                if self.path not in routes:
                    raise Refused("There is nothing here.", status=404)
                routes[self.path](body)
        except Refused as refused:
            self.send_error_object(refused)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # The client left.

    def speak(self, body):
        text, voice, speed, form = asked_for(body, self.server.voices)
        with contextlib.closing(speech_pieces(text, voice, speed)) as pieces:
            rate = next(pieces)
            if form == "wav":
                return self.send(self.wav(pieces, rate), "audio/wav")
            resampler = Resampler(rate, PCM_RATE)
            self.begin_chunks(f"audio/pcm;rate={PCM_RATE};channels=1")
            for samples in pieces:
                self.chunk(resampler.feed(samples).tobytes())
            self.chunk(b"", last=True)

    def wav(self, pieces, rate):
        """The whole file: its header says how long it is."""
        with tempfile.TemporaryFile() as file:
            with wave.open(file, "wb") as sound:
                sound.setparams((1, 2, rate, 0, "NONE", ""))
                for samples in pieces:
                    self.check_client()
                    sound.writeframes(samples.tobytes())
            file.seek(0)
            return file.read()

    def check_client(self):
        """While nothing goes out, nothing else shows that the client has left."""
        try:
            if not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                raise ConnectionResetError("the client left")
        except BlockingIOError:
            pass  # It waits.

    def listen(self, body):
        content_type = Message()
        content_type["content-type"] = self.headers.get("content-type", "")
        boundary = content_type.get_param("boundary")
        if content_type.get_content_type() != "multipart/form-data" or not boundary:
            raise Refused("The body must be a form (multipart/form-data) with the file in `file`.", status=415)
        fields, place = {}, None
        with mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ) as form:
            for name, start, end in form_parts(form, boundary.encode()):
                if name == "file":
                    place = start
                else:
                    fields[name] = form[start:end].decode("utf-8", "replace")
        if place is None:
            raise Refused("The form has no `file`.", "file")
        form = fields.get("response_format", "json")
        if form not in ("json", "text", "srt", "verbose_json", "vtt"):
            raise Refused("`response_format` must be json, text, srt, verbose_json or vtt.", "response_format")
        body.seek(place)
        # What follows the sound is not read: its own header says how long it is.
        pieces, seconds = samples_of(body)
        found = cues(self.server.listener.words(pieces))
        if fields.get("stream", "").lower() not in ("true", "1"):
            answer, answer_type = transcript(found, seconds, form)
            return self.send(answer, answer_type)
        self.begin_chunks("text/event-stream")
        text = ""
        for cue in found:
            delta = (" " if text else "") + " ".join(word for word, _, _ in cue)
            text += delta
            self.event({"type": "transcript.text.delta", "delta": delta})
        self.event({"type": "transcript.text.done", "text": text, "usage": {"type": "duration", "seconds": seconds}})
        self.chunk(b"", last=True)

    # What goes out

    def send(self, answer, content_type, status=200):
        answer = answer.encode() if isinstance(answer, str) else answer
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def send_error_object(self, refused):
        error = {"message": str(refused), "type": "invalid_request_error", "param": refused.parameter, "code": None}
        self.send(json.dumps({"error": error}), "application/json", refused.status)

    def begin_chunks(self, content_type):
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def chunk(self, piece, last=False):
        if piece or last:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.flush()

    def event(self, value):
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(prog="audio-engine", description="Speech and transcription on your own processor.")
    parser.add_argument("--port", type=int, default=8089, help="port on 127.0.0.1; 0 takes a free one (default 8089)")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input is closed, too")
    chosen = parser.parse_args()
    server = Server(("127.0.0.1", chosen.port), Handler)
    server.voices = voices()
    server.listener = Listener()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    if chosen.until_eof:
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"engine listening on http://127.0.0.1:{server.server_port}/v1", flush=True)
    stop.wait()
    server.shutdown()


if __name__ == "__main__":
    main()
