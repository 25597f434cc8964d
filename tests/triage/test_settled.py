"""Earlier turns that say nothing of the present one: what is settled, and thanks."""

from __future__ import annotations

import pytest

from router.api.compose.core import Core
from router.routing.routed_request import RoutedRequest
from router.triage.conversation.settled import is_settled, thanks_alone
from router.types import Message
from tests.kits.fakes import ALICE, ask
from tests.kits.opened import core_of

HEART = "My chest hurts and my arm is numb"
SETTLED = "He passed out at the match, the paramedics checked him and found nothing"
SAVINGS = "Should I move our 410,000 dollars of savings into one fund?"


core = core_of("openai")


def routed(core: Core, *turns: str) -> RoutedRequest:
    said = [Message("user", turns[0])]
    for turn in turns[1:]:
        said += [Message("assistant", "I see."), Message("user", turn)]
    return core.router.route_now(ask(messages=tuple(said)), ALICE)


def test_a_settled_matter_ends_where_something_else_is_asked(core: Core) -> None:
    """ "My chest hurt, the ER said it's a muscle" made an emergency of the next question."""
    later = "now something else: how do I rename a project"
    assert routed(core, SETTLED).grave
    request = routed(core, SETTLED, later)
    assert not request.acute
    assert not request.grave
    assert request.signals.risk_terms == ()


@pytest.mark.parametrize(
    "turns",
    [
        (SETTLED, "he passed out twice tonight"),
        (SETTLED + ", but now he vomits", "how do I rename a project"),
        (HEART, "how do I rename a project"),
        (HEART, "thanks!"),
        ("The doctor said it is nothing. " + HEART + " again", "how do I rename a project"),
    ],
)
def test_what_goes_on_stays(core: Core, turns: tuple[str, ...]) -> None:
    assert routed(core, *turns).acute


FOUND = [
    ("My toddler swallowed a coin", "the doctor looked at her and said she is fine"),
    ("the oven I bought smells of gas", "the gas company came and found no leak, all clear"),
    ("my dog ate slug pellets", "the vet said he is fine"),
    ("the laptop battery is smoking", "the fire brigade looked at it, no danger"),
]


@pytest.mark.parametrize(("danger", "found"), FOUND)
def test_a_later_turn_may_say_that_it_was_nothing(core: Core, danger: str, found: str) -> None:
    """Every later turn of such a talk got the words of an emergency."""
    later = "how do I rename a project?"
    assert routed(core, danger, later).grave
    for turns in ((danger, found, later), (danger, found, "thanks", later)):
        assert not routed(core, *turns).grave
        assert routed(core, *turns[:-1], "it got worse, he is unconscious").grave
    assert not routed(core, danger, f"{found}, thanks. How do I rename a project?").grave


@pytest.mark.parametrize(
    "turns",
    [
        ("My toddler drank drain cleaner", "I hope the doctor says it is fine"),
        ("My toddler drank drain cleaner", "what if the doctor says it is nothing?"),
        ("My toddler drank drain cleaner", "the doctor said nothing can be done"),
        ("My toddler drank drain cleaner", "the doctor said she is fine but now she vomits"),
        ("My toddler drank drain cleaner", "the doctor said my ear is fine"),
        ("I took 40 ibuprofen", "the doctor said it is nothing"),
        ("I want to kill myself", "the doctor said I am fine"),
        ("My husband threatens to kill me", "the police checked and said all clear"),
        ("I was sued by my landlord over $90,000", "the clinic said my knee is fine"),
    ],
)
def test_no_word_ends_what_goes_on_or_was_meant(core: Core, turns: tuple[str, ...]) -> None:
    assert routed(core, *turns, "how do I rename a project?").grave


THREAT = "My boyfriend hit me and said he will kill me."


@pytest.mark.parametrize(
    "said", ["The police said there is nothing they can do", "The police said it's just talk"]
)
def test_nobody_settles_what_a_person_threatens(core: Core, said: str) -> None:
    assert routed(core, f"{THREAT} {said}", "where can I get a cheap hotel tonight").acute


@pytest.mark.parametrize("thanks", ["thanks!", "ok great, thank you so much", "merci beaucoup"])
def test_thanks_decide_nothing_about_money(core: Core, thanks: str) -> None:
    request = routed(core, SAVINGS, thanks)
    assert not request.grave
    assert request.signals.impact_nano_usd == 0


@pytest.mark.parametrize("later", ["thanks, do it", "ok", "yes please"])
def test_what_is_more_than_thanks_decides_about_it(core: Core, later: str) -> None:
    assert routed(core, SAVINGS, later).grave


@pytest.mark.parametrize("later", ["ELI5", "eli5 please", "tl;dr", "in a nutshell please"])
def test_the_same_in_simple_words_stays_a_question_for_knowledge(core: Core, later: str) -> None:
    assert not routed(core, "What is a class action?", later).grave


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("the vet had a look and said it's just a tick", True),
        ("GP told me it is harmless", True),
        ("it turned out to be a false alarm", True),
        ("the doctor said it is nothing, yet it still hurts", False),
        ("the doctor said I need surgery", False),
        ("it is fine", False),
        ("my ear hurt but the doctor said it is nothing", True),
        ("the ER said it's not safe to move him", False),
        ("the doctor said I isnt fine", False),
        ("the doctors said nothing can be done for dad", False),
        ("the doctor said it is only a matter of time", False),
        ("the hospital said only surgery can save him", False),
        ("the police looked but he is only a street away", False),
        ("he will kill me, the police said there is nothing they can do", False),
    ],
)
def test_only_somebody_competent_settles_a_matter(text: str, *, settled: bool) -> None:
    assert is_settled(text) is settled


@pytest.mark.parametrize("text", ["thanks, it hurts", "", "ok", "thank you for the 40 pills"])
def test_what_says_more_is_no_thanks(text: str) -> None:
    assert not thanks_alone(text)


PUPIL = (
    "A boy of my form left a note in his locker that he wants to die and that this is his last "
    "evening. He is thirteen, he cycled home at three, and nobody at his place picks up. Whom do "
    "I have to call first, his parents or the police?"
)
ESSAY = (
    "Rewrite this paragraph of my novel in the past tense: She wants to die, she says, and the "
    "rain does not stop. He is thirteen, he cycles home at three, and nobody at his place picks "
    "up the phone that rings and rings in the empty hall."
)


def test_a_danger_told_of_another_in_some_sentences_gets_words(core: Core) -> None:
    """A teacher who told of a pupil in 33 words got a model's unchecked text."""
    assert routed(core, PUPIL).acute
    assert not routed(core, ESSAY).acute


def test_who_got_into_an_account_attacked_nobody(core: Core) -> None:
    text = "Somebody in Kyiv signed into my account and swapped my phone number, I am locked out"
    assert not routed(core, text).acute
