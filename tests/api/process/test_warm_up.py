"""Tests that a server has read messages of all usual kinds before its users ask."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from router.api.compose.core import Core, Settings, load_policies
from router.api.process import large_pages, warm_up
from router.errors import ModelNotFound
from router.request.intake import decided_outcome
from router.triage import encoder
from router.triage.close_reading.opened import opened
from router.types import LOCAL
from router.wire.openai.in_process import read_asked

FRESH = (
    "my chest hurts badly and my left hand is numb",
    "can i still have my parcel sent to another address",
    "what is 17 times 23",
    "Is it wise to buy the competitor for 3 million dollars?",
)
MOST_COMPILED = 12
"""Of about 800 expressions; without the warm-up these messages compile 124."""

COUNTING = """
import asyncio, sys
from router.api.compose.core import Core, Settings, load_policies
from router.api.process.warm_up import warm_up
from router.regexes.late import LateRegex
from router.request.intake import decided_outcome
from router.types import LOCAL
from router.wire.openai.in_process import read_asked

settings, compiled, compile_one = Settings(policies=("default",)), [], LateRegex.compiled
router = Core(settings, load_policies(settings, {}), {}).router
asyncio.run(warm_up(router, tuple))
LateRegex.compiled = lambda expression: (compiled.append(1), compile_one(expression))[1]
for message in sys.argv[1:]:
    decided_outcome(router, read_asked(message), LOCAL)
print(len(compiled))
"""


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Notes when memory would move into large pages."""
    calls: list[None] = []
    monkeypatch.setattr(large_pages, "begin_to_move", lambda: calls.append(None))
    return calls


@pytest.fixture
def core() -> Core:
    """Returns what a new process decides by: its networks are not open yet."""
    opened.cache_clear()
    settings = Settings(policies=("default",))
    return Core(settings, load_policies(settings, {}), {})


def test_what_users_ask_first_waits_for_no_network(
    core: Core, moved: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    networks: list[str] = []
    open_session = encoder.open_session

    def counted(runtime: object, model: Path, threads: int, device: object) -> object:
        networks.append(model.name)
        return open_session(runtime, model, threads, device)  # type: ignore[arg-type]

    monkeypatch.setattr(encoder, "open_session", counted)
    asyncio.run(warm_up.warm_up(core.router, tuple))
    assert "harm_close.onnx" in networks
    assert len(moved) == 1

    networks.clear()
    for message in FRESH:
        decided_outcome(core.router, read_asked(message), LOCAL)
    assert networks == []


def test_what_users_ask_first_waits_for_few_expressions() -> None:
    """Counts in a process of its own: other tests have compiled most of this one's."""
    told = subprocess.run(
        [sys.executable, "-c", COUNTING, *FRESH], capture_output=True, text=True, check=True
    )
    assert int(told.stdout) <= MOST_COMPILED


def test_a_message_that_the_policy_refuses_ends_nothing(
    core: Core, moved: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refused(_router: object, request: object, _identity: object) -> None:
        asked.append(request)
        raise ModelNotFound("auto")

    monkeypatch.setattr(warm_up, "decided_outcome", refused)
    asyncio.run(warm_up.warm_up(core.router, tuple))
    assert len(asked) == len(warm_up.MESSAGES)
    assert len(moved) == 1


@pytest.mark.parametrize(("busy_looks", "read"), [(3, len(warm_up.MESSAGES)), (10_000, 0)])
def test_messages_give_way_to_requests(
    core: Core, moved: list[None], monkeypatch: pytest.MonkeyPatch, busy_looks: int, read: int
) -> None:
    asked, looks = list[object](), itertools.count()
    monkeypatch.setattr(warm_up, "LOOKS_EVERY_S", 0.0)
    monkeypatch.setattr(warm_up, "decided_outcome", lambda _, request, __: asked.append(request))
    asyncio.run(warm_up.warm_up(core.router, lambda: next(looks) < busy_looks))
    assert len(asked) == read
    assert len(moved) == 1
