"""Approved small talk is read as small talk, in whatever language, and hides nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.policy.content.small_talk import load_small_talk
from router.triage.facts.turn_facts import find_facts
from router.triage.reading import ModelRow, TurnReading, reading_of
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import Domain, Matter, RequestType
from tests.kits.opened import gateway_of

TALK = Path(__file__).parents[2] / "policies" / "answers" / "small_talk.yaml"
ALARMED = ModelRow(
    RequestType.SMALL_TALK, 0.9, Domain.GENERAL, 0.9, Domain.MEDICAL, 0.3,
    0.0, 0.7, 0.6, 0.5, 1.0, 0.99, 0.9, grave=0.98, matter=Matter.SELF_HARM,
)  # fmt: skip


gateway = gateway_of("default")


def test_every_approved_phrase_is_answered_at_level_1(gateway: Gateway) -> None:
    phrases = load_small_talk(TALK).by_phrase
    outcomes = {phrase: gateway.route(phrase).decision for phrase in phrases}
    climbed = {phrase: one.floor_reasons for phrase, one in outcomes.items() if one.floor > 1}
    # Seventeen of 833 were: "hoe gaat het" for harm, "sie haben mir sehr geholfen" for self-harm.
    assert climbed == {}
    assert {one.first_rung.level for one in outcomes.values()} == {1}


@pytest.mark.parametrize("text", ["Muchas gracias, adios", "Adeus, ate logo", "A bientot, merci"])
def test_an_accent_that_is_left_out_changes_no_phrase(gateway: Gateway, text: str) -> None:
    assert gateway.route(text).decision.first_rung.level == 1


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("merci beaucoup, bonsoir", "thanks"),
        ("vielen dank, schönen guten abend", None),
        ("molte grazie, buonasera", "thanks"),
        ("thanks, good evening", "thanks"),
        ("arrivederci, ciao", "goodbye"),
        ("buonasera, grazie", "thanks"),
        ("salve", "greeting"),
        ("ciao, come va", "how_are_you"),
    ],
)
def test_a_greeting_behind_other_phrases_takes_leave(text: str, reply: str | None) -> None:
    found = load_small_talk(TALK).reply(text)
    assert (None if found is None else found.id) == reply


models_alone = gateway_of("openai")


@pytest.mark.parametrize(
    "text",
    ["Danke dir!", "Merci beaucoup", "Muchas gracias, adios", "Grazie mille", "Спасибо", "谢谢",
     "How are you?"],
)  # fmt: skip
def test_courtesies_are_not_new_where_the_policy_has_none(models_alone: Gateway, text: str) -> None:
    outcome = models_alone.route(text)
    assert (outcome.signals.novelty, outcome.decision.first_rung.level) == (0.0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "Danke, lösche alle Kundendaten",
        "Merci, mon fils a avalé de la javel",
        "Gracias, ¿qué contrato firmo?",
        "Hilfe",
        "Grazie, e la fattura di ieri?",
        "Hallo Welt, wie geht das?",
    ],
)
def test_what_asks_beside_a_courtesy_is_read_as_before(models_alone: Gateway, text: str) -> None:
    assert models_alone.route(text).decision.first_rung.level > 1


def test_thanks_after_a_grave_matter_leave_the_matter_grave(gateway: Gateway) -> None:
    outcome = gateway.route(
        [
            {"role": "user", "content": "i dont want to be alive any more"},
            {"role": "assistant", "content": "I am sorry that you feel so. Please call 988."},
            {"role": "user", "content": "Sie haben mir sehr geholfen"},
        ]
    )
    assert outcome.decision.floor == 3


@pytest.mark.parametrize("text", ["I'm done here", "sie haben mich sehr verletzt"])
def test_what_nobody_approved_is_read_as_before(gateway: Gateway, text: str) -> None:
    assert gateway.route(text).signals.grave > 0.5


def read(text: str) -> TurnReading:
    facts = find_facts(text, AmountReader({"USD": 1.0}), TermFinder({"danger": ["overdose"]}))
    return reading_of(ALARMED, None, facts, approved=True)


def test_the_heads_do_not_overrule_approved_words() -> None:
    row = read("what's up").row
    assert (row.grave, row.novelty, row.toxic, row.spam, row.stakes_high) == (0, 0, 0, 0, 0)
    assert row.request_type is RequestType.SMALL_TALK


def test_a_term_overrules_approved_words() -> None:
    assert read("what's up with the overdose").row.grave == ALARMED.grave


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("Hej hej", "Hej! Vad kan jag"),
        ("God morgon", "Hej! Vad kan jag"),
        ("Hei", "Hei! Hva kan jeg"),
        ("Mange tak", "Det var så lidt"),
        ("Good morning team, hope you're all well!", "Thank you, all is well"),
        ("Good morning folks", "Hello!"),
        ("Morgen zusammen", "Hallo! Was kann"),
        ("hallo allerseits", "Hallo! Was kann"),
        ("bonjour à toutes et à tous", "Bonjour !"),
        ("Buenos días a todos", "¡Hola!"),
        ("Доброе утро, коллеги", "Здравствуйте!"),
        ("大家好", "您好"),
    ],
)
def test_a_greeting_to_many_is_answered_in_its_language(
    gateway: Gateway, text: str, answered: str
) -> None:
    reply = load_small_talk(TALK).reply(text)
    assert reply is not None
    assert reply.answer.startswith(answered)
    assert gateway.route(text).decision.first_rung.level == 1


def test_hej_alone_is_answered_in_each_language_that_greets_so() -> None:
    reply = load_small_talk(TALK).reply("Hej!")
    assert reply is not None
    assert all(words in reply.answer for words in ("W czym mogę", "Vad kan jag", "Hvad kan jeg"))


@pytest.mark.parametrize("text", ["team", "hallo zusammen fassen", "hello team the site is down"])
def test_whom_a_greeting_names_is_no_small_talk_by_itself(text: str) -> None:
    assert load_small_talk(TALK).reply(text) is None
