"""The shipped shop answers in seven languages what its authors had not seen asked before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from router import Gateway
from router.types import Message, Outcome, Reason
from tests import ROOT

pytestmark = pytest.mark.slow

QUESTIONS = ROOT / "tests" / "fixtures" / "languages" / "shop_questions.tsv"
"""Language, intent ("-": none is right) and question; written before any utterance or glossary."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    database = tmp_path_factory.mktemp("shop") / "ledger.db"
    with Gateway.from_policy("customer_support", database=database, environ={}) as gateway:
        yield gateway


def outcome_of(told: Outcome, intent: str) -> str:
    answer = told.answer
    if told.rung.level != 1 or answer is None:
        return "none"
    if answer.matched is not None:
        return "right" if answer.matched == intent else "wrong"
    offers = [fact.removeprefix("offered: ") for fact in answer.facts]
    return "offered" if intent in offers else "offered wrong"


def test_questions_of_seven_languages_get_the_right_answer(shop: Gateway) -> None:
    rows = [line.split("\t") for line in QUESTIONS.read_text("utf-8").splitlines()]
    assert len(rows) == 294
    inside, outside, elsewhere = Counter[str](), Counter[str](), 0
    for language, intent, text in rows:
        told = shop.complete(text)
        counts = outside if intent == "-" else inside
        counts[outcome_of(told, intent)] += 1
        match = told.signals.match
        elsewhere += told.rung.level == 1 and (match is None or match.language != language)
    # Measured when written: 168 right, 37 offered, 1 wrong of 224; 1 of 70 offered something.
    assert inside["right"] >= 160
    assert inside["right"] + inside["offered"] >= 198
    assert inside["wrong"] + inside["offered wrong"] <= 3
    assert outside["wrong"] == 0
    assert outside["offered wrong"] <= 2
    assert elsewhere <= 5  # short questions that two languages write alike


def test_a_german_conversation_stays_german(shop: Gateway) -> None:
    said = [Message("user", "Wo ist mein Paket?")]
    first = shop.complete(tuple(said), context={"account_id": "C-2001"})
    assert first.answer is not None
    assert first.reason is Reason.ASKED_FOR_SLOT
    assert first.answer.text.startswith("Um welche Bestellung geht es?")
    said += [Message("assistant", first.answer.text), Message("user", "A-10442")]
    then = shop.complete(tuple(said), context={"account_id": "C-2001"})
    assert then.answer is not None
    assert then.answer.text.startswith("Ihre Bestellung A-10442")


def test_grave_matters_climb_whatever_the_gloss_matches(shop: Gateway) -> None:
    texts = (
        "Mein Paket ist da, aber ich will nicht mehr leben",
        "J'ai reçu mon colis et mon fils a avalé de l'eau de javel",
        "Quiero cancelar mi pedido y quitarme la vida",
    )
    assert [shop.complete(text).rung.level for text in texts] == [3, 3, 3]
