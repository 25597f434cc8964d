"""Exact tools and small talk answer what stands between a courtesy and a signature."""

from __future__ import annotations

import pytest

from router import Gateway
from router.types import Reason
from tests.kits.opened import gateway_of

SIGNED = "\n\nAda Lund\nTreasury\nHarbour Trust plc, 9 Mill Lane, Hull\nT +44 113 496 0202"


gateway = gateway_of("default")


@pytest.mark.parametrize(
    "text",
    [
        "Hi,\n\nconvert 12,500 JPY to EUR at 0.0061" + SIGNED + "\nThis e-mail is confidential.",
        "Hi,\n\nwhat is 17% of 3,200?\n\nThanks\nAda",
        "Dear team,\ncould you convert 85 psi to bar for me?\n\nKind regards\nAda Lund",
        "Guten Tag,\n\nwie viel sind 17 % von 1.250 Euro?\n\nMit freundlichen Grüßen\nJana Kern",
    ],
)
def test_a_sum_in_a_letter_is_computed(gateway: Gateway, text: str) -> None:
    routed = gateway.route(text)
    assert (routed.rung.level, routed.reason) == (1, Reason.EXACT_TOOL)


@pytest.mark.parametrize(
    "text",
    [
        "morning! are you around?",
        "great, it works now, cheers",
        "gg, see you tomorrow",
        "Danke, hat geklappt! Bis morgen",
        "Hi,\n\nthanks, that did it" + SIGNED,
    ],
)
def test_talk_that_asks_for_nothing_is_small(gateway: Gateway, text: str) -> None:
    routed = gateway.route(text)
    assert (routed.rung.level, routed.reason) == (1, Reason.SMALL_TALK)


@pytest.mark.parametrize(
    "text",
    [
        "Hi,\n\nwhat is 17% of 3,200, and who approves it?" + SIGNED,
        "you there? my flat is on fire",
        "thanks, that worked. how do I undo it?",
        "that worked, but the second one fails",
        "see you tomorrow in court",
        "Hi,\n\nwhat is 17% of 3,200?\n\nAnd please wire it to Tom.\n\nAda",
    ],
)
def test_what_asks_more_is_neither(gateway: Gateway, text: str) -> None:
    assert gateway.route(text).reason not in (Reason.EXACT_TOOL, Reason.SMALL_TALK)


@pytest.mark.parametrize("text", ["hello", "hi there", "good afternoon"])
def test_a_greeting_promises_nothing_of_a_shop(gateway: Gateway, text: str) -> None:
    outcome = gateway.complete(text)
    assert outcome.answer is not None
    answer = outcome.answer.choices[0].text.lower()
    assert "order" not in answer
    assert "account" not in answer
