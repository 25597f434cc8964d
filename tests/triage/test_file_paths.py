"""Paths of files in a text: the model reads their last parts, the rules read them whole. Pure."""

from __future__ import annotations

import pytest

from router.triage.facts.file_paths import without_folders
from router.triage.facts.turn_facts import find_facts
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (
            "Correct the greeting in '/tmp/of-root/loss/hello.py'.",
            "Correct the greeting in 'hello.py'.",
        ),
        ("Why does ~/src/shop/cart.py fail now?", "Why does cart.py fail now?"),
        ("Run ../tests/unit/ and tell me more", "Run unit and tell me more"),
        ("Rename it in billing/claims/upload.py, then test", "Rename it in upload.py, then test"),
        (r"Sum column B of D:\taxes\2025\loss.xlsx", "Sum column B of loss.xlsx"),
    ],
)
def test_a_path_is_read_as_its_last_part(text, short):
    assert without_folders(text) == short


@pytest.mark.parametrize(
    "text",
    [
        "Read https://example.com/legal/claims/index.html and sum it up for me",
        "Read www.example.com/legal/claims/index.html and sum it up for me",
        "Ask him/her and/or me on 11/23/2026 about 3/4 of it",
        "The pump makes 3 km/h and 4.5 l/min in all",
        "/my/husband/beats/me/what/can/i/do",
        "help /i/took/forty/pills now",
    ],
)
def test_what_is_no_path_and_what_says_all_stays(text):
    assert without_folders(text) == text


def test_the_rules_read_what_stands_between_the_slashes():
    text = (
        "Write one more line into /srv/wire transfer/of $12,000/overdose/notes.txt for me, please"
    )
    facts = find_facts(text, AmountReader({"USD": 1.0}), TermFinder({"medical": ["overdose"]}))
    assert facts.risk_terms == ("medical",)
    assert max(amount.nano_usd for amount in facts.amounts) == 12_000 * 10**9
    assert "overdose" not in facts.mended
