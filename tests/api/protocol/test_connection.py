"""Tests how a connection treats requests, in turn or ahead of each other, and its time limits."""

from __future__ import annotations

import asyncio
import gc
import re
import weakref

import pytest

from router.api.http.asgi import ON_LEAVE as ASKED_ON_LEAVE
from router.api.protocol.exchange import ON_LEAVE, Event
from router.api.protocol.limits import MAX_UNREAD_BODY, MAX_WAITING
from tests.kits.socket_kit import (
    CLOSE,
    PATIENCE_S,
    Receive,
    Send,
    answer,
    body_of,
    echo,
    get,
    post,
    serving,
    statuses,
)


async def once(condition: object) -> None:
    """Waits until `condition()` is true."""
    assert callable(condition)
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.005)


# One request


async def test_request_reaches_the_application_as_asgi_3_has_it() -> None:
    scopes: list[Event] = []

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        scopes.append(dict(scope))
        await answer(send, b"")

    async with serving(application) as place:
        client = await place.connect()
        own = client.writer.get_extra_info("sockname")
        await client.send(get("/a%2Fb%20c?q=1%2F2", "X-Odd-Case: Value", CLOSE))
        await client.rest()
    assert list(scopes[0].pop("extensions")) == [ON_LEAVE] == [ASKED_ON_LEAVE]
    assert scopes == [
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", place.port),
            "client": own,
            "scheme": "http",
            "root_path": "",
            "headers": [(b"host", b"x"), (b"x-odd-case", b"Value"), (b"connection", b"close")],
            "method": "GET",
            "path": "/a/b c",
            "raw_path": b"/a%2Fb%20c",
            "query_string": b"q=1%2F2",
        }
    ]


async def test_body_in_chunks_is_joined() -> None:
    async with serving(echo) as place:
        chunks = b"3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"
        said = await place.said_to(get("/", "transfer-encoding: chunked", CLOSE), chunks)
    assert said.endswith(b"<GET /  abcde>")


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_request_may_come_in_pieces(size: int) -> None:
    whole = post(b"x" * 300, "Accept: a", CLOSE, path="/a?b=c")
    async with serving(echo) as place:
        client = await place.connect()
        for begin in range(0, len(whole), size):
            await client.send(whole[begin : begin + size])
            await asyncio.sleep(0)
        assert b"<POST /a b=c " + b"x" * 300 + b">" in await client.rest()


async def test_a_date_comes_first() -> None:
    async with serving(echo) as place:
        said = await place.said_to(get("/", CLOSE))
    assert re.match(rb"HTTP/1\.1 200 OK\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n", said)


async def test_head_gets_the_headers_only() -> None:
    async with serving(echo) as place:
        said = await place.said_to(get("/", method="HEAD") + get("/", CLOSE))
    assert statuses(said) == [200, 200]
    assert said.count(b"content-length: 9\r\n") == 1
    assert said.count(b"content-length: 10\r\n") == 1
    assert said.count(b"<") == 1


async def in_pieces(scope: Event, receive: Receive, send: Send) -> None:
    headers = [(b"Content-Type", b"a/b"), (b"Transfer-Encoding", b"gzip")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in (b"ab", b"", b"cde"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def test_answer_without_a_length_goes_in_chunks() -> None:
    async with serving(in_pieces) as place:
        said = await place.said_to(get("/") + get("/", CLOSE))
    heads = said.split(b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    assert len(heads) == 3
    assert heads[0].endswith(b"\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n")
    assert heads[1].endswith(b"\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n")


async def test_client_of_http_1_0_gets_no_chunks() -> None:
    async with serving(in_pieces) as place:
        said = await place.said_to(get("/", version="1.0"))
    assert said.endswith(b"\r\nconnection: close\r\n\r\nabcde")


async def test_status_without_a_body_has_neither_length_nor_chunks() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async with serving(application) as place:
        said = await place.said_to(get("/") + get("/", CLOSE))
    assert statuses(said) == [204, 204]
    assert b"content-length" not in said
    assert b"transfer-encoding" not in said


async def test_not_modified_may_state_the_length_that_it_leaves_out() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 304,
                "headers": [(b"content-length", b"99")],
            }
        )
        await send({"type": "http.response.body"})

    async with serving(application) as place:
        said = await place.said_to(get("/") + get("/", CLOSE))
    assert statuses(said) == [304, 304]


# Several requests


async def test_requests_one_after_another_share_the_connection() -> None:
    async with serving(echo) as place:
        client = await place.connect()
        for number in range(3):
            await client.send(post(b"%d" % number))
            assert b"connection" not in await client.until(b"<")
            assert await client.until(b">") == b"POST /  %d>" % number
        assert len(place.state.connections) == 1
        client.writer.close()


async def test_requests_sent_ahead_run_one_at_a_time_in_their_order() -> None:
    running, most = 0, 0

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02 if scope["path"] == "/0" else 0)
        await echo(scope, receive, send)
        running -= 1

    async with serving(application) as place:
        ahead = b"".join(post(b"x" * i, path=f"/{i}") for i in range(20))
        said = await place.said_to(ahead + get("/last", CLOSE))
    assert re.findall(rb"<\w+ /(\w+) ", said) == [b"%d" % i for i in range(20)] + [b"last"]
    assert most == 1


