"""Access lines of requests that end badly: who left, came too late, or sent no HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.kits.server_kit import (
    ROUTINE,
    Served,
    Upstream,
    eventually,
    rest_of,
    write_behaviours,
    write_policy,
)
from tests.kits.workers import events

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("lines")
    with Upstream(folder) as upstream:
        policies = [
            write_policy(folder, upstream.url),
            *write_behaviours(folder, upstream.url, "lasting", "cut"),
        ]
        with Served(folder, *policies, "--access-log", "--request-s", "2") as server:
            yield server


def line_of(served: Served, path: str, **wanted: object) -> dict[str, object]:
    """Returns the access line of a path; there must be one alone."""

    def found() -> list[dict[str, object]]:
        lines = [one for one in events(served, "request") if one.get("path") == path]
        return [one for one in lines if wanted.items() <= one.items()]

    eventually(found)
    (line,) = found()
    return line


def head_of(raw: bytes) -> tuple[int, str]:
    """Returns the status and the request's id of a response."""
    head = raw.partition(b"\r\n\r\n")[0].decode()
    named = dict(one.lower().split(": ", 1) for one in head.split("\r\n")[1:])
    return int(head.split()[1]), named["x-request-id"]


def asking(path: str, **fields: object) -> bytes:
    body = json.dumps({**ROUTINE, **fields}).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def test_client_that_leaves_is_499_with_its_request(served: Served) -> None:
    connection = served.connect()
    connection.sendall(asking("/v1/chat/completions", model="auto:lasting"))
    eventually(lambda: [one["state"] for one in served.rows()] == ["open"])
    connection.close()
    line = line_of(served, "/v1/chat/completions", status=499)
    assert line["code"] == "client_gone"
    (row,) = served.rows()
    assert line["request_id"] == f"req_{row['request_id']}"
    eventually(lambda: served.rows()[0]["state"] == "cancelled")
    assert served.rows()[0]["error_code"] == "client_gone"


def test_client_that_leaves_a_stream_is_told_as_such(served: Served) -> None:
    body = {**ROUTINE, "model": "auto:lasting", "stream": True}
    with served.client.stream("POST", "/v1/chat/completions", json=body) as response:
        next(response.iter_text())
        name = response.headers["x-request-id"]
    line = line_of(served, "/v1/chat/completions", request_id=name)
    assert (line["status"], line["code"]) == (200, "client_gone")


def test_body_that_comes_too_late_is_408_with_the_id_that_its_client_got(served: Served) -> None:
    connection = served.connect()
    connection.sendall(asking("/v1/responses")[:-5])
    status, name = head_of(rest_of(connection))
    line = line_of(served, "/v1/responses")
    assert (status, line["status"], line["code"]) == (408, 408, "request_timeout")
    assert (line["request_id"], line["method"]) == (name, "POST")


def test_head_that_comes_too_late_has_a_line(served: Served) -> None:
    connection = served.connect()
    connection.sendall(b"GET /late?key=secret HTTP/1.1\r\nhost: x\r\n")
    status, name = head_of(rest_of(connection))
    line = line_of(served, "/late")
    assert (status, line["status"], line["request_id"]) == (408, 408, name)
    assert "secret" not in served.output


@pytest.mark.parametrize(
    ("sent", "path", "status", "code"),
    [
        (b"GET /two HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", "/two", 400, "malformed_http"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "", 400, "malformed_http"),
        (
            b"GET /long HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 70_000 + b"\r\n\r\n",
            "/long",
            431,
            "headers_too_large",
        ),
    ],
)
def test_bytes_that_are_no_request_have_a_line(
    served: Served, sent: bytes, path: str, status: int, code: str
) -> None:
    connection = served.connect()
    connection.sendall(sent)
    got, name = head_of(rest_of(connection))
    line = line_of(served, path, code=code)
    assert (got, line["status"], line["request_id"]) == (status, status, name)


def test_line_of_an_error_has_its_code(served: Served) -> None:
    response = served.client.get("/nothing")
    line = line_of(served, "/nothing")
    assert (line["status"], line["code"]) == (404, "unknown_url")
    assert line["request_id"] == response.headers["x-request-id"]
    page = served.client.get("/metrics").text
    assert 'tiergate_errors_total{code="unknown_url",status="404"} 1.0' in page


def test_line_of_an_error_within_a_stream_has_its_code(served: Served) -> None:
    response = served.chat("auto:cut", stream=True)
    name = response.headers["x-request-id"]
    line = line_of(served, "/v1/chat/completions", request_id=name)
    assert (line["status"], line["code"]) == (200, "stream_cut")


def test_answer_that_is_complete_has_no_code(served: Served) -> None:
    name = served.chat().headers["x-request-id"]
    line = line_of(served, "/v1/chat/completions", request_id=name)
    assert (line["status"], "code" in line) == (200, False)
