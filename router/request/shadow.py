"""Shadow answers: a second answerer is asked after the client has its answer, to compare the two.

A shadow is a request row of its own (endpoint `shadow`), so that the client's row is final when it
gets its answer: the call is held, settled and chained like any other, its attempt has the role
`shadow` and is discarded. Its record names the request that it shadows and how far the answers
agree; no text is kept. A shadow never delays, changes or fails a request.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from router.errors import TiergateError
from router.ledger.row_reading import SHADOW
from router.money import cost
from router.money.budgets import DAY_MS
from router.policy.schema import ShadowSection
from router.request.call_events import SHADOW_ENDS, tell
from router.request.calls import Spender
from router.request.ledger_row import final_row
from router.request.state import STAND_IN, Candidate, Walk
from router.routing.decision_record import ShadowNote
from router.routing.policy_runtime import RungPlan
from router.routing.verification import Verification, agreement
from router.types import (
    NOBODY,
    AttemptRow,
    Baselines,
    Clock,
    Events,
    Ids,
    Ledger,
    Reason,
    RequestRow,
    RequestState,
    Rung,
    Verdict,
    usd_to_nano,
)


@dataclass(slots=True)
class Spent:
    """What shadows of one policy may have cost today, holds of running ones included."""

    day: int = 0
    nano_usd: int = 0
    running: int = 0

    def on(self, day: int) -> None:
        """Begin the money anew on a later day; a clock that goes back begins none."""
        if day > self.day:
            self.day, self.nano_usd = day, 0


class Shadows:
    """Draws, calls and books shadows; one per gateway."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock,
        ids: Ids,
        secret_of: Callable[[str], bytes],
        draw: Callable[[], float] | None,
        events: Events = NOBODY,
    ) -> None:
        self._events = events
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._secret_of = secret_of
        self._draw = draw
        self._spent: dict[str, Spent] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def consider(self, walk: Walk, candidate: Candidate) -> None:
        """Note on the walk which shadow it may get and how likely, before its row is final.

        Whether it can be called at all (money, places) is settled here, ahead of the draw, so that
        the chance in the record is the chance it had.
        """
        section = walk.runtime.policy.shadow
        if self._draw is None or not section.share or not _comparable(walk, candidate):
            return
        at = shadow_rung(section, walk)
        if at is None:
            return
        plan = walk.plan(walk.decision.rungs[at].answerer)
        may = self._has_room(section, walk, plan)
        walk.shadow = ShadowNote(plan.facts.name, section.share if may else 0.0)
        drawn = may and self._draw() < section.share
        if drawn and plan.facts.name != candidate.rung.answerer:
            spent = self._today(walk.runtime.policy.name)
            walk.shadow_rung, walk.shadow_day = at, spent.day
            spent.running += 1
            spent.nano_usd += _worst(plan, walk)

    def release(self, walk: Walk) -> None:
        """Give back what `consider` took for a shadow that will not be called."""
        if walk.shadow_rung is not None:
            plan = walk.plan(walk.decision.rungs[walk.shadow_rung].answerer)
            self._give_back(walk, _worst(plan, walk))
            walk.shadow_rung = None

    def start(self, walk: Walk, candidate: Candidate) -> None:
        """Call the shadow that `consider` drew, in the background; nothing where it drew none."""
        if walk.shadow_rung is None:
            return
        task = asyncio.ensure_future(self._run(walk, candidate, walk.shadow_rung))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait for shadows that run; each ends by its answerer's own deadline."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- one shadow -----------------------------------------------------------------------------

    async def _run(self, shown: Walk, candidate: Candidate, at: int) -> None:
        plan = shown.plan(shown.decision.rungs[at].answerer)
        worst = _worst(plan, shown)
        walk = self._walk(shown)
        spender = Spender(walk, self._ledger, self._clock)
        error: TiergateError | None = None
        said: Candidate | None = None
        try:
            answer = await spender.shadow_rung(at, plan)
            rung = walk.decision.rungs[at]
            said = Candidate(at, rung, answer, Verification(rung.p, None, "shadow"))
        except TiergateError as failed:
            error = failed
        finally:
            self._give_back(shown, worst - walk.spent_nano_usd)
            spender.settle_open()
            tell(walk, self._events, SHADOW_ENDS)
            row = self._row(walk, shown, candidate, said, error, at)
            self._events.finished(row)
            await self._ledger.finish(row)

    def _walk(self, shown: Walk) -> Walk:
        """The same request as one of its own: nothing spent, no limit of the client's."""
        return dataclasses.replace(
            shown,
            request_id=self._ids.new(),
            asked=replace(shown.asked, max_cost_nano_usd=None),
            started_ms=self._clock.monotonic_ms(),
            created_at_ms=self._clock.now_ms(),
            deadline_ms=None,
            attempts=[],
            troubles=[],
            steps=[],
            redirects=[],
            best=None,
            baselines=Baselines(),
            rates=None,
            ahead=None,
            outage=False,
            climbs=0,
            observed=None,
            would_cost_nano_usd=None,
            first_token_ms=None,
            review_id="",
            outcome=None,
            shadow=None,
            shadow_rung=None,
        )

    def _row(
        self,
        walk: Walk,
        shown: Walk,
        candidate: Candidate,
        said: Candidate | None,
        error: TiergateError | None,
        at: int,
    ) -> RequestRow:
        """The shadow's own row: what it cost, whom it shadows, how far the answers agree."""
        assert shown.shadow is not None
        same = None
        if said is not None and said.answer is not None and candidate.answer is not None:
            same = agreement([candidate.answer.text, said.answer.text])
        walk.shadow = replace(
            shown.shadow, of=shown.request_id, shown=candidate.rung.answerer, agreement=same
        )
        walk.attempts[:] = [_unseen(attempt) for attempt in walk.attempts]
        state = RequestState.SETTLED if error is None else RequestState.FAILED
        tried = said or Candidate(
            at, walk.decision.rungs[at], None, Verification(0.0, None, "shadow")
        )
        row = final_row(walk, tried, Verdict.REFUSED, state, self._clock, self._secret_of, error)
        return replace(
            row,
            endpoint=SHADOW,
            mode=SHADOW,
            verdict="",
            baselines=Baselines(),
            reason=Reason.SHADOWED.value,
            reasons=(Reason.SHADOWED.value,),
        )

    def _give_back(self, walk: Walk, nano_usd: int) -> None:
        """Free a place, and money of today's; of what yesterday took nothing is left to give."""
        spent = self._today(walk.runtime.policy.name)
        spent.running -= 1
        if spent.day == walk.shadow_day:
            spent.nano_usd = max(0, spent.nano_usd - nano_usd)

    # --- limits -----------------------------------------------------------------------------------

    def _today(self, policy: str) -> Spent:
        day = self._clock.now_ms() // DAY_MS
        spent = self._spent.setdefault(policy, Spent(day))
        spent.on(day)
        return spent

    def _has_room(self, section: ShadowSection, walk: Walk, plan: RungPlan) -> bool:
        """Whether a shadow of this worst case fits the day's money and the places there are."""
        spent = self._today(walk.runtime.policy.name)
        most = usd_to_nano(section.max_usd_per_day)
        fits = spent.nano_usd + _worst(plan, walk) <= most
        return fits and spent.running < section.max_at_once


