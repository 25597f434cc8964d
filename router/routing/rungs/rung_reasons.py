"""Says why each rung was taken or passed over, so that no reason contradicts a number. Pure.

`decision` chooses; this module compares the choice with the figures that stand next to it in the
record. A rung is said to have the lowest expected loss only where no other rung of the record has a
lower one, whatever rule forbids that one.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from router.routing.constraints import Asked
from router.routing.expected_loss import known_worse
from router.routing.hard_rules import Bounds
from router.routing.wording.risk_reasons import RISK_OF
from router.types import GAINS_FROM, IN_HAND_FROM, Reason, RungFacts

BEFORE_KIND = frozenset({*RISK_OF, Reason.HIGH_RISK})

HELD_BACK_BY = (
    Reason.TOOLS_OFFERED,
    Reason.KEPT_OFF_SHELF,
    Reason.ASKS_TWICE,
    Reason.SLOT_UNFILLED,
    Reason.NOT_CAPABLE,
    Reason.UNKNOWN_PRICE,
    Reason.LOW_CONFIDENCE,
    Reason.NOTHING_TO_RESOLVE,
)
"""Lists why a lower rung does not go first, in order of precedence. It stands before the choice."""


class RungChoice(Struct, frozen=True):
    """Holds what `decide` chose: rungs by index, and by which reason."""

    best: int  # goes first without exploration and without an answer in hand
    first: int
    hand: int | None  # level 1's answer, where the best rung is known to be worse
    reason: Reason  # of the best rung
    outage: Reason | None
    soft_limit: Reason | None
    ladder: tuple[int, ...]
    version: int  # of the rules
    suspended: float | None = None  # the certified floor of a certificate that is suspended


class Weighed(Struct, frozen=True):
    """Holds all that reasons are told from: the record's figures, the choice and the limits."""

    facts: Sequence[RungFacts]
    losses: Sequence[int]
    passed: Sequence[Reason | None]  # why a rung may not be taken
    choice: RungChoice
    limits: Bounds
    asked: Asked
    threshold: float  # the confidence floor


def truthful(reason: Reason, losses: Sequence[int], best: int, allowed: Sequence[int]) -> Reason:
    """Returns the reason that the losses of the record bear out.

    Losses 3, 1, 2, 4 of which the second is forbidden: the third has the `lowest_loss_allowed`.
    """
    if reason is not Reason.LOWEST_EXPECTED_LOSS or losses[best] == min(losses):
        return reason
    if len(allowed) == 1:
        return Reason.ONLY_ONE_ALLOWED
    if losses[best] <= min([losses[i] for i in allowed]):
        return Reason.LOWEST_LOSS_ALLOWED
    return Reason.GAIN_TOO_SMALL


def reasons_of(weighed: Weighed) -> list[tuple[Reason, ...]]:
    """Returns the reasons of every rung, taken or passed over, in the order of its facts."""
    first = _first(weighed)
    return [
        first if i == weighed.choice.first else _other(weighed, i)
        for i in range(len(weighed.facts))
    ]


def _first(weighed: Weighed) -> tuple[Reason, ...]:
    """Returns why the first rung goes first: the deciding rule, then all others that fired."""
    facts, choice, limits = weighed.facts, weighed.choice, weighed.limits
    explored = choice.hand is None and choice.first != choice.best
    if choice.hand is not None:
        reasons = _in_hand(facts, choice, limits, weighed.threshold)
    elif explored and choice.version >= IN_HAND_FROM:
        reasons = limits.floor_reasons
    else:
        reasons = _headline(weighed)
        if choice.outage is not None:
            reasons = (choice.outage, *reasons)
    if choice.suspended is not None:
        reasons = _suspended(reasons, facts, choice.suspended)
    if choice.soft_limit is not None:
        reasons = tuple(dict.fromkeys((*reasons, choice.soft_limit)))
    if facts[choice.first].declined is Reason.UNKNOWN_PRICE:
        reasons = (*reasons, Reason.UNKNOWN_PRICE)
    reasons = _with_kind(reasons, facts[choice.first].because, choice.hand is not None)
    return (Reason.EXPLORED, *reasons) if explored else reasons


