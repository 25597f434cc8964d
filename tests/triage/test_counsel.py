"""Counsel that is asked on a text has the matters of that text."""

from __future__ import annotations

import pytest

from router.library import Gateway
from router.triage.framing.given.counsel import (
    asks_counsel,
    claimed,
    counsel_on,
    marks_of,
    only_asks,
)
from router.triage.framing.given.counsel_words import PLAIN
from router.triage.text.turns import turns_of
from router.types import ChatRequest, Message
from tests.kits.checks.growth import in_proportion
from tests.kits.opened import gateway_of

VALUES = "Potassium 6.4 mmol/l (3.5-5.1), creatinine 310 umol/l (60-110), haemoglobin 8.1 g/dl."
VALUES_DE = "Kalium 6,8 mmol/l (3,5-5,1) erhöht. Kreatinin 4,1 mg/dl erhöht."
DEMAND_DE = (
    "Mahnbescheid. Der Antragsteller macht gegen Sie eine Hauptforderung von 4.310,00 Euro geltend."
)
GUARANTEE_FR = "La caution s'engage solidairement pour toutes les dettes de la société."
SEIZURE_ES = "Notificación de embargo por deuda de 3.870 euros. Dispone de diez días para alegar."
DISMISSAL = "Dear Ms Brand, following the disciplinary hearing your employment ends on 31 March."
CARD = "Happy birthday dear Anna, may your year be full of cake and sunshine. From all of us."
RECIPE = "Banana bread: 3 ripe bananas, 250 g flour, 2 eggs. Bake for 50 minutes at 175 degrees."
CARD_DE = "Liebe Anna, alles Gute zum Geburtstag, viel Kuchen und Sonne. Deine Kollegen"
GAME_FR = "Au Monopoly, faut-il prendre l'argent du parc gratuit ?"

GRAVE = [
    (VALUES, "what should I do?"),
    (VALUES_DE, "was soll ich tun?"),
    (DEMAND_DE, "muss ich darauf reagieren?"),
    (GUARANTEE_FR, "dois-je accepter ?"),
    (SEIZURE_ES, "¿pueden hacer eso?"),
    (DISMISSAL, "and if I don't agree?"),
]
CALM = [
    (CARD, "should I sign?"),
    (RECIPE, "what should I do?"),
    (CARD_DE, "soll ich unterschreiben?"),
    (GAME_FR, "et si je ne le fais pas ?"),
]

gateway = gateway_of("default")


def in_two_turns(text: str, asked: str) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": text},
        {"role": "assistant", "content": "What would you like to know about it?"},
        {"role": "user", "content": asked},
    ]


@pytest.mark.parametrize(("text", "asked"), GRAVE)
def test_counsel_on_a_grave_text_goes_to_level_3(gateway: Gateway, text: str, asked: str) -> None:
    assert gateway.route(f"{text}\n\n{asked}").rung.level == 3


@pytest.mark.parametrize(("text", "asked"), GRAVE)
def test_counsel_on_a_grave_turn_goes_to_level_3(gateway: Gateway, text: str, asked: str) -> None:
    assert gateway.route(in_two_turns(text, asked)).rung.level == 3


@pytest.mark.parametrize(("text", "asked"), CALM)
def test_counsel_on_a_calm_turn_stays_below_level_3(
    gateway: Gateway, text: str, asked: str
) -> None:
    assert gateway.route(in_two_turns(text, asked)).rung.level < 3


@pytest.mark.parametrize(
    "message",
    [
        "The dentist pulled the wrong tooth and I want compensation",
        "Der Zahnarzt hat den falschen Zahn gezogen, ich will Schadenersatz",
        "Le dentiste a arraché la mauvaise dent et je veux être indemnisé",
        "El dentista me sacó la muela equivocada y quiero una indemnización",
        "autoclave failed the spore test, may we still use the instruments",
        "alguien me apuntó a un gimnasio y me cobran cada mes de mi cuenta",
    ],
)
def test_a_claim_of_damages_goes_to_level_3(gateway: Gateway, message: str) -> None:
    assert gateway.route(message).rung.level == 3


def test_a_claim_for_a_late_parcel_stays_below_level_3(gateway: Gateway) -> None:
    assert gateway.route("The parcel is two days late and I want compensation").rung.level < 3
    assert claimed("The parcel is two days late and I want compensation") == {}


def test_a_text_without_a_question_for_counsel_is_read_as_before(gateway: Gateway) -> None:
    assert counsel_on(f"{VALUES}\n\nTranslate this.") is None
    assert gateway.route(f"{VALUES}\n\nTranslate this.").signals.grave < 0.3


def test_a_text_in_its_senders_own_words_is_not_read_a_second_time() -> None:
    own, given = (
        turns_of(ChatRequest((Message("user", f"{text}\n\nwhat now?"),), "auto"))
        for text in (f"My boiler leaks. {CARD}", CARD)
    )
    assert (own.told, own.own_told) == ("", True)
    assert (given.told, given.own_told) == (CARD, False)


@pytest.mark.parametrize("text", ["\u00bffirmo?", " \u00bf Y si no lo hago? ", "y \u00bfpago?"])
def test_a_question_may_have_marks_around_it(text: str) -> None:
    assert only_asks(text)


def test_spaces_before_a_question_are_read_in_proportion() -> None:
    def look(text: str) -> None:
        PLAIN.search(text)

    assert in_proportion(look, " ", end="x", short=1_000, quick_s=0.004)


def test_only_a_question_without_a_matter_loses_its_own_guess() -> None:
    assert only_asks("and if I don't?")
    assert not only_asks("and if I hit him?")
    assert asks_counsel("and if I hit him?")


def test_a_calm_turn_hides_no_danger_of_a_later_question(gateway: Gateway) -> None:
    outcome = gateway.route(in_two_turns(RECIPE, "and if I take all forty tablets to die?"))
    assert outcome.decision.floor == 3


@pytest.mark.parametrize("piece", ["a. ", "if ", "we: ", "someone ", "virement de ", "1 "])
def test_a_text_is_looked_at_in_proportion(piece: str) -> None:
    def look(text: str) -> None:
        counsel_on(text)
        marks_of(text, "too late")

    assert in_proportion(look, piece, end="\nwhat now?", short=200, quick_s=0.02)
