"""A harmless turn that asks of something else, after a danger that was only guessed."""

from __future__ import annotations

import pytest

from router.api.compose.core import Core, Settings, load_policies
from router.routing.routed_request import RoutedRequest
from router.types import Message
from tests.kits.fakes import ALICE, ask

GUESSED = "My newborn seems warm today and does not want to drink much"
NAMED = "My chest hurts and my arm is numb"
TAKEN = "I took 40 ibuprofen"
DESPAIR = "I want to end it tonight"


@pytest.fixture(scope="module")
def core() -> Core:
    settings, environ = Settings(policies=("openai",)), {"OPENAI_API_KEY": "none"}
    return Core(settings, load_policies(settings, environ), environ)


def routed(core: Core, *turns: str) -> RoutedRequest:
    said = [Message("user", turns[0])]
    for turn in turns[1:]:
        said += [Message("assistant", "I see."), Message("user", turn)]
    return core.router.route_now(ask(messages=tuple(said)), ALICE)


@pytest.mark.parametrize(
    "later",
    [
        "12*12",
        "What is 15% of 80?",
        "thanks",
        "What is the capital of France?",
        "Write a haiku about snow",
    ],
)
def test_what_asks_of_something_else_is_decided_by_itself(core: Core, later: str) -> None:
    """Each later turn of such a conversation went to the strong model."""
    assert routed(core, GUESSED).opening
    assert routed(core, GUESSED, later).decision.floor == routed(core, later).decision.floor == 1


@pytest.mark.parametrize(
    "later",
    [
        "he is asleep",
        "is that dangerous?",
        "and now?",
        "What's a normal pulse for a baby?",
        "how to do CPR",
        "where is the next hospital",
        "What is the number for emergencies in Italy?",
        "How long do I have to wait?",
        "very pale skin",
        "ok",
        "180/110",
        "38.9+",
    ],
)
def test_what_may_be_about_it_keeps_its_level(core: Core, later: str) -> None:
    assert routed(core, GUESSED, later).grave


@pytest.mark.parametrize("first", [NAMED, TAKEN, DESPAIR])
@pytest.mark.parametrize("later", ["12*12", "thanks", "What is the capital of France?"])
def test_what_is_named_taken_or_done_to_oneself_stays(core: Core, first: str, later: str) -> None:
    assert routed(core, first, later).grave


def test_a_turn_that_goes_on_after_it_has_the_danger_again(core: Core) -> None:
    assert routed(core, GUESSED, "12*12", "he is asleep now").grave
