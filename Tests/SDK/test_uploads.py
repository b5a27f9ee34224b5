"""Fifty files of 25 MB at once, twice over the same connections, in each form that a request has and with as much beside them as
it may have: what they take of routerd's memory, and that every byte arrives."""

import base64
import hashlib
import http.client
import http.server
import json
import re
import threading

import pytest

from processes import Router

COUNT = 50
FILE_BYTES = 25 << 20
# A megabyte for each request, and what a server needs to answer at all: these are its first. It was 38 to 48 MiB.
MEMORY_BYTES_MAX = (COUNT + 4) << 20
BOUNDARY = b"a-boundary-of-the-test"
# What may stay in memory of a request's fields, and one that goes by the disk.
FIELDS = {b"mine": b"x" * 15_000, b"yours": b"y" * 15_000, b"prompt": b"z" * 32_000, b"known_speaker_references[]": b"r" * 2_000_000}

CONFIGURATION = """\
http: {{ host: 127.0.0.1, port: 0 }}
discover: false
providers:
  - {{ slug: sink, kind: openai_compatible, class: local, base_url: "http://127.0.0.1:{port}/v1" }}
models:
  - id: mine/ear
    output_modalities: [transcription]
    endpoints: [{{ provider: sink, model: sink }}]
    pricing: {{ prompt: "0", completion: "0", audio_second: "0.0001" }}
"""


class Sink(http.server.BaseHTTPRequestHandler):
    """An engine that reads nothing before all requests are there, and answers with the digest of the file."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        length = int(self.headers["content-length"])
        self.server.all_are_there.wait()
        head = b""
        while not head.endswith(b"\r\n\r\n") or b'name="file"' not in head:
            line = self.rfile.readline()
            head += line
            length -= len(line)
        digest = hashlib.sha256()
        left = FILE_BYTES
        while left and (piece := self.rfile.read(min(left, 65536))):
            digest.update(piece)
            left -= len(piece)
        rest = self.rfile.read(length - FILE_BYTES)
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        assert rest.rstrip(b" ").endswith(b"--" + boundary + b"--\r\n"), rest[-300:]
        self.server.fields |= {name for name in FIELDS if b'name="%b"' % name in head + rest and FIELDS[name] in head + rest}
        body = json.dumps({"text": digest.hexdigest()}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class SinkServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 2 * COUNT


@pytest.fixture(scope="module")
def sink():
    server = SinkServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def routed(sink, tmp_path_factory):
    router = Router(tmp_path_factory.mktemp("router"), text=CONFIGURATION.format(port=sink.server_port))
    yield router, router.create_key("uploads", "--rpm", "6000")["key"]
    assert router.program.stop() == 0, router.program.said()


def memory(program, kind):
    with open(f"/proc/{program.process.pid}/status") as status:
        return int(re.search(rf"{kind}:\s+(\d+) kB", status.read())[1]) * 1024


def form_field(name, value):
    return b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (BOUNDARY, name, value)


def body(sound, kind):
    """The pieces of a request's body, and its type."""
    if kind == "JSON":
        start = b'{"mine":"%b","input_audio":{"data":"' % (b"x" * 45_000)
        return [start, base64.b64encode(sound), b'","format":"wav"},"model":"mine/ear"}'], "application/json"
    field = form_field(b"model", b"mine/ear")
    file = b'--%b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' % BOUNDARY
    fields = [form_field(*each) for each in FIELDS.items()]
    pieces = {
        "model first": [field, file, sound, b"\r\n"],
        "file first": [file, sound, b"\r\n", field],
        "speaker": [field, *fields, file, sound, b"\r\n"],
    }[kind]
    end = b" " * 120_000 if kind == "model first" else b""
    return [*pieces, b"--%b--\r\n" % BOUNDARY + end], f"multipart/form-data; boundary={BOUNDARY.decode()}"


def upload(router, key, pieces, content_type):
    """The answers to a request that is sent twice over one connection, piece by piece."""
    host = router.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=300)
    connection.connect()
    first = connection.sock
    for _ in range(2):
        connection.putrequest("POST", "/api/v1/audio/transcriptions")
        connection.putheader("authorization", f"Bearer {key}")
        connection.putheader("content-type", content_type)
        connection.putheader("content-length", str(sum(map(len, pieces))))
        connection.endheaders()
        for piece in pieces:
            connection.sock.sendall(piece)
        reply = connection.getresponse()
        yield reply.status, reply.read()
        assert connection.sock is first
    connection.close()


@pytest.mark.parametrize("kind", ["model first", "file first", "JSON", "speaker"])
def test_fifty_files_at_once(sink, routed, kind):
    router, key = routed
    sound = b"RIFF\xff\xff\xff\x01WAVE" + bytes(range(256)) * (FILE_BYTES // 256)
    sound = sound[:FILE_BYTES]
    pieces, content_type = body(sound, kind)
    sink.all_are_there = threading.Barrier(COUNT)
    sink.fields = set()
    before = memory(router.program, "VmRSS")
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.extend(upload(router, key, pieces, content_type))) for _ in range(COUNT)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digest = hashlib.sha256(sound).hexdigest()
    assert [status for status, _ in answers] == [200] * 2 * COUNT, answers[:3]
    assert all(json.loads(body)["text"] == digest for _, body in answers)
    assert len(sink.fields) == {"JSON": 1, "speaker": 4}.get(kind, 0)
    most = memory(router.program, "VmHWM")
    print(f"{(most - before) >> 20} MiB more for {COUNT} files of {FILE_BYTES >> 20} MiB")
    assert most - before < MEMORY_BYTES_MAX
