"""Offers need words of the request, except where a network read it with the answers."""

from __future__ import annotations

import pytest

from router.policy.content.knowledge import parse_knowledge
from router.types import ChatRequest, Match, MatchBasis, Traffic
from tests.kits.asking_kit import turns
from tests.kits.kite_shop import KITE_SHOP
from tiers.about_words import READ_FROM, AboutWords
from tiers.offering import LIKELY

UNHEARD: ChatRequest = turns("something chewed a hole near the tip")


def offered(chance: float, basis: MatchBasis, traffic: Traffic = Traffic.SUPPORT) -> bool:
    offers = [("repair", chance / 2), ("returns", chance / 2)]
    match = Match("repair", chance / 2, 0.6, 0.1, (("returns", chance / 2),), basis, chance)
    about = AboutWords(parse_knowledge("kites.yaml", KITE_SHOP), traffic)
    return about.hold(offers, match, UNHEARD)


@pytest.mark.parametrize("basis", [MatchBasis.RERANKED, MatchBasis.RERANKED_OWN])
def test_what_was_read_with_the_answers_needs_a_chance_and_no_words(basis: MatchBasis) -> None:
    for traffic, least in READ_FROM.items():
        assert offered(least, basis, traffic)
        assert not offered(least - 0.01, basis, traffic)


def test_what_was_not_read_needs_words() -> None:
    assert not offered(LIKELY, MatchBasis.FOREIGN)
