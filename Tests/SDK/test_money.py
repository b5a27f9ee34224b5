"""Prepaid credit over the API: with the official OpenAI SDK, keys of two accounts, and a simulated vendor."""

import json
import pathlib
import subprocess
import time
from decimal import Decimal

import httpx
import openai
import pytest

from processes import Program, Router, clean_environment, routerd_binary

CONFIGURATION = """\
http: {{ host: 127.0.0.1, port: 0 }}
discover: false
providers:
  - {{ slug: sim, kind: openai_compatible, class: local, key: sk-simulated, base_url: "{url}/deepseek" }}
models:
  - id: sim/model
    context_length: 100000
    max_completion_tokens: 8000
    endpoints: [{{ provider: sim, model: sim }}]
    pricing: {{ prompt: "0.0000025", completion: "0.000020", request: "0.01" }}
"""


@pytest.fixture(scope="module")
def router(tmp_path_factory):
    beside = pathlib.Path(routerd_binary()).parent / "vendor-simulator"
    directory = tmp_path_factory.mktemp("money")
    simulator = Program([beside], directory / "simulator.log", clean_environment())
    url = simulator.wait_for(r"listening on (http://\S+)")[1]
    router = Router(directory, text=CONFIGURATION.format(url=url))
    yield router
    assert router.program.stop() == 0
    simulator.process.stdin.close()
    simulator.process.wait(10)


def command(router, *words):
    outcome = subprocess.run(
        [router.binary, *words, "-c", router.configuration, "--data", router.data, "--json"],
        capture_output=True, text=True, timeout=60, env=clean_environment(),
    )
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout, parse_float=Decimal)


def account(router, name, credit, *options):
    command(router, "users", "create", f"{name}@example.org")
    if credit:
        command(router, "credits", "grant", f"{name}@example.org", credit, "--reason", "test")
    return command(router, "keys", "create", "--user", f"{name}@example.org", "--name", name, "--rpm", "1000", *options)["key"]


def call(router, key, method, path, body=None):
    return httpx.request(
        method, f"{router.base_url}{path}", json=body, headers={"authorization": f"Bearer {key}"}, timeout=30
    )


def ask(router, key, **more):
    client = openai.OpenAI(base_url=router.base_url, api_key=key, max_retries=0)
    return client.chat.completions.create(
        model="sim/model", max_tokens=100, messages=[{"role": "user", "content": "Hi"}], **more
    )


