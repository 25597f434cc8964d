"""A stream that is silent for long: its head and signs of life, on every path that streams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest

from router.api.endpoints.silences import SILENCE_S, Sounding
from tests.kits.server_kit import Served, Upstream, eventually, write_ladder, write_policy
from tests.kits.upstreams.upstream_kit import eventually as soon
from tests.kits.upstreams.upstream_wire import TEXT

USER = [{"role": "user", "content": "Where is my parcel?"}]
BODIES = {
    "/v1/chat/completions": {"messages": USER},
    "/v1/completions": {"prompt": "Where is my parcel?"},
    "/v1/responses": {"input": USER},
    "/v1/messages": {"messages": USER, "max_tokens": 100},
}
SIGNS = {path: ": wait\n\n" for path in BODIES} | {
    "/v1/messages": 'event: ping\ndata: {"type":"ping"}\n\n'
}
FAILS = {
    "/v1/chat/completions": ('"code":"deadline_exceeded"', "[DONE]"),
    "/v1/completions": ('"code":"deadline_exceeded"', "[DONE]"),
    "/v1/responses": ("response.failed", "response.completed"),
    "/v1/messages": ("event: error", "message_stop"),
}
KNOWN = ("x-request-id", "x-tiergate-decision-id", "x-tiergate-policy", "x-ratelimit-limit-tokens")
UNKNOWN = ("x-tiergate-tier", "x-tiergate-reason", "x-tiergate-model", "x-tiergate-confidence")
SLOW_S = 1.4 * SILENCE_S


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    verify = {"default": "full"}
    with Upstream(folder) as upstream:
        url = upstream.url
        paths = [
            write_policy(folder, url),
            write_ladder(folder, "held", url, f"slow:{SLOW_S}", verify=verify),
            write_ladder(folder, "late", url, f"slow:{SLOW_S}"),
            write_ladder(folder, "hung", url, "slow:60", deadline_s=SLOW_S, breaker_failures=100),
        ]
        with Served(folder, *paths) as server:
            server.upstream = upstream
            yield server


def ask(served: Served, path: str, model: str, **headers: str) -> httpx.Response:
    return served.post(path, {**BODIES[path], "model": model, "stream": True}, **headers)


@pytest.mark.process
@pytest.mark.parametrize("model", ["auto:held", "auto:late"])
@pytest.mark.parametrize("path", BODIES)
def test_a_silent_stream_begins_and_says_that_it_lives(
    served: Served, path: str, model: str
) -> None:
    body = {**BODIES[path], "model": model, "stream": True}
    began = time.monotonic()
    with served.client.stream("POST", path, json=body) as response:
        head_s = time.monotonic() - began
        text = "".join(response.iter_text())
    assert SILENCE_S - 0.1 < head_s < SLOW_S
    assert response.status_code == 200
    assert text.startswith(SIGNS[path])
    assert FAILS[path][1] in text
    assert all(name in response.headers for name in KNOWN)
    assert not any(name in response.headers for name in UNKNOWN)
    assert served.row(response)["verdict"] == "accepted"


@pytest.mark.process
@pytest.mark.parametrize("path", BODIES)
def test_a_failure_after_a_silence_is_an_error_event(served: Served, path: str) -> None:
    response = ask(served, path, "auto:hung")
    failure, end = FAILS[path]
    assert response.status_code == 200
    assert response.text.startswith(SIGNS[path])
    assert failure in response.text
    assert end not in response.text
    row = served.finished_row(response)
    # Its stream was closed, so its cost is an estimate by its time.
    assert (row["state"], row["error_code"]) == ("failed", "deadline_exceeded")


@pytest.mark.process
def test_a_quick_stream_begins_with_its_tier(served: Served) -> None:
    response = ask(served, "/v1/chat/completions", "auto")
    assert all(name in response.headers for name in (*KNOWN, *UNKNOWN))
    assert ": wait" not in response.text


@pytest.mark.process
def test_official_clients_read_streams_that_were_silent(served: Served) -> None:
    url = f"{served.url}/v1"
    chat = openai.OpenAI(base_url=url, api_key="any", max_retries=0)
    with chat.chat.completions.create(model="auto:held", messages=USER, stream=True) as pieces:
        told = [p.choices[0].delta.content or "" for p in pieces if p.choices]
    assert "".join(told) == TEXT
    with chat.responses.stream(model="auto:held", input=USER) as stream:
        assert stream.get_final_response().output_text == TEXT
    messages = anthropic.Anthropic(base_url=served.url, api_key="any", max_retries=0)
    with messages.messages.stream(model="auto:held", max_tokens=100, messages=USER) as stream:
        assert stream.get_final_text() == TEXT


@pytest.mark.process
def test_official_clients_raise_what_failed_after_a_silence(served: Served) -> None:
    chat = openai.OpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0)
    with pytest.raises(openai.APIError, match="did not finish"):
        list(chat.chat.completions.create(model="auto:hung", messages=USER, stream=True))
    messages = anthropic.Anthropic(base_url=served.url, api_key="any", max_retries=0)
    with (
        pytest.raises(anthropic.APIStatusError, match="did not finish"),
        messages.messages.stream(model="auto:hung", max_tokens=100, messages=USER) as stream,
    ):
        stream.get_final_text()


@pytest.mark.process
def test_a_silent_stream_is_kept_for_its_repeat(served: Served) -> None:
    key = {"idempotency-key": "silent"}
    first, again = (ask(served, "/v1/chat/completions", "auto:held", **key) for _ in range(2))
    assert again.headers["x-tiergate-replay-of"] == first.headers["x-tiergate-decision-id"]
    assert again.text == first.text


@pytest.mark.process
def test_a_client_that_leaves_in_a_silence_ends_the_call(served: Served) -> None:
    aborted = served.upstream.seen()["aborted"]
    body = {**BODIES["/v1/chat/completions"], "model": "auto:hung", "stream": True}
    with served.client.stream("POST", "/v1/chat/completions", json=body) as response:
        assert next(response.iter_raw()) == b": wait\n\n"
    eventually(lambda: served.upstream.seen()["aborted"] > aborted)
    eventually(lambda: served.row(response)["state"] == "cancelled")


class Sent:
    """Keeps what is sent; each event takes `takes_s`."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[list[tuple[bytes, bytes]]] = []
        self._takes_s = takes_s

    async def __call__(self, event: dict[str, object]) -> None:
        await asyncio.sleep(self._takes_s)
        if event["type"] == "http.response.start":
            self.heads.append(event["headers"])
        else:
            self.bodies.append(event["body"])


