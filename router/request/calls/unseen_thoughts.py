"""Remembers which models bill thoughts that they do not show, as their own usage proved.

A policy (`hidden_reasoning`) or a model's name may say so before. For any other model, what came of
a cut stream or of an answer without usage would be too low a bound. It knows no ledger.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.routing.rungs.rung_plan import RungPlan
from router.types import Answer, Choice, Delta, Events, ThoughtsUnseen, utf8_size

MARKS_TOKENS = 64
"""Tokens of one choice beside what it shows, at most: marks of roles, calls and its end."""


def thought_unseen(answer: Answer) -> bool:
    """Returns True where the reported output cannot all be in what came.

    A token has at least one byte. 900 tokens of thoughts beside 40 bytes of them, or 900 of output
    beside 200 bytes of any text, were written where nobody saw them. A summary of thoughts that is
    shorter than these shows the same.
    """
    usage = answer.usage
    if not usage.reported or not answer.choices:
        return False
    thoughts = sum([utf8_size(one.reasoning or "") for one in answer.choices])
    if usage.reasoning_tokens > thoughts + MARKS_TOKENS * len(answer.choices):
        return True
    if usage.reasoning_tokens or any([one.sealed for one in answer.choices]):
        return False  # its provider tells thoughts apart, and they are all here
    if any([one.stop_sequence is not None for one in answer.choices]):
        return False  # a text that is cut here, at a sequence that nobody sent, is paid as a whole
    return usage.output_tokens > sum(map(_shown_tokens, answer.choices))


def _shown_tokens(choice: Choice) -> int:
    called = sum([Delta(tool_call=call).said_bytes for call in choice.tool_calls])
    texts = (choice.text, choice.reasoning or "", choice.refusal or "")
    return called + sum(map(utf8_size, texts)) + MARKS_TOKENS


class UnseenThoughts:
    """Holds the answerers of one process that were seen to bill thoughts unseen."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._seen: set[tuple[str, str]] = set()

    def learn(self, plan: RungPlan, answer: Answer) -> None:
        """Notes what the usage of an answered call tells of its model; the first time it is told.

        Whoever states `hidden_reasoning: false` is corrected too: the provider's count is a fact.
        """
        facts = plan.facts
        if facts.hides_reasoning or not plan.spends_outside or not thought_unseen(answer):
            return
        key = (facts.name, facts.model)
        if key not in self._seen:
            self._seen.add(key)
            self._events.happened(ThoughtsUnseen(*key))

    def told(self, plan: RungPlan) -> RungPlan:
        """Returns the plan with what was learnt of its model."""
        facts = plan.facts
        if facts.hides_reasoning or (facts.name, facts.model) not in self._seen:
            return plan
        return replace(plan, facts=replace(facts, hides_reasoning=True))
