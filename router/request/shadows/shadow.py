"""Asks a second answerer after the client has its answer, to compare the two (a shadow).

A shadow is a request row of its own (endpoint `shadow`), so that the client's row is final when it
gets its answer: the call is held, settled and chained like any other, its attempt has the role
`shadow` and is discarded. Its record names the request that it shadows and how far the answers
agree; no text is kept. A shadow never delays, changes or fails a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

from msgspec.structs import replace

from router.errors import TiergateError
from router.judging.pairs import ORDERS, PairJudge
from router.ledger.row_reading import SHADOW
from router.money import cost
from router.policy.schema import ShadowSection
from router.request.call_events import SHADOW_ENDS, tell, tell_unwritten
from router.request.calls.call_books import CallBooks
from router.request.calls.priced_calls import Spender
from router.request.calls.unseen_thoughts import UnseenThoughts
from router.request.ledger_row import Ending, final_row, open_row
from router.request.outgoing import below_opening
from router.request.progress import Candidate, Progress, ShadowDraw
from router.request.shadows.shadow_money import ShadowMoney, SpentSince
from router.routing.decision_record import ShadowNote
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.allowed_rungs import fits
from router.routing.rungs.rung_plan import RungPlan
from router.routing.verification import Verification, agreement
from router.threads.deadlines import Deadlines
from router.types import (
    NOBODY,
    Answer,
    AttemptRow,
    ChatRequest,
    Clock,
    Events,
    Ids,
    Ledger,
    PairNote,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Rung,
)

Tried = Callable[[RoutedRequest], Awaitable[RoutedRequest | None]]
"""Returns a request as a rollout's candidate decides it, None where it may not."""


