"""Shipped phrases of an injury that somebody is to pay for, in English.

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
