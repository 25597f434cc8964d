"""Upstreams that lie, flood or never end, behind a real server: bounded, refused, booked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.kits.books.ledger_files import ledger_bytes
from tests.kits.inputs.wire_bodies import ASKED
from tests.kits.server_kit import ROUTINE, Served, Upstream

pytestmark = pytest.mark.process

SECRET = "sk-ours-0123456789abcdef"
WORDS_OF_THE_UPSTREAM = ("sk-upstream-secret", "Please log in", "nonsense", SECRET)
FAULTS = {  # behaviour: whole answer's status and code, stream's
    "huge-line": ((502, "upstream_invalid"), (502, "upstream_invalid")),
    "huge-body": ((502, "upstream_invalid"), (502, "upstream_invalid")),
    "endless-head": ((502, "upstream_invalid"), (502, "upstream_invalid")),
    "gzip-bomb": ((502, "upstream_invalid"), (502, "upstream_invalid")),
    "html": ((502, "upstream_invalid"), (502, "upstream_invalid")),
    "redirect": ((502, "upstream_invalid"), (502, "upstream_invalid")),
    "garbage": ((502, "upstream_invalid"), (502, "upstream_invalid")),
    "drip:0.05": ((504, "deadline_exceeded"), (504, "deadline_exceeded")),
    "status:400": ((400, "context_length_exceeded"), (400, "context_length_exceeded")),
    "status:401": ((502, "upstream_rejected"), (502, "upstream_rejected")),
    "status:402": ((429, "upstream_quota_exhausted"), (429, "upstream_quota_exhausted")),
    "status:403": ((502, "upstream_rejected"), (502, "upstream_rejected")),
    "quota": ((429, "upstream_quota_exhausted"), (429, "upstream_quota_exhausted")),
    "rate-limited:7": ((429, "upstream_rate_limited"), (429, "upstream_rate_limited")),
}


def policy_of(folder: Path, url: str, behaviour: str) -> Path:
    """A policy of one answerer that asks the upstream to behave so, with a key of ours."""
    name = behaviour.translate(str.maketrans(":.", "--"))
    answerer = {
        "name": "up", "kind": "upstream", "model": behaviour, "base_urls": [url], "retries": 0,
        "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"},
        "deadline_s": 2.0, "api_key": "${UPSTREAM_KEY}", "breaker_failures": 100,
        "breaker_reset_s": 0.001,
    }  # fmt: skip
    policy = {
        "version": 1, "name": name, "cache": {"exact": False},
        "tiers": [{"name": "llm", "level": 2, "answerers": [answerer]}],
    }  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(policy), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("bad")
    names = ("answer", *FAULTS, "negative-usage", "absurd-usage", "no-usage", "echo")
    with Upstream(folder) as upstream:
        policies = [policy_of(folder, upstream.url, name) for name in names]
        options = ("--access-log", "--log-level", "debug")
        with Served(folder, *policies, *options, UPSTREAM_KEY=SECRET) as server:
            yield server


def ask(served: Served, behaviour: str, **fields: object) -> httpx.Response:
    return served.chat(f"auto:{behaviour.translate(str.maketrans(':.', '--'))}", **fields)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("behaviour", FAULTS)
def test_a_fault_of_an_upstream_is_bounded_and_booked(
    served: Served, behaviour: str, stream: bool
) -> None:
    before = served.resident_kb()
    response = ask(served, behaviour, stream=stream)
    expected, code = FAULTS[behaviour][stream]
    said = response.text
    if not (stream and response.status_code == 200):  # an event was out: the error is the last one
        assert response.status_code == expected, said
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    told = "insufficient_quota" if code == "upstream_quota_exhausted" else code
    assert f'"code":"{told}"' in said
    assert "[DONE]" not in said
    row = served.finished_row(response)
    assert row["error_code"] == code
    assert row["attempts"][0]["error_code"] == code  # type: ignore[index]
    assert served.resident_kb() - before < 60_000
    for words in WORDS_OF_THE_UPSTREAM:
        assert words not in said
        assert words not in str(dict(response.headers))
        assert words not in str(row)
    if behaviour.startswith("rate-limited"):
        assert response.headers["retry-after"] == "7"
    assert response.headers.get("x-should-retry") == (
        "false" if "quota" in code or behaviour.startswith("status:") else None
    )


@pytest.mark.parametrize("stream", [False, True])
def test_answers_that_are_too_long_leave_nothing_in_memory(served: Served, stream: bool) -> None:
    for _ in range(3):  # what an answer of this size needs once
        ask(served, "huge-body", stream=stream)
    before = served.resident_kb()
    for _ in range(12):  # of 16 MB each
        assert ask(served, "huge-body", stream=stream).status_code == 502
    assert served.resident_kb() - before < 60_000


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("behaviour", ["negative-usage", "absurd-usage"])
def test_usage_that_cannot_be_is_bounded_in_the_books(
    served: Served, behaviour: str, stream: bool
) -> None:
    response = ask(served, behaviour, stream=stream, max_tokens=50)
    assert response.status_code == 200
    assert response.headers.get("x-tiergate-usage") == (None if stream else "estimated")
    row = served.finished_row(response)
    (attempt,) = [one for one in row["attempts"] if one["role"] != "triage"]  # type: ignore[attr-defined]
    assert attempt["estimated"] is True
    assert 0 < attempt["usage"]["output_tokens"] <= 50 + 200
    assert 0 < row["cost_nano_usd"] < 10_000_000  # type: ignore[operator]


@pytest.mark.parametrize("path", ASKED)
def test_stream_says_at_its_end_that_its_usage_is_a_bound(served: Served, path: str) -> None:
    ends = []
    for behaviour in ("no-usage", "answer"):
        body = {"model": f"auto:{behaviour}", "stream": True, **ASKED[path]}
        events = [
            json.loads(line.removeprefix("data: "))
            for line in served.post(path, body).text.splitlines()
            if line.startswith("data: {")
        ]
        ends.append(events[-1].get("response", events[-1]).get("routing"))
    assert ends == [{"usage_estimated": True}, None]


def test_usage_that_the_upstream_tells_is_not_marked(served: Served) -> None:
    body = {"routing": {"debug": True}}
    told = {name: ask(served, name, stream=False, **body) for name in ("answer", "absurd-usage")}
    assert "x-tiergate-usage" not in told["answer"].headers
    marks = {name: one.json()["routing"]["usage_estimated"] for name, one in told.items()}
    assert marks == {"answer": False, "absurd-usage": True}


ELSEWHERE = {
    "api_base": "http://127.0.0.1:9/v1",
    "base_url": "http://127.0.0.1:9/v1",
    "API-Base": "http://127.0.0.1:9/v1",
    "api_key": "sk-theirs",
    "headers": {"authorization": "x"},
    "extra_headers": {"authorization": "x"},
    "extra_body": {"api_base": "x"},
    "custom_llm_provider": "x",
    "mock_response": "x",
    "proxy": "http://127.0.0.1:9",
    "fallbacks": ["x"],
}


@pytest.mark.parametrize("key", ELSEWHERE)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
def test_no_body_says_where_a_request_or_its_key_goes(served: Served, path: str, key: str) -> None:
    body = {"model": "auto", "max_tokens": 9, "messages": ROUTINE["messages"]}
    if path == "/v1/responses":
        body = {"model": "auto", "input": "hi"}
    response = served.post(path, {**body, key: ELSEWHERE[key]})
    assert response.status_code == 400
    assert key in response.json()["error"]["message"]


def test_a_template_in_a_message_is_text(served: Served) -> None:
    text = "{{ 7 * 7 }} ${UPSTREAM_KEY} {% for x in y %} %(api_key)s {0.__class__}"
    response = ask(served, "echo", messages=[{"role": "user", "content": text}])
    assert response.status_code == 200
    assert "{{ 7 * 7 }} ${UPSTREAM_KEY} {% for" in response.text
    assert "49 " not in response.text


def test_an_images_address_is_never_fetched_here(served: Served) -> None:
    image = {"type": "image_url", "image_url": {"url": f"{served.url}/metrics?fetched"}}
    content = [{"type": "text", "text": "what is it?"}, image]
    response = ask(served, "answer", messages=[{"role": "user", "content": content}])
    assert response.status_code in (200, 400)
    assert '"/metrics"' not in served.output


def test_multipart_is_refused_unread(served: Served) -> None:
    response = served.client.post(
        "/v1/chat/completions",
        content=b"--x\r\n" + b"-" * 1_000_000,
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert response.status_code == 415
    assert response.json()["error"]["code"] == "unsupported_media_type"


def test_no_key_nor_body_of_an_upstream_is_in_the_log_or_the_ledger(served: Served) -> None:
    for behaviour in FAULTS:
        if behaviour not in ("huge-line", "huge-body", "endless-head", "gzip-bomb", "drip:0.05"):
            ask(served, behaviour)
    for words in WORDS_OF_THE_UPSTREAM:
        assert words not in served.output
    assert "Traceback" not in served.output
    kept = ledger_bytes(served.folder / "ledger.db")
    assert kept
    assert not any(words.encode() in kept for words in WORDS_OF_THE_UPSTREAM)
