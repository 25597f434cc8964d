"""Chooses the approved questions that are worth offering where no answer is sure. Pure.

It compares chances. It knows nothing about words, slots or who may get an answer.
"""

from __future__ import annotations

from collections.abc import Callable

from router.policy.content.offers import MOST_TOGETHER, together_in
from router.policy.sections.answerers import ClarifySection
from router.types import Match

LEAST_OFFERED = 0.05
"""A question that is hardly ever meant is not offered beside a likelier one, whatever that lacks to
the floor. Its chance is its part of the chance that was fitted for the likeliest together. To the
demo's routine prompts 127 offers go out, 123 with the right question among 199; with a second one
in any case it was 131, 129 and 285, and 182 in place of 168 to the world's prompts."""

Offers = list[tuple[str, float]]
"""Lists intents that are offered to choose from, with their chances."""


def worth_offering(
    match: Match,
    section: ClarifySection,
    floor: float,
    may_offer: Callable[[str], bool | None],
) -> Offers:
    """Returns the fewest intents that reach the confidence floor together; [] for none.

    Where the policy says `together`, as many as it allows may reach that instead, and the likeliest
    alone may where no other is worth offering. `may_offer` says of an intent whether it is offered;
    None: neither it nor a less likely one.
    """
    if not section.from_ <= match.confidence < floor:
        return []
    likeliest = ((match.intent_id, match.confidence), *match.others)
    # Whoever asks in unusual words is between several, each of them unlikely.
    part = match.together / max(1e-9, sum([p for _, p in likeliest[:MOST_TOGETHER]]))
    offers: Offers = []
    alone = False
    for name, chance in likeliest[: section.most]:
        may = may_offer(name)
        if may is None:
            break
        if offers and chance * max(part, 1.0) < LEAST_OFFERED:
            alone = offers == [likeliest[0]]
            break
        if not may:
            continue
        offers.append((name, chance))
        if len(offers) > 1 and sum([p for _, p in offers]) >= floor:
            return offers
    if section.together is None or not (alone or len(offers) > 1):
        return []
    return offers if together_in(offers, match) >= section.together else []
