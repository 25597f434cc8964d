"""One Gateway for several event loops, one after another and beside each other."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import aiohttp
import orjson
import pytest

from router import Gateway
from router.api.http.asgi import Event, Handler
from router.types import ChatRequest, Committed, Delta, Hints, Message, Outcome
from tests.kits.library_kit import ASKED, until, within
from tests.kits.upstreams.fake_upstream import FakeUpstream

Opened = Callable[..., Gateway]


def answered(gateway: Gateway) -> bool:
    async def call() -> bool:
        return (await gateway.acomplete(ASKED)).answer is not None

    return within(30, lambda: asyncio.run(call()))


def streamed(gateway: Gateway) -> list[type]:
    async def call() -> list[type]:
        return [type(event) async for event in gateway.stream(ASKED)]

    kinds = within(30, lambda: asyncio.run(call()))
    return list(dict.fromkeys(kinds))


def test_loops_one_after_another_share_a_gateway(opened: Opened) -> None:
    gateway = opened()
    assert answered(gateway)
    assert answered(gateway)
    assert streamed(gateway) == [Committed, Delta, Outcome]
    assert streamed(gateway) == [Committed, Delta, Outcome]
    assert within(30, lambda: gateway.complete(ASKED)).answer is not None
    within(30, gateway.close)


def test_loops_beside_each_other_share_a_gateway(opened: Opened) -> None:
    gateway = opened()
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: answered(gateway), range(8)))


def test_a_synchronous_call_in_a_running_loop_answers_after_an_awaited_one(
    opened: Opened,
) -> None:
    gateway = opened()

    async def cells() -> list[Outcome]:
        return [
            await gateway.acomplete(ASKED),
            gateway.complete(ASKED),
            await gateway.acomplete(ASKED),
        ]

    outcomes = within(30, lambda: asyncio.run(cells()))
    assert all(outcome.answer is not None for outcome in outcomes)


def test_a_synchronous_call_answers_while_the_first_loop_stands_still(opened: Opened) -> None:
    gateway, loop = opened(), asyncio.new_event_loop()
    assert within(30, lambda: loop.run_until_complete(gateway.acomplete(ASKED))).answer is not None
    assert within(30, lambda: gateway.complete(ASKED)).answer is not None
    within(30, gateway.close)
    loop.close()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_mounted_gateway_answers_one_loop_after_another(opened: Opened, path: str) -> None:
    """As clients for tests do it, such as FastAPI's outside a `with`."""
    application = opened().asgi(guarded=True)
    body = {"model": "auto", "max_tokens": 50, "messages": [{"role": "user", "content": ASKED}]}
    for stream in (False, True, False):
        sent = orjson.dumps({**body, "stream": stream})
        status, content = within(30, partial(asyncio.run, post(application, path, sent)))
        assert status == 200, content
        assert content


async def post(application: Handler, path: str, body: bytes) -> tuple[int, bytes]:
    """Returns the status and the body of the reply of an ASGI application."""
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
    waiting: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Event] = []
    loop = asyncio.get_running_loop()

    async def receive() -> Event:
        assert asyncio.get_running_loop() is loop
        if waiting:
            return waiting.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(event: Event) -> None:
        assert asyncio.get_running_loop() is loop
        sent.append(event)

    await application(scope, receive, send)
    assert not sent[-1].get("more_body")
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent)


def test_a_cancelled_call_is_cancelled_upstream(opened: Opened, upstream: FakeUpstream) -> None:
    gateway = opened()
    upstream.behaviour = "slow:20"

    async def cancelled() -> None:
        call = asyncio.ensure_future(gateway.acomplete(ASKED))
        while not upstream.count:  # noqa: ASYNC110 - it runs in another loop
            await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    within(30, lambda: asyncio.run(cancelled()))
    until(lambda: upstream.aborted == 1)


@pytest.mark.parametrize("way", ["closed", "loop over"])
def test_a_stream_left_early_is_cancelled_upstream(
    opened: Opened, upstream: FakeUpstream, way: str
) -> None:
    gateway = opened()
    upstream.behaviour = "paced:0.1,0.05,1000"

    async def left() -> None:
        events = gateway.stream(ASKED)
        assert isinstance(await anext(events), Committed)
        if way == "closed":
            await events.aclose()

    within(30, lambda: asyncio.run(left()))
    until(lambda: upstream.aborted == 1)


def test_a_streams_deadline_ends_it(opened: Opened, upstream: FakeUpstream) -> None:
    gateway = opened()
    upstream.behaviour = "paced:0.1,0.1,1000"
    asked = ChatRequest((Message("user", ASKED),), "auto", hints=Hints(deadline_ms=1_500))

    async def read() -> None:
        async for _ in gateway.stream(asked):
            pass

    began = time.monotonic()
    with pytest.raises(Exception, match=r"deadline|cut|time"):
        within(30, lambda: asyncio.run(read()))
    assert time.monotonic() - began < 10


def test_a_callers_context_reaches_the_call(opened: Opened, upstream: FakeUpstream) -> None:
    gateway = opened()
    assert answered(gateway)
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("kept")

    async def call() -> str:
        await gateway.acomplete(ASKED)
        return variable.get()

    assert asyncio.run(call()) == "kept"


async def test_aiohttp_beside_a_gateway_stays_in_its_own_loop(
    opened: Opened, upstream: FakeUpstream
) -> None:
    gateway = opened()
    async with aiohttp.ClientSession() as client:
        outcomes = await asyncio.gather(*[gateway.acomplete(ASKED) for _ in range(20)])
        async with client.get(f"{upstream.url}/models") as reply:
            assert reply.status == 200
    assert all(outcome.answer is not None for outcome in outcomes)
