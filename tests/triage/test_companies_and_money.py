"""What the reader says of decisions about an organisation and of large money, in many languages."""

from __future__ import annotations

import pytest

from router.triage.grave import GraveReading
from router.triage.triage_model import TriageModel
from router.types import Matter

MODEL = TriageModel.load()


def reading(text: str) -> GraveReading:
    assert MODEL.grave is not None
    return MODEL.grave.read([text], MODEL.vectors([text]))[0]


ABOUT_A_FIRM = (
    "We make oars in a shed by the lake, nine of us. A rowing federation wants every boat we can "
    "build for four years and nobody else served. Do I say yes?",
    "close the night kitchen or keep it? 14 cooks work there",
    "Unsere Weberei verliert seit drei Jahren Geld. Verkaufen oder auf Möbelstoffe umstellen?",
    "Notre fromagerie doit-elle accepter d'entrer dans le groupe qui rachète toute la vallée ?",
    "¿Cerramos la fábrica de Murcia y lo llevamos todo a Marruecos?",
    "Oddać zakład synowi czy sprzedać go wspólnikowi?",
    "うちの印刷所を畳むか、隣町の会社と一緒になるか、迷っています。",
)
ABOUT_NO_FIRM = (
    "Should we close the window or keep it open at night?",
    "Two scoops or three for a child of four?",
    "What does a merger mean for the shares that I hold on paper in my economics homework?",
    "Wie heißt der Chef eurer Filiale in Mainz?",
    "Pouvez-vous m'envoyer la facture de notre société pour mars ?",
    "¿A qué hora cierra la sucursal del centro?",
    "Czy w sobotę biuro jest otwarte?",
    "会議の日程を来週の火曜日に変えてください。",
)
LARGE_MONEY = (
    "Should I co-sign my brother's loan for the tractor?",
    "We still owe 210,000 on the flat and the fixed rate ends in May. Ten more years or variable?",
    "Soll ich meine ganze Altersvorsorge auflösen, um das Haus abzuzahlen?",
    "¿Me conviene hipotecar el piso de mis padres para pagar lo que debo?",
    "Devo accettare l'eredità se non so quanti debiti aveva mio zio?",
)


def test_most_decisions_about_an_organisation_are_found_and_everyday_words_are_none() -> None:
    assert sum(reading(text).company >= 0.5 for text in ABOUT_A_FIRM) >= len(ABOUT_A_FIRM) - 2
    assert sum(reading(text).company >= 0.5 for text in ABOUT_NO_FIRM) <= 1


def test_most_large_money_is_read_as_such_and_none_as_fraud() -> None:
    found = [reading(text) for text in LARGE_MONEY]
    sure = [one for one in found if one.grave >= 0.8]
    assert len(sure) >= len(LARGE_MONEY) - 1
    assert {one.matter for one in sure} == {Matter.LARGE_MONEY}


@pytest.mark.parametrize(
    "text",
    [
        "A man from my bank's security team made me move all my savings into a safe account today.",
        "Someone took out a loan of 16,000 in my name with a copy of my passport.",
    ],
)
def test_fraud_is_still_fraud(text: str) -> None:
    assert reading(text).matter is Matter.FRAUD


def test_what_people_paste_is_no_decision() -> None:
    notice = "The mill was sold to a rival and two of its three sites will close in spring. "
    assert reading(notice * 6).company == 0.0
