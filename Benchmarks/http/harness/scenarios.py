"""What is measured. Every scenario is a function that yields rows; the gateways take turns in it."""

import contextlib
import dataclasses
import time

from harness import bodies, listeners, syscalls
from harness.gateways import Failure
from harness.load import Load

CHUNKS = 64
SMALL = bodies.chat(1024)
LARGE = bodies.chat(100 * 1024)
STREAM = bodies.chat(1024, f"chunks={CHUNKS} gap=2-10")
FULL_SPEED = bodies.chat(1024, f"chunks={CHUNKS} gap=0-0")
SLOW = bodies.chat(1024, "chunks=1000 gap=9000-11000")
SPEECH_STREAMS = 200
MIB = 1 << 20


@dataclasses.dataclass
class Row:
    """One figure: a value for each round, by gateway. `ratio`: whether its ratio to nginx says something.

    `notes` is for system calls: how many of each name.
    """

    measure: str
    ratio: bool = True
    values: dict = dataclasses.field(default_factory=dict)
    notes: dict = dataclasses.field(default_factory=dict)

    def add(self, name, value):
        self.values.setdefault(name, []).append(value)


@dataclasses.dataclass
class Bench:
    """The comparison: who takes part, for how long, and the files and the upstream of this run."""

    directory: str
    upstream: int
    gateways: list
    rounds: int
    seconds: float
    streams: int
    streams_held: int
    settle_seconds: float

    def load(self, gateway, body, connections, **wishes):
        return Load(self.directory, gateway.port, gateway.keys, body, connections, **wishes)

    @contextlib.contextmanager
    def running(self):
        """All gateways, freshly started: a dictionary of their processes."""
        with contextlib.ExitStack() as stack:
            yield {gateway.name: stack.enter_context(gateway.start(SMALL)) for gateway in self.gateways}

    def turns(self, rounds=None):
        """The gateways in turn, each once a round, in the other order every other round."""
        for number in range(rounds or self.rounds):
            yield from self.gateways if number % 2 == 0 else reversed(self.gateways)


def _check_chunks(figures):
    if figures["records"] != figures["requests"] * CHUNKS:
        raise Failure(f"{figures['requests']} streams of {CHUNKS} chunks came as {figures['records']} chunks")


def _requests(bench, body):
    cpu, rate, core = Row("CPU µs / request"), Row("requests / s"), Row("core used %", ratio=False)
    p50, p99 = Row("latency p50 µs"), Row("latency p99 µs")
    with bench.running() as processes:
        for gateway in bench.turns():
            process = processes[gateway.name]
            with bench.load(gateway, body, 32, seconds=bench.seconds) as load:
                before = process.cpu()
                figures = load.go()
                used = process.cpu() - before
            cpu.add(gateway.name, used / figures["requests"] * 1e6)
            rate.add(gateway.name, figures["requests"] / figures["seconds"])
            core.add(gateway.name, used / figures["seconds"] * 100)
            p50.add(gateway.name, figures["latency_us"]["p50"])
            p99.add(gateway.name, figures["latency_us"]["p99"])
    return [cpu, rate, core, p50, p99]


def small(bench):
    """1 KB request, 1.5 KB answer, 32 connections"""
    return _requests(bench, SMALL)


def large(bench):
    """100 KB request, 1.5 KB answer, 32 connections"""
    return _requests(bench, LARGE)


def _bodies(bench, unit, body, path, nginx_path=None, answer_bytes_min=0, **wishes):
    """`nginx_path` is where nginx does the same in another way."""
    cpu, rate = Row(f"CPU µs / {unit}"), Row(f"{unit} / s")
    with bench.running() as processes:
        for gateway in bench.turns():
            process = processes[gateway.name]
            wishes["path"] = nginx_path if nginx_path and gateway.name == "nginx" else path
            with bench.load(gateway, body, 4, seconds=bench.seconds, **wishes) as load:
                before = process.cpu()
                figures = load.go()
                used = process.cpu() - before
            if figures["bytes"] < figures["requests"] * answer_bytes_min:
                raise Failure(f"{figures['requests']} answers came as {figures['bytes']} bytes")
            cpu.add(gateway.name, used / figures["requests"] * 1e6)
            rate.add(gateway.name, figures["requests"] / figures["seconds"])
    return [cpu, rate]


