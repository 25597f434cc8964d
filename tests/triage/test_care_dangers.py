"""Wrong doses under way and failed devices at the bedside get words, in the lists' languages."""

# ruff: noqa: RUF001 - other alphabets

from __future__ import annotations

import pytest

from router.policy.content.safe_answers import SafeCase, load_safe_answers, safe_answer
from router.policy.loading import policies_dir
from router.triage.facts.phrase_finder import Phrase, PhraseFinder
from router.triage.text.folding import fold
from router.types import Domain, Matter
from tests.kits.inputs.shipped_phrases import lists_of, phrases_in

ANSWERS = load_safe_answers(policies_dir() / "answers" / "safe_answers.yaml")

PUMPS = [
    ("en", "syringe pump has been running heparin at 40 ml/h instead of 4 since the shift change"),
    ("en", "the PCA is programmed at 10 mg instead of 1 mg and it is running"),
    ("de", "Der Perfusor läuft seit einer Stunde mit 50 ml/h statt 5 ml/h"),
    ("de", "Infusionspumpe auf zehnfacher Rate, läuft noch am Patienten"),
    ("fr", "Le pousse-seringue tourne à 50 ml/h au lieu de 5 depuis une heure"),
    ("fr", "La pompe est réglée à 80 ml/h mais la prescription était de 8"),
    ("es", "La bomba de infusión va a 90 ml/h en vez de 9 desde hace media hora"),
    ("it", "La pompa infusionale va a 60 ml/h invece di 6"),
    ("nl", "De infuuspomp loopt op 70 ml/u in plaats van 7"),
    ("pl", "Pompa infuzyjna podaje 40 ml/h zamiast 4"),
    ("pt", "A bomba de infusão está a 80 ml/h em vez de 8"),
    ("tr", "İnfüzyon pompası 5 yerine 50 ml/saat gidiyor"),
    ("ru", "Инфузомат идёт 60 мл/ч вместо 6"),
    ("zh", "输液泵设成了60ml/h,医嘱是6"),
    ("uk", "Інфузомат подає 60 мл/год замість 6"),
    ("ja", "輸液ポンプが6のところ60ml/hで流れています"),
]
DEVICES = [
    ("en", "all bedside monitors on the cardiac ward are dark, alarms dead, twelve patients"),
    ("en", "the ventilator in bed 3 stopped and shows a fault, patient is on it"),
    ("en", "our syringe driver stopped delivering adrenaline, what now"),
    ("en", "the ventilator beeps and the patient goes blue"),
    ("en", "my husband's oxygen concentrator stopped working and we have no spare bottle"),
    ("de", "Beatmungsgerät in Zimmer 2 ist ausgefallen, der Patient hängt dran"),
    ("de", "Das Dialysegerät ist mitten in der Behandlung stehen geblieben"),
    ("de", "Beatmungsmonitor ist schwarz"),
    ("de", "Beatmungsgerät von Zimmer 4 zeigt nichts mehr an"),
    ("fr", "L'écran de surveillance du patient est noir depuis deux minutes"),
    ("es", "El monitor de la cama 7 no da señal y el paciente está crítico"),
    ("it", "il ventilatore polmonare del nonno si è spento"),
    ("fr", "Le moniteur central de la réa est noir et les alarmes ne sonnent plus"),
    ("es", "Se han apagado los monitores de la UCI"),
    ("it", "Il ventilatore del letto 2 si è fermato, paziente intubato"),
    ("nl", "De beademing van bed 2 is uitgevallen"),
    ("pl", "Respirator przy łóżku 2 przestał działać"),
    ("pt", "Os monitores da UTI apagaram"),
    ("tr", "Yoğun bakımda solunum cihazı durdu"),
    ("ru", "Аппарат ИВЛ остановился, пациент на нём"),
    ("zh", "呼吸机停了,病人还接着"),
    ("ja", "人工呼吸器が止まりました"),
    ("uk", "Апарат ШВЛ зупинився, пацієнт на ньому"),
    ("ko", "3번 병상 인공호흡기가 멈췄어요"),
    ("ar", "جهاز التنفس توقف والمريض عليه"),
    ("hi", "मरीज का वेंटिलेटर बंद हो गया है"),
]
DOSES = [
    ("en", "nurse here, I gave 100 units of insulin instead of 10, patient is awake"),
    ("en", "we just noticed the morphine was given ten times too high"),
    ("en", "the baby got the adult dose of gentamicin an hour ago"),
    ("de", "Ich habe dem Patienten 40 Einheiten Insulin statt 4 gespritzt"),
    ("de", "Das Kind hat die Erwachsenendosis Morphin bekommen"),
    ("fr", "J'ai injecté 40 unités d'insuline au lieu de 4 à une patiente"),
    ("es", "El niño recibió la dosis de adulto"),
    ("it", "Ho somministrato 40 unità di insulina invece di 4"),
    ("nl", "Het kind kreeg de dosis voor volwassenen"),
    ("pl", "Dziecko dostało dawkę dla dorosłych"),
    ("pt", "A criança recebeu a dose de adulto"),
    ("tr", "Bebeğe yetişkin dozu verildi"),
    ("ru", "Я ввела 40 единиц инсулина вместо 4"),
]
CALM = [
    "what is the usual rate of an infusion pump in ml/h?",
    "the infusion pump user manual says 100 ml/h maximum instead of 120",
    "What is the adult dose of paracetamol?",
    "can a child of 13 take the adult dose?",
    "Wie hoch ist die Erwachsenendosis von Ibuprofen?",
    "order 10 infusion pumps instead of 5",
    "I received 20 ibuprofen instead of 40 in my order",
    "drip irrigation is set to 4 ml per hour instead of 2",
    "the coolant pump is running at 40 Hz instead of 50",
    "how does a ventilator alarm work?",
    "the ventilator of the server rack stopped",
    "my monitor went black, new cable?",
    "telemetry of the app is offline, devices are connected",
    "Die Monitore in Zimmer 204 sind schwarz, wer hilft?",
    "Les moniteurs du service compta sont noirs",
    "los monitores de la sala 2 no funcionan",
    "Il ventilatore del bagno si è fermato",
    "El ventilador del portátil se ha parado",
]


