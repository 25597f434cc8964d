"""Term lists and the folding below them: whole words, any case, no hiding, linear time."""

# ruff: noqa: RUF001 - look-alikes are what is tested

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.triage.text.folding import MAX_CHARS, fold
from router.triage.text.terms import TermFinder
from tests.kits.checks.growth import in_proportion
from tests.kits.examples import examples

FINDER = TermFinder(
    {
        "fraud": ["wire transfer", "scam", "changed bank details"],
        "medical": ["chest pain", "can't breathe", "stroke"],
        "weapons": ["оружие", "爆弾"],
        "code": ["c++", "401k"],
        "nothing": ["++"],
    }
)

FOUND = [
    ("is this a scam?", ("fraud",)),
    ("SCAM", ("fraud",)),
    ("the wire   transfer", ("fraud",)),
    ("the wire\ntransfer", ("fraud",)),
    ("the wire-transfer", ("fraud",)),
    ("I can't breathe", ("medical",)),
    ("I can’t breathe", ("medical",)),
    ("I cant breathe", ("medical",)),
    ("a scam with my chest pain", ("fraud", "medical")),
    ("the scam's victim", ("fraud",)),
    ("s\u200bc\u00ada\u2060m", ("fraud",)),
    ("ѕсаm", ("fraud",)),  # Cyrillic look-alikes
    ("ｓｃａｍ", ("fraud",)),
    ("𝐬𝐜𝐚𝐦", ("fraud",)),
    ("s\u0301c\u0300am", ("fraud",)),
    ("sca\x00m", ("fraud",)),
    ("какое оружие", ("weapons",)),
    ("彼は爆弾を作る", ("weapons",)),
    ("my 401(k) plan", ("code",)),
    ("changed bank changed bank details", ("fraud",)),
]
NOT_FOUND = [
    "",
    "scampi for dinner",
    "backstroke",
    "wire the transfer",
    "transfer wire",
    "my chest",
    "chest of drawers, pain au chocolat",
    "breathe",
    "!!!",
    "\ud800 lone surrogate",
]


@pytest.mark.parametrize(("text", "names"), FOUND)
def test_a_term_is_found_however_it_is_spelled(text, names):
    assert FINDER.find(fold(text)) == names


@pytest.mark.parametrize(("text", "names"), FOUND)
def test_the_terms_said_are_of_the_lists_found(text, names):
    assert {name for name, _ in FINDER.said(fold(text))} == set(names)


def test_terms_are_said_as_the_text_has_them():
    assert FINDER.said(fold("彼は爆弾を作る, a SCAM")) == [
        ("weapons", "爆弾"),
        ("fraud", "scam"),
    ]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_parts_of_words_are_not_found(text):
    assert FINDER.find(fold(text)) == ()


def test_a_list_without_letters_never_matches():
    assert "nothing" not in FINDER.find(fold("++ c++ ++"))


def test_text_up_to_the_limit_is_read():
    text = " " * (MAX_CHARS - 4) + "scam"
    assert FINDER.find(fold(text)) == ("fraud",)
    assert not fold(text).cut


def test_text_beyond_the_limit_is_cut():
    text = " " * (MAX_CHARS - 3) + "scam"
    assert FINDER.find(fold(text)) == ()
    assert fold(text).cut


def test_characters_that_fold_to_many_stay_within_the_limit():
    folded = fold("\ufdfa" * MAX_CHARS)  # one character that folds to eighteen
    assert folded.cut
    assert len(folded.text) == MAX_CHARS


@given(st.text(st.characters(exclude_categories=()), max_size=300))
@examples(200)
def test_any_text_is_folded(text):
    folded = fold(text)
    FINDER.find(folded)
    assert all(word for word in folded.words)


@given(st.text(max_size=60))
@examples(200)
def test_a_term_is_found_in_its_own_text(term):
    words = fold(term).words
    assert TermFinder({"own": [term]}).find(fold(term)) == (("own",) if words else ())


@pytest.mark.parametrize(
    "piece", ["wire transfer ", "wire ", "changed bank ", "a\u0316\u0301", "\u0316\u0301", "é", "x"]
)
def test_reading_is_linear_in_the_text(piece):
    assert in_proportion(lambda text: FINDER.find(fold(text)), piece)
