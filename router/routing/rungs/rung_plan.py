"""Holds one answerer of a policy with all that the gateway knows of it, and prices its answers.

An answer may take several calls: the steps of a deliberation, a later look at the answer, a judge.
It knows nothing about HTTP, the ledger or how answerers were built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from router.money import cost
from router.money.output_caps import least_cap, with_least_cap
from router.policy.content.offers import Offering
from router.policy.head_conditions import likeliest_chance
from router.policy.schema import AnswererSection
from router.routing.decision import chance
from router.routing.verification import AnswerReader
from router.types import (
    NO_ANSWER_MODEL,
    AnswerCalls,
    Answerer,
    AnswererFacts,
    ChatRequest,
    CostBasis,
    Domain,
    Preview,
    PSource,
    Reason,
    Signals,
    Usage,
    VerifyMode,
    measured_once,
)

PRIOR_ABILITY = {1: 0.5, 2: 2.0, 3: 3.5}
"""Abilities where nothing is known: chances of .62, .88, .97 at difficulty 0, shown as `prior`."""


class Ability(Struct, frozen=True):
    """Holds an answerer's ability: theta per domain on the scale of difficulty, and its source."""

    theta: float
    by_domain: Mapping[Domain, float]
    slope: float
    source: PSource
    count: int

    def p(self, domain: Domain, difficulty: float) -> float:
        """Returns the chance of being right at this difficulty (logits); see `decision.chance`."""
        return chance(self.by_domain.get(domain, self.theta), difficulty, self.slope)


def prior_ability(level: int) -> Ability:
    """Returns the ability that is assumed of an answerer of this level without evidence."""
    return Ability(PRIOR_ABILITY.get(level, 3.5), {}, 1.0, PSource.PRIOR, 0)


Declines = Callable[[ChatRequest, Signals], Reason | None]
Previews = Callable[[ChatRequest, Signals], Preview | None]
Knows = Callable[[ChatRequest, Signals], tuple[str | None, bool]]
"""Returns of an approved answer what goes out in its place (`Answer.instead`), and True where a
lookup fills it, which may find nothing."""

TellsOffering = Callable[[ChatRequest, Signals], Offering]
"""Returns for people which questions are offered, or why none is."""

CountCalls = Callable[[Signals | None, int], AnswerCalls]
"""Returns the calls of one answer to such a matter, by the output tokens of one call."""


class Chance(Struct, frozen=True):
    """Holds a chance of being right, and what it rests on."""

    p: float
    source: PSource
    count: int = 1  # labels; 0 for a prior


