"""How a process follows the rollouts in its ledger, by look."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from router.api.compose.mounted.rollouts import Rollouts
from router.errors import Mistake, PolicyError
from router.ledger.tables.rollouts import SqlRollouts
from router.policy.loading import LoadedPolicy, load_policy
from router.policy.schema import RolloutSection
from router.rollout.arms import Splits
from router.rollout.stages import Change, RolloutTurn, finished, plan_of, started
from router.routing.policy_runtime import PolicyRuntime
from tests.kits.fakes import Houses, ScriptedTier
from tests.kits.server_kit import write_policy

CHANGED = {"candidate": {"answerers": {"mid": {"model": "newer"}}}, "stages": [0.5]}


@dataclass
class Counted(ScriptedTier):
    """Counts how often it was closed."""

    owner: Any = None

    async def close(self) -> None:
        self.owner.closed += 1


class Process:
    """The rollouts of a process over a real ledger; policies are built as the test says."""

    def __init__(self, houses: Houses, folder: Path) -> None:
        self.closed = 0
        house = houses([Counted(name, "llm", 2, owner=self) for name in ("one", "two")])
        self.runtime = house.gateway.router.default
        self.loaded = load_policy(
            write_policy(folder, "http://127.0.0.1:9/v1", rollout=CHANGED), {}
        )
        self.fails = False
        self.may_build = threading.Event()
        self.may_build.set()
        self.splits = Splits()
        self.ledger, self.clock = house.ledger, house.clock
        self.store = SqlRollouts(house.ledger.database)
        self.core: Any = SimpleNamespace(
            loaded={"tested": self.loaded},
            router=SimpleNamespace(runtimes={"tested": self.runtime}),
            clock=house.clock,
            build=self.build,
        )
        self.rollouts = Rollouts(
            self.core, house.ledger, self.splits, self.begin, lambda _: None, self.record
        )

    def build(self, loaded: LoadedPolicy) -> PolicyRuntime:
        self.may_build.wait(60)
        if self.fails:
            raise PolicyError((Mistake("tested.yaml", 1, "tiers", "nothing", "a tier"),))
        return self.runtime

    async def begin(self, runtime: PolicyRuntime) -> None: ...

    async def record(self, loaded: LoadedPolicy) -> None: ...

    def start(self, before: Change | None = None, run: str = "run") -> Change:
        """Begins the rollout of the policy as it is now."""
        loaded = self.core.loaded["tested"]
        plan = plan_of(RolloutSection.model_validate(CHANGED), [])
        hashes = loaded.hash, loaded.candidate.hash
        change = started(before, "tested", run, plan, hashes, self.clock.now_ms(), "ann", "")
        assert self.store.add(change)
        return change


@pytest.fixture
def process(houses: Houses, tmp_path: Path) -> Process:
    return Process(houses, tmp_path)


async def test_a_policy_that_tries_nothing_any_more_is_not_split(process: Process) -> None:
    process.start()
    await process.rollouts.look(judging=False)
    assert process.splits.of("tested") is not None
    process.core.loaded["tested"] = replace(process.loaded, candidate=None)
    await process.rollouts.look()
    assert process.splits.of("tested") is None


async def test_a_policy_that_has_what_was_tried_ends_the_rollout(process: Process) -> None:
    change = process.start()
    await process.rollouts.look(judging=False)
    # As after an edit that takes the change over, and the section out.
    policy = process.loaded.policy.model_copy(update={"rollout": None})
    process.core.loaded["tested"] = replace(
        process.loaded, policy=policy, hash=change.candidate_hash, candidate=None
    )
    await process.rollouts.look()
    last = process.store.latest()["tested"]
    assert (last.turn, last.by) == (RolloutTurn.FINISHED, "policy")
    assert process.splits.of("tested") is None


async def test_a_policy_that_got_what_was_tried_while_no_server_ran_ends_the_rollout(
    process: Process,
) -> None:
    change = process.start()
    policy = process.loaded.policy.model_copy(update={"rollout": None})
    process.core.loaded["tested"] = replace(
        process.loaded, policy=policy, hash=change.candidate_hash, candidate=None
    )
    await process.rollouts.look(judging=False)
    assert process.store.latest()["tested"].turn is RolloutTurn.FINISHED


async def test_a_policy_that_lost_its_section_while_no_server_ran_is_told_of(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    change = process.start()
    policy = process.loaded.policy.model_copy(update={"rollout": None})
    process.core.loaded["tested"] = replace(
        process.loaded, policy=policy, hash="plain", candidate=None
    )
    for _ in range(2):
        await process.rollouts.look(judging=False)
    # Another server may still have the section, so that only a person ends the rollout.
    assert process.store.latest()["tested"] == change
    assert [record.message for record in caplog.records] == ["rollout_waits"]
    assert "rollout finish tested" in str(process.rollouts.shown()[0]["waits"])


async def test_a_stage_begins_anew_beside_an_edited_base(process: Process) -> None:
    first = process.start()
    await process.rollouts.look(judging=False)
    process.core.loaded["tested"] = replace(process.loaded, hash="edited")
    await process.rollouts.look()
    # Servers that read the edited file later need a while.
    assert process.store.latest()["tested"] == first
    process.clock.now += 60_000
    await process.rollouts.look()
    last = process.store.latest()["tested"]
    assert (last.turn, last.since, last.base_hash) == (RolloutTurn.RESTARTED, 2, "edited")
    assert last.candidate_hash == first.candidate_hash
    split = process.splits.of("tested")
    assert split is not None
    assert split.version == 2
    assert process.rollouts.shown("tested")[0]["state"] == "running"


async def test_a_slow_build_holds_up_no_look(process: Process) -> None:
    process.start()
    process.may_build.clear()
    await asyncio.wait_for(process.rollouts.look(), 30)
    assert process.splits.of("tested") is None
    process.may_build.set()
    await process.rollouts.look(judging=False)  # it waits for what is built
    assert process.splits.of("tested") is not None


async def test_an_earlier_candidate_serves_no_later_rollout(process: Process) -> None:
    first = process.start()
    await process.rollouts.look()
    assert process.store.add(finished(first, 2, "ann", ""))
    assert process.loaded.candidate is not None
    other = replace(process.loaded.candidate, hash="other")
    process.core.loaded["tested"] = replace(process.loaded, candidate=other)
    process.start(finished(first, 2, "ann", ""), "run 2")
    process.fails = True
    await process.rollouts.look()
    assert process.splits.of("tested") is None


@pytest.mark.parametrize("policy", [None, "tested"])
async def test_what_was_counted_before_is_shown_without_a_row(
    process: Process, policy: str | None
) -> None:
    process.start()
    await process.rollouts.look()
    statements: list[str] = []

    def note(_c: object, _k: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(process.ledger.database.engine, "before_cursor_execute", note)
    (shown,) = process.rollouts.shown(policy)
    assert shown["requests"] == {"base": 0, "candidate": 0}
    assert statements
    assert not [one for one in statements if "FROM requests" in one]


async def test_requests_under_way_keep_the_candidate_until_the_last_one_is_over(
    process: Process,
) -> None:
    process.start()
    await process.rollouts.start()
    await process.rollouts.stop()
    assert process.closed == 0
    await process.rollouts.close()
    assert process.closed == len(process.runtime.plans)
