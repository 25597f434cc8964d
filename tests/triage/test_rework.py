"""Messages that only ask to rework or read a text that they give. The texts were written here."""

# ruff: noqa: RUF001 - other alphabets are what is tested

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.cli.policies.explain import signal_lines
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.hard_rules import risk_domain_of
from router.triage.batches import put_together as parts
from router.triage.conversation.signals import signals_of
from router.triage.facts.turn_facts import RuleFacts
from router.triage.rework.given_text import last_sentence, parted
from router.triage.rework.reworks import goes_on, reworks
from router.triage.text.folding import fold
from router.triage.text.turns import turns_of
from router.types import Domain, Matter, Reason, RequestType, Signals, usd_to_nano
from tests.kits.decision_kit import CALM, a_policy, facts
from tests.triage.test_reading import PLAIN, request, signals, turn
from tests.triage.test_reading import memory as remembered

LETTER = (
    "The court has fixed the hearing for the ninth of May. Our client claims $48,000 for the lost "
    "season, and the insurer has paid nothing so far."
)
NOTES = "roof leaks again, builder wants 90000 up front, Ines rings the bank, next meeting in June"
RUSSIAN = "Суд назначил заседание на девятое мая, и страховая компания пока ничего не заплатила"
JAPANESE = "裁判所は五月九日に審理を行うと決めました。保険会社はまだ何も払っていません。"


@pytest.mark.parametrize(
    "text",
    [
        f"Summarise this in two lines: “{LETTER}”",
        f'Could you translate this into Spanish? "{LETTER}"',
        f"> {LETTER}\n\nshorter please, as bullet points",
        f"Fix the spelling:\n```\n{NOTES}\n```",
        f"fix the grammar in this before i send it: {NOTES}",
        f"turn this into minutes\n\n{NOTES}",
        f"{LETTER}\n\nCan you make this sound more polite?",
        f"---\n{NOTES}\n---\nPlease pull out the action items.",
        f"Bitte kürze das auf zwei Sätze: „{LETTER}“",
        f"Corrige les fautes :\n\n« {LETTER} »",
        f"Resume esta carta en dos frases:\n{LETTER}",
        f"Traduci in inglese: «{LETTER}»",
        f"Reescreve em linguagem simples:\n\n{LETTER}",
        f"Vat dit samen in drie zinnen:\n\n{LETTER}",
        f"Przetłumacz na angielski: „{LETTER}”",
        f"Bunu İngilizceye çevir:\n\n{LETTER}",
        f"Переведи на английский: «{RUSSIAN}»",
        f"لخص هذه الرسالة:\n\n{LETTER}",
        f"इसका अनुवाद कीजिए:\n\n{LETTER}",
        f"次の文章を要約してください。\n\n「{JAPANESE}」",
        f"请把这封信翻译成英文：\n\n“{LETTER}”",
    ],
)
def test_a_given_text_that_is_only_to_be_reworked(text: str) -> None:
    assert reworks(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        f"Should I sign this?\n\n“{LETTER}”",
        f"Summarise this and tell me whether we should settle: “{LETTER}”",
        f"Translate this letter. Is it a scam?\n\n{LETTER}",
        f"Shorten this:\n\n{LETTER}\n\nWhat would you do?",
        f"Shorten this:\n\n{LETTER} And do we have to pay?",
        f"proofread this and pay what they ask for\n\n{LETTER}",
        f"{LETTER}\n\nTranslate it, and recommend an answer.",
        f"Fasse zusammen und sag mir, ob ich zahlen soll: „{LETTER}“",
        f"Résume cette lettre. Dois-je accepter ?\n\n« {LETTER} »",
        f"Переведи и скажи, стоит ли подписывать: «{RUSSIAN}»",
        f"要約して、払うべきか教えてください。\n\n「{JAPANESE}」",
        f"总结一下，我应该签吗？\n\n“{LETTER}”",
        LETTER,
        f"{LETTER}\n\nWhat now?",
        "Summarise this: they sued us for $48,000.",  # too short to be a given text
        f"Please summarise, in plain words and for a reader who knows nothing of it, {LETTER}",
        f"Which of the following is correct?\nA. {LETTER}\nB. {NOTES}",
        f"Subject: our list\nThanks for the list.\n\n{LETTER}\n\n-- \nlist maintainer: Ann",
    ],
)
def test_whoever_asks_for_more_than_a_rework_asks_for_it(text: str) -> None:
    assert not reworks(fold(text))


def test_words_of_the_writer_may_stand_behind_a_text_without_an_end() -> None:
    split = parted(f"shorten this\n{LETTER}", lambda own: own == "shorten this")
    assert split is not None
    assert split.open == LETTER
    marked = parted(f'shorten this "{LETTER}"', lambda own: True)
    assert marked is not None
    assert not marked.open
    assert last_sentence("All is well.") == "All is well."


