"""Kills routerd under load and checks its books; see scripts/torture."""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROUTERD = os.environ["ROUTERD"]
EMAIL = "torture@example.org"


class Vendor(BaseHTTPRequestHandler):
    """A vendor that speaks OpenAI's chat format: 25 tokens of prompt, 1 to 40 of answer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        tokens = random.randint(1, 40)
        usage = {"prompt_tokens": 25, "completion_tokens": tokens, "total_tokens": 25 + tokens}
        try:
            self.stream(tokens, usage) if body.get("stream") else self.whole(tokens, usage)
        except OSError:
            pass

    def whole(self, tokens, usage):
        time.sleep(random.random() * 0.03)
        text = json.dumps({
            "id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * tokens}, "finish_reason": "stop"}],
        }).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def stream(self, tokens, usage):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

        def chunk(choices, **more):
            data = json.dumps({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more})
            self.piece(f"data: {data}\n\n")

        for _ in range(tokens):
            chunk([{"index": 0, "delta": {"content": "word "}, "finish_reason": None}])
            time.sleep(random.random() * 0.004)
        chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        chunk([], usage=usage)
        self.piece("data: [DONE]\n\n")
        self.piece("")

    def piece(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, *_):
        pass


class VendorServer(ThreadingHTTPServer):
    """Thinks nothing of clients that are killed."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class Node:
    """One server with a data directory of its own."""

    def __init__(self, number, directory, config, database):
        self.data = f"{directory}/node{number}"
        self.config = config
        self.database = database
        self.process = None
        self.port = None

    def command(self, *words):
        more = ["--database-url", self.database] if self.database else []
        return [ROUTERD, *words, "-c", self.config, "--data", self.data, *more]

    def start(self, patience=30):
        end = time.time() + patience
        while True:
            began = time.time()
            self.process = subprocess.Popen(
                self.command("serve", "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for line in self.process.stdout:
                if "listening on http://" in line:
                    self.port = int(line.split("listening on http://")[1].split()[0].rsplit(":", 1)[1])
                    return time.time() - began
            self.process.wait()
            if time.time() > end:
                sys.exit(f"routerd does not start: exit {self.process.returncode}")
            time.sleep(0.2)  # Its database may be starting too.

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


class Clients:
    """Send requests until they are told to stop; remember what they saw whole."""

    def __init__(self, key):
        self.key = key
        self.lock = threading.Lock()
        self.whole = {}
        self.statuses = {}
        self.wrong = []

    def run(self, nodes, stopped):
        while not stopped.is_set():
            port = random.choice(nodes).port
            try:
                self.request(port)
            except (OSError, http.client.HTTPException, ValueError):
                self.count("broken")
                time.sleep(0.01)

    def request(self, port):
        stream = random.random() < 0.6
        leaves = random.random() < 0.2
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request(
                "POST", "/api/v1/chat/completions",
                json.dumps({"model": "test/model", "stream": stream, "messages": [{"role": "user", "content": "Hello there"}]}),
                {"authorization": f"Bearer {self.key}", "content-type": "application/json"})
            if leaves and random.random() < 0.3:
                return self.count("left early")
            answer = connection.getresponse()
            if answer.status != 200:
                if answer.status == 401:
                    self.wrong.append(answer.read().decode())
                return self.count(str(answer.status))
            if leaves:
                answer.read(200)
                return self.count("left")
            text = answer.read().decode()
            self.note(text, stream)
        finally:
            connection.close()

    def note(self, text, stream):
        if not stream:
            body = json.loads(text)
            identity, cost = body["id"], body["usage"]["cost"]
        else:
            records = [line[6:] for line in text.split("\n") if line.startswith("data: ")]
            if not records or records[-1] != "[DONE]":
                return self.count("cut off")
            last = json.loads(records[-2])
            identity, cost = last["id"], last["usage"]["cost"]
        with self.lock:
            if identity in self.whole:
                self.wrong.append(f"{identity} was given twice")
            self.whole[identity] = round(cost * 1e9)
        self.count("whole")

    def count(self, what):
        with self.lock:
            self.statuses[what] = self.statuses.get(what, 0) + 1


def run(command):
    outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {outcome.returncode}\n{outcome.stdout}{outcome.stderr}")
    return json.loads(outcome.stdout)


def charged(node, directory):
    """What the store says each request cost, by id."""
    if node.database:
        text = subprocess.run(
            ["psql", node.database, "-At", "-F", " ", "-c", "SELECT id, cost_n FROM generations"],
            capture_output=True, text=True, check=True).stdout
        return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()}
    import sqlite3
    with sqlite3.connect(f"{node.data}/routerd.db") as store:
        return dict(store.execute("SELECT id, cost_n FROM generations"))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--nodes", type=int, default=1)
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = arguments.parse_args()
    if options.nodes > 1 and not options.postgres:
        sys.exit("several nodes share a PostgreSQL: add --postgres")
    print(f"seed {options.seed}")
    random.seed(options.seed)
    directory = tempfile.mkdtemp(prefix="routerd-torture-")
    try:
        torture(options, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def torture(options, directory):
    vendor = VendorServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=vendor.serve_forever, daemon=True).start()
    config = f"{directory}/routerd.yaml"
    with open(config, "w") as file:
        file.write(f"""
providers:
  - {{ slug: sim, kind: openai_compatible, class: local, base_url: "http://127.0.0.1:{vendor.server_port}/v1" }}
models:
  - id: test/model
    name: Test
    context_length: 8192
    max_completion_tokens: 4096
    endpoints: [{{ provider: sim, model: m }}]
    pricing: {{ prompt: "0.0000025", completion: "0.000020" }}
""")
    database = os.environ["ROUTERD_TEST_POSTGRES"] if options.postgres else None
    control = os.environ.get("ROUTERD_TEST_POSTGRES_CONTROL")
    nodes = [Node(number, directory, config, database) for number in range(options.nodes)]
    # Peppers are secrets of an installation: nodes that share keys share them.
    os.environ["ROUTERD_PEPPER"] = "a pepper for torture only, not a secret"
    first = nodes[0]
    run(first.command("users", "create", EMAIL, "--json"))
    run(first.command("credits", "grant", EMAIL, "1000", "--reason", "torture", "--json"))
    key = run(first.command(
        "keys", "create", "--user", EMAIL, "--name", "torture", "--rpm", "1000000", "--json"))["key"]
    clients = Clients(key)
    for node in nodes:
        node.start()
    stopped = threading.Event()
    threads = [threading.Thread(target=clients.run, args=(nodes, stopped)) for _ in range(12)]
    for thread in threads:
        thread.start()
    slowest = 0.0
    for number in range(options.rounds):
        time.sleep(random.random() * 0.8 + 0.05)
        if options.postgres and control and number % 10 == 9:
            subprocess.run([control, "stop", "-m", "immediate"], check=True, capture_output=True)
            time.sleep(random.random())
            subprocess.run([control, "start"], check=True, capture_output=True)
        node = random.choice(nodes)
        node.kill()
        slowest = max(slowest, node.start())
    time.sleep(0.5)
    stopped.set()
    for thread in threads:
        thread.join()
    codes = [node.stop() for node in nodes]
    check(options, nodes, clients, codes, slowest)


def check(options, nodes, clients, codes, slowest):
    faults = list(clients.wrong)
    if codes != [0] * len(nodes):
        faults.append(f"servers ended with {codes}")
    verified = subprocess.run(nodes[0].command("credits", "verify", "--json"), capture_output=True, text=True)
    books = json.loads(verified.stdout)
    if not books["ok"]:
        faults += books["findings"]
    costs = charged(nodes[0], None)
    for identity, cost in clients.whole.items():
        if costs.get(identity) != cost:
            faults.append(f"{identity}: its client was told {cost}, the store has {costs.get(identity)}")
    balance = run(nodes[0].command("credits", "balance", EMAIL, "--json"))
    if balance["held"] != "0.000000000":
        faults.append(f"{balance['held']} stays set aside")
    print(
        f"{options.rounds} kills of {len(nodes)} node(s): {len(clients.whole)} whole answers, {len(costs)} records, "
        f"{clients.statuses}; slowest start {slowest * 1000:.0f} ms; {books['entries']} entries add up: {books['ok']}")
    for fault in faults[:20]:
        print("✘", fault)
    print(f"{0 if faults else 1} passed, {1 if faults else 0} failed")
    sys.exit(1 if faults else 0)


main()
