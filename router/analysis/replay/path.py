"""What a policy would have done with a recorded request: who answers, at what cost, how surely.

Where the new ladder calls what was called then, the recorded calls and what verification said of
their answers stand. A call that was never made is assumed to cost what the recorded answer's tokens
cost there, and to be accepted as often as that answerer's answers were in the same rows
(V = c + climb·V(next)). Pure; replayed without exploration and as `mode: route`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from router.analysis.replay.cases import Case
from router.analysis.replay.facts import (
    Assumed,
    Side,
    booked_again,
    facts_under,
    may_hold,
    would_cost,
)
from router.errors import NotCapable
from router.policy.schema import DeliberationAnswerer
from router.routing.decision import decide
from router.routing.hard_rules import risk_domain_of
from router.routing.next_rung import Left, ladder_after, next_rung, rung_beside, turns
from router.types import Action, CostBasis, Decision, Exhausted, VerifyMode, usd_to_nano

MIN_CALLS = 30
"""Fewer recorded answers of an answerer than this say nothing of how often it climbs."""

SAFE_ANSWER = "(approved safe answer)"
UNLIMITED = Left()


@dataclass(slots=True)
class Climbs:
    """How often each answerer's answers were climbed past, in the rows that are replayed."""

    calls: Counter[str] = field(default_factory=Counter)
    climbed: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case) -> None:
        """Count every recorded answer whose step is known; observed ones were never climbed."""
        for answerer, recorded in case.called.items():
            if recorded.step is not None and not case.observed:
                self.calls[answerer] += 1
                self.climbed[answerer] += recorded.step.said.action is Action.CLIMB

    def rate(self, answerer: str) -> float | None:
        """The share that climbed on; None below MIN_CALLS answers."""
        calls = self.calls[answerer]
        return self.climbed[answerer] / calls if calls >= MIN_CALLS else None


@dataclass(frozen=True, slots=True)
class Path:
    """Where a request goes under one policy. Weights of `answered` sum to 1."""

    first: str  # answerer; "" where the policy refuses the request
    first_tier: str
    reason: str
    answered: tuple[tuple[str, int, str, float], ...]  # answerer, level, tier, weight
    cost_nano_usd: int | None
    certain: bool  # every call in it was made, or none is
    wrong: float | None  # the chance of a wrong answer by p alone; None without an answer
    refused: str = ""

    @property
    def answerer(self) -> str:
        """Who most likely answers."""
        return max(self.answered, key=lambda one: one[3])[0] if self.answered else ""


def recorded_path(case: Case) -> Path:
    """What was done: the booked cost, the tier that answered."""
    answerer = SAFE_ANSWER if case.foregone else case.answerer
    p = next((fact.p for fact in case.facts if fact.answerer == case.answerer), None)
    tier = next((f.tier for f in case.facts if f.answerer == case.first), case.tier)
    return Path(
        first=case.answerer if case.observed else case.first,
        first_tier=case.tier if case.observed else tier,
        reason=case.reason,
        answered=((answerer, case.level, case.tier, 1.0),),
        cost_nano_usd=case.cost_nano_usd,
        certain=True,
        wrong=None if p is None or case.foregone else 1.0 - p,
    )


def path_under(side: Side, case: Case, climbs: Climbs, assumed: set[Assumed]) -> Path:
    """What `side` would have done with the request."""
    case = case.read_by(side.policy_hash)
    facts, asked = facts_under(side, case, assumed)
    try:
        outages = case.stand_ins or case.policy_hash != side.policy_hash
        decision = decide(side.policy, case.signals, facts, asked, case.pressure, outages=outages)
    except NotCapable as error:
        return Path("", "", "not_capable", (), 0, True, None, error.message)
    walker = _Walker(side, case, decision, climbs, assumed)
    first = decision.first_rung
    if walker.foregone():
        own = ((SAFE_ANSWER, first.level, first.tier, 1.0),)
        reason, read = first.reasons[0].value, case.reading_nano_usd
        return Path(first.answerer, first.tier, reason, own, read, True, None)
    hit = walker.cache_hit()
    cost, shares, certain = (0, {hit: 1.0}, True) if hit is not None else walker.climb()
    return Path(
        first=first.answerer,
        first_tier=first.tier,
        reason=first.reasons[0].value,
        answered=tuple(
            (decision.rungs[i].answerer, decision.rungs[i].level, decision.rungs[i].tier, weight)
            for i, weight in sorted(shares.items())
        ),
        cost_nano_usd=None if cost is None else case.reading_nano_usd + math.ceil(cost),
        certain=certain,
        wrong=sum(weight * (1.0 - decision.rungs[i].p) for i, weight in shares.items()),
    )


