"""Follows a recorded request under a policy: who answers, at what cost, how surely.

Where the new ladder calls an answerer that was called then, the recorded calls and the verification
of their answers count. A call that was never made is assumed to cost what the recorded answer's
tokens cost there, and to be accepted as often as that answerer's answers were in the same rows (V =
c + climb·V(next)). An answerer without a model answers only what it is known to have an answer to;
all else costs what the next rung costs, as on a server. It is pure; it replays without exploration
and as `mode: route`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from router.analysis.replay.cases import Case
from router.analysis.replay.facts import (
    Assumed,
    Side,
    booked_again,
    facts_under,
    may_hold,
    would_cost,
)
from router.analysis.replay.words import Ladder
from router.errors import NotCapable, PermissionDenied
from router.errors.incapable import no_trusted_shape
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.next_rung import Left, Turn, ladder_after, next_rung, rung_beside, turns
from router.routing.rungs.allowed_rungs import UNFIT
from router.routing.wording.words_first import as_if_able, place_of_no_answer
from router.types import (
    RECORD_VERSION,
    Action,
    CostBasis,
    Decision,
    PSource,
    Reason,
    Rung,
    RungFacts,
    VerifyMode,
    usd_to_nano,
)

MIN_CALLS = 30
"""Sets the recorded answers that an answerer needs; fewer say nothing of how often it climbs."""

SAFE_ANSWER, REFUSAL = "(approved safe answer)", "(approved refusal)"
UNLIMITED = Left()


@dataclass(slots=True)
class Climbs:
    """Counts how often each answerer's answers were climbed past, in the rows that are replayed."""

    calls: Counter[str] = field(default_factory=Counter)
    climbed: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case) -> None:
        """Counts every recorded answer whose step is known; observed ones were never climbed."""
        for answerer, recorded in case.called.items():
            if recorded.step is not None and not case.observed:
                self.calls[answerer] += 1
                self.climbed[answerer] += recorded.step.said.action is Action.CLIMB

    def rate(self, answerer: str) -> float | None:
        """Returns the share that climbed on; None below MIN_CALLS answers."""
        calls = self.calls[answerer]
        return self.climbed[answerer] / calls if calls >= MIN_CALLS else None


@dataclass(frozen=True, slots=True)
class Path:
    """Describes where a request goes under one policy. Weights of `answered` sum to 1."""

    first: str  # answerer; "" where the policy refuses the request
    reason: str
    answered: tuple[tuple[str, int, str, float], ...]  # answerer, level, tier, weight
    cost_nano_usd: int | None
    certain: bool  # every call in it was made, or none is
    wrong: float | None  # the chance of a wrong answer by p alone; None without an answer
    refused: str = ""
    on_prior: bool = False  # `wrong` rests on a prior, which nobody measured

    @property
    def answerer(self) -> str:
        """Returns the answerer that most likely answers."""
        return max(self.answered, key=lambda entry: entry[3])[0] if self.answered else ""


def recorded_path(case: Case) -> Path:
    """Returns what happened: the booked cost, the tier that answered."""
    answerer = answered_by(case)
    given = next((fact for fact in case.facts if fact.answerer == case.answerer), None)
    return Path(
        first=case.answerer if case.observed else case.first,
        reason=case.reason,
        answered=((answerer, case.level, case.tier, 1.0),),
        cost_nano_usd=case.cost_nano_usd,
        certain=True,
        wrong=None if given is None or case.foregone else 1.0 - given.p,
        on_prior=given is not None and given.p_source is PSource.PRIOR,
    )


def answered_by(case: Case) -> str:
    """Returns the answerer of a recorded request, or the name of the words in its place."""
    if case.refused:
        return REFUSAL
    return SAFE_ANSWER if case.foregone else case.answerer


