"""Runs the rollouts of one process: follows their changes, watches their guards, rolls back.

Each second it reads the changes in the ledger, so all servers that share one follow the same stage.
While a split runs it also counts the new rows of all servers and tests them. Whoever finds a guard
broken first adds the change; the others find its version taken. Without `rollout:` in a served
policy it does nothing, and opens no connection.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from router.api.compose.core import Core
from router.api.endpoints.rollouts import PATH, RolloutViews
from router.api.http.authentication import Doorkeeper
from router.api.http.server import Server
from router.errors import LedgerError, PolicyError
from router.ledger.books.store import SqlLedger
from router.ledger.tables.rollouts import Position, SqlRollouts
from router.policy.loading import LoadedPolicy
from router.rollout.arms import Split, Splits
from router.rollout.report import Json, sentence, status, strata, whole
from router.rollout.rows import change_row
from router.rollout.stages import (
    Change,
    RolloutTurn,
    finished,
    passed_gates,
    promoted,
    restarted,
    rolled_back,
    waits,
)
from router.rollout.tallies import Tallies
from router.rollout.verdicts import broken, compare, compare_latest, passed
from router.routing.policy_runtime import PolicyRuntime

LOOKS_EVERY_S = 1.0
BOOKED_BY_OTHERS_AFTER_MS = 10_000
"""A server that added a change chains it within milliseconds; after so long it has died."""

SETTLED_AFTER_MS = 60_000
"""A base that was edited sooner after the last change waits: servers read a file at different
moments, and each would undo what the other did."""

BY_POLICY = "policy"
"""Whoever changed the policy's file, or what the registry has for it."""

_log = logging.getLogger(__name__)


@dataclass
class Watched:
    """Holds what one process knows of a running rollout."""

    change: Change
    tallies: Tallies
    position: Position


@dataclass
class Tried:
    """Holds a candidate that is ready to serve, and the base that it was built beside."""

    loaded: LoadedPolicy
    base: PolicyRuntime
    runtime: PolicyRuntime


