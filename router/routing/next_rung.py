"""Decides what follows an answer: accept it, climb, fall back, or stop. Pure.

The ladder and its substitutes bound the number of turns. The module also names the rung that is
worth calling ahead of its turn.

The same inequality as `decision`, with the chance that this answer is right in place of a
prediction from the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from router.policy.schema import DecisionSection
from router.routing.expected_loss import known_worse, own_cost
from router.routing.hard_rules import LOOKS_HIGHER
from router.types import Action, Decision, DecisionMode, PSource, Reason, Rung, Step


class Left(Struct, frozen=True):
    """Holds what may still be spent. None: no limit."""

    nano_usd: int | None = None
    time_ms: float | None = None


NO_LIMIT = Left()


class Turn(Struct, frozen=True):
    """Holds what one rung's turn came to, and what may still be spent."""

    rung: int  # its index
    p: float | None = None  # calibrated chance that this answer is right
    failure: Reason | None = None  # why there is no usable answer
    left: Left = NO_LIMIT
    verified: bool = True  # False: the policy asks for no verification
    # An answerer has failed and no answer in hand may go out, so that others may replace it.
    stranded: bool = False
    in_hand: float | None = None  # chance of the best usable answer so far, this one included
    doubt: Reason | None = None  # why that answer may not go out as accepted
    outgrown: tuple[int, ...] = ()  # models that take no prompt of this length, as one has said


def next_rung(decision: Decision, turn: Turn, section: DecisionSection) -> Step:
    """Returns the next step: accept the answer in hand, climb, fall back, or stop.

    A climb may pass over rungs. It leads to rung j iff
    S·(p_j - p) > (1 + lambda)·c_j + kappa·latency_j and the gain is at least `min_gain`; where p_j
    is a mere prior, iff p is below the confidence floor. p is the chance of the better answer, so
    no rung is called that is known to be worse than the answer in hand. A failed rung climbs to the
    next one that may help and that money and time allow; a prompt that is too long for a model
    climbs to none that takes no more. An answer of sound structure that nobody
    verifies is accepted. Level 1's answer that a trigger looks past (`Decision.in_hand`) is never
    accepted; it leads to the next rung that may help, whatever that costs.
    """
    failure, left, doubt = turn.failure, turn.left, turn.doubt
    if turn.stranded and (failure is not None or turn.p is None):
        return _fallen_back(decision, turn)
    if failure is Reason.BUDGET_EXHAUSTED:
        return Step(Action.STOP, None, failure)
    if failure is not None or turn.p is None:
        return _past_failure(decision, turn)
    looks_higher = turn.rung == decision.in_hand
    action = Action.ACCEPT if doubt is None else Action.STOP
    if not turn.verified and not looks_higher:
        # The answer in hand is better than this one, but this rung was not known to be worse.
        if doubt is Reason.NOTHING_BETTER:
            doubt = Reason.ANSWER_NOT_TRUSTED
        return Step(action, None, doubt or Reason.ANSWER_ACCEPTED)
    above = ladder_after(decision, turn.rung)
    p = turn.p if turn.in_hand is None else max(turn.p, turn.in_hand)
    gains = {i: _gain(decision, i, p, section) for i in above}
    worth = [i for i, gain in gains.items() if gain > 0]
    affordable = [i for i in worth if _affordable(decision.rungs[i], left)]
    if looks_higher and not affordable:
        worth = [i for i in above if not known_worse(decision.rungs[i], p)]
        affordable = [i for i in worth if _affordable(decision.rungs[i], left)][:1]
    if affordable:
        best = max(affordable, key=lambda i: (gains[i], -i))
        why = _trigger(decision, turn.p) if looks_higher else Reason.ANSWER_NOT_TRUSTED
        return Step(Action.CLIMB, best, why)
    if worth:
        return Step(action, None, _why_stopped(worth, left))
    if turn.p < p:
        return Step(action, None, Reason.ANSWER_NOT_TRUSTED)
    if doubt is not None:
        return Step(Action.STOP, None, doubt)
    if above and turn.p < decision.confidence_floor:
        return Step(Action.ACCEPT, None, Reason.GAIN_BELOW_COST)
    return Step(Action.ACCEPT, None, Reason.ANSWER_ACCEPTED)


def _past_failure(decision: Decision, turn: Turn) -> Step:
    """Returns the step after an answer that is none: to the next rung that may help, else stop."""
    above = [i for i in ladder_after(decision, turn.rung) if i not in turn.outgrown]
    helping = above
    if turn.in_hand is not None:
        helping = [i for i in above if not known_worse(decision.rungs[i], turn.in_hand)]
    affordable = [i for i in helping if _affordable(decision.rungs[i], turn.left)]
    if affordable:
        return Step(Action.CLIMB, affordable[0], turn.failure or Reason.ANSWERER_FAILED)
    if above and not helping:
        return Step(Action.STOP, None, Reason.WOULD_NOT_HELP)
    return Step(Action.STOP, None, _why_stopped(above, turn.left))


