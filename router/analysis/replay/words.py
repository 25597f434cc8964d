"""Asks of a recorded request what a server asks before it calls anybody: are words due? Pure.

The rule is the server's own, `WordsFirst`. The text is not stored, so what it said of an emergency
is what the record notes of it, or an assumption that is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from router.analysis.replay.cases import Case
from router.analysis.replay.facts import Assumed, Side
from router.routing.constraints import Asked
from router.routing.hard_rules import risk_domain_of
from router.routing.wording.words_first import WordsFirst, exhausted_rule
from router.types import Capability, Decision, Domain


class _RecordedText(Struct, frozen=True):
    """Answers for a text that is not stored."""

    needs_help: bool

    def now(self, domain: Domain) -> bool:
        return self.needs_help

    def is_emergency(self, domain: Domain) -> bool:
        return self.needs_help


@dataclass(frozen=True, slots=True)
class Ladder:
    """Holds a recorded request with the ladder that a policy decides for it."""

    side: Side
    case: Case
    decision: Decision
    asked: Asked
    assumed: set[Assumed]

    @property
    def as_recorded(self) -> bool:
        """Returns True when the row's own policy decides, and starts with the same answerer."""
        case = self.case
        routed = not case.observed and not case.readings  # another gateway's log has those
        same = routed and case.policy_hash == self.side.policy_hash
        return same and self.decision.first_rung.answerer == case.first

    def foregone(self) -> bool:
        """Returns True when the safe answer goes out before any call.

        Under its own policy a row is what it was; under another one the server's rule says it.
        """
        return self.case.foregone if self.as_recorded else self._holds(lambda words: words.due)

    def words_due_alone(self) -> bool:
        """Returns True where words go out although no rung may answer as asked."""
        return self._holds(lambda words: words.due_alone)

    def unanswerable(self) -> bool:
        """Returns True when no call could yield an answer that may go out; then none is made."""
        return not self.as_recorded and self._words(needs_help=False).unanswerable

    def _holds(self, rule: Callable[[WordsFirst], bool]) -> bool:
        """Returns what a rule says; where only the text could tell, as it is assumed."""
        if self.case.acute is not None:
            return rule(self._words(needs_help=self.case.acute))
        if rule(self._words(needs_help=True)) == rule(self._words(needs_help=False)):
            return rule(self._words(needs_help=False))
        self.assumed.add(Assumed.HELP)
        return rule(self._words(needs_help=self.case.foregone))

    def _words(self, *, needs_help: bool) -> WordsFirst:
        case, policy, shape = self.case, self.side.policy, self.case.shape
        risk_domain = risk_domain_of(policy, case.signals, self.decision)
        needs_shape = shape is not None and shape.promises
        tools = shape is not None and Capability.TOOLS in shape.needs
        return WordsFirst(
            policy,
            self.side.plans,
            case.signals,
            self.asked,
            self.decision,
            risk_domain,
            exhausted_rule(policy, risk_domain),
            _RecordedText(needs_help),
            needs_shape=needs_shape,
            # A loop of tools is known by the level that it stays at.
            keeps_shape=needs_shape or (tools and self.asked.tool_loop_level is not None),
        )
