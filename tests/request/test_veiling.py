"""Checks that long texts are read and changed beside the event loop, and no others."""

from __future__ import annotations

import threading

import orjson
import pytest

from router.privacy.entities.kinds import EntityKind
from router.privacy.pseudonyms.texts import Reader
from router.privacy.pseudonyms.veil import Veil
from router.request.veiling import READ_AT_ONCE, SWAPPED_AT_ONCE, hidden_by, hidden_text
from router.types import ChatRequest, JsonText, Message, ToolSpec
from tests.kits.changed import replace


class Watched(Veil):
    """Notes whether the thread of the event loop did the work."""

    on_the_loop: bool | None = None

    def said(self, text: str, before: str = "") -> str:
        self.on_the_loop = threading.current_thread() is threading.main_thread()
        return super().said(text, before)


def watched(text: str, reader: Reader) -> tuple[Watched, ChatRequest]:
    request = ChatRequest((Message("user", text),), "auto")
    kinds = frozenset(EntityKind)
    veil = Watched(request, reader=reader, kinds=kinds, trusted=frozenset(), secret=b"k" * 32)
    return veil, request


@pytest.mark.parametrize(
    ("size", "read_before", "on_the_loop"),
    [
        (READ_AT_ONCE, False, True),
        (READ_AT_ONCE + 100, False, False),
        (READ_AT_ONCE + 100, True, True),
        (SWAPPED_AT_ONCE, True, True),
        (SWAPPED_AT_ONCE + 100, True, False),
    ],
)
async def test_long_request_is_hidden_beside_the_loop(
    size: int, read_before: bool, on_the_loop: bool
) -> None:
    text = "I am Anna Keller. ".ljust(size, ".")
    reader = Reader()
    if read_before:
        reader.found(text)
    veil, request = watched(text, reader)
    await hidden_by(veil, request)
    assert veil.on_the_loop is on_the_loop
    veil.on_the_loop = None
    assert await hidden_by(veil, request) is await hidden_by(veil, request)
    assert veil.on_the_loop is None
    await hidden_text(veil, text)
    assert veil.on_the_loop is (size <= SWAPPED_AT_ONCE)


async def test_request_with_long_tools_is_hidden_beside_the_loop() -> None:
    veil, request = watched("I am Anna Keller.", Reader())
    schema = JsonText(orjson.dumps({"description": "x" * SWAPPED_AT_ONCE}).decode())
    await hidden_by(veil, replace(request, tools=(ToolSpec("f", "", schema),)))
    assert veil.on_the_loop is False
