"""Says when approved words go out before any rung is tried. Pure.

A server asks it of a request, and replay of a recorded one, whose text is not stored. `NeedsHelp`
therefore tells what only the text does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from router.policy.level_checks import GRAVE_LEVEL
from router.policy.refusal import of_self_harm
from router.policy.schema import DeliberationAnswerer, Policy
from router.routing.constraints import Asked
from router.routing.hard_rules import LOOKS_HIGHER, demanded_level
from router.routing.rungs.rung_plan import RungPlan
from router.routing.wording.matters import acute, in_danger
from router.routing.wording.phrases import said_briefly
from router.types import (
    Decision,
    Domain,
    Exhausted,
    PSource,
    Reason,
    Rung,
    RungFacts,
    Signals,
    measured_once,
)


class NeedsHelp(Protocol):
    """Tells what only the text of a request says of somebody who may need help."""

    def now(self, domain: Domain) -> bool:
        """Returns True where somebody who is in a grave matter of this domain needs help now."""

    def is_emergency(self, domain: Domain) -> bool:
        """Returns True where the text names an emergency of this domain."""


def exhausted_rule(policy: Policy, risk_domain: Domain | None) -> Exhausted:
    """Returns what the policy wants to go out where no answer can be trusted, by the domain."""
    rule = policy.exhausted.default
    return rule if risk_domain is None else policy.exhausted.by_domain.get(risk_domain, rule)


def as_if_able(facts: Sequence[RungFacts], asked: Asked) -> tuple[tuple[RungFacts, ...], Asked]:
    """Returns both as if each rung could take the request, and no cap of money stood in its way."""
    able = tuple([replace(one, missing=(), worst_nano_usd=0) for one in facts])
    return able, replace(asked, max_cost_nano_usd=None)


class WordsFirst(Struct, frozen=True, dict=True):
    """Holds what decides whether approved words go out before any rung is tried."""

    policy: Policy
    plans: tuple[RungPlan, ...]  # in the order of the rungs
    signals: Signals
    asked: Asked
    decision: Decision
    risk_domain: Domain | None  # whose `exhausted` rule counts
    rule: Exhausted  # of the policy, for when no answer can be trusted
    help: NeedsHelp
    needs_shape: bool = False  # the client's program reads the answer, so words would be none
    keeps_shape: bool = False  # words would break what a program expects
    observed: bool = False  # mode observe: the model asked for answers in any case

    @property
    def domain(self) -> Domain:
        """Returns the domain of risk, or the one that was read."""
        return self.risk_domain or self.signals.domain

    @measured_once
    def grave(self) -> bool:
        """Returns True when a rule asks for level 3: then an answer must be about the matter.

        Where the policy has no such level its highest one answers, and the matter is as grave.
        """
        decision = self.decision
        if decision.hard_rule and decision.floor >= GRAVE_LEVEL:
            return True
        # A policy of level 1 alone has no floor that a rule could raise.
        if not decision.hard_rule and any(tier.level > 1 for tier in self.policy.tiers):
            return False
        return demanded_level(self.policy, self.signals, self.asked) >= GRAVE_LEVEL

    @measured_once
    def urgent(self) -> bool:
        """Returns True for a grave danger that the text names, or that the reader is sure of.

        Neither the chance of the domain nor novelty counts here.
        """
        if not self.grave or not said_briefly(self.signals):
            return False
        return acute(self.policy, self.signals) or self.help.now(self.domain)

    @property
    def emergency(self) -> bool:
        """Returns True when somebody may need help now, by the text or by what triage found."""
        return in_danger(self.policy, self.signals) or self.help.is_emergency(self.domain)

    @measured_once
    def exhausted(self) -> Exhausted:
        """Returns what goes out when no answer can be trusted.

        It is what the policy says. Where somebody may need help now, neither a refusal nor an error
        may hide whom to call, so the approved words go out and a person reads the matter.
        """
        rule = self.rule
        if rule.by_person or self.observed or self.needs_shape:
            return rule
        urgent = self.urgent
        if rule is Exhausted.REFUSE:  # it has no answer to lose, so less is enough
            urgent = urgent or self.emergency
        return Exhausted.REVIEW if urgent else rule

    @measured_once
    def acute(self) -> bool:
        """Returns True when somebody may need help now, so that a person reads the matter.

        Where a shape is demanded, this is so only if the policy asks a person in its domain.
        """
        return self.exhausted.by_person and not self.observed and self.urgent

    @measured_once
    def refused_self_harm(self) -> bool:
        """Returns True for a refused request about harming oneself, which gets words of help."""
        refused = self.decision.refused is not None and not self.observed
        return refused and of_self_harm(self.policy, self.signals)

    @measured_once
    def has_words(self) -> bool:
        """Returns True when approved words and a person take the place of a missing answer."""
        return self.exhausted.by_person and not self.observed and not self.needs_shape

    @property
    def due_alone(self) -> bool:
        """Returns True where a request that no rung may answer as asked gets words all the same.

        They cost nothing, and people in danger need no second choice.
        """
        urgent = self.acute or self.refused_self_harm
        return urgent and self.has_words and not self.keeps_shape

    @measured_once
    def due(self) -> bool:
        """Returns True when a safe answer goes out before any rung is tried.

        A deliberation that its tier does not vouch for takes seconds and yields text that nobody
        may see where only a trusted answer may go out. Other rungs that could give a trusted answer
        have their turn, unless somebody may need help now. Who needs it now waits for no model
        whose answers nobody has measured: none of them could go out.
        """
        if self.observed or self.risk_domain is None or self.needs_shape:
            return False
        if self.acute and not self.keeps_shape and self.all_guessed:
            return True
        if not self.exhausted.by_person or not self._untrusted(self.decision.first_rung):
            return False
        # A person who will judge a draft needs one.
        nothing_trusted = self.exhausted is Exhausted.REVIEW and self._all_untrusted
        return nothing_trusted or self.acute or self.emergency

    @measured_once
    def unanswerable(self) -> bool:
        """Returns True when no call could yield a releasable answer; then none is made.

        The client asks for a shape, so approved words cannot replace the answer. Only a trusted
        answer may go out, and every rung is a deliberation that its tier does not vouch for.
        """
        if self.observed or not self.needs_shape:
            return False
        return self.exhausted is not Exhausted.BEST_ANSWER and self._all_untrusted

    @property
    def all_guessed(self) -> bool:
        """Returns True where each rung's chance is a prior, and nothing will judge its answer."""
        return all(
            rung.p_source is PSource.PRIOR and plan.reader is None and plan.judged_by is None
            for rung, plan in zip(self.decision.rungs, self.plans, strict=True)
            if rung.taken
        )

    @property
    def _all_untrusted(self) -> bool:
        return all(self._untrusted(rung) for rung in self.decision.rungs if rung.taken)

    def _untrusted(self, rung: Rung) -> bool:
        plan = next(plan for plan in self.plans if plan.facts.name == rung.answerer)
        return isinstance(plan.section, DeliberationAnswerer) and not plan.section.trusted


def place_of_no_answer(decision: Decision, without_model: Sequence[bool]) -> int:
    """Returns the rung in whose place words go out that nobody has an answer.

    It is the first one of the ladder. Where above the lowest level nothing has a model, there only
    was a look if something quotes or computes the answer. The words then are traffic of the lowest
    level, unless a rule or the client asked for a higher one. `without_model` says of each rung
    that its answerer has no model.
    """
    lowest = decision.rungs[0].level
    rungs = zip(decision.rungs, without_model, strict=True)
    models = any([rung.level > lowest and not without for rung, without in rungs])
    lifted = not LOOKS_HIGHER.issuperset(decision.floor_reasons)
    named = Reason.PINNED in decision.first_rung.reasons
    return decision.first if models or lifted or named else 0