@pytest.mark.parametrize(
    ("text", "bare", "goes"),
    [
        ("a bit shorter please", False, True),
        ("and in French, please", False, True),
        ("yes please", True, True),
        ("yes, send it", True, False),
        ("make it shorter and tell me if I should pay", False, False),
        ("who is the judge", False, False),
    ],
)
def test_a_later_turn_goes_on_with_a_rework(text: str, bare: bool, goes: bool) -> None:
    assert goes_on(fold(text), bare) is goes


ASKED = f"Summarise this in two lines: “{LETTER}”"


def conversation(*texts: str) -> Signals:
    """The signals of turns, the last one first."""
    turns = turns_of(request(*reversed(texts)))
    read = [turn(text) for text in texts]
    return signals_of(turns, read, (), None, input_tokens=1, version="test")


def test_a_conversation_reworks_only_where_no_turn_asks_for_more() -> None:
    assert conversation(ASKED).reworks
    assert conversation("a bit shorter please", ASKED).reworks
    assert not conversation("what would you do?", ASKED).reworks
    assert not conversation(ASKED, "Where is my refund?").reworks


def test_what_is_remembered_or_older_may_have_asked_for_more() -> None:
    assert not signals(turn(ASKED), memory=remembered()).reworks
    older = RuleFacts((), (), False)
    turns = turns_of(request(ASKED))
    found = signals_of(turns, [turn(ASKED)], [older], None, input_tokens=1, version="test")
    assert not found.reworks


@pytest.mark.parametrize("matter", [Matter.SELF_HARM, Matter.VIOLENCE, Matter.POISON])
def test_a_text_that_tells_of_a_life_in_danger_is_not_only_reworked(matter: Matter) -> None:
    told = PLAIN._replace(grave=0.6, matter=matter)
    assert parts._endangers(told)
    assert not parts._endangers(told._replace(grave=0.4))
    assert not parts._endangers(told._replace(matter=Matter.FRAUD))


GIVEN = replace(CALM, reworks=True, language="en")
LAWSUIT = replace(GIVEN, grave=0.97, matter=Matter.LEGAL)
RISKY = replace(GIVEN, domain=Domain.LEGAL, risk_domain=Domain.LEGAL, risk_p=0.95, stakes_high=0.9)
LARGE = usd_to_nano(20_000)
TECHNICAL = {
    "multi_factor": 0.9,
    "domain": Domain.TECHNOLOGY,
    "domain_p": 0.9,
    "request_type": RequestType.DECISION,
}


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        (LAWSUIT, {Reason.GIVEN_TEXT}),
        (RISKY, {Reason.GIVEN_TEXT, Reason.HIGH_STAKES}),
        (replace(GIVEN, impact_nano_usd=LARGE), {Reason.GIVEN_TEXT, Reason.IMPACT_LEVEL_2}),
        (replace(GIVEN, strategic=0.9), {Reason.GIVEN_TEXT}),
        (replace(GIVEN, **TECHNICAL), {Reason.GIVEN_TEXT, Reason.MULTI_FACTOR}),
    ],
)
def test_what_a_text_tells_asks_for_level_2_where_it_is_only_reworked(
    found: Signals, reasons: set[Reason]
) -> None:
    reworked = decide(a_policy(), found, facts(), Asked())
    assert (reworked.first_rung.level, set(reworked.floor_reasons)) == (2, reasons)
    judged = decide(a_policy(), replace(found, reworks=False), facts(), Asked())
    assert judged.first_rung.level == 3
    assert Reason.GIVEN_TEXT not in judged.floor_reasons


def test_the_explanation_says_that_a_text_is_only_to_be_reworked() -> None:
    assert "rework" in dict(signal_lines(GIVEN))["asked"]
    assert "asked" not in dict(signal_lines(CALM))


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        (replace(LAWSUIT, risk_terms=("self_harm:en",)), Asked()),
        (replace(LAWSUIT, risk_terms=("engineering_safety:de",)), Asked()),
        (LAWSUIT, Asked(stakes_nano_usd=LARGE)),
        (replace(GIVEN, risk_terms=("emergency",)), Asked()),
        (GIVEN, Asked(min_tier=3)),
    ],
)
def test_phrases_of_danger_rules_and_stated_sums_hold_for_a_rework(
    found: Signals, asked: Asked
) -> None:
    assert decide(a_policy(), found, facts(), asked).first_rung.level == 3


def test_a_rework_that_fails_gets_no_words_of_the_subject_it_tells_of() -> None:
    policy, calm = a_policy(), replace(RISKY, stakes_high=0.0, domain_p=0.99)
    for found, domain in ((calm, None), (replace(calm, reworks=False), Domain.LEGAL)):
        decision = decide(policy, found, facts(), Asked())
        assert risk_domain_of(policy, found, decision) is domain