def shadow_rung(section: ShadowSection, walk: Walk) -> int | None:
    """Which rung is asked; None where the one that is named cannot do what the request needs."""
    rungs = walk.decision.rungs
    level = max(rung.level for rung in rungs) if section.level is None else section.level
    for at, (rung, fact) in enumerate(zip(rungs, walk.facts, strict=True)):
        if not _may_be_asked(walk, rung):
            continue
        named = rung.answerer == section.answerer
        if named or (section.answerer is None and rung.level == level):
            fits = fact.context_tokens == 0 or walk.signals.input_tokens <= fact.context_tokens
            if fact.ready and fits and not fact.missing and fact.declined is None:
                return at
    return None


def _may_be_asked(walk: Walk, rung: Rung) -> bool:
    """Whether this request may go there: the key reaches the tier, and no hard rule bars it."""
    tiers, decision = walk.asked.tiers, walk.decision
    barred = decision.hard_rule and rung.level > decision.ceiling
    return not barred and (not tiers or rung.tier in tiers)


def _comparable(walk: Walk, candidate: Candidate) -> bool:
    """Whether there is an answer of a model's to compare with, and its words are all of it."""
    fresh = walk.cache not in ("exact", "semantic")
    said = candidate.answer is not None and candidate.said.source != STAND_IN
    return fresh and said and not walk.request.tools


def _worst(plan: RungPlan, walk: Walk) -> int:
    """What the shadow can cost at most, own compute included."""
    return max(cost.worst_case(plan.facts, walk.request), plan.worst_case(walk.request))


def _unseen(attempt: AttemptRow) -> AttemptRow:
    return replace(attempt, discarded=True)