def test_an_answer_is_paid_for_once_and_its_record_is_there_at_once(router):
    key = account(router, "ana", "1")
    answer = ask(router, key)
    record = call(router, key, "GET", f"/generation?id={answer.id}").json()
    usage = answer.usage
    expected = (
        Decimal("0.01") + usage.prompt_tokens * Decimal("0.0000025") + usage.completion_tokens * Decimal("0.000020")
    )
    assert Decimal(str(usage.model_extra["cost"])) == expected
    assert Decimal(str(record["total_cost"])) == expected and record["status"] == "completed"
    assert record["data"]["usage"] == record["total_cost"] and record["data"]["finish_reason"] == "stop"
    assert record["data"]["provider_responses"][-1]["status"] == 200
    credits = call(router, key, "GET", "/credits").json()["data"]
    assert Decimal(str(credits["remaining"])) == 1 - expected
    chunks = list(ask(router, key, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.model_extra["cost"] > 0
    assert command(router, "credits", "verify")["ok"] is True


def test_without_credit_nothing_is_sent(router):
    key = account(router, "poor", None)
    with pytest.raises(openai.APIStatusError) as refused:
        ask(router, key)
    assert refused.value.status_code == 402
    assert refused.value.body["type"] == "insufficient_credits"
    command(router, "credits", "grant", "poor@example.org", "0.5", "--reason", "test")
    time.sleep(0.1)  # What a command changes is seen within a second; a shortage is believed for a moment.
    assert ask(router, key).id.startswith("gen-")


def test_a_bound_that_the_credit_does_not_pay_for_says_what_it_does(router):
    key = account(router, "thrifty", "0.02")
    client = openai.OpenAI(base_url=router.base_url, api_key=key, max_retries=0)
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(
            model="sim/model", max_tokens=8000, messages=[{"role": "user", "content": "Hi"}])
    assert refused.value.status_code == 402 and "can only afford" in refused.value.message


def test_accounts_do_not_see_each_other(router):
    key = account(router, "one", "1")
    other = account(router, "two", "1", "--management")
    answer = ask(router, key)
    assert call(router, other, "GET", f"/generation?id={answer.id}").status_code == 404
    mine = command(router, "keys", "create", "--user", "one@example.org", "--name", "more")
    for method in ("GET", "PATCH", "DELETE"):
        body = {"name": "stolen"} if method == "PATCH" else None
        assert call(router, other, method, f"/keys/{mine['id']}", body).status_code == 404
        assert call(router, other, method, f"/keys/{mine['hash']}", body).status_code == 404


def test_keys_are_managed_by_management_keys_only(router):
    key = account(router, "app", "1")
    manager = command(
        router, "keys", "create", "--user", "app@example.org", "--name", "manager", "--rpm", "1000", "--management")["key"]
    assert call(router, key, "GET", "/keys").status_code == 403
    with pytest.raises(openai.PermissionDeniedError):
        ask(router, manager)
    made = call(router, manager, "POST", "/keys", {"name": "n", "rate_limit": 100, "limit": 0.015, "limit_reset": "daily"})
    assert made.status_code == 201
    record, text = made.json()["data"], made.json()["key"]
    assert record["rate_limit"] == 100 and record["limit"] == 0.015 and record["limit_remaining"] == 0.015
    ask(router, text)
    with pytest.raises(openai.APIStatusError) as refused:
        ask(router, text)
    assert refused.value.status_code == 402 and "Key limit exceeded (daily limit)" in refused.value.message
    shown = call(router, manager, "GET", f"/keys/{record['hash']}").json()["data"]
    assert shown["usage"] > 0.01 and shown["limit_remaining"] < 0.005
    assert call(router, text, "GET", "/key").json()["data"]["usage_daily"] == shown["usage"]
    changed = call(router, manager, "PATCH", f"/keys/{record['id']}", {"limit": None, "name": "renamed"})
    assert changed.status_code == 200 and changed.json()["data"]["limit"] is None
    assert ask(router, text).id
    assert call(router, manager, "PATCH", f"/keys/{record['id']}", {"disabled": True}).status_code == 200
    assert call(router, text, "GET", "/key").status_code == 401
    assert call(router, manager, "DELETE", f"/keys/{record['id']}").json()["deleted"] is True
    assert call(router, manager, "GET", f"/keys/{record['id']}").status_code == 404
    activity = call(router, manager, "GET", "/activity").json()["data"]
    assert activity[0]["requests"] == 2 and activity[0]["model"] == "sim/model"


@pytest.mark.parametrize(
    "body, member",
    [
        ({"name": "x" * 10_000}, "name"), ({"name": "a\nb"}, "name"), ({"name": 5}, "name"), ({}, "name"),
        ({"name": "n", "limit": 0}, "limit"), ({"name": "n", "limit": -1}, "limit"), ({"name": "n", "limit": 1e30}, "limit"),
        ({"name": "n", "limit": "NaN"}, "limit"), ({"name": "n", "rate_limit": 0}, "rate_limit"),
        ({"name": "n", "limit_reset": "hourly"}, "limit_reset"), ({"name": "n", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "n", "expires_at": "2027-02-30T00:00:00Z"}, "expires_at"), ({"name": "n", "models": [1]}, "models[0]"),
    ],
)
def test_what_cannot_be_a_key_is_refused_by_name(router, body, member):
    manager = command(router, "keys", "create", "--name", "m", "--rpm", "1000", "--management")["key"]
    refused = call(router, manager, "POST", "/keys", body)
    assert refused.status_code == 400 and refused.json()["error"]["param"] == member


def test_an_update_of_nothing_is_refused(router):
    made = command(router, "keys", "create", "--name", "m", "--rpm", "1000", "--management")
    refused = call(router, made["key"], "PATCH", f"/keys/{made['id']}", {"account_id": 7, "usage": 0})
    assert refused.status_code == 400 and "No update fields" in refused.json()["error"]["message"]


def test_a_suspended_account_is_refused_and_goes_on(router):
    key = account(router, "late", "1")
    command(router, "users", "suspend", "late@example.org")
    deadline = time.monotonic() + 5
    while (status := call(router, key, "GET", "/key").status_code) != 403 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status == 403
    command(router, "users", "suspend", "late@example.org", "--undo")
