"""The gateways that are compared: how each is configured and started."""

import json
import os
import shlex
import socket
import subprocess
import time

from harness.processes import GATEWAY_CORE, Process

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START_SECONDS_MAX = 20
# routerd gives a key a million requests a minute at most: 17,000 a second.
KEY_REQUESTS_A_MINUTE = 1_000_000
KEYS = 8

ROUTERD_CONFIGURATION = """\
http: {{ host: 127.0.0.1, port: {listen} }}
data: {data}
discover: false
providers:
  - {{ slug: bench, kind: openai_compatible, class: local, base_url: "http://127.0.0.1:{upstream}/v1" }}
models:
  - id: airouter-cloud/bench
    name: Bench
    context_length: 1048576
    max_completion_tokens: 32768
    endpoints:
      - {{ provider: bench, model: bench, weight: 1 }}
    pricing: {{ prompt: "0.0000001", completion: "0.0000001" }}
  - id: airouter-cloud/bench-image
    output_modalities: [image]
    endpoints: [{{ provider: bench, model: bench-image }}]
    pricing: {{ prompt: "0", completion: "0", image_output: "0.01" }}
  - id: airouter-cloud/bench-speech
    output_modalities: [speech]
    endpoints: [{{ provider: bench, model: bench-speech }}]
    pricing: {{ prompt: "0", completion: "0", audio_output_second: "0.0001" }}
  - id: airouter-cloud/bench-transcription
    output_modalities: [transcription]
    endpoints: [{{ provider: bench, model: bench-transcription }}]
    pricing: {{ prompt: "0", completion: "0", audio_second: "0.0001" }}
"""


class Failure(Exception):
    """Something that is measured did not work; the text says what."""


_ports = iter(range(20000 + os.getpid() % 10000, 32768))


def free_port():
    """A loopback port that nothing listens on, below those that the kernel gives to connections; each only once."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port below 32768")


def answer(port, body, keys):
    """How the answer to a POST of `body` begins; empty while nobody listens."""
    lines = [
        "POST /v1/chat/completions HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"Authorization: Bearer {key}" for key in keys[:1]),
    ]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS_MAX) as connection:
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            return connection.recv(65536).decode(errors="replace")
    except OSError:
        return ""


class Gateway:
    """What to compare. `prepare` is called once, `command` gives what to start."""

    keys = []

    def __init__(self, name, directory, upstream):
        self.name = name
        self.directory = os.path.join(directory, name)
        self.upstream = upstream
        self.port = free_port()
        os.mkdir(self.directory)
        self.prepare()

    def prepare(self):
        pass

    def command(self):
        raise NotImplementedError

    def start(self, body):
        """The process, once it has answered `body` with 200; `first_answer` in it is the seconds that took."""
        log = os.path.join(self.directory, "log")
        process = Process(self.command(), GATEWAY_CORE, log, cwd=self.directory)
        try:
            while not (last := answer(self.port, body, self.keys)).startswith("HTTP/1.1 200"):
                if process.popen.poll() is not None or time.monotonic() - process.started > START_SECONDS_MAX:
                    raise Failure(f"{self.name} did not answer with 200 after its start: {last}\n{process.tail()}")
                time.sleep(0.001)
            process.first_answer = time.monotonic() - process.started
            return process
        except BaseException:
            process.stop()
            raise


class Nginx(Gateway):
    def prepare(self):
        with open(os.path.join(HERE, "nginx.conf")) as file:
            template = file.read()
        with open(os.path.join(self.directory, "nginx.conf"), "w") as file:
            file.write(template.replace("@LISTEN@", str(self.port)).replace("@UPSTREAM@", str(self.upstream)))

    def command(self):
        return ["nginx", "-p", self.directory, "-c", "nginx.conf", "-e", "stderr"]


class Routerd(Gateway):
    def prepare(self):
        self.program = os.path.abspath(os.environ.get("ROUTERD", os.path.join(HERE, "../../.build/release/routerd")))
        self.configuration = os.path.join(self.directory, "routerd.yaml")
        data = os.path.join(self.directory, "data")
        with open(self.configuration, "w") as file:
            file.write(ROUTERD_CONFIGURATION.format(listen=self.port, data=data, upstream=self.upstream))
        self.keys = [self._key(data) for _ in range(KEYS)]

    def _key(self, data):
        argv = [self.program, "keys", "create", "--name", "bench", "--rpm", str(KEY_REQUESTS_A_MINUTE), "--json"]
        try:
            created = subprocess.run(
                [*argv, "-c", self.configuration, "--data", data], capture_output=True, text=True, timeout=30
            )
            return json.loads(created.stdout)["key"]
        except OSError as error:
            raise Failure(f"{error}; build it with: swift build -c release --product routerd")
        except (ValueError, KeyError):
            raise Failure(f"routerd keys create failed: {created.stderr}")

    def command(self):
        return [self.program, "serve", "-c", self.configuration]


class Command(Gateway):
    """Any other gateway: a command in which {listen} and {upstream} are ports; GATEWAY_KEY is the key it wants."""

    keys = [key for key in [os.environ.get("GATEWAY_KEY")] if key]

    def __init__(self, name, command, directory, upstream):
        self.text = command
        super().__init__(name, directory, upstream)

    def command(self):
        return [part.format(listen=self.port, upstream=self.upstream) for part in shlex.split(self.text)]


def gateway(text, directory, upstream):
    """The gateway that `text` names: nginx, routerd, relay, or NAME=COMMAND."""
    name, _, command = text.partition("=")
    if command:
        return Command(name, command, directory, upstream)
    if name == "relay":
        return Command(name, f"{directory}/bin/relay {{listen}} {{upstream}}", directory, upstream)
    kinds = {"nginx": Nginx, "routerd": Routerd}
    if name not in kinds:
        raise Failure(f'unknown gateway "{name}": nginx, routerd, relay or NAME=COMMAND')
    return kinds[name](name, directory, upstream)
