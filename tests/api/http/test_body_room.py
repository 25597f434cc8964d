"""Tests the common bound on the bytes of large bodies."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextvars import copy_context

import httpx
import pytest

from router.api.http.asgi import CALLER, SMALL_BODY, BodyRoom, Event, HeldBody
from router.errors import Overloaded
from router.types import Identity
from tests.kits.server_kit import ROUTINE, Served, Upstream, eventually, write_policy

MEGABYTE = 1_000_000


async def _nothing() -> Event:
    return {"type": "http.disconnect"}


def test_what_a_small_body_takes_counts_nowhere() -> None:
    room = BodyRoom(1)
    room.body(_nothing).keep(SMALL_BODY)
    assert room.held_bytes == 0


def test_a_body_counts_once_however_often_it_is_told() -> None:
    room = BodyRoom(MEGABYTE)
    body = room.body(_nothing)
    for size in (100_000, 300_000, 300_000, 200_000):
        body.keep(size)
    assert room.held_bytes == 300_000 - SMALL_BODY


def test_a_second_body_is_refused_where_both_have_no_room() -> None:
    room = BodyRoom(MEGABYTE)
    first, second = room.body(_nothing), room.body(_nothing)
    first.keep(600_000)
    second.keep(400_000)
    with pytest.raises(Overloaded, match=r"1 MB .* --body-memory-mb"):
        second.keep(600_000)
    first.release()
    second.keep(600_000)
    second.release()
    assert room.held_bytes == 0


def _held(room: BodyRoom, tenant: str, size: int) -> HeldBody:
    """Returns a body of a tenant, whose identity no later test sees."""
    body = room.body(_nothing)

    def keep() -> None:
        CALLER.set(Identity(tenant, "key_1", frozenset()))
        body.keep(size + SMALL_BODY)

    copy_context().run(keep)
    return body


def test_who_holds_little_has_room_where_another_tenant_fills_it() -> None:
    room = BodyRoom(8 * MEGABYTE)
    for _ in range(8):
        _held(room, "greedy", MEGABYTE)
    _held(room, "other", MEGABYTE)
    for tenant in ("greedy", "other", "third"):  # what there is more has an end, too
        with pytest.raises(Overloaded):
            _held(room, tenant, 1)


def test_what_a_tenant_gave_back_counts_no_more() -> None:
    room = BodyRoom(8 * MEGABYTE)
    _held(room, "other", MEGABYTE).release()
    for _ in range(8):
        _held(room, "greedy", MEGABYTE)
    _held(room, "other", MEGABYTE)


def test_one_body_has_room_however_large() -> None:
    room = BodyRoom(1)
    room.body(_nothing).keep(MEGABYTE)
    assert room.held_bytes == MEGABYTE - SMALL_BODY


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url)
        with Served(folder, policy, "--body-memory-mb", "1") as server:
            yield server


def _large(size: int) -> bytes:
    body = json.dumps(ROUTINE).encode()
    return body + b" " * (size - len(body))


def test_a_large_body_is_refused_while_another_arrives(served: Served) -> None:
    host, _, port = served.url.removeprefix("http://").partition(":")
    path, large = "/v1/chat/completions", _large(MEGABYTE)
    head = f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {3 * MEGABYTE}\r\n\r\n"
    refused: list[httpx.Response] = []

    def one_is() -> bool:
        """Whoever comes second is refused, which may be the slow one."""
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(head.encode() + large)
            response = served.post(path, large)
            refused.append(response)
            # A small one has its place in any case.
            return response.status_code == 503 and served.chat().status_code == 200

    eventually(one_is)
    assert refused[-1].json()["error"]["code"] == "overloaded"
    assert int(refused[-1].headers["retry-after"]) >= 1
    eventually(lambda: served.post(path, large).status_code == 200)
