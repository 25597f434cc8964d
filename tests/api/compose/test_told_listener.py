"""A server hears words, forgets those of other days, and moves chances after a reload too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from router.api.compose.answerers.told import LedgerWords, ToldListener
from router.money.days import DAY_MS
from router.policy.sections.learning import OnlineSection
from router.routing.policy_runtime import PolicyRuntime
from router.routing.told.shifts import Shifts
from router.types import FeedbackSource
from tests.kits.books.feedback_kit import Learning, learning, said
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.changed import replace
from tests.kits.past_kit import record

DAYS = 30


@dataclass
class Asking:
    """Holds what a listener reads of a policy's runtime."""

    shifts: Shifts = field(default_factory=Shifts)
    policy_hash: str = "h"
    name: str = "default"

    @property
    def policy(self) -> Asking:
        return self

    @property
    def online(self) -> OnlineSection:
        return OnlineSection(days=DAYS)


class House:
    """Holds a ledger with three wrong answers of one policy, and who listens."""

    def __init__(self, house: Learning) -> None:
        self.house, self.runtime = house, Asking()
        self.candidates: list[Asking] = []
        self.listener = ToldListener(house.ledger.database, self.runtimes, house.clock)

    def runtimes(self) -> list[PolicyRuntime]:
        return [cast(PolicyRuntime, one) for one in (self.runtime, *self.candidates)]


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[House]:
    async with learning(tmp_path) as house:
        for name in ("r1", "r2", "r3"):
            row = request(name, attempt(name))
            await house.ledger.finish(replace(row, record=record(), answerer="mid"))
            await house.feedback.add(said(name, correct=False))
        yield House(house)


def test_policy_that_is_loaded_again_unchanged_keeps_its_shifts(told: House) -> None:
    told.listener.look()
    shifts = told.runtime.shifts.current
    assert shifts
    told.runtime = Asking()
    told.listener.look()
    assert told.runtime.shifts.current == shifts


async def test_erasure_of_a_text_moves_no_chance(told: House) -> None:
    await told.house.ledger.finish(request("r4", attempt("r4")))
    await told.house.feedback.add(said("r4", source=FeedbackSource.ERASURE))
    told.listener.look()
    shifts = told.runtime.shifts.current
    assert shifts
    await told.house.feedback.add(said("r1", source=FeedbackSource.ERASURE))
    told.listener.look()
    assert told.runtime.shifts.current == shifts


def test_candidate_of_a_rollout_gets_the_shifts_of_its_policy(told: House) -> None:
    told.listener.look()
    told.candidates.append(Asking())
    told.listener.look()
    assert told.candidates[0].shifts.current == told.runtime.shifts.current != {}


def test_old_words_leave_without_a_new_one(told: House) -> None:
    told.listener.look()
    assert told.runtime.shifts.current
    told.house.clock.at_ms = NOW_MS + (DAYS + 1) * DAY_MS
    told.listener.look()
    assert told.runtime.shifts.current == {}


def test_what_is_kept_of_a_word_has_no_record(told: House) -> None:
    heard = LedgerWords(told.house.ledger.database)
    heard.look(NOW_MS)
    assert [one.row.record for one in heard.kept.values()] == ["", "", ""]


async def test_words_of_over_a_year_ago_are_kept_no_longer(told: House) -> None:
    heard = LedgerWords(told.house.ledger.database)
    heard.look(NOW_MS)
    later_ms = NOW_MS + 367 * DAY_MS
    await told.house.ledger.finish(
        replace(request("r4", attempt("r4")), record=record(), answerer="mid")
    )
    await told.house.feedback.add(replace(said("r4", correct=True), created_at_ms=later_ms))
    heard.look(later_ms)
    assert list(heard.kept) == ["r4"]


async def test_word_that_is_taken_back_counts_no_longer(told: House) -> None:
    heard = LedgerWords(told.house.ledger.database)
    heard.look(NOW_MS)
    await told.house.feedback.add(said("r1", csat=1.0))
    heard.look(NOW_MS)
    assert sorted(heard.kept) == ["r2", "r3"]