def _headline(weighed: Weighed) -> tuple[Reason, ...]:
    """Returns why the best rung goes first."""
    choice, limits, asked = weighed.choice, weighed.limits, weighed.asked
    if asked.is_pinned:
        return (Reason.PINNED,)
    best = weighed.facts[choice.best]
    if best.level == limits.floor > 1:
        warm = (choice.reason,) if choice.reason is Reason.WARM_CACHE else ()
        return (*(limits.floor_reasons or (Reason.FLOOR,)), *warm)
    if choice.version >= GAINS_FROM and _awaited(weighed):
        return (Reason.NOT_READY, choice.reason, *limits.floor_reasons)
    if limits.floor == 1:
        lower = _lower(weighed, best.level)
        for reason in HELD_BACK_BY:
            if reason in lower:
                # A rung that was allowed would have gone first, were no mistake dear.
                dear = choice.reason is Reason.COSTLY_MISTAKE and None in lower
                return (choice.reason, reason) if dear else (reason, choice.reason)
    return (choice.reason, *limits.floor_reasons)


def _awaited(weighed: Weighed) -> bool:
    """Returns True when a rung before the best would have gone first, were it ready."""
    best, losses = weighed.choice.best, weighed.losses
    in_order = weighed.choice.reason is Reason.FIXED_TRIGGERS_DECIDE
    return any(
        reason is Reason.NOT_READY and (in_order or losses[i] <= losses[best])
        for i, reason in enumerate(weighed.passed[:best])
    )


def _in_hand(
    facts: Sequence[RungFacts], choice: RungChoice, limits: Bounds, threshold: float
) -> tuple[Reason, ...]:
    """Returns why level 1's answer has the first turn, then the triggers that look higher."""
    assert choice.hand is not None
    hand = facts[choice.hand]
    worse = all(known_worse(facts[i], hand.p) for i in choice.ladder if i != choice.hand)
    why = Reason.NOTHING_BETTER if worse else Reason.ANSWER_IN_HAND
    unsure = (Reason.LOW_CONFIDENCE,) if hand.p < threshold else ()
    return (why, *unsure, *limits.floor_reasons)


def _suspended(
    reasons: tuple[Reason, ...], facts: Sequence[RungFacts], certified: float
) -> tuple[Reason, ...]:
    """Adds that the certificate is suspended: first where it would have let level 1 answer."""
    decisive = reasons[0] is Reason.LOW_CONFIDENCE and any(
        f.level == 1 and f.p >= certified for f in facts
    )
    suspended = (Reason.CERTIFICATE_SUSPENDED,)
    return (*suspended, *reasons) if decisive else (*reasons, *suspended)


def _with_kind(
    reasons: tuple[Reason, ...], because: Reason | None, in_hand: bool
) -> tuple[Reason, ...]:
    """Returns the reasons with the kind of answer first.

    A reason of high risk stays before it, and so does what is said of an answer in hand.
    """
    if because is None:
        return reasons
    before = (
        reasons[:1] if in_hand else tuple(reason for reason in reasons if reason in BEFORE_KIND)
    )
    return (*before, because, *[reason for reason in reasons if reason not in before])


def _lower(weighed: Weighed, level: int) -> list[Reason | None]:
    """Returns why rungs below this level were passed over.

    A missing capability counts only where the rung would otherwise have answered.
    """
    return [
        reason
        for f, reason in zip(weighed.facts, weighed.passed, strict=True)
        if f.level < level
        and (reason is not Reason.NOT_CAPABLE or _would_answer(f, weighed.threshold))
    ]


def _would_answer(f: RungFacts, threshold: float) -> bool:
    """Returns True when level 1 is sure of its answer, so that only a capability holds it back."""
    return f.level == 1 and f.p >= threshold and f.declined is not Reason.NOTHING_TO_RESOLVE


def _other(weighed: Weighed, i: int) -> tuple[Reason, ...]:
    """Returns why a rung is not the first: in reserve, passed over, or no better.

    Where an allowed rung's loss is no higher than the first one's, it says by which reason that one
    went before it.
    """
    facts, losses, choice = weighed.facts, weighed.losses, weighed.choice
    if i in choice.ladder:
        worse = choice.hand is not None and known_worse(facts[i], facts[choice.hand].p)
        return (Reason.WOULD_NOT_HELP if worse else Reason.FALLBACK,)
    if i == choice.best and choice.hand is None:
        return (Reason.EXPLORED,)
    reason = weighed.passed[i]
    if reason is Reason.BELOW_FLOOR and choice.hand is not None:
        # The trigger, since the answer in hand lowers the floor.
        return (weighed.limits.floor_reasons[0],)
    if reason is not None:
        return (reason,)
    if choice.version < IN_HAND_FROM:
        return (Reason.HIGHER_EXPECTED_LOSS,)
    if i > choice.first:
        return (Reason.LADDER_FULL,)
    if losses[i] > losses[choice.first]:
        return (Reason.HIGHER_EXPECTED_LOSS,)
    return (Reason.EXPLORED if choice.first != choice.best else choice.reason,)
