"""Tests every endpoint that answers: it makes one decision, one row and one set of headers."""

from __future__ import annotations

import gzip
import json
import re

import httpx
import pytest

from tests.kits.inputs.wire_bodies import ASKED, BODIES, changed, nodes
from tests.kits.opened import held_open
from tests.kits.server_kit import Served, answering
from tests.kits.zstandard import zstd

OF_THE_CALL = {"request_id", "decision_id", "endpoint", "stream", "created_at_ms", "attempt_id"}
TIMES = {"latency_ms", "triage_ms", "first_token_ms", "finished_at_ms", "started_at_ms"}


served = held_open(lambda folder: answering(folder, cache={"exact": True}))


def ask(served: Served, path: str, model: str = "auto", **fields: object) -> httpx.Response:
    return served.post(path, {"model": model, **ASKED[path], **fields})


def told(row: object) -> object:
    """A row without what differs from call to call."""
    if isinstance(row, dict):
        return {k: told(v) for k, v in row.items() if k not in OF_THE_CALL | TIMES}
    return [told(one) for one in row] if isinstance(row, list) else row


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKED)
def test_the_ledger_row_is_that_of_a_chat_completion(
    served: Served, path: str, stream: bool
) -> None:
    for model in ("auto", "auto:thinks", "auto:shortened", "auto:declines"):
        chat = served.finished_row(ask(served, "/v1/chat/completions", model))
        other = served.finished_row(ask(served, path, model, stream=stream))
        assert chat["cost_nano_usd"] == other["cost_nano_usd"] == 140_000
        assert told(other) == told(chat)
        assert (other["endpoint"], other["stream"]) == (path[4:].replace("/", "."), stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKED)
def test_the_headers_are_those_of_a_chat_completion(
    served: Served, path: str, stream: bool
) -> None:
    names = {
        name
        for name in ask(served, "/v1/chat/completions", stream=stream).headers
        if name not in ("content-length", "transfer-encoding")
    }
    found = ask(served, path, stream=stream).headers
    assert names <= set(found)
    assert found["x-tiergate-policy"].startswith("tested@")
    assert found["x-request-id"].startswith("req_")


@pytest.mark.parametrize("path", ASKED)
def test_hints_may_come_as_headers(served: Served, path: str) -> None:
    headers = {"x-tiergate-tags": "blue", "x-tiergate-stakes-usd": "7"}
    response = served.post(path, {"model": "auto", **ASKED[path]}, **headers)
    row = served.row(response)
    assert row["tags"] == ["blue"]
    assert row["record"]["asked"]["stakes_nano_usd"] == 7 * 10**9  # type: ignore[index]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKED)
def test_an_answer_is_given_again_whichever_endpoint_asked_first(
    served: Served, path: str, stream: bool
) -> None:
    ask(served, "/v1/chat/completions", temperature=0)
    row = served.row(ask(served, path, temperature=0, stream=stream))
    assert (row["reason"], row["cost_nano_usd"]) == ("cache_hit", 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKED)
