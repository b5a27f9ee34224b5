import os

import httpx
import openai
import pytest

from processes import MODEL, Engine, Router

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
