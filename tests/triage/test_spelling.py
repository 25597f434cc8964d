"""Typing errors are mended if one letter is wrong and the word is common; others stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import ModelFileError
from router.evaluation import perturbations
from router.triage.encoder import MOST_SPLIT, Tokeniser
from router.triage.text import spelling
from router.triage.text.spelling import MOST_MENDED, Speller
from router.triage.triage_model import DEFAULT_FOLDER, WORDS

COUNTS = {"where": 900, "parcel": 40, "account": 300, "lost": 80, "cards": 60, "rarely": 2}
KNOWN = {"is", "my", "gpu", "the", "please"}


@pytest.fixture
def speller() -> Speller:
    return Speller(COUNTS, KNOWN)


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser(DEFAULT_FOLDER / "tokenizer.json", DEFAULT_FOLDER / WORDS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pacel", "parcel"),  # dropped
        ("parrcel", "parcel"),  # doubled
        ("pracel", "parcel"),  # swapped
        ("acxount", "account"),  # wrong
        ("lst", "lost"),  # three letters, of a common word
    ],
)
def test_one_wrong_edit_is_mended(speller: Speller, typed: str, meant: str) -> None:
    assert speller.fixes(["where", "is", "my", typed]) == {typed: meant}


@pytest.mark.parametrize(
    "word",
    [
        "gpu",  # known to the tokeniser
        "rarly",  # its only neighbour is rare
        "prcl",  # two edits away
        "vpn",  # three letters, no common word one dropped letter away
        "b2b",  # not letters alone
        "x" * 21,
    ],
)
def test_what_is_no_plain_error_is_left(speller: Speller, word: str) -> None:
    assert speller.fixes(["where", "is", "my", word]) == {}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("codder", "coder"),  # a letter twice, though `colder` is commoner
        ("maket", "market"),  # a letter dropped, though `make` is commoner
        ("appp", "app"),
        ("yte", "yet"),
    ],
)
def test_the_likelier_error_counts_and_not_the_commoner_word(typed: str, meant: str) -> None:
    counts = {"coder": 30, "colder": 200, "make": 900, "market": 400, "app": 90, "yet": 800}
    assert Speller(counts, KNOWN).fixes(["is", "my", typed]) == {typed: meant}


@pytest.mark.parametrize("word", ["apps", "eyt", "tax", "yett"])
def test_a_short_word_is_meant_only_where_its_letters_are_swapped_or_twice(word: str) -> None:
    assert Speller({"app": 90, "yet": 30}, KNOWN).fixes(["is", "my", word]) == {}


def test_a_text_of_unknown_words_is_left_as_it_is(speller: Speller) -> None:
    assert speller.fixes(["wher", "pacel", "acount"]) == {}


def test_only_so_many_words_of_one_text_are_mended() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    right = [f"w{letters[i // 26]}{letters[i % 26]}zzord" for i in range(MOST_MENDED + 1)]
    typed = [word + "q" for word in right]
    found = Speller(dict.fromkeys(right, 90), {"the"}).fixes([*typed, *["the"] * 4 * len(typed)])
    assert found == dict(zip(typed[:MOST_MENDED], right[:MOST_MENDED], strict=True))


def test_a_list_of_words_is_read_as_it_was_written(tmp_path: Path) -> None:
    spelling.save(COUNTS, tmp_path / "w.gz")
    again = Speller.load(tmp_path / "w.gz", KNOWN)
    assert again.fixes(["where", "is", "my", "pacel"]) == {"pacel": "parcel"}


@pytest.mark.parametrize("raw", [b"", b"no gzip", None])
def test_a_broken_list_of_words_is_refused(tmp_path: Path, raw: bytes | None) -> None:
    path = tmp_path / "w.gz"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(ModelFileError, match=r"w\.gz"):
        Speller.load(path, KNOWN)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("pleeeease heeeelp meeee", "please help me"),
        ("i waaant to kiiiillll myyyself tooooniiiight", "i want to kill myself tonight"),
        ("sounds goooood", "sounds good"),
        ("the xxxxl shirt at www", "the xxxxl shirt at www"),
        ("AAA batteries, henry viii", "AAA batteries, henry viii"),
        ("d" + "i" * 80 + "e", "die"),
    ],
)
def test_drawn_out_words_are_read_as_they_are_meant(model, text, meant):
    assert model.mended(text) == meant


@pytest.mark.parametrize(
    "text", ["where is my parcel", "my account was charged twice", "How do I return the lamp?"]
)
def test_a_mistyped_request_gives_the_tokens_of_the_right_one(
    tokeniser: Tokeniser, text: str
) -> None:
    assert perturbations.typos(text) != text
    assert tokeniser(perturbations.typos(text)) == tokeniser(text)


def test_both_ways_of_splitting_mend_alike(tokeniser: Tokeniser) -> None:
    plain = "where is my pacel"
    assert tokeniser.by_words(plain) is not None
    assert tokeniser(f"{plain} é")[:-2] == tokeniser(plain)[:-1]


def test_what_was_read_before_changes_nothing() -> None:
    fresh = Tokeniser(DEFAULT_FOLDER / "tokenizer.json", DEFAULT_FOLDER / WORDS)
    strange = [f"qqxj{chr(97 + i)}zq" for i in range(MOST_SPLIT + 1)]
    text = "where is my pacel " + " ".join("the order" for _ in range(30)) + " " + " ".join(strange)
    first = fresh(text)
    for word in strange:
        fresh(f"the {word}")
    assert fresh(text) == first
