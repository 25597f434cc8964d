"""Tests that a server has read messages of all usual kinds before its users ask."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from router.api.compose.core import Core, Settings, load_policies
from router.api.process.process import meanwhile
from router.api.process.warm_up import MESSAGES, warm_up
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
def core() -> Core:
    """Returns what a new process decides by: its networks are not open yet."""
    opened.cache_clear()
    settings = Settings(policies=("default",))
    return Core(settings, load_policies(settings, {}), {})


def test_what_users_ask_first_waits_for_no_network(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks: list[str] = []
    moved: list[None] = []
    open_session = encoder.open_session

    def counted(runtime: object, model: Path, threads: int, device: object) -> object:
        networks.append(model.name)
        return open_session(runtime, model, threads, device)  # type: ignore[arg-type]

    monkeypatch.setattr(encoder, "open_session", counted)
    asyncio.run(warm_up(core.router, tuple, move=lambda: moved.append(None)))
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


def test_a_message_that_the_policy_refuses_ends_nothing(core: Core) -> None:
    asked: list[object] = []
    moved: list[None] = []

    def refused(_router: object, request: object, _identity: object) -> None:
        asked.append(request)
        raise ModelNotFound("auto")

    asyncio.run(warm_up(core.router, tuple, decide=refused, move=lambda: moved.append(None)))
    assert len(asked) == len(MESSAGES)
    assert len(moved) == 1


@pytest.mark.parametrize(("busy_looks", "read"), [(3, len(MESSAGES)), (10_000, 0)])
def test_messages_give_way_to_requests(core: Core, busy_looks: int, read: int) -> None:
    asked, moved, looks = list[object](), list[None](), itertools.count()
    asyncio.run(
        warm_up(
            core.router,
            lambda: next(looks) < busy_looks,
            decide=lambda _, request, __: asked.append(request),
            move=lambda: moved.append(None),
            looks_every_s=0.0,
        )
    )
    assert len(asked) == read
    assert len(moved) == 1


async def test_an_error_of_work_beside_the_server_is_told_at_once() -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async def broken() -> None:
        raise ValueError("a bug")

    async with meanwhile(broken()):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert str(told[0]["exception"]) == "a bug"


async def test_work_that_is_left_at_the_end_is_no_error() -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with meanwhile(asyncio.sleep(60)):
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert told == []
