"""Each turn's own danger counts by itself: the newest first, a guess in a few words last."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.routing.wording.due_matters import DueMatter, due_matters
from router.routing.wording.said_once import joined, numbers_once
from router.types import Matter, Signals, TurnDanger
from tests.kits.decision_kit import CALM, a_policy

POLICY = a_policy()
FIRE, MED = ("engineering_safety:en",), ("medical_emergency:en",)
POISON, FRAUD = ("poison:en",), ("fraud:en",)


def said(signals: Signals, **more: bool) -> list[Matter | None]:
    return [due.found.matter for due in due_matters(POLICY, signals, **more)]


def talk(*turns: TurnDanger, **whole: object) -> Signals:
    """Returns the signals of a conversation; its terms are those of all turns."""
    terms = tuple({term for turn in turns for term in turn.risk_terms})
    return replace(CALM, language="en", risk_terms=terms, dangers=turns, **whole)


def guess(back: int, matter: Matter, grave: float, *, few: bool = False) -> TurnDanger:
    return TurnDanger(back, grave=grave, matter=matter, language="en", few_words=few)


@pytest.mark.parametrize(
    ("signals", "matters"),
    [
        (talk(TurnDanger(0, FIRE), TurnDanger(1, POISON)), ["engineering_safety", "poison"]),
        (
            talk(TurnDanger(0, MED), TurnDanger(1, FIRE)),
            ["medical_emergency", "engineering_safety"],
        ),
        # No danger of its own: that of before.
        (talk(TurnDanger(1, FIRE)), ["engineering_safety"]),
        # A guess counts first where it is sure and no short reply.
        (
            talk(guess(0, Matter.VIOLENCE, 0.99), TurnDanger(1, MED)),
            ["violence", "medical_emergency"],
        ),
        (
            talk(guess(0, Matter.VIOLENCE, 0.99, few=True), TurnDanger(1, MED)),
            ["medical_emergency", "violence"],
        ),
        (
            talk(guess(0, Matter.VIOLENCE, 0.96), TurnDanger(1, MED)),
            ["medical_emergency", "violence"],
        ),
        (talk(guess(0, Matter.VIOLENCE, 0.79), TurnDanger(1, MED)), ["medical_emergency"]),
        # Guesses in a few words alone say no more than the whole does.
        (
            talk(
                guess(1, Matter.VIOLENCE, 0.99, few=True),
                guess(2, Matter.POISON, 0.995, few=True),
                matter=Matter.POISON,
                grave=0.995,
            ),
            ["poison"],
        ),
        # An illness that is guessed counts behind a danger, in the last turn alone.
        (
            talk(guess(0, Matter.MEDICAL_EMERGENCY, 0.99), TurnDanger(1, FIRE)),
            ["medical_emergency", "engineering_safety"],
        ),
        (
            talk(TurnDanger(0, FIRE), guess(1, Matter.MEDICAL_EMERGENCY, 0.99)),
            ["engineering_safety"],
        ),
        # Fraud of the last turn stands below a danger to life, and an older one not at all.
        (talk(TurnDanger(0, FRAUD), TurnDanger(1, MED)), ["medical_emergency", "fraud"]),
        (talk(TurnDanger(0, MED), TurnDanger(1, FRAUD)), ["medical_emergency"]),
    ],
)
def test_the_matters_of_a_conversation_are_due_in_order(
    signals: Signals, matters: list[str]
) -> None:
    assert [matter and matter.value for matter in said(signals)] == matters


def test_a_guess_that_words_of_an_emergency_name_is_sure() -> None:
    short = talk(guess(0, Matter.ENGINEERING_SAFETY, 0.9, few=True), TurnDanger(1, MED))
    assert said(short)[0] is Matter.MEDICAL_EMERGENCY
    assert said(short, emergency=True)[0] is Matter.ENGINEERING_SAFETY


def test_words_of_an_overdose_in_the_last_turn_are_a_poison() -> None:
    unclear = replace(guess(0, Matter.LEGAL, 0.9), language="de")
    assert said(talk(unclear, TurnDanger(1, FIRE)), overdose=True)[0] is Matter.POISON
    assert said(talk(TurnDanger(1, FIRE)), overdose=True) == [Matter.ENGINEERING_SAFETY]


def test_what_a_session_remembers_stands_below_the_last_turn() -> None:
    signals = talk(TurnDanger(0, MED))
    remembered = replace(signals, risk_terms=(*MED, *POISON))
    assert said(remembered) == [Matter.MEDICAL_EMERGENCY, Matter.POISON]


def test_one_turn_has_its_own_matter_alone() -> None:
    (due,) = due_matters(POLICY, replace(CALM, risk_terms=FIRE))
    assert isinstance(due, DueMatter)
    assert due.found.matter is Matter.ENGINEERING_SAFETY


def test_texts_name_the_reference_and_the_numbers_once() -> None:
    above, below = "Go out (112 in Europe). Reference r1.", "Lie down (112 in Europe). See r1."
    assert joined([above, below], "r1") == "Go out (112 in Europe).\n\nLie down. See r1."


def test_other_numbers_stay() -> None:
    below = "Call a crisis line (988 in the United States)."
    assert numbers_once("Call now (911 in the United States).", below) == below


def test_a_text_of_one_sentence_stays_whole() -> None:
    assert joined(["Wait for r1", "Call now. See r1."], "r1") == "Wait for r1\n\nCall now."


@pytest.mark.parametrize("few", [False, True])
def test_what_a_session_surely_remembers_stands_above_an_unsure_guess(*, few: bool) -> None:
    """ "He's got a knife" or a fire without a phrase stood above the words for a heart attack."""
    guessed = guess(0, Matter.ENGINEERING_SAFETY, 0.99 if few else 0.93, few=few)
    signals = replace(
        CALM, language="en", risk_terms=MED, grave=0.999, matter=Matter.MEDICAL_EMERGENCY
    )
    matters = said(replace(signals, dangers=(guessed,)))
    assert matters == ["medical_emergency", "engineering_safety"]
    sure = guess(0, Matter.VIOLENCE, 0.99)
    assert said(replace(signals, dangers=(sure,))) == ["violence", "medical_emergency"]


def test_a_sentence_of_two_texts_stands_in_the_first_alone() -> None:
    both = joined(
        ["Call a vet (112). Keep the box. r1.", "Keep the box. Call now (112). r1."], "r1"
    )
    assert both == "Call a vet (112). Keep the box.\n\nCall now. r1."
    assert joined(["Go out (112).", "Go out (112). r1."], "r1") == "Go out (112).\n\nr1."
