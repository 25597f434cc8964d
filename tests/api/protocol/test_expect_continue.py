"""A client that waits for `100 Continue`: it is told to go on only where its body is wanted."""

from __future__ import annotations

from router.api.protocol.exchange import Event
from tests.kits.socket_kit import (
    CLOSE,
    Receive,
    Send,
    answer,
    echo,
    get,
    serving,
    statuses,
)

EXPECTS = "Expect: 100-Continue"


async def test_client_is_told_to_go_on_when_its_body_is_asked_for() -> None:
    async with serving(echo) as place:
        client = await place.connect()
        await client.send(get("/", EXPECTS, "content-length: 2", CLOSE, method="POST"))
        assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"hi")
        assert statuses(said := await client.rest()) == [200]
        assert said.endswith(b"hi>")


async def test_client_is_not_told_to_send_a_body_that_is_refused() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"too large", status=413)

    async with serving(application) as place:
        said = await place.said_to(get("/", EXPECTS, "content-length: 99", method="POST"))
    assert statuses(said) == [413]
    assert said.count(b"connection: close\r\n") == 1


async def test_client_is_not_told_to_go_on_after_a_broken_chunk() -> None:
    errors: list[BaseException] = []

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        try:
            await receive()
        except Exception as error:
            errors.append(error)
            raise

    broken = get("/", EXPECTS, "transfer-encoding: chunked", method="POST") + b"no chunk\r\n"
    async with serving(application) as place:
        said = await place.said_to(broken)
    assert statuses(said) == [400]
    assert errors == []