@pytest.mark.parametrize("count", [MAX_WAITING + 1, MAX_WAITING + 2])
async def test_a_hundred_requests_sent_ahead_are_answered(count: int) -> None:
    go_on = asyncio.Event()

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await echo(scope, receive, send)

    async with serving(application) as place:
        client = await place.connect()
        await client.send(get("/") * (count - 1) + get("/", CLOSE))
        go_on.set()
        assert statuses(await client.rest()) == [200] * (MAX_WAITING + 1)


@pytest.mark.parametrize("offer", ["h2c", "websocket", "TLS/1.0"])
async def test_offers_of_other_protocols_are_passed_over(offer: str) -> None:
    upgrade = ("connection: Upgrade, keep-alive", f"Upgrade: {offer}")
    async with serving(echo) as place:
        said = await place.said_to(post(b"hi", *upgrade) * 90 + get("/", CLOSE))
    assert statuses(said) == [200] * 91
    assert said.count(b"<POST /  hi>") == 90


async def test_what_follows_the_announced_end_is_dropped() -> None:
    async with serving(echo) as place:
        said = await place.said_to(get("/", CLOSE) + get("/second"))
    assert statuses(said) == [200]
    assert said.count(b"connection: close\r\n") == 1


async def test_application_may_end_the_connection() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"bye", (b"Connection", b"Close"))

    async with serving(application) as place:
        said = await place.said_to(get("/") + get("/"))
    assert statuses(said) == [200]
    assert said.lower().count(b"connection: close") == 1


# Time


async def test_silent_connection_is_closed() -> None:
    async with serving(echo, keep_alive_s=0.05) as place:
        assert await place.said_to() == b""


@pytest.mark.slow
async def test_connection_is_closed_when_it_was_idle_so_long() -> None:
    async with serving(echo, keep_alive_s=1.5) as place:
        loop, client = asyncio.get_running_loop(), await place.connect()
        for _ in range(4):  # longer together than it may be idle
            await asyncio.sleep(0.4)
            await client.send(get("/"))
            await client.until(b">")
            answered = loop.time()
        assert await client.rest() == b""
        assert 1.0 < loop.time() - answered < 60


async def test_answer_may_take_longer_than_a_connection_may_be_idle() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3)
        await answer(send, b"at last")

    async with serving(application, keep_alive_s=0.1, request_s=0.1) as place:
        assert (await place.said_to(get("/"))).endswith(b"at last")


@pytest.mark.parametrize(
    ("begun", "path"), [(b"GET /a HT", ""), (get("/a")[:-2], "/a"), (post(b"hello")[:-1], "/")]
)
async def test_request_that_does_not_end_is_refused(begun: bytes, path: str) -> None:
    async with serving(echo, request_s=0.05) as place:
        said = await place.said_to(begun)
    assert statuses(said) == [408]
    assert b'"request_timeout"' in said
    assert f'"path": "{path}'.encode() in said


@pytest.mark.slow
async def test_each_request_of_a_connection_has_its_own_time() -> None:
    whole = get("/")
    async with serving(echo, request_s=1.5) as place:
        client = await place.connect()
        await client.send(whole[:5])
        for _ in range(5):
            await asyncio.sleep(0.4)
            await client.send(whole[5:] + whole[:5])  # one's end, and the next one's beginning
            await client.until(b">")
        client.writer.close()


@pytest.mark.parametrize("size", [20_000_000, 4_000_000])
async def test_client_that_does_not_read_is_dropped(size: int) -> None:
    asked = asyncio.Event()

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        asked.set()
        await answer(send, b"x" * size, (b"connection", b"close"))

    async with serving(application, request_s=0.2) as place:
        client = await place.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(get("/"))
        await asked.wait()
        await once(lambda: not place.state.connections)
        client.writer.close()