class Shadows:
    """Draws, calls and books shadows; one per gateway."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        secret_of: Callable[[str], bytes],
        draw: Callable[[], float] | None,
        events: Events = NOBODY,
        spent_since: SpentSince | None = None,
    ) -> None:
        self._events = events
        self.unseen = UnseenThoughts(events)  # the gateway's own calls teach it, too
        self._ledger = ledger
        self._clock = clock
        self._deadlines = Deadlines()
        self._ids = ids
        self._secret_of = secret_of
        self._draw = draw
        self.tried: Tried | None = None
        self._money = ShadowMoney(clock, spent_since)
        self._tasks: set[asyncio.Task[None]] = set()

    def draw(
        self, routed: RoutedRequest, progress: Progress, candidate: Candidate
    ) -> ShadowDraw | None:
        """Returns which shadow a request may get and how likely, before its row is final.

        Money and places are checked here, ahead of the draw, so that the chance in the record is
        the chance the shadow had. A shadow that was drawn has its money and its place from here on.
        """
        section = routed.policy.shadow
        if self._draw is None or not section.share:
            return None
        index = shadow_rung(section, routed) if _comparable(routed, progress, candidate) else None
        if index is None:
            return None
        plan = routed.plans[index]
        worst = _worst(plan, routed, candidate)
        has_room = self._money.has_room(routed.policy.name, section, worst)
        note = ShadowNote(plan.facts.name, section.share if has_room else 0.0)
        drawn = has_room and self._draw() < section.share
        if not drawn or plan.facts.name == candidate.rung.answerer:
            return ShadowDraw(note)
        return ShadowDraw(note, index, self._money.take(routed.policy.name, worst), worst)

    def release(self, routed: RoutedRequest, drawn: ShadowDraw | None) -> None:
        """Gives back what `draw` took for a shadow that will not be called."""
        if drawn is not None and drawn.rung is not None:
            self._money.give_back(routed.policy.name, drawn.day, drawn.worst_nano_usd)

    def start(self, routed: RoutedRequest, drawn: ShadowDraw | None, candidate: Candidate) -> None:
        """Calls the shadow that `draw` drew, in the background; nothing where it drew none.

        The answers are compared without the words above the one that was shown.
        """
        if candidate.answer is not None:
            candidate = replace(candidate, answer=below_opening(routed, candidate.answer))
        if drawn is not None and drawn.rung is not None:
            # Its cost and its failures are neither side's of a rollout.
            apart = replace(routed, rollout=None)
            own_id = self._ids.new()
            self._spawn(own_id, self._run(own_id, apart, drawn, candidate, drawn.rung))
        if routed.rollout is not None and routed.rollout.shadowed:
            own_id = self._ids.new()
            self._spawn(own_id, self._try(own_id, routed, candidate))

    def _spawn(self, own_id: str, running: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(running)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(partial(tell_unwritten, self._events, own_id))

    async def drain(self) -> None:
        """Waits for shadows that run; each ends by its answerer's own deadline."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._money.known()

    async def _run(
        self,
        own_id: str,
        shown: RoutedRequest,
        drawn: ShadowDraw,
        candidate: Candidate,
        rung: int,
    ) -> None:
        plan = shown.plans[rung]
        note = drawn.note
        routed, progress = self._own_request(own_id, shown, drawn.worst_nano_usd), Progress()
        books = CallBooks(
            routed, progress, self._ledger, self._clock, self._deadlines, self.unseen, _intent
        )
        spender = Spender(books)
        error: TiergateError | None = None
        judged: Candidate | None = None
        try:
            answer = await spender.shadow_rung(rung, plan)
            named = routed.decision.rungs[rung]
            judged = Candidate(rung, named, answer, Verification(named.p, None, "shadow"))
            judge = routed.runtime.pair_judge
            if judge is not None and candidate.answer is not None:
                pair = await judged_pair(spender, routed, judge, rung, candidate.answer, answer)
                note = replace(note, judged=pair)
        except TiergateError as failed:
            failed.forget_frames()
            error = failed
        finally:
            left = drawn.worst_nano_usd - progress.attempts.counted_nano_usd
            self._money.give_back(shown.policy.name, drawn.day, left)
            spender.settle_open()
            tell(routed, progress, self._events, SHADOW_ENDS)
            progress.shadow = replace(drawn, note=_note(shown, note, candidate, judged))
            row = self._row(routed, progress, judged, error, rung)
            self._events.finished(row)
            await self._ledger.finish(row)

    async def _try(self, own_id: str, shown: RoutedRequest, candidate: Candidate) -> None:
        """Asks the first rung of a rollout's candidate, within the policy's money for shadows."""
        other = None if self.tried is None else await self.tried(shown)
        if other is None or other.refused or candidate.stands_in:
            return
        rung = other.decision.first
        worst = _worst(other.plans[rung], other, candidate)
        if not self._money.has_room(shown.policy.name, shown.policy.shadow, worst):
            return
        note = ShadowNote(other.plans[rung].facts.name, 1.0)
        drawn = ShadowDraw(note, rung, self._money.take(shown.policy.name, worst), worst)
        await self._run(own_id, other, drawn, candidate, rung)

    def _own_request(self, own_id: str, shown: RoutedRequest, most: int) -> RoutedRequest:
        """Returns the same request as one of its own, without the client's limits.

        It may cost `most` nano-dollars, so that repaired steps pass no limit of a day.
        """
        return replace(
            shown,
            request_id=own_id,
            asked=replace(shown.asked, max_cost_nano_usd=most),
            started_ms=self._clock.monotonic_ms(),
            created_at_ms=self._clock.now_ms(),
            deadline_ms=None,
            observed=None,
        )

    def _row(
        self,
        routed: RoutedRequest,
        progress: Progress,
        judged: Candidate | None,
        error: TiergateError | None,
        rung: int,
    ) -> RequestRow:
        """Returns the shadow's own row: what it cost, whom it shadows, how far answers agree."""
        rows = progress.attempts.rows
        rows[:] = [_unseen(attempt) for attempt in rows]
        state = RequestState.SETTLED if error is None else RequestState.FAILED
        tried = judged or Candidate(
            rung, routed.decision.rungs[rung], None, Verification(0.0, None, "shadow")
        )
        ending = Ending(state, tried, error=error)
        secret = self._secret_of(routed.identity.tenant)
        row = final_row(routed, progress, ending, self._clock, secret)
        return _as_shadow(row)