def path_under(side: Side, case: Case, climbs: Climbs, assumed: set[Assumed]) -> Path:
    """Returns what `side` would have done with the request."""
    case = case.read_by(side.policy_hash)
    facts, asked = facts_under(side, case, assumed)
    # Under its own policy a row is decided by the rules of its time.
    same_policy = case.policy_hash == side.policy_hash
    version = case.version if same_policy else RECORD_VERSION
    try:
        decision = decide(side.policy, case.signals, facts, asked, case.pressure, version=version)
    except (NotCapable, PermissionDenied) as error:
        return _words_alone(side, case, facts, asked, assumed) or _none_may(error)
    ladder = Ladder(side, case, decision, asked, assumed)
    first = decision.first_rung
    # A safe answer that went out instead of the refusal would go out again.
    if decision.refused is not None and (case.refused or not case.foregone):
        return _words(case, first, REFUSAL, decision.refused)
    if decision.refused is not None or ladder.foregone():
        return _words(case, first, SAFE_ANSWER, first.reasons[0])
    if ladder.unanswerable():
        return _none_may(no_trusted_shape())
    walker = _Walker(side, case, decision, facts, climbs, assumed, ladder.as_recorded)
    # A hit answers before any call, so it costs nothing and is certain.
    hit = walker.cache_hit()
    cost, shares, certain = (0, {hit: 1.0}, True) if hit is not None else walker.climb()
    shares = _placed(side, decision, facts, shares)
    return Path(
        first=first.answerer,
        reason=first.reasons[0].value,
        answered=tuple(
            (decision.rungs[i].answerer, decision.rungs[i].level, decision.rungs[i].tier, weight)
            for i, weight in sorted(shares.items())
        ),
        cost_nano_usd=None if cost is None else case.reading_nano_usd + math.ceil(cost),
        certain=certain,
        wrong=sum(weight * (1.0 - decision.rungs[i].p) for i, weight in shares.items()),
        on_prior=any(decision.rungs[i].p_source is PSource.PRIOR for i in shares),
    )


def _placed(
    side: Side, decision: Decision, facts: tuple[RungFacts, ...], shares: Mapping[int, float]
) -> Mapping[int, float]:
    """Returns the weights of rungs, where words that nobody has an answer count as a server does.

    A rung that declines has none.
    """
    if not any(facts[i].declined for i in shares):
        return shares
    plans = [side.plan(rung.answerer) for rung in decision.rungs]
    without_model = [plan is not None and plan.facts.without_model for plan in plans]
    place, placed = place_of_no_answer(decision, without_model), dict[int, float]()
    for i, weight in shares.items():
        to = place if facts[i].declined and place < decision.first else i
        placed[to] = placed.get(to, 0.0) + weight
    return placed


def _words(case: Case, first: Rung, words: str, reason: Reason) -> Path:
    """Returns the path of a request that approved words answer before any call."""
    own = ((words, first.level, first.tier, 1.0),)
    return Path(first.answerer, reason.value, own, case.reading_nano_usd, True, None)


def _none_may(error: NotCapable | PermissionDenied) -> Path:
    """Returns the path of a refused request, which costs nothing and has no wrong answer."""
    reason = "not_capable" if isinstance(error, NotCapable) else error.code
    return Path("", reason, (), 0, True, None, error.message)


def _words_alone(
    side: Side, case: Case, facts: tuple[RungFacts, ...], asked: Asked, assumed: set[Assumed]
) -> Path | None:
    """Returns the path of an emergency that no rung may answer as asked, None for another one."""
    able, uncapped = as_if_able(facts, asked)
    try:
        decision = decide(side.policy, case.signals, able, uncapped, case.pressure)
    except (NotCapable, PermissionDenied):
        return None
    due = Ladder(side, case, decision, uncapped, assumed).words_due_alone()
    first = decision.first_rung
    return _words(case, first, SAFE_ANSWER, first.reasons[0]) if due else None