class RungPlan(Struct, frozen=True, dict=True):
    """Holds one answerer of the policy with all that the gateway knows of it."""

    answerer: Answerer
    section: AnswererSection
    facts: AnswererFacts
    ability: Ability
    reader: AnswerReader | None = None  # gives the chance of an answer by what it shows
    over: AnswererFacts | None = None  # a deliberation: the answerer that its calls go to
    declines: Declines | None = None  # why a resolver has nothing for a request, None: it has
    previews: Previews | None = None  # what is known of an answer before the call, None: nothing
    asks: Previews | None = None  # what a resolver asks back instead of answering, None: nothing
    knows: Knows | None = None  # of an approved answer before the call, None: it gives none
    offering: TellsOffering | None = None  # which questions are offered, None: it is no resolver
    judged_by: AnswererFacts | None = None  # of the judge, and what its verdicts take
    counts: CountCalls | None = None  # how many calls one answer takes, None: one

    def verify_mode(self, hard_rule: bool) -> VerifyMode:
        """Returns the section's mode for a matter of a hard rule, or for an ordinary one."""
        return self.section.verify.hard_rule if hard_rule else self.section.verify.default

    def chance(self, signals: Signals) -> Chance:
        """Returns the chance of being right by what triage read, which the ledger keeps.

        A server and replay ask it where no preview says more of the answer. It is level 1's own
        match, that documents hold an answer, what the policy's head of this answerer says, or
        sigma(a·(theta - d)).
        """
        facts, own = self.facts, self.section.ability
        if facts.kind == "resolver":
            return Chance(signals.match.confidence if signals.match else 0.0, PSource.MATCH)
        if facts.kind == "documents" and signals.quotable is not None:
            return Chance(signals.quotable, PSource.MATCH)
        wrong = likeliest_chance(signals, own.head)
        if wrong is not None:
            return Chance(1.0 - wrong, PSource.LABELLED, own.labels)
        ability = self.ability
        return Chance(ability.p(signals.domain, signals.difficulty), ability.source, ability.count)

    @measured_once
    def composite(self) -> bool:
        """Returns True when only the calls it makes cost money, its own line nothing."""
        return self.over is not None

    @measured_once
    def spends_outside(self) -> bool:
        """Returns True when its own calls are paid to a provider."""
        return self.facts.is_remote

    @measured_once
    def may_spend_outside(self) -> bool:
        """Returns True when this rung, or the answerer it calls, is paid to a provider."""
        inner = self.over is not None and self.over.is_remote
        return self.spends_outside or inner

    @measured_once
    def paid(self) -> AnswererFacts:
        """Returns the answerer whose price the calls of one answer have.

        It is the one that a deliberation asks, unless a list price of its own covers them all."""
        listed = self.facts.price.per_request_nano_usd is not None
        return self.facts if self.over is None or listed else self.over

    @measured_once
    def words_only(self) -> bool:
        """Returns True where approved words go out and the model behind is not asked."""
        return self.facts.model == NO_ANSWER_MODEL

    @measured_once
    def expected_ms(self) -> float:
        """Returns the milliseconds that an answer usually takes; approved words are there."""
        return 0.0 if self.words_only else self.facts.latency_ms

    @measured_once
    def unpriced(self) -> bool:
        """Returns True when a provider charges for its answers, and nobody states how much."""
        unknown = self.paid.price.basis is CostBasis.UNKNOWN
        return unknown and self.may_spend_outside

    @measured_once
    def fixed_cost(self) -> cost.Cost | None:
        """Returns what an answer costs, whatever is asked; None where its tokens or calls count."""
        if self.words_only:
            return cost.Cost(0, CostBasis.OWN_COMPUTE)
        price = self.paid.price
        by_tokens = price.input_nano_usd is not None and price.output_nano_usd is not None
        by_tokens = by_tokens and price.per_request_nano_usd is None
        if by_tokens or self.counts is not None or self.judged_by is not None:
            return None
        return cost.calls_cost(self.paid, AnswerCalls(1, 0, 0), 0)

    def calls(self, signals: Signals | None, each: int) -> AnswerCalls:
        """Returns the calls of one answer without repairs; `each` are a call's output tokens."""
        if self.counts is None or self.facts.price.per_request_nano_usd is not None:
            return AnswerCalls(1, 0, each)
        return self.counts(signals, each)

    def expected_cost(
        self, signals: Signals, output_cap: int | None, images: int, cached_tokens: int = 0
    ) -> cost.Cost:
        """Returns the expected cost of this rung, all its calls and the judge's included.

        `output_cap` is the client's, which bounds no step of a deliberation; those see no images
        and find no cache.
        """
        if self.fixed_cost is not None:
            return self.fixed_cost
        facts, each = self.paid, self.paid.expected_output_tokens
        if facts is not self.facts:
            images = cached_tokens = 0
        elif output_cap is not None:
            each = min(each, output_cap)
        asked = signals.input_tokens
        calls = self.calls(signals, min(each, facts.max_output_tokens))
        own = cost.calls_cost(facts, calls, asked, images, cached_tokens=cached_tokens)
        judge = self.judged_by
        if judge is None:
            return own
        verdict = AnswerCalls(1, 0, judge.expected_output_tokens)
        return own.beside(cost.calls_cost(judge, verdict, asked, images))

    def would_cost(
        self,
        usage: Usage,
        images: int = 0,
        steps: Usage | None = None,
        signals: Signals | None = None,
    ) -> cost.Cost:
        """Returns the cost of an answer of these counts here; a deliberation sees no images.

        `steps` counts all calls of the deliberation that answered, if one did. Any other answer
        counts once for each call that a deliberation makes of such a matter.
        """
        facts = self.paid
        own_ms = facts.latency_ms if facts.kind == "local" else 0.0
        if facts is self.facts:
            return cost.attempt_cost(facts.price, usage, own_ms, images)
        if steps is not None and steps.total_tokens and not own_ms:
            return cost.attempt_cost(facts.price, steps, 0.0)
        each = cost.attempt_cost(facts.price, usage, own_ms)
        return cost.Cost(self.calls(signals, 0).calls * each.nano_usd, each.basis)

    def worst_case(self, request: ChatRequest, signals: Signals) -> int:
        """Returns the most that one answer of this rung can cost, unless a step is repaired.

        All its calls and the judge's are included. Each call, a repair too, is held by itself.
        """
        if self.paid is not self.facts or self.counts is None or request.sampling.n > 1:
            return self.room_needed(request, signals)
        calls = self.calls(signals, cost.output_cap(self.facts, request))
        return self._judging(request) + cost.worst_of_calls(self.facts, request, calls)

    def room_needed(self, request: ChatRequest, signals: Signals) -> int:
        """Returns the money that must be left for this rung to begin, at the least cap of output.

        A deliberation needs all its steps. Of another answer the later steps, which refine and
        check it, are left out where no money is left for them.
        """
        facts = self.paid
        if facts is self.facts:
            return self._judging(request) + cost.worst_case(facts, with_least_cap(facts, request))
        calls = self.calls(signals, least_cap(facts))
        return self._judging(request) + cost.worst_of_calls(facts, request, calls)

    def _judging(self, request: ChatRequest) -> int:
        return 0 if self.judged_by is None else cost.worst_case(self.judged_by, request)


def serves_dearer(facts: AnswererFacts, request: ChatRequest) -> bool:
    """Returns True for a call that a provider serves sooner at a higher price, which nobody states.

    A list price per request covers it. A cheaper service (`flex`) counts at the usual price.
    """
    listed = facts.price.per_request_nano_usd is not None
    return request.served_dearer and facts.takes_service_tier and not listed


def basis_of(plan: RungPlan, expected: cost.Cost) -> CostBasis:
    """Returns a cost's basis: own compute without a price is free, an upstream's is unknown."""
    if expected.basis is CostBasis.UNKNOWN and not plan.may_spend_outside:
        return CostBasis.OWN_COMPUTE
    return expected.basis