@dataclass(frozen=True, slots=True)
class _Walker:
    """One request on its way up the new ladder."""

    side: Side
    case: Case
    decision: Decision
    climbs: Climbs
    assumed: set[Assumed]

    def foregone(self) -> bool:
        """Whether the safe answer goes out before any call, as `Walk.foregone` says it.

        Whether a text names an emergency is not recorded: where it did then, it does now.
        """
        case, policy = self.case, self.side.policy
        domain = risk_domain_of(policy, case.signals, self.decision)
        if domain is None or (case.shape is not None and case.shape.promises):
            return False
        rule = policy.exhausted.by_domain.get(domain, policy.exhausted.default)
        first = self.decision.first_rung
        if rule not in (Exhausted.REVIEW, Exhausted.HOLD) or not self._unvouched(first.answerer):
            return False
        taken = [rung.answerer for rung in self.decision.rungs if rung.taken]
        only = rule is Exhausted.REVIEW and all(self._unvouched(name) for name in taken)
        return case.foregone or only

    def _unvouched(self, answerer: str) -> bool:
        plan = self.side.plan(answerer)
        section = None if plan is None else plan.section
        return isinstance(section, DeliberationAnswerer) and not section.trusted

    def cache_hit(self) -> int | None:
        """The rung whose answer came from memory then and would now."""
        memory = self.side.policy.cache
        kept = memory.semantic.enabled if self.case.reworded else memory.exact
        if not self.case.cached or not kept:
            return None
        for i, rung in enumerate(self.decision.rungs):
            if rung.answerer == self.case.answerer and rung.taken:
                return i
        return None

    def climb(self) -> tuple[float | None, Mapping[int, float], bool]:
        """`from_rung` from the first one; as it was recorded, with what was begun early then."""
        cost, shares, certain = self.from_rung(self.decision.first)
        if self._as_recorded:
            for attempts in self.case.early.values():
                cost = _plus(cost, booked_again(self.side, self.case, attempts), 1.0)
        return cost, shares, certain

    @property
    def _as_recorded(self) -> bool:
        """Whether the very policy of the row decides, and starts where it did."""
        case = self.case
        routed = not case.observed and not case.readings  # another gateway's log has those
        same = routed and case.policy_hash == self.side.policy_hash
        return same and self.decision.first_rung.answerer == case.first

    def from_rung(self, at: int) -> tuple[float | None, Mapping[int, float], bool]:
        """Cost from this rung on (None: unknown), who answers with which weight, and whether every
        call is a recorded one. Bounded by the ladder and its stand-ins: each has one turn."""
        name = self.decision.rungs[at].answerer
        if name in self.case.called:
            onward = self._recorded_step(at, name)
            booked = booked_again(self.side, self.case, self.case.called[name].attempts)
            own = _plus(booked, self._wasted(at, onward), 1.0)
            if onward is None:
                return own, {self._best(at): 1.0}, True
            cost, shares, certain = self.from_rung(onward)
            return _plus(own, cost, 1.0), shares, certain
        plan = self.side.plan(name)
        alone: float | None = None if plan is None else would_cost(plan, self.case)
        rate = self.climbs.rate(name) or 0.0
        above = ladder_after(self.decision, at)
        if not rate or not above:
            return _plus(alone, self._wasted(at, None), 1.0), {at: 1.0}, False
        alone = _plus(alone, self._wasted(at, None), 1.0 - rate)
        alone = _plus(alone, self._wasted(at, above[0]), rate)
        cost, shares, _ = self.from_rung(above[0])
        onward_shares = {i: rate * weight for i, weight in shares.items()}
        return _plus(alone, cost, rate), {at: 1.0 - rate, **onward_shares}, False

    def _wasted(self, at: int, onward: int | None) -> int | None:
        """What the call begun beside rung `at` costs where `onward`, the next turn, is not its."""
        if self._as_recorded:
            return 0  # the row says what was begun, and `climb` counts it
        beside = self._beside(at)
        if beside is None or beside == onward:
            return 0
        name = self.decision.rungs[beside].answerer
        if name in self.case.early:
            return booked_again(self.side, self.case, self.case.early[name])
        self.assumed.add(Assumed.EARLY)
        plan = self.side.plan(name)
        return None if plan is None else would_cost(plan, self.case)

    def _beside(self, at: int) -> int | None:
        """The rung that this policy calls beside rung `at`, as `Calls.begin_beside` does."""
        section = self.side.policy.decision
        plan = self.side.plan(self.decision.rungs[at].answerer)
        if section.speculate is None or plan is None or plan.facts.kind == "resolver":
            return None
        verified = plan.verify_mode(self.decision.hard_rule) is not VerifyMode.NONE
        beside = rung_beside(self.decision, at, UNLIMITED, section, verified=verified)
        if beside is None:
            return None
        rung = self.decision.rungs[beside]
        other = self.side.plan(rung.answerer)
        if other is None or rung.cost_basis is CostBasis.UNKNOWN:
            return None
        most = usd_to_nano(section.speculate.max_usd)
        return beside if may_hold(other, self.case) <= most else None

    def _best(self, at: int) -> int:
        """Whose answer went out: after all recorded calls it is the row's, else the last one's."""
        names = [rung.answerer for rung in self.decision.rungs]
        last = [i for i in turns(self.decision) if names[i] in self.case.called][-1]
        same = at == last and self.decision.first_rung.answerer == self.case.first
        kept = same and self.case.answerer in self.case.called and self.case.answerer in names
        return names.index(self.case.answerer) if kept else at

    def _recorded_step(self, at: int, name: str) -> int | None:
        """Where next_rung leads after the recorded answer; None: it ends the climb."""
        step = self.case.called[name].step
        if step is None:
            return None
        plan = self.side.plan(name)
        verified = step.verified
        if plan is not None and self.case.policy_hash != self.side.policy_hash:
            verified = plan.verify_mode(self.decision.hard_rule) is not VerifyMode.NONE
        said = next_rung(
            self.decision,
            at,
            step.p,
            step.failure,
            UNLIMITED if self.case.observed else step.left,
            self.side.policy.decision,
            verified=verified,
            stranded=step.stranded and not self.case.observed,
        )
        return said.rung


def _plus(own: float | None, onward: float | None, weight: float) -> float | None:
    return None if own is None or onward is None else own + weight * onward