@dataclass(frozen=True, slots=True)
class _Walker:
    """Follows one request up the new ladder."""

    side: Side
    case: Case
    decision: Decision
    facts: tuple[RungFacts, ...]
    climbs: Climbs
    assumed: set[Assumed]
    as_recorded: bool  # its own policy decides, and starts with the same answerer

    def cache_hit(self) -> int | None:
        """Returns the rung whose answer came from memory then and would do so now."""
        memory = self.side.policy.cache
        kept = memory.semantic.enabled if self.case.reworded else memory.exact
        # A repeat that was not in memory then is not known to be one now.
        if not self.case.cached or not kept:
            return None
        for i, rung in enumerate(self.decision.rungs):
            # The stored answer counts only if the new ladder would have asked its author.
            if rung.answerer == self.case.answerer and rung.taken:
                return i
        return None

    def climb(self) -> tuple[float | None, Mapping[int, float], bool]:
        """Follows the ladder from its first rung; as recorded, it adds calls begun early."""
        cost, shares, certain = self.from_rung(self.decision.first)
        if self.as_recorded:
            for attempts in self.case.early.values():
                cost = _plus(cost, booked_again(self.side, self.case, attempts), 1.0)
        return cost, shares, certain

    def from_rung(self, index: int) -> tuple[float | None, Mapping[int, float], bool]:
        """Returns the cost from this rung on, who answers with which weight, and if it is certain.

        The cost is None where it is unknown. The result is certain if every call is a recorded one.
        The ladder and its substitutes bound the recursion: each rung has one turn.
        """
        name = self.decision.rungs[index].answerer
        if name in self.case.called:
            onward = self._recorded_step(index, name)
            booked = booked_again(self.side, self.case, self.case.called[name].attempts)
            own = _plus(booked, self._wasted(index, onward), 1.0)
            if onward is None:
                return own, {self._best(index): 1.0}, True
            cost, shares, certain = self.from_rung(onward)
            return _plus(own, cost, 1.0), shares, certain
        plan = self.side.plan(name)
        cost_here: float | None = (
            None if plan is None else would_cost(plan, self.case, self.assumed)
        )
        if index == self.decision.in_hand:
            return self._past_hand(index, cost_here)
        passing = self._passing(index)
        if passing is not None:
            cost, shares, certain = self.from_rung(passing)
            # What has nothing to say makes no call that could be uncertain.
            nothing = self.facts[index].declined in UNFIT
            return _plus(0 if nothing else cost_here, cost, 1.0), shares, certain and nothing
        rate = self._rate(index)
        above = ladder_after(self.decision, index)
        if not rate or not above:
            return _plus(cost_here, self._wasted(index, None), 1.0), {index: 1.0}, False
        # A call that climbs with probability `rate` begins the next rung's call only then.
        cost_here = _plus(cost_here, self._wasted(index, None), 1.0 - rate)
        cost_here = _plus(cost_here, self._wasted(index, above[0]), rate)
        cost, shares, _ = self.from_rung(above[0])
        onward_shares = {i: rate * weight for i, weight in shares.items()}
        return _plus(cost_here, cost, rate), {index: 1.0 - rate, **onward_shares}, False

    def _passing(self, index: int) -> int | None:
        """Returns the rung that is known to follow one without a model; None where none is known.

        What is computed or looked up is known before its call: that there is nothing, or how likely
        it is right. `next_rung` then says what a server would do, as it says it there.
        """
        fact, plan = self.facts[index], self.side.plan(self.decision.rungs[index].answerer)
        section = self.side.policy.decision
        if fact.declined in UNFIT:
            return next_rung(self.decision, Turn(index, failure=fact.declined), section).rung
        if plan is None or not plan.facts.without_model or plan.facts.kind == "documents":
            return None
        verified = plan.verify_mode(self.decision.hard_rule) is not VerifyMode.NONE
        turn = Turn(index, fact.p, verified=verified)
        return next_rung(self.decision, turn, section).rung

    def _rate(self, index: int) -> float:
        """Returns how often an answer that was never asked for is climbed past, 0..1.

        Without enough recorded answers, an answer is taken to be accepted. Documents that nobody
        searched hold none as often as their chance says.
        """
        name = self.decision.rungs[index].answerer
        rate, plan = self.climbs.rate(name), self.side.plan(name)
        if rate is None and plan is not None and plan.facts.kind == "documents":
            self.assumed.add(Assumed.FOUND)
            return 1.0 - self.facts[index].p
        return rate or 0.0

    def _past_hand(
        self, index: int, cost_here: float | None
    ) -> tuple[float | None, Mapping[int, float], bool]:
        """Returns what follows level 1's answer that a trigger looks past, had it been called."""
        p, section = self.decision.rungs[index].p, self.side.policy.decision
        onward = next_rung(self.decision, Turn(index, p, in_hand=p), section).rung
        if onward is None:
            return cost_here, {index: 1.0}, False
        cost, shares, _ = self.from_rung(onward)
        return _plus(cost_here, cost, 1.0), shares, False

    def _wasted(self, index: int, onward: int | None) -> int | None:
        """Returns the cost of the call begun together with this rung's, if the turn after it, that
        of rung `onward`, is not its own.
        """
        if self.as_recorded:
            return 0  # the row says what was begun, and `climb` counts it
        early = self._beside(index)
        # An early call whose turn comes is no waste: it is that turn's call.
        if early is None or early == onward:
            return 0
        name = self.decision.rungs[early].answerer
        if name in self.case.early:
            return booked_again(self.side, self.case, self.case.early[name])
        self.assumed.add(Assumed.EARLY)
        plan = self.side.plan(name)
        return None if plan is None else would_cost(plan, self.case, self.assumed)

    def _beside(self, index: int) -> int | None:
        """Returns the rung that this policy calls together with this one, as `Calls.begin_beside`
        does.
        """
        section = self.side.policy.decision
        plan = self.side.plan(self.decision.rungs[index].answerer)
        if section.speculate is None or plan is None or plan.facts.without_model:
            return None
        verified = plan.verify_mode(self.decision.hard_rule) is not VerifyMode.NONE
        early = rung_beside(self.decision, index, UNLIMITED, section, verified=verified)
        if early is None:
            return None
        rung = self.decision.rungs[early]
        other = self.side.plan(rung.answerer)
        if other is None or rung.cost_basis is CostBasis.UNKNOWN:
            return None
        most = usd_to_nano(section.speculate.max_usd)
        return early if may_hold(other, self.case) <= most else None

    def _best(self, index: int) -> int:
        """Returns the rung whose answer went out: the row's after all recorded calls.

        After other calls, it is the last one.
        """
        names = [rung.answerer for rung in self.decision.rungs]
        last = [i for i in turns(self.decision) if names[i] in self.case.called][-1]
        same = index == last and self.decision.first_rung.answerer == self.case.first
        known = self.case.answerer in self.case.called or self.case.stood_in
        kept = same and known and self.case.answerer in names
        return names.index(self.case.answerer) if kept else index

    def _recorded_step(self, index: int, name: str) -> int | None:
        """Returns the rung that next_rung chooses after the recorded answer; None at the end."""
        step = self.case.called[name].step
        if step is None:
            return None
        plan = self.side.plan(name)
        verified = step.verified
        if plan is not None and self.case.policy_hash != self.side.policy_hash:
            verified = plan.verify_mode(self.decision.hard_rule) is not VerifyMode.NONE
        turn = replace(step.turn, rung=index, verified=verified)
        if self.case.observed:
            turn = replace(turn, left=UNLIMITED, stranded=False)
        return next_rung(self.decision, turn, self.side.policy.decision).rung


def _plus(own: float | None, onward: float | None, weight: float) -> float | None:
    return None if own is None or onward is None else own + weight * onward
