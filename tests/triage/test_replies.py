"""Replies in a conversation: what they make of the turns before them, and of what they are alone.

Needs no model.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.triage.conversation.memory import memory_after
from router.triage.conversation.replies import (
    is_about_nobody,
    only_goes_on,
    rejects_answer,
)
from router.triage.conversation.signals import signals_of
from router.triage.facts.turn_facts import RuleFacts, find_facts
from router.triage.reading import ModelRow, TurnReading, reading_of
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold
from router.triage.text.terms import TermFinder
from router.triage.text.turns import Turns
from router.types import Domain, Match, Matter, RequestType, SessionMemory, Signals

PLAIN = ModelRow(
    RequestType.FAQ, 0.9, Domain.CUSTOMER_SUPPORT, 0.9, Domain.FINANCE, 0.01,
    0.0, 0.1, 0.1, 0.1, 0.2, 0.01, 0.02,
)  # fmt: skip
TERMS = TermFinder({"legal": ["lawsuit"], "health": ["chest pain"]})
LOST = Match("lost_card", 1.0, 0.9, 0.3)


def turn(text: str, match: Match | None = None, **row: object) -> TurnReading:
    return reading_of(PLAIN._replace(**row), match, find_facts(text, AmountReader({}), TERMS))


def signals(
    *readings: TurnReading,
    said: str = "It is mine.",
    older: tuple[RuleFacts, ...] = (),
    memory: SessionMemory | None = None,
) -> Signals:
    """Returns the signals of turns, of which the last one is `said`."""
    turns = Turns(said, ("It was mine.",) * (len(readings) - 1))
    return signals_of(turns, readings, older, memory, input_tokens=1, version="test")


GOES_ON = [
    "actually never mind, keep it",
    "Keep going!",
    "continue please",
    "still nothing",
    "ok, leave it then",
    "it's ok, leave it",
    "nothing happens",
    "nevermind, found it",
    "don't bother",
    "false alarm, all good now",
    "I already tried that, still not working",
    "thanks, it works now",
    "no wait, never mind, we keep it",
    "plus 8",
    "and times 3",
    "und mal 4",
]
STAYS_WITH_THE_READER = [
    "I give up",
    "I can't go on",
    "I'm done",
    "nothing matters",
    "it doesn't matter any more",
    "leave me alone",
    "keep it together",
    "I want it to end",
    "nothing helps, I feel empty",
    "he keeps going at me",
    "still nothing, she isn't breathing",
    "never mind me",
    "forget me",
    "end it there",
    "I can't keep it any more",
    "10 more",
    "and 10 pills more",
]


@pytest.mark.parametrize("text", GOES_ON)
def test_a_reply_that_goes_on_or_takes_back_is_no_grave_matter(text: str) -> None:
    assert only_goes_on(fold(text).words)
    assert turn(text, grave=0.95, matter=Matter.SELF_HARM).row.grave == 0.0


@pytest.mark.parametrize("text", STAYS_WITH_THE_READER)
def test_a_reply_with_any_other_word_stays_with_the_reader(text: str) -> None:
    assert not only_goes_on(fold(text).words)
    assert turn(text, grave=0.95, matter=Matter.SELF_HARM).row.grave == 0.95


def test_a_term_in_a_reply_that_goes_on_stays_with_the_reader() -> None:
    found = replace(find_facts("keep going", AmountReader({}), TERMS), risk_terms=("legal",))
    assert reading_of(PLAIN._replace(grave=0.95), None, found).row.grave == 0.95


ABOUT_NOBODY = [
    "explain it more simply",
    "Could you please explain that again in simple terms?",
    "And in one sentence?",
    "give me an example",
    "Thanks! Show me two more examples, please",
    "shorter please",
    "translate it to German",
    "Write it in Spanish, please.",
    "and in women?",
    "what about children?",
    "And in Germany?",
    "why?",
    "ok, and why is that?",
    "tell me more",
    "summarise that in three bullet points",
    "Explain it like I'm five",
    "for example?",
    "thanks!",
    "Okay great, thank you very much",
]
ABOUT_SOMEBODY = [
    "I got one this morning",
    "my uncle does that with our shop",
    "The alarm is beeping, is that bad?",
    "ours leaks at the weld",
    "what do I do?",
    "is it dangerous?",
    "how long do we have",
    "tell me how to stop it",
    "give me one for my neighbour",
    "it says so in the letter that came",
    "can he do that",
    "write to the court for us",
    "stop the bleeding",
    "list what the police may take from me",
    "Hearing on Monday, which documents are needed?",
    "Summons arrived, deadline?",
    "define next steps for me, hearing on Monday",
    "compare defence strategies for me, trial begins Friday",
    "describe for me how to object, deadline tomorrow",
    "Translate: tenant, you are hereby summoned to appear",
    "Which pills help until the ambulance comes?",
    "Dad sweating and pale, normal?",
    "and in wife?",
    "wife grey and cold, why?",
    "Mum on the floor, explain it in one sentence",
    "what about baby?",
    "and in son of six?",
    "Daughter has it, thanks",
    "Husband in pain, tell me more",
    "why arm numb?",
    "thanks, left arm numb too",
    "ok. Court on Friday. Thanks",
    "explain court letter",
    "explain it to the judge",
    "summarise my lawsuit",
    "translate this: pay by Monday or be evicted",
    "give me an example of a defence",
    "write it to the landlord",
    "Write an objection, due tomorrow",
    "suggest three lawyers nearby",
    "which court, Monday 9 am?",
    "is fever of 41 normal?",
    "How to object in time?",
    "and in children, blue lips",
    "what now",
    "again?",
    "please please",
    "got it",
    "next step?",
    "false alarm?",
    "then what",
]


@pytest.mark.parametrize("text", ABOUT_NOBODY)
def test_a_reply_about_nobody_leaves_a_question_a_question(text: str) -> None:
    assert is_about_nobody(text)
    asked = turn("What is a lawsuit?", knowledge=0.9)
    assert signals(turn(text), asked, said=text).terms_knowledge == 0.9


@pytest.mark.parametrize("text", ABOUT_SOMEBODY)
def test_a_reply_about_somebody_makes_a_question_a_matter(text: str) -> None:
    assert not is_about_nobody(text)
    asked = turn("What is a lawsuit?", knowledge=0.9)
    assert signals(turn(text, knowledge=0.1), asked, said=text).terms_knowledge == 0.1
    before = turn(text, knowledge=0.1)
    assert signals(turn("thanks"), before, asked, said="thanks").terms_knowledge == 0.1


def test_the_least_of_all_turns_with_terms_counts() -> None:
    both = turn("They filed a lawsuit.", knowledge=0.05), turn("What is a lawsuit?", knowledge=0.9)
    assert signals(turn("thanks"), *both, said="thanks").terms_knowledge == 0.05
    assert signals(turn("I am Ann.", knowledge=0.1)).terms_knowledge == 0.0


def test_what_was_said_before_a_term_makes_no_matter_of_it() -> None:
    before = turn("I need a new lamp.", knowledge=0.0)
    asked = turn("What is a lawsuit?", knowledge=0.9)
    assert signals(turn("shorter"), asked, before, said="shorter").terms_knowledge == 0.9


def test_a_term_in_a_proposal_is_no_question() -> None:
    proposed = RuleFacts((), ("legal",), False)
    asked = turn("What is a lawsuit?", knowledge=0.9)
    found = signals(turn("thanks"), asked, older=(proposed,), said="thanks")
    assert found.terms_knowledge == 0.0


def test_a_session_remembers_that_a_term_was_only_asked_about() -> None:
    asked = memory_after(signals(turn("What is a lawsuit?", knowledge=0.9)), None, 2)
    shorter = signals(turn("shorter please"), memory=asked, said="shorter please")
    assert shorter.terms_knowledge == 0.9
    assert signals(turn("I got one", knowledge=0.1), memory=asked).terms_knowledge == 0.1
    sued = memory_after(signals(turn("They filed a lawsuit.", knowledge=0.1)), asked, 3)
    assert sued.terms_knowledge == 0.1
    assert memory_after(signals(turn("thanks"), said="thanks"), sued, 3).terms_knowledge == 0.1


def test_an_unsure_match_is_not_the_answer_that_was_just_given() -> None:
    unsure = replace(LOST, confidence=0.64)
    lost = turn("I lost my card", LOST)
    assert signals(turn("Found it, it was in the car!", unsure), lost).match is None
    assert signals(turn("I lost my card!!", LOST), lost).match == LOST
    other = replace(unsure, intent_id="pin_forgotten")
    assert signals(turn("and the pin", other), lost).match == other
    assert signals(turn("lost it", unsure), turn("my card", unsure)).match == unsure


@pytest.mark.parametrize(
    "text",
    [
        "That's not what I asked!",
        "you did not answer my question",
        "this is not what I wanted to know",
        "wrong answer, read my question again",
        "no, you misunderstood",
        "you are not listening to me",
        "das war nicht meine Frage",
        "eso no es lo que pregunté",
        "ce n'est pas ma question",
    ],
)
def test_who_rejects_an_answer_is_given_no_other(text: str) -> None:
    assert rejects_answer(text)
    found = Match("wrong_item", 0.95, 0.8, 0.2)
    given = signals(turn(text, found), turn("how long is delivery", LOST), said=text)
    assert given.match is None


@pytest.mark.parametrize(
    "text",
    [
        "that's not what I ordered",
        "this is not the size I wanted",
        "nobody answered my mail about the chair",
        "that's not what I asked. Where is my parcel?",
        "you did not read the meter of my flat",
        "not what I asked for, cancel my order",
        "",
    ],
)
def test_what_says_more_rejects_no_answer(text: str) -> None:
    assert not rejects_answer(text)
