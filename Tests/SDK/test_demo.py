"""scripts/demo, as a newcomer starts it, with a routerd that is built already."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import httpx
import pytest

from processes import MODEL, REPOSITORY, Program, clean_environment, routerd_binary

KEY = r"(air_live_[A-Za-z0-9_-]{43})"


def free_port():
    """A port below the range from which the system takes ports for connections."""
    for port in range(20_000 + os.getpid() % 5_000, 32_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def descendants(pid):
    """The processes that `pid` started, and those that they started."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                pass  # it has just ended
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return found - {pid}


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_ended(pids, seconds=15):
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)


@pytest.fixture
def demo(tmp_path, engine):
    """Starts the demo; what a failed test leaves running is killed. `engine` is here so that its packages are."""
    started = []

    def start(port, data="data"):
        program = Program(
            [REPOSITORY / "scripts/demo", "--port", port, "--data", tmp_path / data],
            tmp_path / f"demo-{len(started)}.log",
            clean_environment(ROUTERD=routerd_binary()),
        )
        started.append(program)
        return program

    yield start
    for program in started:
        if program.process.poll() is None:
            left = descendants(program.process.pid) | {program.process.pid}
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            program.stop()


def answer(port, key):
    question = "What is the capital of France? Answer in one sentence."
    reply = httpx.post(
        f"http://127.0.0.1:{port}/api/v1/chat/completions",
        json={"model": MODEL, "temperature": 0, "messages": [{"role": "user", "content": question}]},
        headers={"Authorization": f"Bearer {key}"},
        timeout=120,
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_a_key_and_a_curl_that_work_and_leaves_nothing_running(demo, ending):
    port = free_port()
    program = demo(port)
    program.wait_for(rf"listening on http://127\.0\.0\.1:{port}\b")
    key = program.wait_for(KEY)[1]
    program.wait_for(rf"curl http://127\.0\.0\.1:{port}/api/v1/chat/completions")
    program.wait_for(rf'"model":"{MODEL}"')
    assert "Paris" in answer(port, key)
    children = descendants(program.process.pid)
    assert len(children) >= 2
    assert program.stop(ending) == 0
    wait_until_ended(children)


def test_a_later_start_prints_a_new_key_and_the_first_still_works(demo):
    keys = []
    for _ in range(2):
        port = free_port()
        program = demo(port)
        keys.append(program.wait_for(KEY)[1])
        program.wait_for(rf"curl http://127\.0\.0\.1:{port}/api/v1/chat/completions")
        for key in keys:
            assert answer(port, key)
        assert program.stop() == 0
    assert keys[0] != keys[1]


def test_a_demo_that_is_killed_leaves_nothing_running(demo):
    port = free_port()
    program = demo(port)
    program.wait_for(KEY)
    children = descendants(program.process.pid)
    assert len(children) >= 2
    program.stop(signal.SIGKILL)
    wait_until_ended(children, seconds=45)


def test_a_port_that_is_taken_is_named_before_anything_is_built(demo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = demo(port)
        assert program.process.wait(30) == 1
    said = program.said()
    assert f"port {port} on 127.0.0.1 is taken" in said
    assert "--port" in said


def test_an_installed_engine_needs_no_network(engine):
    nowhere = clean_environment(PIP_INDEX_URL="http://127.0.0.1:9/")
    arguments = [REPOSITORY / "scripts/demo-engine", "--install-only"]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, env=nowhere)
    assert (ended.returncode, ended.stderr) == (0, "")
