"""Shipped phrases of an injury by a thing, and of one that somebody is to pay for, in English.

The lines were written after the phrases, in other words. The calm ones have the same words.
"""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import phrases_in


@pytest.mark.parametrize(
    "text",
    [
        "Who is liable for the blisters on his feet, your boots did that",
        "please pass me to your legal department, it concerns the scar on my knee from your bike",
        "my attorney wants your address because of the injury caused by your massage gun",
        "I was injured by your treadmill, what compensation do I get",
        "do you compensate for the bruise I got when your shelf came down",
        "My lawyer says you pay for my injuries from that faulty chair",
        "I got hurt by your trampoline and I want damages",
        "My solicitor will be in touch about the cut I got from your glass",
        "should I sue, the injury to my hand does not heal",
        "your insurer has to settle the wounds on her legs",
    ],
)
def test_an_injury_with_a_claim_is_a_legal_matter(text: str) -> None:
    assert "legal:en" in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "I want compensation because the parcel was late",
        "the scar on my sofa from the courier, who pays",
        "is there an injury insurance with your sports shoes",
        "do your gloves prevent blisters on hands",
        "my injury is healed, can I still return the brace",
        "your legal department sent me an invoice",
        "the cut I got is too short, I wanted the long dress",
        "I got hurt by your rude answer",
        "who is liable for the customs duties",
        "translate: my lawyer asks about the injury caused by your machine",
    ],
)
def test_claims_without_an_injury_and_injuries_without_a_claim_are_none(text: str) -> None:
    assert "legal:en" not in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "our guest was hurt by your hammock",
        "my mother got hurt on the ladder",
        "a colleague was badly hurt when the drawer unit tipped over",
        "I got hurt on the slide you delivered",
        "we were hurt by the falling wardrobe",
        "I was hurt when your chair gave way",
        "two people got hurt when the bench collapsed",
        "my back is broken",
        "my collarbone is broken",
    ],
)
def test_who_was_hurt_by_a_thing_needs_help(text: str) -> None:
    assert "medical_emergency:en" in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "my feelings were hurt by your chat agent",
        "I was hurt by your reply about the ladder",
        "luckily nobody got hurt when the chair broke",
        "sales were hurt by the tariffs on tables",
        "I was hurt by the decision of the chair",
        "she was hurt when I forgot the table reservation",
        "he was hurt that I read his phone in bed",
        "my wife was hurt by the third slide of my presentation",
        "will my son get hurt on this trampoline",
        "the back of my chair is broken",
        "my back door is broken",
        "my neck pillow is broken",
    ],
)
def test_hurt_feelings_and_broken_backs_of_things_are_none(text: str) -> None:
    assert "medical_emergency:en" not in phrases_in(text)