def images(bench):
    """an image of 1 MiB in Base64, 4 connections; and the same with an address, whose file routerd decodes and keeps"""
    rows = []
    for unit, body in (("image", bodies.image("b64_json")), ("image with url", bodies.image(None))):
        rows += _bodies(bench, unit, body, "/v1/images/generations", answer_bytes_min=MIB * 0.99)
    return rows


def uploads(bench):
    """a form with a file of 25 MB, 4 connections; nginx with request buffering off, and with a buffer of 256 KiB"""
    mp3, wav = bodies.transcription(bodies.mp3(), "a.mp3"), bodies.transcription(bodies.wav(), "a.wav")
    path, wishes = "/v1/audio/transcriptions", {"type": bodies.FORM_TYPE}
    rows = _bodies(bench, "upload.mp3", mp3, path, **wishes)
    rows += _bodies(bench, "upload.mp3, 256 KiB", mp3, path, f"/large-buffer{path}", **wishes)
    rows += _bodies(bench, "upload.wav", wav, path, **wishes)
    return rows


def speech(bench):
    """200 streams of speech at once: 48 KB/s as it is spoken; and a vendor that is fast with clients that read 20 KB/s"""
    rows = []
    for what, wish, rate in (
        ("as spoken", "chunks=100000 gap=45-55", None),
        ("slow readers", "chunks=100000 gap=0-0", 20_000),
    ):
        added, cpu, came = Row(f"MiB added, {what}"), Row(f"CPU ms / s, {what}"), Row(f"KB/s a stream, {what}")
        rows += [added, cpu, came]
        for gateway in bench.turns():
            with gateway.start(SMALL) as process:
                time.sleep(1)
                idle_bytes = process.resident()
                with listeners.Listeners(gateway, bodies.speech(wish), SPEECH_STREAMS, rate) as heard:
                    used = process.cpu()
                    bytes_came, most = heard.listen(bench.seconds, process.resident)
                    cpu.add(gateway.name, (process.cpu() - used) / bench.seconds * 1e3)
                added.add(gateway.name, (most - idle_bytes) / MIB)
                came.add(gateway.name, bytes_came / SPEECH_STREAMS / bench.seconds / 1000)
    return rows


def _streams(bench, body, connections):
    cpu, rate, core = Row("CPU µs / chunk"), Row("chunks / s"), Row("core used %", ratio=False)
    p50, p99 = Row("chunk on its way p50 µs"), Row("chunk on its way p99 µs")
    with bench.running() as processes:
        for gateway in bench.turns():
            process = processes[gateway.name]
            with bench.load(gateway, body, connections, seconds=bench.seconds) as load:
                before = process.cpu()
                figures = load.go()
                used = process.cpu() - before
            _check_chunks(figures)
            cpu.add(gateway.name, used / figures["records"] * 1e6)
            rate.add(gateway.name, figures["records"] / figures["seconds"])
            core.add(gateway.name, used / figures["seconds"] * 100)
            p50.add(gateway.name, figures["delay_us"]["p50"])
            p99.add(gateway.name, figures["delay_us"]["p99"])
    return [cpu, rate, core, p50, p99]


def streams(bench):
    """streams of 64 chunks, 2 to 10 ms apart, 256 at once"""
    return _streams(bench, STREAM, bench.streams)


def fullspeed(bench):
    """streams of 64 chunks at full speed, 32 at once"""
    return _streams(bench, FULL_SPEED, 32)[:3]  # a chunk's time is only that of the queue before the slowest


