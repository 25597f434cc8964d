"""What is worth offering depends on chances, not on how an unlikely question is held."""

from __future__ import annotations

import pytest

from router.policy.content.offers import only_courteous, together_in
from router.policy.sections.answering.without_model import ClarifySection
from router.types import Match, MatchBasis, RequestType
from tests.kits.changed import replace
from tests.kits.fakes import CALM
from tiers.offering import KIND_FROM, LEAST_OFFERED, asks_for_none, worth_offering

A, B, C = ("a", 0.88), ("b", 0.002), ("c", 0.001)


def _offered(
    *chances: tuple[str, float],
    kept: str = "",
    floor: float = 0.93,
    least: float | None = 0.3,
    together: float | None = None,
    most: int = 3,
) -> str:
    """Returns the names that are offered; `kept` names those that may not be."""
    (name, confidence), *others = chances
    common = min(1.0, sum(p for _, p in chances)) if together is None else together
    match = Match(name, confidence, 0.9, 0.3, tuple(others), together=common)
    section = ClarifySection.model_validate({"from": 0.05, "together": least, "most": most})
    offers, why = worth_offering(match, section, floor, lambda name: name not in kept)
    assert bool(why) == (not offers and confidence < floor)
    return "".join(name for name, _ in offers)


@pytest.mark.parametrize(
    ("others", "kept", "expected"),
    [
        ((B,), "", "a"),
        ((), "", ""),  # nothing is known of others
        ((B,), "b", "a"),  # off the shelf, or never offered: nobody means it anyway
        ((B, C), "bc", "a"),
        ((("b", LEAST_OFFERED),), "b", ""),
        ((("b", LEAST_OFFERED - 0.001),), "b", "a"),
        ((("b", LEAST_OFFERED - 0.001),), "", "a"),
        ((B,), "a", ""),
        ((("b", 0.06), C), "", "ab"),
    ],
)
def test_an_unlikely_second_question_does_not_matter(
    others: tuple[tuple[str, float], ...], kept: str, expected: str
) -> None:
    assert _offered(A, *others, kept=kept) == expected


def test_a_likely_second_one_that_is_not_offered_leaves_no_first_one_alone() -> None:
    assert _offered(("a", 0.4), ("b", 0.35), C, kept="b") == ""
    assert _offered(("a", 0.4), ("b", 0.35), ("c", 0.2), kept="b") == "ac"


def test_what_is_lacking_shows_on_which_side_of_its_bound_it_is() -> None:
    """A newcomer read that 0.05 is too little where 0.05 is wanted."""
    match = Match("a", 0.0496, 0.9, 0.3, (("b", 0.001),), together=0.06)
    section = ClarifySection.model_validate({"from": 0.05, "together": 0.25, "most": 3})
    _, why = worth_offering(match, section, 0.93, lambda name: True)
    assert why == "the likeliest, a, has 0.0496, and `clarify.from` is 0.05"


def test_a_common_chance_below_that_of_the_likeliest_is_explained() -> None:
    """A newcomer read of 0.06 for one question, and of 0.05 for several of them."""
    match = Match("a", 0.06, 0.9, 0.3, (("b", 0.04),), together=0.052)
    section = ClarifySection.model_validate({"from": 0.05, "together": 0.25, "most": 3})
    offers, why = worth_offering(match, section, 0.93, lambda name: True)
    apart = "(fitted apart from the 0.06 of the likeliest alone)"
    assert (offers, why) == ([], f"those likely have 0.05 together {apart}, and 0.25 is needed")


def test_one_alone_needs_a_bound_of_its_own() -> None:
    assert _offered(A, B, least=None) == ""
    assert _offered(A, B, least=0.9) == ""
    assert _offered(A, B, floor=0.88) == ""


def test_a_chance_counts_as_its_part_of_what_is_likely_together() -> None:
    unusual = ("a", 0.12), ("b", 0.02), ("c", 0.001)
    assert _offered(*unusual, together=0.141) == ""  # .12 alone is below .3
    assert _offered(*unusual, together=0.9) == "ab"  # .02 of .141 is .13 of .9


def test_no_more_than_the_policy_says() -> None:
    assert _offered(("a", 0.3), ("b", 0.2), ("c", 0.2), most=2) == "ab"
    assert _offered(("a", 0.5), ("b", 0.2), ("c", 0.1), floor=0.65) == "ab"


