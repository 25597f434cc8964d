"""Keeps a budget of thoughts below the cap of output, as Anthropic demands. Pure.

The budget is part of `max_tokens`. Where the gateway lowers that cap, the budget is lowered with
it; a call that named a budget above its cap would be refused.
"""

from __future__ import annotations

import json

from router.types import AnswererFacts, ChatRequest

LEAST_THINKING = 1_024
"""Anthropic's smallest budget of thoughts, in tokens."""


def thinking_tokens(thinking: object) -> int:
    """Returns the budget that `thinking` states, 0 for none.

    >>> thinking_tokens({"type": "enabled", "budget_tokens": 4096}), thinking_tokens(None)
    (4096, 0)
    """
    if type(thinking) is not dict or thinking.get("type") != "enabled":
        return 0
    budget = thinking.get("budget_tokens")
    return budget if type(budget) is int else 0


def thinking_kind(thinking: object) -> str:
    """Returns "adaptive" or "enabled" where `thinking` asks for thoughts, "" otherwise.

    >>> thinking_kind({"type": "adaptive"}), thinking_kind({"type": "disabled"})
    ('adaptive', '')
    """
    kind = thinking.get("type") if type(thinking) is dict else None
    return str(kind) if kind in ("adaptive", "enabled") else ""


def budget_below(cap: int) -> int:
    """Returns the budget for a model that must be told one, where the client leaves it open.

    It is half of the cap, so that as much is left for the answer; 0: no thoughts fit below it.

    >>> budget_below(4_096), budget_below(2_047)
    (2048, 0)
    """
    return cap // 2 if cap >= 2 * LEAST_THINKING else 0


def fitted(budget: int, cap: int, asked: int | None) -> int:
    """Returns the budget that goes out beside this cap of output; 0: no thoughts fit below it.

    A quarter of the cap stays for the answer. A budget that fits below the cap stays as it is, and
    so does one that the client itself put above its own cap (`asked`), as it may between tools.

    >>> fitted(31_999, 16_384, 32_000), fitted(31_999, 32_000, 32_000), fitted(5_000, 1_024, 8_000)
    (12288, 31999, 0)
    """
    if budget < cap or (asked is not None and asked <= cap):
        return budget
    return 0 if cap <= LEAST_THINKING else max(LEAST_THINKING, cap * 3 // 4)


def changed_thinking(request: ChatRequest, facts: AnswererFacts, own_cap: int) -> tuple[str, ...]:
    """Returns the client's key that does not go out as it was written, () where all does.

    `own_cap` is the answerer's cap of output for this request.
    """
    asked, original, budget = request.sampling.max_output_tokens, request.original, 0
    cap = own_cap if asked is None else min(asked, own_cap)
    if original is not None:
        budget = original.thinking_tokens
    elif "thinking" in request.extra and "thinking" in facts.body.pass_through:
        budget = thinking_tokens(json.loads(request.extra["thinking"]))
        asked = None  # the body is ours, and the budget fits below each cap
    kept = fitted(budget, cap, asked)
    if kept == budget:
        return ()
    return ("thinking.budget_tokens" if kept else "thinking",)
