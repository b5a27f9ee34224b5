"""What a browser asks before and around the SDK's own requests, and what tools probe."""

import pytest

ORIGIN = "https://app.example"
# What the official SDK for browsers asks for, with the per-feature names that fixed lists have broken on.
ASKED = (
    "authorization,content-type,x-stainless-arch,x-stainless-helper-method,x-stainless-lang,x-stainless-os,"
    "x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,"
    "x-stainless-timeout,x-something-new"
)


def names(value):
    return {name.strip().lower() for name in value.split(",")}


@pytest.mark.parametrize("path", ["/api/v1/chat/completions", "/v1/chat/completions", "/api/v1/models"])
def test_a_preflight_needs_no_key_and_allows_what_was_asked_for(http, path):
    reply = http.options(
        path,
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ASKED,
        },
    )
    assert reply.status_code in (200, 204)
    assert reply.headers["access-control-allow-origin"] in ("*", ORIGIN)
    assert names(ASKED) <= names(reply.headers["access-control-allow-headers"])
    assert {"get", "post", "patch", "delete"} <= names(reply.headers["access-control-allow-methods"])
    assert "access-control-allow-credentials" not in reply.headers


def test_an_answer_lets_a_page_read_the_headers_it_needs(http, key, ask):
    sent = {"Authorization": f"Bearer {key}", "Origin": ORIGIN}
    reply = http.post("/api/v1/chat/completions", json=ask(max_tokens=1), headers=sent)
    assert reply.headers["access-control-allow-origin"] in ("*", ORIGIN)
    exposed = names(reply.headers["access-control-expose-headers"])
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= exposed
    assert {"retry-after", "x-request-id", "x-generation-id"} <= exposed


def test_a_page_can_read_an_error_too(http, ask):
    reply = http.post("/api/v1/chat/completions", json=ask(), headers={"Origin": ORIGIN})
    assert reply.status_code == 401
    assert reply.headers["access-control-allow-origin"] in ("*", ORIGIN)


def test_head_works_where_get_does_and_on_the_root(http):
    assert http.head("/").status_code == 200
    head, get = http.head("/api/v1/models"), http.get("/api/v1/models")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_health_and_readiness(http):
    assert http.get("/healthz").status_code == 200
    assert http.get("/readyz").status_code == 200
