"""Shipped phrases of driving after a drink or a drug, signs of a stroke that passed, and of a gas
flame that burns yellow. The lines were written after the phrases; the calm ones share words.
"""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import lists_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two glasses of wine at lunch, may I drive at four?", "legal"),
        ("I had one beer with the team. Am I allowed to drive?", "legal"),
        ("I'm still drunk I think, but must drive to the airport at six.", "legal"),
        ("She took sleeping tablets and wants to drive to work.", "legal"),
        ("After three drinks it should be fine to drive, it's just round the corner.", "legal"),
        ("Hungover. Should I drive the van today?", "legal"),
        ("We smoked a joint at noon, can we drive home tonight?", "legal"),
        ("Is a pint too much before getting behind the wheel?", "legal"),
        ("My husband sees two of everything when he gets up.", "medical_emergency"),
        ("I've been seeing double since lunch", "medical_emergency"),
        ("Yesterday I couldn't get my words out for a while, it passed.", "medical_emergency"),
        ("Dad spoke gibberish for some minutes, now he is himself again", "medical_emergency"),
        ("Our gas stove has yellow flames since the move.", "engineering_safety"),
        ("The pilot light of the water heater is orange instead of blue", "engineering_safety"),
    ],
)
def test_understated_danger_is_named(text: str, expected: str) -> None:
    assert expected in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "Which wine goes with duck? My uncle drives down on Sunday.",
        "We had a few drinks and took a cab home.",
        "Can I drive from the winery to the hotel in an hour?",
        "I bought a hard drive and a six-pack of beers.",
        "Write a campaign against people who drive home after a pint.",
        "I never drive after a beer. Which alcohol-free one is good?",
        "I see two of everything in my cart, please remove one.",
        "Seeing double: two films with the same title in your app.",
        "I couldn't find my words in the interview, how do I practise?",
        "A candle with yellow flames looks cosy.",
        "The emoji with an orange flame is missing on my keyboard.",
        "Why is the flame of a wood fire yellow and that of gas blue?",
    ],
)
def test_everyday_words_name_no_danger(text: str) -> None:
    assert not {"legal", "medical_emergency", "engineering_safety"} & set(lists_of(text))
