"""Chooses the approved questions that are worth offering where no answer is sure. Pure.

It compares chances. It knows nothing about words, slots or who may get an answer.
"""

from __future__ import annotations

from collections.abc import Callable

from router.policy.content.knowledge import Knowledge
from router.policy.content.offers import (
    MOST_TOGETHER,
    Offering,
    only_courteous,
    question_of,
    together_in,
)
from router.policy.sections.answering.without_model import ClarifySection
from router.policy.sections.base import beside_bound
from router.types import Match, RequestType, Signals

LEAST_OFFERED = 0.02
"""A question that is hardly ever meant is not offered beside a likelier one, whatever that lacks to
the floor. At .05 the demo lost eleven right offers of 124, at .02 none.
Its chance is compared as its part of the chance that was fitted for the likeliest together, since
each alone may be unlikely. `python -m benchmarks.offers` counts what is offered."""

LEAST_ABOUT, LEAST_ABOUT_WHEN_LIKELY, LIKELY = 0.5, 0.34, 0.557
"""Share of a request's content words that the offered questions and their answers must hold: half,
or a third where they are likely together: .79 before the shift for near misses (`SET_SHIFT` of
triage), sigma(.83 x logit(.794) - .89)."""
SURE_OF_UNKNOWN, WORDS_KNOWN = 0.29, 3
"""Where no text of the file has a word of the request ("vegan shoes"), an offer must hold more than
half of it, and needs this chance (even odds before that shift) or so many words that it holds."""

KIND_FROM = 0.5
"""Chance from which a kind of `not_for` counts: below it another kind is likelier. Of the demo's
711 prompts four more get a right offer so, and one a wrong one; with explanations that were read
together with answers five and one (`python -m benchmarks.offers --each`, 2026-11-29)."""

Offers = list[tuple[str, float]]
"""Lists intents that are offered to choose from, with their chances."""
Chosen = tuple[Offers, str]
"""Holds what is offered, and for people why nothing is; "" where that has no need of words."""

LACKS_WORDS = "too few of the request's words stand in their answers and utterances"
"""Says why chances that are high enough make no offer: the form is alike, the matter is not."""


def worth_offering(
    match: Match, section: ClarifySection, floor: float, may_offer: Callable[[str], bool | None]
) -> Chosen:
    """Returns the fewest intents that reach the confidence floor together; [] for none, with why.

    Where the policy says `together`, as many as it allows may reach that instead. So may the
    likeliest alone, where others are known and none reaches LEAST_OFFERED, offered or not.
    None from `may_offer` ends the list: nothing less likely may be offered in place of that intent.
    """
    if match.confidence >= floor:
        return [], ""
    if match.confidence < section.from_:
        likely, least_likely = beside_bound(match.confidence, section.from_)
        return [], (
            f"the likeliest, {match.intent_id}, has {likely}, and `clarify.from` is {least_likely}"
        )
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
        return [], "fewer than two of the likely answers may be offered"
    least = floor if section.together is None else section.together
    chance = together_in(offers, match)
    if chance < least:
        return [], _too_unlikely(chance, least, match)
    return offers, ""


def _too_unlikely(chance: float, least: float, match: Match) -> str:
    """Returns why questions are not offered whose common chance is too low.

    That chance was fitted apart from the likeliest answer's own, and may be below it. Whoever reads
    both is told so.
    """
    together, needed = beside_bound(chance, least)
    below = chance < match.confidence
    apart = f" (fitted apart from the {match.confidence:.2f} of the likeliest alone)"
    return f"those likely have {together} together{apart if below else ''}, and {needed} is needed"


def told_of(
    chosen: Chosen, match: Match, knowledge: Knowledge, section: ClarifySection | None
) -> Offering:
    """Returns for people what is offered: each question with its part of the chance that decides.

    Of those that a request asks for at once all are meant, so that each keeps its own chance.
    """
    offers, why = chosen
    alone = sum([p for _, p in offers])
    part = 1.0 if offers == list(match.asked) else together_in(offers, match) / max(1e-9, alone)
    shown = tuple([(question_of(knowledge, name), p * part) for name, p in offers])
    likeliest = (question_of(knowledge, match.intent_id), match.confidence)
    return Offering(shown, why, likeliest, 0.0 if section is None else section.from_)


def asks_for_none(section: ClarifySection, signals: Signals, text: str) -> str:
    """Returns why such a request is offered nothing, whatever it matches; "" where it may be."""
    kind, p = signals.request_type, signals.request_type_p
    if kind in section.not_for and p >= KIND_FROM and not _asks_company(kind, signals.match):
        return f"`clarify.not_for` has {kind.value} ({p:.2f}, from {KIND_FROM:.2f} on)"
    return "a greeting, a farewell or thanks asks for nothing" if only_courteous(text) else ""


def _asks_company(kind: RequestType, match: Match | None) -> bool:
    """Returns True where a request for an explanation may well be one to the company.

    "How do I care for it?" has the form of "How do tides work?". Whoever read it together with the
    answers heard the difference, and its chance counts other people's work. A poem about a lamp is
    near the answers on lamps all the same, so this holds for no other kind.
    """
    return kind is RequestType.EXPLANATION and match is not None and match.basis.read


def words_held(
    known: frozenset[str], asked: frozenset[str], chance: float, in_file: frozenset[str]
) -> bool:
    """Returns True where the words of an offer hold enough of those that are asked for."""
    held, half = len(asked & known), LEAST_ABOUT * len(asked)
    if chance >= LIKELY and held >= LEAST_ABOUT_WHEN_LIKELY * len(asked):
        return True
    if asked <= in_file:
        return held >= half
    return held > half and (chance >= SURE_OF_UNKNOWN or held >= WORDS_KNOWN)
