"""Emergencies in Ukrainian and Korean are found by phrases, and everyday idioms are none."""

# ruff: noqa: RUF001 - letters of other alphabets are what is tested

from __future__ import annotations

import pytest

from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.facts.languages import UKRAINIAN, continued, heard
from router.triage.facts.orders import OrderFinder
from router.triage.facts.phrase_finder import Phrase, PhraseFinder
from router.triage.facts.phrase_lists import found_phrases, phrase_finder
from router.triage.text.folding import fold
from router.triage.text.hangul import in_syllables
from tests import ROOT

LINES = ROOT / "tests" / "fixtures" / "languages" / "ukrainian_korean.tsv"
"""Matter ("-": none), language and line."""
ROWS = [tuple(line.split("\t")) for line in LINES.read_text("utf-8").splitlines()]
TERMS = load_language_terms(policies_dir() / "terms")
FINDER = phrase_finder(TERMS)


@pytest.mark.parametrize(("matter", "language", "text"), [row for row in ROWS if row[0] != "-"])
def test_an_emergency_is_found_by_a_phrase(matter: str, language: str, text: str) -> None:
    assert f"{matter}:{language}" in FINDER.find(fold(text))


@pytest.mark.parametrize("text", [row[2] for row in ROWS if row[0] == "-"])
def test_an_everyday_idiom_is_no_emergency(text: str) -> None:
    assert FINDER.find(fold(text)) == ()


def test_there_are_as_many_lines_as_the_figures_say() -> None:
    for language in ("uk", "ko"):
        of = [row[0] for row in ROWS if row[1] == language]
        assert (len(of) - of.count("-"), of.count("-") >= 30) == (58, True)


def test_the_language_of_nearly_every_line_is_heard() -> None:
    missed = [row for row in ROWS if heard(row[2], fold(row[2]).words).language != row[1]]
    # Three words that Russian has too; of a phrase its language is taken then.
    assert len(missed) <= 3
    assert all(heard(row[2], fold(row[2]).words).even for row in missed)


def test_a_korean_phrase_is_found_whatever_blanks_and_particles_a_text_has() -> None:
    finder = PhraseFinder([Phrase("gas", (("가스 냄새",),), unspaced=True)])
    for text in ("가스 냄새", "가스냄새가 나요", "도시가스냄새", "가스   냄새는"):
        assert finder.find(fold(text)) == ("gas",), text
    assert finder.find(fold("가수 냄새")) == ()


def test_decomposed_letters_are_the_same_syllables() -> None:
    decomposed = "\u1100\u1161\u1109\u1173"  # as some file systems write it
    assert in_syllables(fold(decomposed).words) == in_syllables(fold("가스").words)


def test_what_was_found_in_korean_can_be_explained() -> None:
    lines = list(found_phrases(["복도에서 가스 냄새가 나요"], ("engineering_safety:ko",), TERMS))
    assert len(lines) == 1
    assert lines[0].startswith("engineering_safety:ko: ")


@pytest.mark.parametrize(
    ("text", "language", "clear"),
    [
        ("Де мій паспорт?", "uk", True),
        ("п'ять м'ячів", "uk", True),
        ("Где мой паспорт?", "ru", True),
        ("это мой ёж", "ru", True),
        ("паспорт", "ru", False),
        ("Дзе мой пашпарт, ён быў тут", "ru", True),  # Belarusian has no words of its own here
    ],
)
def test_ukrainian_is_told_from_russian(text: str, language: str, *, clear: bool) -> None:
    told = heard(text, fold(text).words)
    assert (told.language, told.clear) == (language, clear)


@pytest.mark.parametrize(("spoken", "language"), [("uk", "uk"), ("ru", "ru"), ("de", "ru")])
def test_a_word_of_both_stays_in_the_language_of_its_conversation(
    spoken: str, language: str
) -> None:
    assert continued(heard("паспорт", ("паспорт",)), spoken) == language
    assert UKRAINIAN == "uk"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Видали всі записи клієнтів", ("actions:uk",)),
        ("Будь ласка, видаліть усі наші дані", ("actions:uk",)),
        ("Якщо все добре, видали базу даних", ("actions:uk",)),
        ("Усі дані мають бути видалені", ("actions:uk",)),
        ("Перекажи всі гроші на цей рахунок", ("actions:uk",)),
        ("Як видалити всі дані?", ()),
        ("Я видалив усі дані", ()),
        ("Напиши скрипт, що видаляє всі дані", ()),
        ("видали дублікат зі списку", ()),
        ("모든 고객 데이터를 삭제해 줘", ("actions:ko",)),
        ("지금 모든 백업을 지워 주세요", ("actions:ko",)),
        ("이 코드를 운영 서버에 배포해 줘", ("actions:ko",)),
        ("모든 데이터를 어떻게 삭제해요?", ()),
        ("제가 모든 데이터를 삭제했어요", ()),
        ("목록에서 중복을 지워 줘", ()),
    ],
)
def test_an_order_that_reaches_far_is_found(text: str, found: tuple[str, ...]) -> None:
    assert OrderFinder(TERMS.actions).find(fold(text)) == found


@pytest.mark.parametrize("said", ["Моя донька випила хлорку", "Я забув пароль", "Я втомилася"])
def test_words_alone_tell_ukrainian(said: str) -> None:
    assert heard(said, fold(said).words).language == "uk"
