"""Quick looks before costly searches stop no text that the search would find something in."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.content.text_keys import text_key
from router.triage.conversation.private_choices import _OWN, _RELATIVE
from router.triage.disguises.turned import MOST_CERTAIN, _exist
from router.triage.encoder import WORD, _split
from router.triage.facts.languages import (
    _CAPITALS,
    _CODES,
    _IN_PIECE,
    _MARKS,
    without_codes,
)
from router.triage.facts.phrase_finder import Phrase, PhraseFinder
from router.triage.facts.works import _OPENS, _QUESTIONS, _UNOPENED
from router.triage.framing.contact_details import _CITY, _PHONE, _TELLS, _likely
from router.triage.framing.cores import without_last_names
from router.triage.framing.frame import _GAP, _bare, _ending, _has_parts
from router.triage.framing.introductions import may_introduce
from router.triage.framing.words import frame_words
from router.triage.glossed.english import EnglishWords
from router.triage.matching.denials import _BEHIND_NOT, _NOTS, words_in
from router.triage.text.folding import _ANY_WORDS, Folded, fold, words_of
from router.triage.text.utterance_words import _FIRST_WORDS, _OPENING
from router.triage.text.windows import _BEGINS, _apart
from tests.kits.checks.growth import in_proportion
from tests.kits.examples import examples
from tiers.grounding import _stripped

PIECES = st.sampled_from(
    [
        *("a", "Z", "KL", "12", "7", "\u00b2", "\u0665", "@", "www.", "://", "http", " ", "  "),
        *("\n", ".", ",", ":", ";", "?", "!", "(", ")", '"', "'", "-", "_", "/", "\u3012"),
        *("\u00c9", "\x1c"),
        *("The ", "What a", "Give me", "London", "NW1 6XE", "1010 Wien", "00-123 W", "DE 12345"),
        *("not ", "never", "n't ", "nothing", "dont", "no longer", "without it"),
        *("order ", "thanks ", "Mr. ", "\u4f60", "\u0131", "\u017f"),
    ]
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=14).map("".join))


@given(TEXTS)
@examples(500)
def test_every_city_has_what_tells_that_one_may_be_there(text: str) -> None:
    assert _CITY.search(text) is None or _CITY in likely(text)


@given(TEXTS)
@examples(300)
def test_every_telephone_has_what_tells_that_one_may_be_there(text: str) -> None:
    assert _PHONE.search(text) is None or _PHONE in likely(text)


def likely(text: str) -> Sequence[re.Pattern[str]]:
    """Returns the patterns that may find something, as a message is asked for them."""
    tells = _TELLS.search(text)
    return [] if tells is None else [*_likely(text, tells.start())]


@given(TEXTS)
@examples(500)
def test_every_gap_between_sentences_has_a_mark(text: str) -> None:
    assert _has_parts(text) is (_GAP.search(text) is not None or may_introduce(text))


@given(TEXTS)
@examples(500)
def test_words_are_those_that_an_expression_finds(text: str) -> None:
    folded, lower = fold(text).text, text.lower()
    ascii_or_any = r"[a-z]+|[0-9]+" if folded.isascii() else _ANY_WORDS
    assert words_of(folded) == tuple(re.findall(ascii_or_any, folded.lower().replace("n't", "nt")))
    assert text_key(text).split() == re.findall(r"[^\W_]+", lower)
    assert words_in(text) == {*re.findall(r"[^\W_]+(?:'[^\W_]+)?", lower)}
    assert _split(text) == WORD.findall(lower)


@given(TEXTS)
@examples(300)
def test_what_stands_behind_a_denial_has_a_word_of_one(text: str) -> None:
    assert not _BEHIND_NOT.search(text) or any(word in text for word in _NOTS)


@given(st.data())
@examples(100)
def test_every_opening_begins_with_a_word_of_one(data: st.DataObject) -> None:
    text = data.draw(st.from_regex(_OPENING.pattern))
    assert text.partition(" ")[0] in _FIRST_WORDS


@given(st.lists(st.sampled_from(["s", "es", "ed", "ing", "ly", "box", "a", "7", "4.", "\u00e9"])))
@examples(300)
def test_an_ending_is_left_out_behind_four_letters(pieces: list[str]) -> None:
    word = "".join(pieces)
    whole = any(map(str.isdigit, word))
    plain = word if whole else re.sub(r"(?<=\w{4})(?:ing|ed|es|s|ly)$", "", word)
    assert _stripped(word) == plain


@given(TEXTS)
@examples(500)
def test_every_sentence_that_begins_unmarked_gets_its_line(text: str) -> None:
    assert _apart(text) == _BEGINS.sub("\n", text)


@given(TEXTS)
@examples(500)
def test_words_of_codes_are_left_out_as_by_a_look_at_every_piece(text: str) -> None:
    assert without_codes(text, words_of(text)) == looked_at_whole(text, words_of(text))


def looked_at_whole(text: str, words: Sequence[str]) -> Sequence[str]:
    """Returns the words without those of codes, with no quick look before."""
    if re.search(r"[\d@]", text) is None and "www." not in text:
        return words
    mixed = [p for p in text.split() if not (p.isalpha() or p.strip(_MARKS).isdigit())]
    pieces = " ".join([piece for piece in mixed if _IN_PIECE.search(piece)])
    left = [word for word in words_of(" ".join(_CODES.findall(pieces))) if not word.isdigit()]
    if not left:
        return words
    kept = []
    for word in words:
        if word in left:
            left.remove(word)
        else:
            kept.append(word)
    return kept


@given(TEXTS)
@examples(300)
def test_an_acronym_stands_by_itself(text: str) -> None:
    assert _CAPITALS.findall(text) == re.findall(r"\b[A-Z]{2,4}\b", text)


@given(TEXTS)
@examples(300)
def test_a_piece_is_bare_between_its_first_and_last_letter(text: str) -> None:
    assert _bare(text) == re.sub(r"^\W+|\W+$", "", text)


@pytest.mark.parametrize("piece", ["?!", "a ", "a?", "\n"])
def test_a_piece_is_made_bare_in_linear_time(piece: str) -> None:
    assert in_proportion(_bare, piece)


@given(st.lists(st.sampled_from(["thanks", "Ana", "can't", "fees", "bye,", "N'T", "12"])))
@examples(300)
def test_a_closing_needs_a_word_that_begins_one(tokens: list[str]) -> None:
    known = frame_words("en")
    begins = [not known.ending.isdisjoint(fold(token).words) for token in tokens]
    assert any(begins) or _ending(tokens, known) == len(tokens)


@given(st.data(), st.sampled_from([one for one in _QUESTIONS if one not in _UNOPENED]))
@examples(100)
def test_every_question_about_a_work_opens_as_one(
    data: st.DataObject, question: re.Pattern[str]
) -> None:
    text = data.draw(st.from_regex(re.compile(question.pattern, re.IGNORECASE), fullmatch=True))
    assert _OPENS.match(text) is not None


@given(st.lists(st.sampled_from(["my", "our", "two", "sons", "dad", "the", "wife", "a"])))
@examples(200)
def test_a_relative_is_somebodys_own(words: list[str]) -> None:
    assert _RELATIVE.search(" ".join(words)) is None or not _OWN.isdisjoint(words)


@given(st.lists(st.booleans(), max_size=20), st.integers(3, 16))
@examples(200)
def test_words_exist_where_enough_of_them_do(exist: list[bool], least: int) -> None:
    words = [f"{'real' if one else 'none'}{i}" for i, one in enumerate(exist)]
    enough = MOST_CERTAIN * least
    found = _exist(words, lambda word: word.startswith("real"), enough)
    assert found is (sum(exist) >= enough)


@pytest.mark.parametrize("text", ["Ada Lund", "", "\n\nAda Lund", " \n\n T +44 113 496 0202\n"])
def test_a_message_of_names_alone_has_no_last_names(text: str) -> None:
    assert without_last_names(text) == text


def test_phrases_cost_nothing_where_only_the_part_that_they_share_is_met() -> None:
    names = [f"{a}{b}qq" for a in ascii_lowercase for b in ascii_lowercase]
    many = PhraseFinder([Phrase(name, (("my son",), (name,))) for name in names])
    one = PhraseFinder([Phrase("one", (("my son",), ("swallowed",)))])
    text = fold("my son " * 40)
    assert seconds(many, text) < 8 * seconds(one, text)
    assert many.find(fold("my son abqq")) == ("abqq",)


def seconds(finder: PhraseFinder, text: Folded) -> float:
    """Returns the least time of five in which a text is searched ten times."""
    finder.find(text)
    took = []
    for _ in range(5):
        began_s = time.thread_time()
        for _ in range(10):
            finder.find(text)
        took.append(time.thread_time() - began_s)
    return min(took)


def test_numbers_that_no_phrase_has_are_kept_as_one() -> None:
    finder = PhraseFinder([Phrase("limit", (("over # degrees",),)), Phrase("call", (("911",),))])
    for number in range(2_000, 2_100):
        assert finder.find(fold(f"over {number} degrees")) == ("limit",)
    assert len(finder._meanings) == len({"over", "#", "degrees"})
    assert finder.find(fold("call 911")) == ("call",)


def test_a_long_number_of_a_phrase_may_be_mistyped() -> None:
    finder = PhraseFinder([Phrase("form", (("form 10432",),))])
    assert finder.find(fold("form 10423")) == ("form",)
    assert finder.find(fold("form 20432")) == ()


def test_a_common_word_is_english_whenever_it_comes() -> None:
    english = EnglishWords(["track my order"], {"please"}.__contains__)
    words = ["track", "colis", "please", "8812"]
    assert [english.share(words), english.share(words)] == [0.75, 0.75]