def body(piece: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": piece, "more_body": True}


def sounding(sent: Sent, silence_s: float) -> Sounding:
    return Sounding(sent, b"?", lambda: [(b"early", b"1")], silence_s)


async def test_a_silence_is_broken_again_and_again() -> None:
    sent = Sent()
    with sounding(sent, 0.02) as out:
        await soon(lambda: len(sent.bodies) >= 3)
        await out.begin([(b"late", b"1")])
    assert sent.heads == [[(b"early", b"1")]]
    assert set(sent.bodies) == {b"?"}


async def test_a_stream_that_speaks_is_left_alone() -> None:
    sent = Sent()
    with sounding(sent, 0.5) as out:
        await out.begin([(b"late", b"1")])
        for _ in range(10):
            await out.send(body(b"word"))
            await asyncio.sleep(0.1)
    assert sent.heads == [[(b"late", b"1")]]
    assert sent.bodies == [b"word"] * 10


async def test_a_client_that_reads_slowly_gets_no_sign() -> None:
    sent = Sent(takes_s=0.2)
    with sounding(sent, 0.05) as out:
        await out.begin([])
        await out.send(body(b"word"))
    assert sent.bodies == [b"word"]


async def test_an_event_waits_for_the_sign_that_is_on_its_way() -> None:
    sent = Sent(takes_s=0.1)
    with sounding(sent, 0.02) as out:
        await soon(lambda: out.begun)
        await out.begin([(b"late", b"1")])
        await out.send(body(b"word"))
    assert sent.heads == [[(b"early", b"1")]]
    assert sent.bodies == [b"?", b"word"]


async def test_nothing_is_said_after_the_end() -> None:
    sent = Sent()
    with sounding(sent, 0.02) as out:
        await out.begin([])
    await asyncio.sleep(0.1)
    assert sent.bodies == []


async def test_a_server_that_raises_for_a_client_that_left_stops_nobody() -> None:
    async def gone(event: object) -> None:
        raise OSError("the client left")

    with Sounding(gone, b"?", list, 0.02) as out:
        await soon(lambda: out.begun)