def start(bench):
    """from the start of the process to its first answer with 200"""
    first = Row("start to first answer ms")
    for gateway in bench.turns():
        with gateway.start(SMALL) as process:
            first.add(gateway.name, process.first_answer * 1e3)
    return [first]


def idle(bench):
    """a gateway without work: after its start, and after 32 connections of 1 KB requests"""
    before, after, cpu = Row("MiB after start"), Row("MiB after load"), Row("CPU ms / s", ratio=False)
    for gateway in bench.turns(1):
        with gateway.start(SMALL) as process:
            time.sleep(1)
            before.add(gateway.name, process.resident() / MIB)
            used = process.cpu()
            time.sleep(bench.seconds)
            cpu.add(gateway.name, (process.cpu() - used) / bench.seconds * 1e3)
            with bench.load(gateway, SMALL, 32, seconds=bench.seconds) as load:
                load.go()
            time.sleep(1)
            after.add(gateway.name, process.resident() / MIB)
    return [before, after, cpu]


def memory(bench):
    """open streams with a chunk every 10 s: what each holds, and what stays when they are closed"""
    each = Row(f"KiB / stream ({bench.streams_held} open)")
    kept = Row(f"MiB above idle {bench.settle_seconds:g} s later", ratio=False)
    cpu = Row("CPU ms / s, open")
    for gateway in bench.turns(1):
        with gateway.start(SMALL) as process:
            time.sleep(1)
            idle_bytes = process.resident()
            held = bench.settle_seconds + 2
            with bench.load(gateway, SLOW, bench.streams_held, seconds=held, hold=True) as load:
                used = process.cpu()
                load.go()
                cpu.add(gateway.name, (process.cpu() - used) / held * 1e3)
                each.add(gateway.name, (process.resident() - idle_bytes) / bench.streams_held / 1024)
            time.sleep(bench.settle_seconds)
            kept.add(gateway.name, (process.resident() - idle_bytes) / MIB)
    return [each, kept, cpu]


def latency(bench):
    """1,000 requests of 1 KB a second, on 32 connections; "added" is above the upstream asked directly"""
    p50, p99 = Row("p50 µs"), Row("p99 µs")
    added50, added99 = Row("added p50 µs"), Row("added p99 µs")
    with bench.running():
        for number in range(bench.rounds):
            figures = {}
            with Load(bench.directory, bench.upstream, [], SMALL, 32, seconds=bench.seconds, rate=1000) as load:
                figures["direct"] = load.go()["latency_us"]
            for gateway in bench.gateways if number % 2 == 0 else reversed(bench.gateways):
                with bench.load(gateway, SMALL, 32, seconds=bench.seconds, rate=1000) as load:
                    figures[gateway.name] = load.go()["latency_us"]
            for name, values in figures.items():
                p50.add(name, values["p50"])
                p99.add(name, values["p99"])
                if name != "direct":
                    added50.add(name, values["p50"] - figures["direct"]["p50"])
                    added99.add(name, values["p99"] - figures["direct"]["p99"])
    return [p50, p99, added50, added99]


def calls(bench):
    """system calls of the gateway, exactly counted"""
    rows = []
    with bench.running() as processes:
        for connections in (1, 32):
            for body, unit, count in (
                (SMALL, "request", 2000 if connections == 1 else 10000),
                (STREAM, "chunk", 8 * connections),
            ):
                row = Row(f"calls / {unit}, {connections} at once")
                rows.append(row)
                for gateway in bench.gateways:
                    workers = processes[gateway.name].workers()
                    with bench.load(gateway, body, connections, count=count) as load:
                        figures, total, named = syscalls.count(workers, bench.directory, load.go)
                    units = figures["requests"] if unit == "request" else figures["records"]
                    row.add(gateway.name, total / units)
                    names = sorted(named.items(), key=lambda item: -item[1])
                    row.notes[gateway.name] = {name: round(n / units, 2) for name, n in names if n / units >= 0.01}
    return rows


ALL = [small, large, images, uploads, speech, streams, fullspeed, latency, calls, start, idle, memory]
