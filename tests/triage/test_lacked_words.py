"""A word that a glossary has, and the answer lacks, makes a match of another language unsure."""

from __future__ import annotations

import math

import pytest

from router.triage.glossed.glossary import Glossary
from router.triage.glossed.lacked_words import ApprovedWords
from router.triage.match import RANKED_SHARE
from router.triage.matching.doubts import UNSURE, Shelf
from router.triage.text.folding import fold
from router.types import Domain, Match, MatchBasis

GERMAN = Glossary(
    "de",
    {
        "deliver": ["liefert"],
        "you": ["ihr"],
        "to": ["nach", "in"],
        "the": ["die", "eine"],
        "how": ["wie"],
        "long": ["lange"],
        "goods": ["ware"],
        "queen": ["königin*"],
        "repair": ["reparatur"],
        "costs": ["kostet"],
        "what": ["was"],
        "Switzerland": ["schweiz"],
        "Italy": ["italien"],
        "quickly": ["schnell"],
        "monday": ["montag"],
        "whether": ["ob"],
        "moss": ["moos"],
        "lamp": ["lampe"],
        "dress": ["kleid"],
    },
)
ENGLISH = {
    "delivery": ["Parts of 5 kilos are posted in Ireland.", "do you deliver", "deliver a product"],
    "abroad": ["We deliver to 31 countries.", "do you deliver to Norway"],
    "queens": ["A queen costs 42 pounds.", "price of a queen"],
    "lamps": ["Lamps go back within 30 days.", "what does a lamp cost"],
}
SAID = {"delivery": ["Moos liefert ihr"]}
WORDS = ApprovedWords(GERMAN, ENGLISH, SAID)


@pytest.mark.parametrize(
    ("intent", "text", "lacks"),
    [
        ("delivery", "Liefert ihr in die Schweiz?", True),
        ("delivery", "Liefert ihr nach Italien?", True),
        ("delivery", "Liefert ihr schnell?", False),
        ("abroad", "Liefert ihr in die Schweiz?", False),  # about any country
        ("delivery", "Liefert ihr am Montag?", False),  # says when
        ("delivery", "Liefert ihr die Ware?", False),  # "product" says the same
        ("delivery", "ob ihr liefert", False),
        ("delivery", "Liefert ihr Moos?", False),  # in the answer's German
        ("delivery", "Liefert ihr eine Königin?", True),
        ("queens", "Was kostet die Reparatur?", True),
        ("queens", "Was kostet die Königin?", False),
        ("queens", "Was kostet der Stockmeißel?", True),
        ("delivery", "Liefert ihr auch nach Malta?", True),
        ("delivery", "Liefert ihr auch nach Ireland?", False),  # in the answer's English
        ("abroad", "Liefert ihr auch nach Malta?", False),
        ("queens", "Was kostet das im Juli bei Ihnen?", False),  # says when, and to whom
        ("queens", "was kostet der stockmeißel?", False),  # see UNKNOWN_WORDS
        ("lamps", "Was kostet das Kleid?", True),  # a lamp is no dress
        ("lamps", "Was kostet die Ware?", False),
        ("delivery", "Liefert ihr das Kleid?", False),  # "product" is any of them
        ("queens", "Honig", False),  # begins the text, as any word may
    ],
)
def test_a_word_is_lacked_that_says_what_is_asked_for(intent: str, text: str, lacks: bool) -> None:
    gloss = GERMAN.gloss(fold(text).words)
    assert gloss is not None
    assert WORDS.lacks(gloss, intent, text) is lacks


HIGHEST = 0.901
SHELF = Shelf(
    [("delivery", Domain.CUSTOMER_SUPPORT, ["do you deliver"], "In Ireland.")],
    lambda word: True,
    HIGHEST,
)


def shown(odds: float, *, lacks: bool, basis: MatchBasis = MatchBasis.FOREIGN) -> float:
    chance = 1.0 / (1.0 + math.exp(-odds))
    chance = min(chance, HIGHEST - RANKED_SHARE * (1.0 - chance))
    match = Match("delivery", chance, 0.8, 0.2, basis=basis, together=chance)
    gloss = "deliver you in the Switzerland"
    found = SHELF.judged("Liefert ihr in die Schweiz", match, gloss, lacks_glossed=lacks)
    assert found is not None
    assert found.confidence <= chance
    assert found.together == found.confidence
    return found.confidence


def test_a_match_whose_answer_lacks_a_word_is_offered_at_most() -> None:
    surest = 3.96  # log-odds that no gloss exceeds
    assert shown(surest, lacks=False) == pytest.approx(HIGHEST, abs=1e-3)
    for odds in (0.5, 1.0, 2.0, 3.0, surest):
        assert shown(odds, lacks=True) == UNSURE


def test_a_match_that_is_unsure_stays_as_it_is() -> None:
    assert shown(-0.5, lacks=True) == shown(-0.5, lacks=False)


def test_what_the_operator_wrote_is_sure_of_all_its_words() -> None:
    assert shown(6.0, lacks=True, basis=MatchBasis.WRITTEN) == shown(
        6.0, lacks=False, basis=MatchBasis.WRITTEN
    )
