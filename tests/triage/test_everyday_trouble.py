"""A part that fell off, a stolen bike and a contract that ends are nobody's grave matter."""

from __future__ import annotations

import pytest

from router.triage.framing.everyday_trouble import only_trouble
from router.triage.text.folding import fold
from router.types import Domain
from tests.kits.opened import opened_gateway


@pytest.mark.parametrize(
    "said",
    [
        "my pedal fell off two days ago",
        "gear shift came loose after 457 km",
        "Hi, the chain on the e-bike rattles, can someone look at it?",
        "the pedal of spin bike 9 fell off",
        "a broken spoke",
        "someone took my bike last night",
        "thieves took the motor off my box bike since the rain",
        "I can't find the bike where I locked it, I think thieves took it",
        "what's the notice period if I leave",
        "how do I end my contract",
        "can my wife take over my contract",
        "Our invoice of $16,000 was paid twice",
        "someone stole the bike we rented",
        "someone took my 2,000 euro bike",
        "my phone was stolen, how do I pause my contract",
        "my bike was stolen, do I pay",
        "someone took my bike, can you get me a new one",
        "the chain came off my new bike",
        "the invoice of $4,800 for our office was debited two times",
        "the teddy's ear came off",
        "one leg of the bench is bent",
        "the minute hand of the wall clock is stuck",
        "the desk has a dent in the left leg",
        "the jacket has a hole in the arm",
        "the neck of my sweater is torn",
        "the sofa arm is scratched",
    ],
)
def test_trouble_with_a_thing_or_a_contract_is_named(said: str) -> None:
    assert only_trouble(fold(said).words)


@pytest.mark.parametrize(
    "said",
    [
        "I fell off my bike",
        "someone fell off my bike",
        "my son fell off his bike",
        "the chair broke and I am stuck",
        "my leg is broken",
        "my chair broke my back",
        "my arm came off",
        "a cut on the arm",
        "he has a cut on the arm",
        "the chair broke, has a cut on the arm",
        "the chair broke and I have a cut on the arm",
        "the bench leg snapped, she has a cut on the leg",
        "at my desk neck is stuck",
        "the leg of the chair broke and hit my head",
        "his hand is bent",
        "brake came loose after 394 km",
        "the front wheel came off",
        "the battery leaks",
        "the motor is smoking",
        "someone took my son",
        "someone took my daughter and my phone",
        "he took my phone",
        "someone is at my bike",
        "I want to end it, please cancel my contract",
        "I want to leave, cancel my plan",
        "I will end my life, cancel my membership",
        "please cancel my pass, I won't be needing anything after this weekend",
        "I left my family, my phone is dead",
        "we are stuck, my phone is dead",
        "he is dead, cancel his contract",
        "I lost my son",
        "my tablets are gone",
        "my card was stolen",
        "someone transferred my deposit to another account",
        "somebody took our keys and is in our shop now",
        "someone took my phone and opened an account",
        "thieves took my phone and bought a laptop with my account",
        "someone has stolen my phone and used my account",
        "my phone was stolen and a new contract was signed",
        "someone took my laptop and two hundred dollars",
        "stop the contract, someone took my account",
        "I lost my phone and an account was opened",
        "the invoice was paid twice to a new account",
        "the light crackles and flickers since the rain",
        "somebody stole the computer with our payments",
        "our payments went out twice to a new company",
        "someone took my helmet and will be at my office today",
        "the cupboard fell off, it got me",
        "someone took my bike off me",
        "someone took my bike with me on it",
        "the locker fell off on to us",
        "the bed broke and I was in it",
        "the chair broke when I was on it",
        "the rail came off and I'm off the bike",
        "the shelf came off on me",
        "a bike smashed me",
        "my bike snapped and I'm on the pavement, please send someone",
    ],
)
def test_whatever_else_is_said_is_left_to_the_reader(said: str) -> None:
    assert not only_trouble(fold(said).words)


def test_trouble_goes_to_no_level_3_and_an_injury_does(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with opened_gateway(tmp_path_factory, "default") as gateway:
        fallen = gateway.route("my pedal fell off two days ago")
        stolen = gateway.route("someone took my bike last night")
        hurt = gateway.route("I fell off my bike two days ago and my arm is numb")
        used = gateway.route("someone has stolen my phone and used my account to pay")
        inside = gateway.route("somebody took our keys and is in our shop now")
    assert [one.rung.level for one in (fallen, stolen, hurt, used, inside)] == [2, 2, 3, 3, 3]
    assert fallen.signals.grave == stolen.signals.grave == 0.0


def test_a_broken_part_costs_no_dearest_model(tmp_path_factory: pytest.TempPathFactory) -> None:
    with opened_gateway(tmp_path_factory, "openai") as gateway:
        outcome = gateway.route("the crank arm came off on the way home")
    assert outcome.signals.domain is Domain.CUSTOMER_SUPPORT
    assert outcome.rung.level == 2
