"""Tests that a long request is taken apart beside the event loop, and no other one."""

from __future__ import annotations

import threading
from collections.abc import Set as AbstractSet
from typing import ClassVar

import pytest

from router.triage.batches.config import TriageConfig
from router.triage.engine import TriageEngine
from router.triage.service import TriageService
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import ChatRequest, Message

CONFIG = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}))


class Roles(frozenset[str]):
    """The roles that are read; notes which threads took requests apart."""

    threads: ClassVar[list[threading.Thread]] = []

    def __le__(self, other: AbstractSet[object]) -> bool:
        self.threads.append(threading.current_thread())
        return super().__le__(other)


@pytest.mark.parametrize(("times", "on_the_loop"), [(1, True), (20_000, False)])
async def test_long_request_is_taken_apart_off_the_event_loop(model, times, on_the_loop):
    Roles.threads.clear()
    engine = TriageEngine(model)
    service = TriageService(engine, CONFIG, read=Roles({"user"}))
    asked = ChatRequest((Message("user", "pay $5,000 now. " * times),), "auto")
    signals = await service.read(asked, None)
    assert Roles.threads
    assert (threading.current_thread() in Roles.threads) is on_the_loop
    assert signals == service.read_now(asked, None)
    engine.close()
