"""The two programs under test, started for real: the demo engine and routerd."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

import httpx

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODEL = "airouter-cloud/smollm2-135m"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 45

CONFIGURATION = """\
http: {{ host: 127.0.0.1, port: 0 }}
discover: false
providers:
  - slug: smollm2
    kind: openai_compatible
    class: local
    base_url: {engine}/v1
models:
  - id: airouter-cloud/smollm2-135m
    name: SmolLM2 135M Instruct
    context_length: 8192
    max_completion_tokens: 2048
    aliases: [smollm2-135m]
    endpoints:
      - {{ provider: smollm2, model: smollm2-135m }}
    pricing: {{ prompt: "0.00000001", completion: "0.00000002" }}
"""


def clean_environment(**more):
    """Only what a program needs to run: no vendor's key and no setting of the person who runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return kept | more


def routerd_binary():
    """`ROUTERD`, else the debug build."""
    if given := os.environ.get("ROUTERD"):
        return str(pathlib.Path(given).resolve())
    shown = subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=300
    )
    return f"{shown.stdout.strip()}/routerd"


class Program:
    """A child process whose standard output is read all the time, so that it never blocks on a full pipe."""

    def __init__(self, arguments, log, environment):
        self.log = log
        self.lines = []
        self._grown = threading.Condition()
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
            cwd=REPOSITORY,
            env=environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._grown:
                self.lines.append(line.rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self.lines.append(None)
            self._grown.notify_all()

    def wait_for(self, pattern, seconds=START_SECONDS_MAX):
        """The first match of `pattern` in a line of standard output; fails with what was said when there is none."""
        deadline = time.monotonic() + seconds
        seen = 0
        with self._grown:
            while True:
                for line in self.lines[seen:]:
                    if line is None:
                        raise AssertionError(f"ended before {pattern!r}:\n{self.said()}")
                    if found := re.search(pattern, line):
                        return found
                seen = len(self.lines)
                if not self._grown.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no {pattern!r} within {seconds} s:\n{self.said()}")

    def said(self):
        out = "\n".join(line for line in self.lines if line is not None)
        return f"{out}\n{self.log.read_text(errors='replace')}"

    def stop(self, by=signal.SIGTERM):
        """Its exit code after the signal; killed, and an error, when it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {STOP_SECONDS_MAX} s after {by.name}:\n{self.said()}") from None
        finally:
            self.process.stdin.close()
            self._reader.join(STOP_SECONDS_MAX)


class Engine:
    """llama.cpp's server with SmolLM2-135M. It ends when this process does, however that ends."""

    def __init__(self, directory, slots):
        self.program = Program(
            [REPOSITORY / "scripts/demo-engine", "--port", "0", "--slots", slots, "--until-eof"],
            directory / "engine.log",
            dict(os.environ),
        )
        # The first start installs 127 MB.
        self.url = self.program.wait_for(r"engine listening on (http://\S+)/v1", seconds=300)[1]

    def busy_slots(self):
        slots = httpx.get(f"{self.url}/slots", timeout=30).json()
        return sum(slot["is_processing"] for slot in slots)

    def wait_for_busy_slots(self, count, seconds):
        """Seconds until exactly `count` slots compute an answer."""
        start = time.monotonic()
        while (busy := self.busy_slots()) != count:
            waited = time.monotonic() - start
            assert waited < seconds, f"{busy} slots are busy after {waited:.2f} s, not {count}"
            time.sleep(0.01)
        return time.monotonic() - start


class Router:
    """routerd on a free port, with a data directory of its own; configured for `engine`, or as `text` says."""

    def __init__(self, directory, engine=None, text=None):
        self.binary = routerd_binary()
        self.data = directory / "data"
        self.configuration = directory / "routerd.yaml"
        self.configuration.write_text(text or CONFIGURATION.format(engine=engine.url))
        # Where the system can, routerd ends with the tests even when they are killed.
        with_parent = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        self.program = Program(
            [*with_parent, self.binary, "serve", "-c", self.configuration, "--port", "0", "--data", self.data],
            directory / "routerd.log",
            clean_environment(),
        )
        self.url = self.program.wait_for(r"listening on (http://[^\s/]+)")[1]
        self.base_url = f"{self.url}/api/v1"

    def create_key(self, name, *options):
        """What `routerd keys create --json` prints: `id`, `hash`, `key` and more."""
        made = subprocess.run(
            [self.binary, "keys", "create", "--name", name, *options]
            + ["-c", self.configuration, "--data", self.data, "--json"],
            capture_output=True,
            text=True,
            timeout=60,
            env=clean_environment(),
        )
        assert made.returncode == 0, made.stderr
        return json.loads(made.stdout)
