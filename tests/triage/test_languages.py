"""The language of a text, by script and by function words."""

from __future__ import annotations

import pytest

from router.triage.conversation.spoken import spoken_before
from router.triage.facts.languages import continued, heard, language_of
from router.triage.facts.turn_facts import find_facts
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold
from router.triage.text.terms import TermFinder
from tests.kits.grave import table

MISTAKEN = 4
"""Of 100 short sentences; Romance languages share their small words."""


def test_nearly_every_sentence_has_its_language() -> None:
    rows = table()
    wrong = [
        (language, text)
        for language, _, text in rows
        if language_of(text, fold(text).words) not in (language, "")
    ]
    assert len(wrong) <= MISTAKEN * len(rows) / 100, wrong


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my card was declined", "en"),
        ("chst pian", ""),
        ("그는 집에 있다", "ko"),
        ("що робити", "uk"),
        ("東京は雨", "ja"),
        ("北京下雨", "zh"),
        ("please translate 'hola' into the language of my friend", "en"),
        ("", ""),
        ("Track parcel DE-998877", ""),
        ("A-10442", ""),
        ("voucher SAVE10 for anna@example.com", "en"),
        ("www.shop.de/la/2024", ""),
        ("Rechnung 2024/118 an max@mail.de ist da", "de"),
        # Acronyms spell small words of other languages.
        ("ES shards keep restarting", "en"),
        ("the MA build is red", "en"),
        # A letter of Chinese or Japanese says as much as several Latin ones, and code says nothing.
        ("为什么这个循环不停: while (queue.size() > 0) { queue.poll(); }", "zh"),
        ("Vueで画面が更新されません。ref.value = props.items", "ja"),
        ("please translate 你好 for me", "en"),
        ("Come esporto una tabella?", "it"),
        ("come to my party?", "en"),
        ("Ogni minuto si blocca di nuovo", "it"),
        ("Fais une liste pour samedi", "fr"),
        # Sums in words, whose "plus" is in three languages.
        ("zwölf plus dreißig", "de"),
        ("zwanzig plus neun", "de"),
        ("twenty plus thirty", "en"),
        ("vingt plus douze", "fr"),
        ("doce por treinta", "es"),
        ("12 plus 30", "en"),
    ],
)
def test_a_language_is_told_by_what_is_written(text: str, language: str) -> None:
    assert language_of(text, fold(text).words) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("mi perro ha comido uvas", "es"),
        ("ella ya no camina bien", "es"),
        ("il mio cane ha mangiato uva", "it"),
        ("meu cachorro comeu uvas", "pt"),
        ("mon chien a mangé du raisin", "fr"),
        ("hij eet niet meer", "nl"),
        ("sie isst nichts mehr", "de"),
        ("on już nie je", "pl"),
        ("art\u0131k yemek yemiyor", "tr"),
        ("he has stopped eating", "en"),
        ("\u041d\u043ew d\u043e I r\u0435turn \u0430 j\u0430ck\u0435t?", "en"),
        ("\u0413\u0434\u0435 \u043c\u043e\u0439 iPhone\u0430", "ru"),
        ("I'm on a train, call me", "en"),
        ("e-mail is down", "en"),
    ],
)
def test_short_texts_tell_their_language(text: str, language: str) -> None:
    assert language_of(text, fold(text).words) == language


@pytest.mark.parametrize(
    ("turns", "language"),
    [
        (("Où est mon colis ?", "la A-10442"), "fr"),
        (("Wo ist mein Paket?", "en A-10442"), "de"),
        (("Wo ist mein Paket?", "ok", "A-10442"), "de"),
        (("Wo ist mein Paket?", "And where is the other one?"), "en"),
        (("Where is my parcel?", "Wo ist mein Paket?"), "de"),
        (("Where is my parcel?", "mi pedido A-10442"), "es"),
    ],
)
def test_a_turn_is_in_the_language_of_its_conversation_unless_it_differs(
    turns: tuple[str, ...], language: str
) -> None:
    *earlier, last = turns
    spoken = spoken_before(earlier[::-1])
    assert len(spoken) == len(turns)
    # A code tells no language, and the signals then keep that of the conversation.
    assert (continued(heard(last, fold(last).words), spoken[0]) or spoken[0]) == language


def test_the_conversation_decides_between_languages_that_are_even() -> None:
    facts = find_facts("en 2 phrases", AmountReader({}), TermFinder({}))
    assert len(facts.even) > 1
    spoken = facts.even[-1]
    found = find_facts("en 2 phrases", AmountReader({}), TermFinder({}), spoken=spoken)
    assert (found.language, found.even) == (spoken, ())


def test_a_session_without_earlier_turns_is_in_the_language_that_is_remembered() -> None:
    assert spoken_before((), "fr") == ["fr"]


@pytest.mark.parametrize("text", ["¿", "¡", "ß", "¿?"])
def test_a_text_of_marks_alone_is_read(text: str) -> None:
    assert heard(text, fold(text).words).clear is False