@pytest.mark.parametrize(("language", "text"), PUMPS + DEVICES)
def test_a_device_that_runs_wrong_or_fails_gets_words_of_the_bedside(
    language: str, text: str
) -> None:
    assert f"medical_emergency:{language}" in phrases_in(text)
    case = SafeCase(
        domain=Domain.MEDICAL,
        text=text,
        review_id="rev_1",
        now=True,
        matter=Matter.MEDICAL_EMERGENCY,
        named=True,
        language=language,
    )
    bedside = ANSWERS.languages[language].bedside
    assert bedside is not None
    assert safe_answer(case, ANSWERS).startswith(bedside.text)


@pytest.mark.parametrize(("language", "text"), DOSES)
def test_a_wrong_dose_that_was_given_is_a_poison(language: str, text: str) -> None:
    assert f"poison:{language}" in phrases_in(text)


@pytest.mark.parametrize("text", CALM)
def test_questions_orders_and_other_devices_are_no_danger(text: str) -> None:
    lists = lists_of(text)
    assert not lists & {"medical_emergency", "poison", "self_harm", "violence"}


@pytest.mark.parametrize(
    "text",
    [
        "my dad has chest pain and his heart monitor beeps",
        "her oxygen is at 80 and her lips are blue",
        "two people were hurt when a bomb went off",
        "he fell and blood is dripping from his head",
    ],
)
def test_other_emergencies_keep_their_words(text: str) -> None:
    bedside = ANSWERS.languages["en"].bedside
    assert bedside is not None
    assert not bedside.named(text)


def test_a_number_stands_for_any_in_a_phrase() -> None:
    finder = PhraseFinder([Phrase("wrong", (("instead of #",),))])
    assert finder.find(fold("40 instead of 4")) == ("wrong",)
    assert finder.find(fold("40 instead of 125")) == ("wrong",)
    assert finder.find(fold("tea instead of milk")) == ()
