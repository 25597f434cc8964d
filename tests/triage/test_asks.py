"""What a message asks for: once, or several times; and the answers that triage notes for each."""

from __future__ import annotations

import pytest

from router.triage.facts.asks import MOST_CHARACTERS, asks_in, leans


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Cancel my subscription and delete my data",
         ("Cancel my subscription", "delete my data")),
        ("Where is my order and how do I return it?", ("Where is my order", "how do I return it")),
        ("Please reset my password, and also unsubscribe me.",
         ("Please reset my password", "also unsubscribe me")),
        ("I want to change my address. Can you also send an invoice?",
         ("I want to change my address", "Can you also send an invoice")),
        ("Entry fee? Cap needed?", ("Entry fee?", "Cap needed?")),
        ("What's the rent and do I pay a deposit?", ("What's the rent", "do I pay a deposit")),
        ("From what age may she come and where do I wait?",
         ("From what age may she come", "where do I wait")),
    ],
)  # fmt: skip
def test_message_that_asks_twice_is_split(text: str, asks: tuple[str, ...]) -> None:
    assert asks_in(text) == asks


@pytest.mark.parametrize(
    "text",
    [
        "change my name and address",
        "terms and conditions",
        "Do you accept Visa and Mastercard?",
        "Do you accept Visa and Apple Pay?",
        "My card is gone. Any ideas?",
        "can I return or exchange an item",
        "I ordered a lamp and it arrived broken",
        "My parcel is late. Where is it?",
        "Hello and good morning, where is my order?",
        "I'd like to load my wallet. How long does that take?",  # leans on what was said before
        "Cancel it. " + "Delete my data. " * 3,  # more than are looked for
        "cancel my order and " + "x" * MOST_CHARACTERS,
        "",
    ],
)
def test_message_that_asks_once_stays_whole(text: str) -> None:
    assert asks_in(text) == ()


def test_second_wish_with_also_is_an_ask() -> None:
    text = "where is my parcel and I also need to change the street number"
    assert asks_in(text) == ("where is my parcel", "I also need to change the street number")


def test_clause_that_points_back_asks_nothing_of_its_own() -> None:
    assert leans("who pays for that")
    assert not leans("do you sponsor football clubs")
    assert leans("Any ideas?")


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        (
            "The lamp came broken, and besides that my badge opens no door",
            ("The lamp came broken", "my badge opens no door"),
        ),
        (
            "How much is a helmet? One more thing: the bell fell off",
            ("How much is a helmet", "the bell fell off"),
        ),
        (
            "I lost my card and my address has changed too",
            ("I lost my card", "my address has changed"),
        ),
    ],
)
def test_what_is_added_is_asked_for(text: str, asks: tuple[str, ...]) -> None:
    assert asks_in(text) == asks


def test_short_addition_is_none() -> None:
    assert asks_in("I want the red one and the blue too") == ()


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("What does a tuning cost, and how long does it take?",
         ("What does a tuning cost", "how long does a tuning take")),
        ("How much is delivery, how long does it take?",
         ("How much is delivery", "how long does delivery take")),
        ("Do you sell gift cards and how long are they valid?",
         ("Do you sell gift cards", "how long are gift cards valid")),
        ("Can I rent a piano and what does it cost?", ()),  # the piano, or the rent of it
        ("How much is it to rent a van and how long does it take?", ()),
        ("Do you sell gift cards and how much is it?", ()),
        ("When I order two, how much is delivery?", ()),
    ],
)  # fmt: skip
def test_an_ask_that_leans_gets_the_thing_of_the_one_before(
    text: str, asks: tuple[str, ...]
) -> None:
    assert asks_in(text) == asks
