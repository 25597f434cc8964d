"""Hears verdicts and feedback, and moves the chances of the policies that ask for it.

It reads the ledger, so that words said to another worker or machine count too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from router.api.observability.log import Log
from router.errors import LedgerError
from router.ledger.set_aside import SetAside, counts
from router.ledger.sql.database import Database
from router.ledger.tables import told_words
from router.ledger.tables.told_words import (
    MOST_WORDS,
    Heads,
    ToldRow,
    heads,
    parsed,
    told_rows,
)
from router.money.days import DAY_MS
from router.policy.sections.learning import OnlineSection
from router.routing.policy_runtime import PolicyRuntime
from router.routing.told.shifts import Bounds, Cells, Moved, Shifts, ToldWord, moved_cells
from router.routing.told.words import word_of
from router.types import Clock

LOOKS_EVERY_S = 1.0
HOUR_MS = 3_600_000
"""Shifts are made anew so often without a new word, since old words leave the days that count."""
MOST_DAYS = 366
NOTHING_HEARD = Heads(-1, "")


def bounds_of(section: OnlineSection) -> Bounds:
    """Returns the bounds that a policy sets."""
    return Bounds(
        section.prior_words,
        section.words_a_reviewer,
        section.words_a_tenant,
        section.most_up,
        section.most_down,
    )


class Kept(NamedTuple):
    """Holds a word and what it is about, without the record, which is kilobytes."""

    row: ToldRow
    word: ToldWord


@dataclass(slots=True)
class LedgerWords:
    """Keeps the words of one ledger in memory; `look` reads those that came since."""

    database: Database
    known: Heads = NOTHING_HEARD
    kept: dict[str, Kept] = field(default_factory=dict)  # by request
    # What each policy's cells were worked out from last time: a word moves two of them.
    worked_out: dict[str, Cells] = field(default_factory=dict)

    def look(self, now_ms: int) -> bool:
        """Returns True where something came or was set aside; blocks. Raises LedgerError."""
        newest = heads(self.database)
        if newest == self.known:
            return False
        if newest.sequence != self.known.sequence:
            since_ms = now_ms - MOST_DAYS * DAY_MS
            for row in told_rows(self.database, self.known.sequence, since_ms):
                self._keep(row)
            self._forget(since_ms)
        self.known = newest
        return True

    def _keep(self, row: ToldRow) -> None:
        # The word before it, if any, counts no longer.
        self.kept.pop(row.request_id, None)
        if row.right is None:
            return
        word = word_of(row.record, row.answerer, row.tenant, row.key_id, row.right)
        if word is not None:
            self.kept[row.request_id] = Kept(row._replace(record=""), word)

    def _forget(self, since_ms: int) -> None:
        """Keeps what a server that starts now would read."""
        by_time = sorted(self.kept.items(), key=lambda one: one[1].row.said_ms)[-MOST_WORDS:]
        self.kept = {name: one for name, one in by_time if one.row.said_ms >= since_ms}

    def moved(self, policy: str, section: OnlineSection, now_ms: int) -> dict[str, Moved]:
        """Returns the cells of a policy, by all words that count."""
        aside = parsed(self.known.aside)
        since_ms = now_ms - section.days * DAY_MS
        words = (
            one.word
            for one in self.kept.values()
            if one.row.policy == policy
            and one.row.said_ms >= since_ms
            and counts(one.row.said, aside)
        )
        cells = moved_cells(words, bounds_of(section), self.worked_out.get(policy, {}))
        self.worked_out[policy] = cells
        return {name: cell.moved for name, cell in cells.items()}


@dataclass(frozen=True, slots=True)
class ToldBook:
    """Reads and sets aside the words of a ledger, for commands. Every method raises LedgerError."""

    database: Database
    clock: Clock

    def moved(self, policy: str, section: OnlineSection) -> dict[str, Moved]:
        """Returns the chances of a policy that words move."""
        heard, now_ms = LedgerWords(self.database), self.clock.now_ms()
        heard.look(now_ms)
        return heard.moved(policy, section, now_ms)

    def set_aside(self) -> list[SetAside]:
        """Returns whose words were ever set aside, and why."""
        with self.database.reading() as connection:
            return told_words.set_aside(connection)

    def put_aside(self, entry: SetAside) -> tuple[int, int]:
        """Sets words and labels aside, or lets them count again; returns how many of each.

        Of none nothing is kept.
        """
        words = [] if entry.head else [row.said for row in told_rows(self.database, -1, 0)]
        labels = told_words.given_labels(self.database)
        covered = sum(map(entry.covers, words)), sum(map(entry.covers, labels))
        if any(covered):
            told_words.add_set_aside(self.database, entry)
        return covered


class ToldListener:
    """Looks for new words while a served policy asks for it."""

    def __init__(
        self, database: Database, runtimes: Callable[[], Iterable[PolicyRuntime]], clock: Clock
    ) -> None:
        self._heard = LedgerWords(database)
        self._runtimes, self._clock = runtimes, clock
        self._task: asyncio.Task[None] | None = None
        self._log = Log("tiergate.told")
        # When each place got its shifts: a reload brings an empty one.
        self._applied: dict[Shifts, int] = {}

    def start(self, *coming: PolicyRuntime) -> None:
        """Begins to look where a policy asks for it; called again after each change of policies.

        `coming` serve from now on.
        """
        asks = any(runtime.shifts is not None for runtime in (*coming, *self._runtimes()))
        if asks and self._task is None:
            self._task = asyncio.ensure_future(self._look_on())

    def close(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()

    async def _look_on(self) -> None:
        faulty = False
        while any(runtime.shifts is not None for runtime in self._runtimes()):
            try:
                await asyncio.to_thread(self.look)
                faulty = False
            except LedgerError as error:
                # The shifts that are known go on; one line tells of a fault that stays.
                if not faulty:
                    self._log.warning("words_not_heard", reason=error.message)
                faulty = True
            await asyncio.sleep(LOOKS_EVERY_S)
        self._task = None

    def look(self) -> None:
        """Moves the chances of every policy that asks for it; blocks. Raises LedgerError."""
        now_ms = self._clock.now_ms()
        came = self._heard.look(now_ms)
        applied = {}
        for runtime in self._runtimes():
            section = runtime.policy.online
            if runtime.shifts is None or section is None:
                continue
            at_ms = self._applied.get(runtime.shifts)
            if came or at_ms is None or now_ms - at_ms >= HOUR_MS:
                at_ms = now_ms
                cells = self._heard.moved(runtime.policy.name, section, now_ms)
                # One assignment: a request sees all shifts of a moment.
                runtime.shifts.current = {n: c.shift for n, c in cells.items() if c.shift}
            applied[runtime.shifts] = at_ms
        self._applied = applied
