import os
import pathlib

import httpx
import openai
import pytest

from processes import MODEL, Engine, Program, Router, routerd_binary

# The SDK reads these by itself; a test says what it means.
for name in [name for name in os.environ if name.startswith("OPENAI_") or name.lower().endswith("_proxy")]:
    del os.environ[name]

REQUEST_SECONDS_MAX = 120
SLOTS = 20  # as many as test_parallel has streams


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("engine"), SLOTS)
    yield engine
    assert engine.program.stop() == 0


@pytest.fixture(scope="session")
def router(engine, tmp_path_factory):
    router = Router(tmp_path_factory.mktemp("router"), engine)
    yield router
    assert router.program.stop() == 0, router.program.said()


@pytest.fixture(scope="session")
def key(router):
    """A key whose rate limit no test reaches."""
    return router.create_key("suite", "--rpm", "6000")["key"]


@pytest.fixture
def client(router, key):
    with openai.OpenAI(
        base_url=router.base_url, api_key=key, max_retries=0, timeout=REQUEST_SECONDS_MAX
    ) as client:
        yield client


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """Where the vendor simulator of Tests/Simulator listens."""
    beside = pathlib.Path(routerd_binary()).parent / "vendor-simulator"
    binary = pathlib.Path(os.environ.get("VENDOR_SIMULATOR", beside))
    if not binary.exists():
        pytest.skip(f"{binary} is not built: swift build --product vendor-simulator")
    program = Program([binary], tmp_path_factory.mktemp("simulator") / "log", dict(os.environ))
    yield program.wait_for(r"listening on (http://\S+)")[1]
    program.process.stdin.close()
    program.process.wait(10)


@pytest.fixture(scope="module")
def vendors(request, simulator, tmp_path_factory):
    """A router with the vendors that the module's `configuration(simulator)` names, and a key for it."""
    router = Router(tmp_path_factory.mktemp("vendors"), text=request.module.configuration(simulator))
    yield router, router.create_key("vendors", "--rpm", "6000")["key"]
    assert router.program.stop() == 0, router.program.said()


@pytest.fixture
def vendor_client(vendors):
    router, key = vendors
    with openai.OpenAI(base_url=router.base_url, api_key=key, max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture
def http(router):
    """A client that adds nothing of its own: no key, no SDK's headers."""
    with httpx.Client(base_url=router.url, timeout=REQUEST_SECONDS_MAX) as http:
        yield http


@pytest.fixture
def ask():
    """The members of a small chat request, with changes."""

    def members(**changes):
        question = "What is the capital of France? Answer in one sentence."
        return {"model": MODEL, "messages": [{"role": "user", "content": question}], "temperature": 0} | changes

    return members
