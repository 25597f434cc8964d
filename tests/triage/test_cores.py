"""The core of a message: what a signature and a frame leave of it, as it was written."""

from __future__ import annotations

import pytest

from router.triage.facts.turn_facts import find_facts
from router.triage.framing.cores import cores_of
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder

SIGNED = "\n\nAda Lund\nTreasury\nHarbour Trust plc, 9 Mill Lane, Hull\nT +44 113 496 0202"


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("Hi,\n\nwhat is 17% of 3,200?\n\nKind regards\nAda", "what is 17% of 3,200?"),
        ("Hi,\n\n9 inches in cm" + SIGNED, "9 inches in cm"),
        ("Dear team,\ncould you convert 9 psi to bar?", "could you convert 9 psi to bar?"),
    ],
)
def test_a_core_is_left_of_a_framed_message(text: str, core: str) -> None:
    assert cores_of(text, "en")[-1] == core


@pytest.mark.parametrize(
    "text",
    [
        "12 x 7",
        "what is 5 + 7\nwhat is 15% of 80",  # neither is a frame of the other
        "Hi, 12 + 7? Thanks, room 14",
        "Hello, " + "word " * 250,
    ],
)
def test_a_message_without_a_frame_has_no_other_core(text: str) -> None:
    assert cores_of(text, "en") == ()


def test_a_number_of_ones_own_is_no_signature() -> None:
    assert all("3*7" in core for core in cores_of("Calculate this:\n\n3*7", "en"))


@pytest.mark.parametrize(
    ("text", "works_out"),
    [
        ("Hi,\n\nconvert 12,000 JPY to EUR at 0.006" + SIGNED, True),
        ("convert 12,000 JPY to EUR at 0.006", True),
        ("convert 12,000 JPY to EUR at 0.006 and send them", False),
        ("Hi,\n\nconvert 12,000 JPY to EUR at 0.006\n\nPlease pay it today", False),
    ],
)
def test_a_sum_of_numbers_is_one_whoever_signs_it(text: str, works_out: bool) -> None:
    facts = find_facts(text, AmountReader({"USD": 1.0, "JPY": 0.01}), TermFinder({}))
    assert facts.works_out is works_out
    assert all(amount.quoted is works_out for amount in facts.amounts)