class Rollouts:
    """Keeps `splits` as the ledger says; runs from `start` to `stop`."""

    def __init__(
        self,
        core: Core,
        ledger: SqlLedger,
        splits: Splits,
        begin: Callable[[PolicyRuntime], Awaitable[None]],
        retire: Callable[[PolicyRuntime], None],
        record: Callable[[LoadedPolicy], Awaitable[None]],
    ) -> None:
        """Takes the parts: `begin` starts a policy's answerers, `retire` closes them after their
        last requests, `record` keeps a policy's text under its hash.
        """
        self._core = core
        self._ledger = ledger
        self._store = SqlRollouts(ledger.database)
        self._splits = splits
        self._clock = core.clock
        self._begin, self._retire, self._record = begin, retire, record
        self._watched: dict[str, Watched] = {}
        self._running: dict[str, Change] = {}
        self._tried: dict[str, Tried] = {}
        self._making: dict[str, asyncio.Task[None]] = {}  # candidates that are built now
        self._waits: dict[str, str] = {}  # what was logged
        self._counting = threading.Lock()
        self._task: asyncio.Task[None] | None = None

    def mount(self, server: Server, door: Doorkeeper) -> None:
        """Serves the state of rollouts."""
        server.mount(PATH, "GET", RolloutViews(self, door, self._core.ids))

    async def start(self) -> None:
        """Takes up the splits that the ledger knows, before the first request; then follows them.

        Raises LedgerError.
        """
        await self.look(judging=False)
        self._task = asyncio.get_running_loop().create_task(self._follow(), name="rollouts")

    async def stop(self) -> None:
        """Follows the ledger no longer; requests under way keep the answerers that they use."""
        ended = [*self._making.values(), *([] if self._task is None else [self._task])]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)

    async def close(self) -> None:
        """Closes the candidates' answerers, after the last request."""
        for tried in self._tried.values():
            for plan in tried.runtime.plans:
                await plan.answerer.close()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            try:
                await self.look()
            except LedgerError as error:
                # Nothing can be counted now; what is served stays as it is.
                _log.warning("rollouts_not_read", extra={"reason": error.message})
            # A follower that ended without a word would leave a broken candidate in service.
            except Exception:
                _log.exception("rollouts_not_followed")

    async def look(self, *, judging: bool = True) -> None:
        """Follows the ledger once. Raises LedgerError.

        Without `judging` no rows are read: those of a long stage would hold up a start. At a start
        all policies are looked at, since one may have lost its section while no server ran.
        """
        followed = {
            name: loaded
            for name, loaded in self._core.loaded.items()
            if not judging or loaded.policy.rollout is not None or name in self._tried
        }
        if not followed and not self._watched:
            return
        latest = await asyncio.to_thread(self._store.latest, list(followed)) if followed else {}
        running = {}
        for name, change in latest.items():
            now = await self._by_its_policy(change, followed[name])
            self._tell_what_waits(now, followed[name])
            if not now.over and is_tried(now, followed[name]):
                running[name] = now
        self._running = running
        self._make_ready()
        if not judging:
            await asyncio.gather(*self._making.values())
        self._swap()
        for name, change in list(running.items()) if judging else ():
            added = await asyncio.to_thread(self._judge, name, change)
            if added is not None:
                await self._changed(added)
        due_ms = self._clock.now_ms() - BOOKED_BY_OTHERS_AFTER_MS
        for change in await asyncio.to_thread(self._store.unbooked, due_ms):
            await self._book(change)

    async def _by_its_policy(self, change: Change, loaded: LoadedPolicy) -> Change:
        """Returns the change that follows from what the policy became, or the change itself.

        A base that became what was tried ends the rollout. Any other new base is compared afresh,
        at most once a while: servers read an edited file at different moments.
        """
        now_ms = self._clock.now_ms()
        if change.over or loaded.hash == change.base_hash:
            return change
        following = None
        if loaded.hash == change.candidate_hash:
            following = finished(change, now_ms, BY_POLICY, "the policy has what was tried")
        elif is_tried(change, loaded) and now_ms - change.at_ms >= SETTLED_AFTER_MS:
            following = restarted(change, now_ms, BY_POLICY, loaded.hash)
        if following is None or not await asyncio.to_thread(self._store.add, following):
            return change
        await self._changed(following)
        return following

    def _tell_what_waits(self, change: Change, loaded: LoadedPolicy) -> None:
        """Logs once what an edited policy does not bring about by itself."""
        waiting = waiting_for(change, loaded)
        if waiting and waiting != self._waits.get(change.policy):
            _log.warning("rollout_waits", extra={"policy": change.policy, "reason": waiting})
        self._waits[change.policy] = waiting

    def _swap(self) -> None:
        """Splits traffic by what runs and is ready. One assignment: no request sees a mixture."""
        running = self._running
        self._splits.swap(
            {
                name: _split(running[name], tried)
                for name, tried in self._tried.items()
                if name in running and tried.loaded.hash == running[name].candidate_hash
            }
        )
        for name in [name for name in self._watched if name not in running]:
            del self._watched[name]
        for name in [name for name in self._tried if name not in running]:
            self._retire(self._tried.pop(name).runtime)

    def _make_ready(self) -> None:
        """Begins to build the candidates that are not ready; looks go on meanwhile.

        Where only the base is new, the candidate that serves goes on serving until then.
        """
        for name in self._running:
            candidate, base = self._core.loaded[name].candidate, self._core.router.runtimes[name]
            assert candidate is not None
            known = self._tried.get(name)
            # A base that is built again may have new prices, and so has its candidate.
            ready = known is not None and known.base is base and known.loaded.hash == candidate.hash
            if not ready and name not in self._making:
                making = self._candidate(name, candidate, base)
                self._making[name] = asyncio.get_running_loop().create_task(making)
                self._making[name].add_done_callback(_tell)

    async def _candidate(self, name: str, candidate: LoadedPolicy, base: PolicyRuntime) -> None:
        """Makes a candidate ready; one that cannot be built is logged. Raises LedgerError."""
        try:
            await self._record(candidate)
            runtime = await asyncio.to_thread(self._core.build, candidate)
            await self._begin(runtime)
        except PolicyError as error:
            fields = {"policy": name, "reason": error.message}
            _log.error("candidate_not_built", extra=fields)
            return
        finally:
            del self._making[name]
        known = self._tried.get(name)
        self._tried[name] = Tried(candidate, base, runtime)
        self._swap()
        if known is not None:
            self._retire(known.runtime)

    def _judge(self, name: str, change: Change) -> Change | None:
        """Counts what is new; returns the change that was added because of it. Blocks."""
        with self._counting:
            watched = self._watched.get(name)
            if watched is None or watched.change.since != change.since:
                plan = change.plan
                tallies = Tallies(plan.cap_nano_usd, plan.most_per_unit, change.since_ms)
                watched = Watched(change, tallies, self._store.begin(change.since_ms))
            watched.change = change
            before = _size(watched.tallies)
            self._store.read_on(watched.position, name, change.since, watched.tallies)
            self._watched[name] = watched
        arms = watched.tallies.arms
        if before == _size(watched.tallies):
            return None
        alpha = change.plan.alpha()
        comparison = compare(arms, change.margins, alpha)
        latest = compare_latest(watched.tallies, change.margins, alpha)
        now_ms, bad = self._clock.now_ms(), broken(comparison) or broken(latest)
        following: Change | None = None
        if bad:
            why = "; ".join(sentence(one, change.plan.cap_nano_usd) for one in bad)
            following = rolled_back(
                change, now_ms, "guard", why, comparison if broken(comparison) else latest
            )
        elif not change.passed and passed(comparison, arms, change.plan.least_requests):
            following = passed_gates(change, now_ms, comparison)
            if change.plan.by_gates:
                following = (
                    promoted(change, now_ms, "gates", following.why, comparison) or following
                )
        return following if following is not None and self._store.add(following) else None

    async def _changed(self, change: Change) -> None:
        """Serves by a change of this process at once, and puts it into the chain."""
        if change.over:
            self._running.pop(change.policy, None)
            self._swap()
        fields = {"policy": change.policy, "stage": change.stage_name, "reason": change.why}
        if change.turn is RolloutTurn.ROLLED_BACK:
            _log.warning("rolled_back", extra=fields)
        else:
            _log.info("rollout_moved", extra=fields)
        await self._book(change)

    async def _book(self, change: Change) -> None:
        await self._ledger.finish(change_row(change))
        await asyncio.to_thread(self._store.note_booked, change)

    def shown(self, policy: str | None = None) -> list[Json]:
        """Returns the state of rollouts, with strata where one policy is named. Blocks.

        Both are asked for every few seconds, so they have what this process has counted already,
        and read the rows of other rollouts alone. Raises LedgerError.
        """
        names = None if policy is None else [policy]
        documents = []
        for name, last in self._store.latest(names).items():
            tallies = self._known_of(last)
            if tallies is None and not (policy is None and last.over):
                tallies = counted(self._store, last)
            history = self._store.history(name)
            # What is counted on at this moment has other strata a moment later.
            loaded = self._core.loaded.get(name)
            waiting = "" if loaded is None else waiting_for(last, loaded)
            with self._counting:
                document = status(history, tallies, waiting)
                if policy is not None and tallies is not None:
                    document["arms"] = whole(tallies.arms, last.plan.cap_nano_usd)
                    document["strata"] = strata(tallies, last.plan.cap_nano_usd)
            documents.append(document)
        return documents

    def _known_of(self, change: Change) -> Tallies | None:
        watched = self._watched.get(change.policy)
        return watched.tallies if watched and watched.change.since == change.since else None