def test_what_is_kept_off_the_shelf_ends_an_offer() -> None:
    """Who means what is too grave is asked nothing else in its place."""
    section = ClarifySection.model_validate({"from": 0.05, "together": 0.3, "most": 3})
    match = Match("a", 0.3, 0.5, 0.1, (("b", 0.25), ("c", 0.24)), together=0.8)
    shelf = {"a": None, "b": True, "c": True}
    assert worth_offering(match, section, 0.9, shelf.get)[0] == []
    assert len(worth_offering(match, section, 0.9, lambda name: True)[0]) == 3


def _between_three(together: float) -> Match:
    """Returns the match of a request that shares its words with three questions."""
    return Match("a", 0.36, 0.7, 0.1, (("b", 0.3), ("c", 0.18), ("d", 0.1)), together=together)


@pytest.mark.parametrize(
    ("offers", "together", "chance"),
    [
        ("abc", 0.49, 0.49),  # the shares of the three are .84
        ("ab", 0.49, 0.385),  # its part: .66 of .84
        ("b", 0.49, 0.175),  # .30 of .84
        ("abc", 0.9, 0.9),
        ("abc", 0.0, 0.84),  # nothing was fitted
    ],
)
def test_an_offer_is_as_sure_as_what_was_fitted(
    offers: str, together: float, chance: float
) -> None:
    match = _between_three(together)
    likely = ((match.intent_id, match.confidence), *match.others)
    listed = [(name, p) for name, p in likely if name in offers]
    assert together_in(listed, match) == pytest.approx(chance)


def test_shares_alone_make_no_offer() -> None:
    chances = ("a", 0.36), ("b", 0.3), ("c", 0.18)
    assert _offered(*chances, together=0.36, least=0.4) == ""
    assert _offered(*chances, together=0.4, least=0.4) == "abc"


def test_offer_must_reach_the_floor_where_the_policy_says_nothing_else() -> None:
    chances = ("a", 0.5), ("b", 0.45)
    assert _offered(*chances, least=None) == "ab"
    assert _offered(*chances, least=None, together=0.6) == ""


@pytest.mark.parametrize(
    "text",
    [
        "bye",
        "Byeee!!",
        "ok bye",
        "hi",
        "hi there",
        "helloooo",
        "lol",
        "hahaha",
        "good night",
        "see you tomorrow",
        "thanks",
        "that helps",
        "great, thanks a lot",
        "take care",
    ],
)
def test_a_greeting_a_farewell_a_laugh_or_thanks_is_no_question(text: str) -> None:
    assert only_courteous(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bye, cancel my lesson",
        "hi, do you teach on sundays",
        "hello?",
        "evening",
        "evening lessons",
        "good",
        "yes",
        "no thanks",
        "thanks, and the price",
        "see the instructor",
        "take care of my refund",
        "bye " * 30,
        "hola",
    ],
)
def test_anything_more_may_be_a_question(text: str) -> None:
    assert not only_courteous(text)


@pytest.mark.parametrize(
    ("kind", "p", "basis", "kept"),
    [
        (RequestType.EXPLANATION, 0.8, MatchBasis.RERANKED, False),  # "how do I care for it"
        (RequestType.EXPLANATION, 0.8, MatchBasis.RERANKED_OWN, False),
        (RequestType.EXPLANATION, 0.8, MatchBasis.FOREIGN, True),  # "how does a dimmer work"
        (RequestType.EXPLANATION, KIND_FROM, MatchBasis.FOREIGN, True),
        (RequestType.EXPLANATION, KIND_FROM - 0.01, MatchBasis.FOREIGN, False),
        (RequestType.WRITING, 0.92, MatchBasis.RERANKED, True),  # "write a poem about a lamp"
        (RequestType.CODING, KIND_FROM - 0.01, MatchBasis.RERANKED, False),  # "code X doesnt work"
        (RequestType.FAQ, 0.9, MatchBasis.FOREIGN, False),
    ],
)
def test_a_kind_counts_where_it_is_likely_and_no_answer_was_read(
    kind: RequestType, p: float, basis: MatchBasis, kept: bool
) -> None:
    """A question in the form of a lesson may still ask for the answer that was read with it."""
    match = Match("care", 0.2, 0.8, 0.1, basis=basis)
    signals = replace(CALM, request_type=kind, request_type_p=p, match=match)
    why = asks_for_none(ClarifySection(), signals, "how do I care for it")
    assert bool(why) == kept
    assert why.startswith(f"`clarify.not_for` has {kind.value} ({p:.2f}" if kept else "")