def shadow_rung(section: ShadowSection, routed: RoutedRequest) -> int | None:
    """Returns the rung to ask; None where the named one lacks what the request needs."""
    rungs = routed.decision.rungs
    level = max(rung.level for rung in rungs) if section.level is None else section.level
    for at, (rung, fact) in enumerate(zip(rungs, routed.facts, strict=True)):
        if not _may_be_asked(routed, rung) or not fits(fact, routed.signals):
            continue
        named = rung.answerer == section.answerer
        if named or (section.answerer is None and rung.level == level):
            able = not fact.missing and fact.declined is None
            if fact.ready and able:
                return at
    return None


def _may_be_asked(routed: RoutedRequest, rung: Rung) -> bool:
    """Returns True when the key reaches the rung's tier and no hard rule bars it."""
    tiers, decision = routed.asked.tiers, routed.decision
    barred = decision.hard_rule and rung.level > decision.ceiling
    return not barred and (not tiers or rung.tier in tiers)


def _comparable(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> bool:
    """Returns True when a model gave an answer in words that can be compared."""
    fresh = progress.lookup.hit is None
    answered = candidate.answer is not None and not candidate.stands_in
    # What a provider serves sooner has a price that no shadow's money can bound.
    known = not routed.request.served_dearer
    return fresh and answered and known and not routed.request.tools


def _worst(plan: RungPlan, routed: RoutedRequest, candidate: Candidate) -> int:
    """Returns the most that the shadow can cost, own compute and its judge included."""
    whole = plan.worst_case(routed.request, routed.signals)
    own = max(cost.worst_case(plan.facts, routed.request), whole)
    judge = routed.runtime.pair_judge
    if judge is None or candidate.answer is None:
        return own
    request = routed.request
    most = judge.most(request, candidate.answer.text, cost.output_cap(plan.facts, request))
    return own + ORDERS * cost.worst_case(most, ChatRequest((), ""))


def _intent(routed: RoutedRequest, progress: Progress, attempt: AttemptRow) -> RequestRow:
    """Returns the open row of a shadow. It is no request, also where its process dies."""
    return _as_shadow(open_row(routed, progress, attempt))


def _as_shadow(row: RequestRow) -> RequestRow:
    return replace(
        row,
        endpoint=SHADOW,
        mode=SHADOW,
        reason=Reason.SHADOWED.value,
        reasons=(Reason.SHADOWED.value,),
    )


def _unseen(attempt: AttemptRow) -> AttemptRow:
    """Returns a line as it is booked: nobody sees a shadow, and a verdict on it is a check."""
    return attempt if attempt.role is Role.CHECK else replace(attempt, discarded=True)


def _note(
    shown: RoutedRequest, note: ShadowNote, candidate: Candidate, judged: Candidate | None
) -> ShadowNote:
    """Returns whom the shadow shadows and how far the two answers agree, where both are there."""
    agrees = None
    if judged is not None and judged.answer is not None and candidate.answer is not None:
        agrees = agreement([candidate.answer.text, judged.answer.text])
    return replace(note, of=shown.request_id, shown=candidate.rung.answerer, agreement=agrees)


OWN_MODEL, UNREADABLE, RESIDENCY = "own_model", "no_verdict", "residency"


async def judged_pair(
    spender: Spender,
    routed: RoutedRequest,
    judge: PairJudge,
    rung: int,
    shown: Answer,
    shadow: Answer,
) -> PairNote:
    """Returns the judge's preference; a judge that fails or may not judge gives none."""
    models = (shown.model, shadow.model)
    if judge.bars(*models):
        return judge.without(OWN_MODEL)
    if routed.kept_from(judge.judge.name):
        return judge.without(RESIDENCY)
    plan, said = routed.plan(judge.judge.name), []
    for asked in judge.asked(routed.request, shown.text, shadow.text):
        try:
            answer = await spender.judge_rung(rung, plan, asked.request)
        except TiergateError as error:
            return judge.without(error.code)
        verdict = judge.read(answer.text, asked)
        if verdict is None:
            return judge.without(UNREADABLE)
        said.append(verdict)
    return judge.note(said[0], said[1], *models)
