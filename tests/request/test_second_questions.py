"""Asks a small file of an operator's own two things at once, through the real model and rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from router import Gateway
from router.policy.loading import policies_dir
from router.types import Message, Outcome, Reason
from tests.kits.asking_kit import text_of
from tests.kits.opened import opened_gateway

pytestmark = pytest.mark.slow

PRICE = "Tuning an upright costs 95 dollars, a grand 120 dollars."
DURATION = "A tuning takes about 90 minutes."
HOURS = "The showroom is open Tuesday to Saturday, 10 to 18."
INTERVAL = "Have a piano tuned twice a year."
RENTAL = "We rent uprights from 45 dollars a month."
MOVING = "We move pianos within 50 miles, from 250 dollars."
WARRANTY = "Used pianos have a warranty of five years."
ANSWERS = {
    PRICE: "how much does a tuning cost;what does a tuning cost;price of a piano tuning;"
    "what do you charge for tuning;tuning fee;how expensive is tuning",
    DURATION: "how long does a tuning take;how much time does tuning need;duration of a tuning;"
    "how many hours does a piano tuning take;will the tuning be done in an hour;"
    "time needed for a tuning",
    INTERVAL: "how often should a piano be tuned;how many times a year does a piano need tuning;"
    "tuning interval;when should I tune my piano again;how frequently do I need a tuning;"
    "is once a year enough for tuning",
    HOURS: "when are you open;when is the showroom open;opening hours;are you open on Saturday;"
    "what time do you close;showroom hours",
    RENTAL: "can I rent a piano;do you rent out pianos;how much is it to rent a piano;"
    "piano rental;monthly rent for a piano;rent an upright",
    MOVING: "do you move pianos;can you transport my piano;piano moving;"
    "I need my piano moved to another flat;how do I get my piano to my new house;"
    "do you carry pianos upstairs",
    WARRANTY: "is there a warranty on used pianos;how long is the warranty;warranty;"
    "what guarantee do you give;do used pianos come with a guarantee;warranty period",
}
OTHER = "I found no approved answer here to your other question."


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("workshop")
    intents = [
        {
            "id": f"answer_{i}",
            "domain": "customer_support",
            "answer": answer,
            "source": "house",
            "utterances": asked.split(";"),
        }
        for i, (answer, asked) in enumerate(ANSWERS.items())
    ]
    known = {"version": 1, "name": "workshop", "intents": intents}
    (folder / "knowledge.yaml").write_text(yaml.safe_dump(known), "utf-8")
    with opened_gateway(tmp_path_factory, str(_policy(folder))) as gateway:
        yield gateway


def _policy(folder: Path) -> Path:
    faq = {"name": "faq", "kind": "resolver", "knowledge": "knowledge.yaml"}
    clarify = {"from": 0.05, "together": 0.25, "most": 3}
    resolve = {"name": "resolve", "level": 1, "answerers": [{**faq, "clarify": clarify}]}
    words = {
        "version": 1,
        "name": "workshop",
        "decision": {"confidence_floor": 0.85},
        "tiers": [resolve],
        "safe_answers": str(policies_dir() / "answers" / "safe_answers.yaml"),
    }
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(words), "utf-8")
    return path


def said(gateway: Gateway, *texts: str) -> Outcome:
    """Returns the outcome of the last of a user's messages."""
    messages: list[Message] = []
    for text in texts:
        messages.append(Message("user", text))
        outcome = gateway.complete(tuple(messages))
        messages.append(Message("assistant", text_of(outcome)))
    return outcome


@pytest.mark.parametrize(
    "text",
    [
        "What does a tuning cost, and how long does it take?",
        "What does a tuning cost? And how long does it take?",
        "How much does a tuning cost, how long does it take?",
    ],
)
def test_both_answers_to_a_second_question_about_the_same_thing(
    workshop: Gateway, text: str
) -> None:
    outcome = said(workshop, text)
    assert outcome.reason is Reason.BOTH_ANSWERED
    assert text_of(outcome) == f"{PRICE}\n\n{DURATION}"


@pytest.mark.parametrize(
    "text", ["What does a tuning cost and who does it?", "When are you open, and how much is it?"]
)
def test_no_answer_stands_alone_that_lacks_what_is_asked_second(
    workshop: Gateway, text: str
) -> None:
    assert text_of(said(workshop, text)) not in ANSWERS


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Can I rent a piano and what does it cost?", RENTAL),
        ("Is there a warranty on used pianos and how long is it?", WARRANTY),
    ],
)
def test_an_answer_to_both_questions_stays(workshop: Gateway, text: str, answer: str) -> None:
    assert text_of(said(workshop, text)) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("How often should a piano be tuned, and do you teach beginners?", INTERVAL),
        ("When is the showroom open and do you have a car park?", HOURS),
    ],
)
def test_the_one_known_question_is_offered(workshop: Gateway, text: str, answer: str) -> None:
    offer = said(workshop, text)
    assert offer.reason is Reason.ASKED_WHICH
    assert text_of(offer).startswith(f"{OTHER}\nDid you mean this?\n")
    assert text_of(said(workshop, text, "yes")) == answer


@pytest.mark.parametrize("reply", ["both", "Both of them, please", "ok, both"])
def test_both_offered_questions_are_answered(workshop: Gateway, reply: str) -> None:
    first = said(workshop, "piano moving or rental")
    assert text_of(first).startswith("Did you mean one of these?\n1. Do you move pianos?\n2. Can")
    outcome = said(workshop, "piano moving or rental", reply)
    assert text_of(outcome) == f"{MOVING}\n\n{RENTAL}"


@pytest.mark.parametrize(
    "reply", ["ok and how much is it", "thanks, and how much is it?", "and how much is it?"]
)
def test_an_ok_hides_no_question_that_leans(workshop: Gateway, reply: str) -> None:
    assert text_of(said(workshop, "How long does a tuning take?", reply)) == PRICE


def test_an_answer_is_not_said_again_where_something_else_is_asked(workshop: Gateway) -> None:
    assert text_of(said(workshop, "When are you open?", "ok and how much is it")) != HOURS