def _trigger(decision: Decision, p_answer: float) -> Reason:
    """Returns the trigger that looks past level 1's answer: its confidence, or one of the rules."""
    if p_answer < decision.confidence_floor:
        return Reason.LOW_CONFIDENCE
    looks = {Reason.LOW_CONFIDENCE, *LOOKS_HIGHER}
    triggers = [reason for reason in decision.first_rung.reasons if reason in looks]
    return triggers[0] if triggers else Reason.ANSWER_NOT_TRUSTED


def ladder_after(decision: Decision, current: int) -> list[int]:
    """Returns the rungs of the ladder that may follow `current`, which may be a substitute."""
    ladder = [i for i, rung in enumerate(decision.rungs) if rung.taken]
    if current not in decision.spare:
        return [i for i in ladder if i > current]
    later = turns(decision)
    return [i for i in later[later.index(current) + 1 :] if decision.rungs[i].taken]


def turns(decision: Decision) -> list[int]:
    """Returns every rung that may have a turn, in the order of turns when each of them fails.

    Rungs of the first one's level come first, then the ladder upward and the substitutes above it,
    then the substitutes below. Each comes once, so this bounds the tries of a request.
    """
    rungs, level = decision.rungs, decision.first_rung.level
    ladder = [i for i, rung in enumerate(rungs) if rung.taken]
    if not decision.spare:
        return ladder
    lower = [i for i in decision.spare if decision.is_lower(i)]
    beside = [i for i in decision.spare if i not in lower and rungs[i].level == level]
    higher = [i for i in decision.spare if i not in lower and rungs[i].level > level]
    same = [i for i in ladder if rungs[i].level == level]
    return [*same, *beside, *ladder[len(same) :], *higher, *lower]


def _fallen_back(decision: Decision, turn: Turn) -> Step:
    """Returns the step to the next rung that is left, substitutes included, with its reason."""
    order, failure = turns(decision), turn.failure
    later = order[order.index(turn.rung) + 1 :] if turn.rung in order else []
    later = [i for i in later if i not in turn.outgrown]
    affordable = [i for i in later if _affordable(decision.rungs[i], turn.left)]
    if not affordable:
        refused = failure if failure is Reason.BUDGET_EXHAUSTED else None
        return Step(Action.STOP, None, refused or _why_stopped(later, turn.left))
    rung = affordable[0]
    if decision.rungs[rung].taken:
        return Step(Action.CLIMB, rung, failure or Reason.ANSWERER_FAILED)
    if decision.is_lower(rung):
        return Step(Action.FALL_BACK, rung, Reason.OUTAGE_LOWER)
    higher = decision.rungs[rung].level > decision.first_rung.level
    reason = Reason.OUTAGE_HIGHER if higher else Reason.OUTAGE_SAME_LEVEL
    return Step(Action.FALL_BACK, rung, reason)


def rung_beside(
    decision: Decision, rung: int, left: Left, section: DecisionSection, *, verified: bool
) -> int | None:
    """Returns the rung to call together with `rung`, None for none.

    It is the rung that a worthless answer would lead to, where 1 - p, the chance that the answer is
    wrong, lies within `speculate.between`. An answer that nobody verifies is never climbed from.
    """
    rule = section.speculate
    if rule is None or not verified:
        return None
    low, high = rule.between
    if not low <= 1.0 - decision.rungs[rung].p <= high:
        return None
    return next_rung(decision, Turn(rung, 0.0, left=left), section).rung


def _gain(decision: Decision, i: int, p_answer: float, section: DecisionSection) -> float:
    """Returns the nano-dollars won by going on to rung i; not positive means not worth it."""
    rung = decision.rungs[i]
    if rung.p_source is PSource.PRIOR and section.mode is not DecisionMode.EXPECTED_LOSS:
        return 1.0 if p_answer < decision.confidence_floor else 0.0
    if rung.p - p_answer < section.min_gain:
        return 0.0
    cost = own_cost(rung, section, decision.pacing)
    return decision.stakes_nano_usd * (rung.p - p_answer) - cost


def _affordable(rung: Rung, left: Left) -> bool:
    money = left.nano_usd is None or rung.cost_nano_usd <= left.nano_usd
    return money and (left.time_ms is None or left.time_ms > 0)


def _why_stopped(above: Sequence[int], left: Left) -> Reason:
    if not above:
        return Reason.LADDER_EXHAUSTED
    if left.time_ms is not None and left.time_ms <= 0:
        return Reason.TIME_EXHAUSTED
    return Reason.BUDGET_EXHAUSTED