def test_a_dry_run_says_what_would_be_done(served: Served, path: str, stream: bool) -> None:
    body = {"model": "auto", **ASKED[path], "stream": stream}
    response = served.post(path, body, **{"x-tiergate-dry-run": "true"})
    assert response.json()["routing"]["verdict"] == "dry_run"
    assert "x-tiergate-decision-id" not in response.headers  # it is not written down


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
SHAPED = {
    "/v1/chat/completions": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}
    },
    "/v1/responses": {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}},
    "/v1/messages": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
}
CALLING = {
    "/v1/chat/completions": {
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "required",
    },
    "/v1/responses": {"tools": [{"type": "function", "name": "f"}], "tool_choice": "required"},
    "/v1/messages": {
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
    },
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", SHAPED)
def test_json_that_the_clients_cap_cut_comes_as_cut(
    served: Served, path: str, stream: bool
) -> None:
    response = ask(served, path, "auto:shortened", stream=stream, **SHAPED[path])
    assert response.status_code == 200
    assert re.search('"length"|"max_output_tokens"}|"max_tokens"', response.text)
    assert served.finished_row(response)["verdict"] == "unverified"


def test_json_that_an_answerers_own_cap_cut_is_no_answer(served: Served) -> None:
    path = "/v1/chat/completions"
    response = ask(served, path, "auto:shortened", max_completion_tokens=None, **SHAPED[path])
    assert response.json()["error"]["code"] == "no_usable_answer"
    assert response.headers["x-should-retry"] == "false"  # it would pay the whole ladder again
    message = response.json()["error"]["message"]
    assert "Tried: shortened of tier llm (answer_cut). The decision is dec_" in message
    assert "max_output_tokens" in message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", CALLING)
def test_words_are_no_answer_where_a_call_was_required(
    served: Served, path: str, stream: bool
) -> None:
    assert ask(served, path, "auto:calls", stream=stream, **CALLING[path]).status_code == 200
    response = ask(served, path, stream=stream, **CALLING[path])
    status = 400 if path == "/v1/responses" else 422
    assert (response.status_code, "unusable" in response.text) == (status, True)
    # Words and header agree: no client repeats it by itself.
    assert response.headers["x-should-retry"] == "false"
    assert "Ask another model, or relax that demand; the same one would pay" in response.text


@pytest.mark.parametrize("path", ASKED)
def test_bodies_are_bounded_and_json(served: Served, path: str) -> None:
    assert served.post(path, b" " * 100_001).status_code == 413
    text = served.client.post(path, content=b"{}", headers={"content-type": "text/plain"})
    assert text.status_code == 415
    assert served.client.get(path).status_code == 405


@pytest.mark.parametrize("path", ASKED)
def test_a_compressed_body_is_read(served: Served, path: str) -> None:
    body = json.dumps({"model": "auto", **ASKED[path]}).encode()
    for coding, packed in (("gzip", gzip.compress(body)), ("zstd", zstd.compress(body))):
        response = served.post(path, packed, **{"content-encoding": coding})
        assert response.status_code == 200, response.text
    plain = served.post(path, body, **{"content-encoding": "identity"})
    assert plain.status_code == 200


@pytest.mark.parametrize("path", ASKED)
def test_another_coding_is_refused_by_name(served: Served, path: str) -> None:
    response = served.post(path, b"{}", **{"content-encoding": "br"})
    assert response.status_code == 415
    assert "expected one of gzip, deflate, zstd" in response.text


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_is_as_large_as_what_is_in_it(served: Served, coding: str) -> None:
    pack = gzip.compress if coding == "gzip" else zstd.compress
    body = json.dumps({"model": "auto", **ASKED["/v1/responses"]}).encode()
    for size, status in ((100_000, 200), (100_001, 413), (30_000_000, 413)):
        packed = pack(body + b" " * (size - len(body)))
        response = served.post("/v1/responses", packed, **{"content-encoding": coding})
        assert response.status_code == status, response.text


def test_a_compressed_request_is_repeated_under_its_key(served: Served) -> None:
    packed = zstd.compress(json.dumps({"model": "auto", **ASKED["/v1/responses"]}).encode())
    headers = {"content-encoding": "zstd", "idempotency-key": "packed"}
    first = served.post("/v1/responses", packed, **headers)
    again = served.post("/v1/responses", packed, **headers)
    assert first.status_code == again.status_code == 200
    assert "x-tiergate-replay-of" in again.headers


@pytest.mark.parametrize("path", ASKED)
def test_no_body_is_met_with_a_fault_of_the_server(served: Served, path: str) -> None:
    for node in nodes(BODIES[path]):
        for value in (7, "x\x00", [], {}, ...):
            body = changed({**BODIES[path], "stream": False}, node, value)
            response = served.post(path, body)
            # 502: the upstream says no JSON, whatever schema a body asks for.
            assert response.status_code in (200, 400, 404, 422), (node, value, response.text)


@pytest.mark.parametrize("path", ASKED)
def test_an_unknown_model_is_404_in_every_shape(served: Served, path: str) -> None:
    response = ask(served, path, "nope")
    assert response.status_code == 404
    assert "Known are" in response.json()["error"]["message"]
