"""Chooses the approved questions that are worth offering where no answer is sure. Pure.

It compares chances. It knows nothing about words, slots or who may get an answer.
"""

from __future__ import annotations

from collections.abc import Callable

from router.policy.content.offers import MOST_TOGETHER, together_in
from router.policy.sections.answering.without_model import ClarifySection
from router.types import Match

LEAST_OFFERED = 0.02
"""A question that is hardly ever meant is not offered beside a likelier one, whatever that lacks to
the floor. At .05 the demo lost eleven right offers of 124, at .02 none.
Its chance is compared as its part of the chance that was fitted for the likeliest together, since
each alone may be unlikely. `python -m benchmarks.offers` counts what is offered."""

Offers = list[tuple[str, float]]
"""Lists intents that are offered to choose from, with their chances."""


def worth_offering(
    match: Match, section: ClarifySection, floor: float, may_offer: Callable[[str], bool | None]
) -> Offers:
    """Returns the fewest intents that reach the confidence floor together; [] for none.

    Where the policy says `together`, as many as it allows may reach that instead. So may the
    likeliest alone, where others are known and none reaches LEAST_OFFERED, offered or not.
    None from `may_offer` ends the list: nothing less likely may be offered in place of that intent.
    """
    if not section.from_ <= match.confidence < floor:
        return []
    first = (match.intent_id, match.confidence)
    # Whoever asks in unusual words is between several, each of them unlikely.
    likeliest = (first, *match.others)[:MOST_TOGETHER]
    part = max(1.0, match.together / max(1e-9, sum([p for _, p in likeliest])))
    meant = [(name, p) for name, p in match.others if p * part >= LEAST_OFFERED]
    offers: Offers = []
    for name, chance in (first, *meant)[: section.most]:
        may = may_offer(name)
        if may is None:
            break
        if not may:
            continue
        offers.append((name, chance))
        if len(offers) > 1 and sum([p for _, p in offers]) >= floor:
            break
    # Without any others nothing is known of them: such a match is answered by its own chance.
    alone = bool(match.others) and not meant and offers == [first]
    if not (len(offers) > 1 or (alone and section.together is not None)):
        return []
    least = floor if section.together is None else section.together
    return offers if together_in(offers, match) >= least else []
