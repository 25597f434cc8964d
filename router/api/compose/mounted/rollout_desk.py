"""Starts, moves and ends rollouts for `tiergate rollout`, while servers run or before they start.

It adds a change to the ledger and its row to the chain; servers follow within a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from router.api.compose.clock import SystemClock, UlidIds
from router.api.compose.mounted.rollouts import counted, is_tried, waiting_for
from router.errors import RolloutRefused
from router.ledger.books.store import SqlLedger
from router.ledger.sql.address import Address
from router.ledger.sql.database import Database
from router.ledger.tables.rollouts import SqlRollouts
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.rollout.report import Json, not_yet, status, strata, whole
from router.rollout.rows import change_row
from router.rollout.stages import (
    Change,
    RolloutTurn,
    cap_note,
    finished,
    plan_of,
    promoted,
    rolled_back,
    started,
    taken_back_note,
)
from router.rollout.verdicts import compare, passed


class RolloutDesk:
    """Holds one ledger, opened to see and change rollouts; a context manager. Its methods block."""

    def __init__(
        self, database: str | Path, *, create: bool = False, anchors: Path | None = None
    ) -> None:
        """Opens the ledger; makes one where `create`. Raises LedgerError."""
        address = Address.parse(database)
        if create:
            address.make_folder()
        self._place, self._anchors = database, anchors
        self._clock = SystemClock()
        self._database = Database.open(database, create=create)
        self._store = SqlRollouts(self._database)

    def __enter__(self) -> RolloutDesk:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def start(
        self, policy: str, environ: Mapping[str, str], by: str, why: str
    ) -> tuple[Change, list[str]]:
        """Begins the rollout that a policy describes.

        Returns its first change, and notes: where this candidate was rolled back before, and where
        the cap of costs follows from no requests.
        Raises PolicyError, RolloutRefused, LedgerError.
        """
        loaded = load_policy(find_policy(policy, policies_dir()), environ)
        section, candidate = loaded.policy.rollout, loaded.candidate
        if section is None or candidate is None:
            raise RolloutRefused(
                f"The policy {loaded.policy.name!r} has no section `rollout`, which names what is "
                "tried. Add one."
            )
        name = loaded.policy.name
        before = self._store.latest([name]).get(name)
        if before is not None and not before.over:
            raise RolloutRefused(
                f"The rollout {before.run} of {name!r} is in stage {before.stage_name}. End it "
                f"first: `tiergate rollout rollback {name} --why WHY` or `finish`."
            )
        paid = self._store.paid_before(name)
        plan = plan_of(section, paid)
        hashes = loaded.hash, candidate.hash
        now_ms = self._clock.now_ms()
        first = started(before, name, UlidIds().new(), plan, hashes, now_ms, by, why)
        notes = taken_back_note(self._store.history(name), candidate.hash), cap_note(section, paid)
        return self._add(first), [note for note in notes if note]

    def promote(self, policy: str, by: str, why: str, *, force: bool = False) -> Change:
        """Begins the next stage. Raises RolloutRefused where a gate has not passed, LedgerError."""
        before = self._running(policy)
        tallies = counted(self._store, before)
        comparison = compare(tallies.arms, before.margins, before.plan.alpha())
        if not (
            force or before.passed or passed(comparison, tallies.arms, before.plan.least_requests)
        ):
            raise RolloutRefused(not_yet(before, tallies))
        note = why or ("promoted before its gates passed" if force and not before.passed else "")
        following = promoted(before, self._clock.now_ms(), by, note, comparison)
        if following is None:
            raise RolloutRefused(
                f"The rollout of {policy!r} is in its last stage. Take the change over into the "
                f"policy, then `tiergate rollout finish {policy}`."
            )
        return self._add(following)

    def roll_back(self, policy: str, by: str, why: str) -> Change:
        """Gives everything back to the base. Raises RolloutRefused, LedgerError."""
        return self._add(rolled_back(self._running(policy), self._clock.now_ms(), by, why))

    def finish(self, policy: str, environ: Mapping[str, str], by: str, why: str) -> Change:
        """Ends a rollout without a fault; one that has ended so stays.

        Raises RolloutRefused where `policy` is a file in which the change is still only tried;
        PolicyError, LedgerError.
        """
        name, loaded = _named(policy, environ)
        last = self._store.latest([name]).get(name)
        if last is not None and last.turn is RolloutTurn.FINISHED:
            return last  # its policy has what was tried, and a server saw it first
        running = self._running(name)
        changed = loaded is not None and loaded.hash == running.candidate_hash
        if loaded is not None and not changed and is_tried(running, loaded):
            raise RolloutRefused(
                f"{policy} still tries the change beside its base. Put the change into the policy "
                f"and remove `rollout`, or `tiergate rollout rollback {name} --why WHY`."
            )
        return self._add(finished(running, self._clock.now_ms(), by, why))

    def shown(
        self, policy: str | None, *, figures: bool, environ: Mapping[str, str] | None = None
    ) -> list[Json]:
        """Returns the state of rollouts; with `figures` also both arms by stratum.

        With `environ` the policy may be a file, whose edits that wait are then stated. Raises
        PolicyError, LedgerError.
        """
        loaded = None
        if policy is not None and environ is not None:
            policy, loaded = _named(policy, environ)
        documents = []
        for name, last in self._store.latest(None if policy is None else [policy]).items():
            tallies = counted(self._store, last)
            waiting = "" if loaded is None else waiting_for(last, loaded)
            document = status(self._store.history(name), tallies, waiting)
            if figures:
                document["arms"] = whole(tallies.arms, last.plan.cap_nano_usd)
                document["strata"] = strata(tallies, last.plan.cap_nano_usd)
            documents.append(document)
        return documents

    def _running(self, policy: str) -> Change:
        last = self._store.latest([policy]).get(policy)
        if last is None or last.over:
            by_file = " Name the policy, not its file." if Path(policy).suffix else ""
            raise RolloutRefused(
                f"No rollout of {policy!r} runs.{by_file} `tiergate rollout status` lists those "
                "there were; `tiergate rollout start` begins one."
            )
        return last

    def _add(self, change: Change) -> Change:
        if not self._store.add(change):
            raise RolloutRefused(
                f"The rollout of {change.policy!r} was changed at the same moment. Look at "
                "`tiergate rollout status`, and try again."
            )
        # Only a writer may extend the chain, so a slot is held for this one row.
        ledger = SqlLedger.open(
            self._place,
            clock=self._clock,
            budget_of=lambda _tenant: None,
            anchors_file=self._anchors,
        )
        try:
            asyncio.run(ledger.finish(change_row(change)))
        finally:
            ledger.close_now()
        self._store.note_booked(change)
        return change


def _named(policy: str, environ: Mapping[str, str]) -> tuple[str, LoadedPolicy | None]:
    """Returns the name of a policy, and the policy where a file names it. Raises PolicyError."""
    if not Path(policy).suffix:
        return policy, None
    loaded = load_policy(find_policy(policy, policies_dir()), environ)
    return loaded.policy.name, loaded