def _size(tallies: Tallies) -> int:
    every = (*tallies.arms.values(), *tallies.latest.values())
    return tallies.hour + sum(tally.requests + tally.complaints for tally in every)


def counted(store: SqlRollouts, change: Change) -> Tallies:
    """Returns the tallies of a change's stage, read from all of its rows. Blocks."""
    tallies = Tallies(change.plan.cap_nano_usd, change.plan.most_per_unit, change.since_ms)
    store.read_on(store.begin(change.since_ms), change.policy, change.since, tallies)
    return tallies


def waiting_for(change: Change, loaded: LoadedPolicy) -> str:
    """Returns what the policy as it is now does not bring about by itself."""
    tried = None if loaded.candidate is None else loaded.candidate.hash
    return waits(change, loaded.hash, tried, loaded.policy.rollout)


def is_tried(change: Change, loaded: LoadedPolicy) -> bool:
    """Returns True while the policy tries the candidate that was started.

    A candidate that was edited since is another one: nobody has agreed to serve it.
    """
    return loaded.candidate is not None and loaded.candidate.hash == change.candidate_hash


def _tell(making: asyncio.Task[None]) -> None:
    """Logs why a candidate is not ready; the next look tries again."""
    error = None if making.cancelled() else making.exception()
    if isinstance(error, LedgerError):
        _log.warning("rollouts_not_read", extra={"reason": error.message})
    elif error is not None:
        _log.error("rollouts_not_followed", exc_info=error)


def _split(change: Change, tried: Tried) -> Split:
    return Split(
        change.run,
        change.since,
        change.share,
        change.plan.by,
        tried.runtime,
        rereads=change.plan.kind in ("policy", "heads"),
        shadow_share=change.plan.shadow_share if change.in_shadow else 0.0,
    )
