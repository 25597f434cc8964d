"""Lowers the cap of output of one call to what the budget and the context window have room for.

Pure. Only a cap that the policy does not state is lowered: a stated one is the operator's word. It
also warns of stated ones that leave a model no room to think.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.money.cost import output_cap, output_that_fits
from router.policy.schema import AnswererSection, Policy
from router.policy.warnings import PolicyWarning, WarningKind
from router.types import AnswererFacts, ChatRequest

ENOUGH_TOKENS = 4_096
"""Is enough for the hidden reasoning and the answer of most requests. Below it, models that think
often end before their first word."""


def least_cap(facts: AnswererFacts) -> int:
    """Returns the tokens below which the answerer's own cap is never lowered."""
    return facts.least_output_tokens or facts.max_output_tokens


def with_least_cap(facts: AnswererFacts, request: ChatRequest) -> ChatRequest:
    """Returns the request with the smallest cap to which its call may be lowered."""
    least = least_cap(facts)
    return _capped(request, least) if least < output_cap(facts, request) else request


def within_window(facts: AnswererFacts, request: ChatRequest, input_tokens: int) -> ChatRequest:
    """Returns the request with a cap that fits the context window beside its estimated tokens.

    With a window of 128,000, 120,000 tokens of input and the usual cap of 16,384: 8,000.
    """
    if facts.least_output_tokens is None or not facts.context_tokens:
        return request
    cap = max(facts.least_output_tokens, facts.context_tokens - input_tokens)
    return _capped(request, cap) if cap < output_cap(facts, request) else request


def within_room(
    facts: AnswererFacts, request: ChatRequest, room_nano_usd: int | None
) -> ChatRequest | None:
    """Returns the request with a smaller cap for this room, None where no smaller one may help.

    It takes at most half of the room unless the least cap needs more, so that other calls find some
    while this one runs. The least cap is tried also where the room does not pay for it, so that the
    refusal names the smallest amount that is missing.
    """
    least = facts.least_output_tokens
    if least is None or room_nano_usd is None or output_cap(facts, request) <= least:
        return None
    half = output_that_fits(facts, request, room_nano_usd // 2)
    return None if half is None else _capped(request, max(least, half))


def output_cap_warnings(policy: Policy, facts: Sequence[AnswererFacts]) -> list[PolicyWarning]:
    """Returns a warning for each model that thinks, or stands at level 3, with a small cap.

    `facts` describe the policy's answerers.
    """
    small = {
        answerer.name: answerer
        for answerer in facts
        if answerer.is_remote
        and (answerer.level >= 3 or answerer.hides_reasoning)
        and answerer.max_output_tokens < ENOUGH_TOKENS
    }
    return [
        PolicyWarning(
            WarningKind.OUTPUT_CAP_SMALL,
            f"tiers[{t}].answerers[{a}].max_output_tokens",
            f"{section.name} may give {answerer.max_output_tokens} tokens, its hidden reasoning "
            f"included: answers end early or have no word; {_advice(section)}",
        )
        for t, tier in enumerate(policy.tiers)
        for a, section in enumerate(tier.answerers)
        if (answerer := small.get(section.name)) is not None
    ]


def _advice(section: AnswererSection) -> str:
    """Returns what gives a model more output, by what its cap comes from."""
    if section.max_output_tokens is not None:
        return f"state {ENOUGH_TOKENS} or more, or leave it out where the model gives that many"
    window = getattr(section, "context_tokens", 0)  # no model is known to give less by itself
    return (
        f"it is a quarter of `context_tokens`, which is {window}: state the model's whole window "
        f"there, or {ENOUGH_TOKENS} or more here where the model gives that many"
    )


def _capped(request: ChatRequest, tokens: int) -> ChatRequest:
    sampling = replace(request.sampling, max_output_tokens=tokens)
    return replace(request, sampling=sampling)