# The body's bound


async def test_no_more_of_a_body_is_read_than_the_application_asks_for() -> None:
    go_on = asyncio.Event()
    sizes: list[int] = []

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await go_on.wait()
        more = True
        while more:
            event = await receive()
            sizes.append(len(event["body"]))
            more = event["more_body"]
        await answer(send, b"read")

    body = b"x" * 30_000_000
    async with serving(application) as place:
        client = await place.connect()
        client.writer.write(post(body, CLOSE))
        await asyncio.sleep(0.2)
        assert client.writer.transport.get_write_buffer_size() > 1_000_000  # type: ignore[attr-defined]
        go_on.set()
        assert (await client.rest()).endswith(b"read")
    assert sum(sizes) == len(body)
    assert max(sizes) <= MAX_UNREAD_BODY + 262_144  # of one reading of the socket


# Clients that leave, applications that fail


async def test_client_that_leaves_is_told_to_the_application() -> None:
    events: list[str] = []

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await body_of(receive)
        events.append((await receive())["type"])
        await answer(send, b"for nobody")

    async with serving(application) as place:
        client = await place.connect()
        await client.send(post(b"hi"))
        await once(lambda: place.state.tasks)
        client.writer.close()
        await once(lambda: events)
    assert events == ["http.disconnect"]


async def test_application_is_called_when_its_client_leaves() -> None:
    left = asyncio.Event()

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await body_of(receive)
        scope["extensions"][ON_LEAVE](left.set)
        await left.wait()

    async with serving(application) as place:
        client = await place.connect()
        await client.send(post(b"hi"))
        await once(lambda: place.state.tasks)
        client.writer.close()
        await once(lambda: left.is_set() and not place.state.tasks)


async def test_nobody_is_called_when_a_client_leaves_with_its_whole_response() -> None:
    left = asyncio.Event()

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        scope["extensions"][ON_LEAVE](left.set)
        await answer(send, b"hi")

    async with serving(application) as place:
        assert (await place.said_to(get("/", CLOSE))).endswith(b"hi")
        await once(lambda: not place.state.connections)
    assert not left.is_set()


async def test_client_that_leaves_wakes_a_writer() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        for _ in range(1_000):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})

    async with serving(application) as place:
        client = await place.connect()
        await client.send(get("/"))
        await client.until(b"xxxx")
        client.writer.transport.abort()
        await once(lambda: not place.state.tasks)


async def test_closed_connection_leaves_nothing_to_the_garbage_collector() -> None:
    async with serving(echo) as place:
        client = await place.connect()
        await client.send(get("/") + post(b"hi"))
        await client.until(b"hi>")
        (kept,) = map(weakref.ref, place.state.connections)
        gc.collect()
        gc.disable()
        try:
            client.writer.close()
            await once(lambda: kept() is None)
        finally:
            gc.enable()


async def test_answered_request_has_no_more_events() -> None:
    events: list[str] = []

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"")
        events.append((await receive())["type"])

    async with serving(application) as place:
        await place.said_to(get("/", CLOSE))
    assert events == ["http.disconnect"]


async def failing(scope: Event, receive: Receive, send: Send) -> None:
    if scope["path"] == "/silent":
        return
    if scope["path"] == "/header":
        await answer(send, b"", (b"x-a", b"b\r\nset-cookie: c"))
    if scope["path"] == "/order":
        await send({"type": "http.response.body", "body": b"x"})
    if scope["path"] == "/long":
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"xy"})
    if scope["path"] == "/begun":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"xy", "more_body": True})
    raise LookupError("a mistake of the application")


@pytest.mark.parametrize("path", ["/at-once", "/silent", "/header", "/order", "/long"])
async def test_application_that_fails_before_its_answer_is_a_500_in_our_shape(path: str) -> None:
    async with serving(failing) as place:
        said = await place.said_to(get(path))
    assert statuses(said) == [500]
    assert f'"path": "{path}"'.encode() in said
    assert b"connection: close\r\n" in said
    assert not any(word in said for word in (b"set-cookie", b"mistake"))


async def test_application_that_fails_in_its_answer_cuts_it() -> None:
    async with serving(failing) as place:
        said = await place.said_to(get("/begun"))
    assert statuses(said) == [200]
    assert said.endswith(b"2\r\nxy\r\n")
