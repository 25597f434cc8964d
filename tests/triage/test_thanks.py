"""Messages that only thank, whatever for, and those that say more."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.triage.framing.thanks import MOST_WORDS, only_thanks
from router.triage.text.folding import fold


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for the nice delivery.",
        "Thank you for the quick delivery!",
        "Thanks for sending the package so quickly.",
        "I just wanted to say thank you for your great service.",
        "Thanks for getting back to me so soon",
        "That was fast, thank you!",
        "Hi team, many thanks for your patient and friendly help today",
        "Thank you very much for the detailed answer",
    ],
)
def test_who_thanks_for_something_only_thanks(text: str) -> None:
    assert only_thanks(text, fold(text).words)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for the delivery, but the chair is broken.",
        "Thanks for the quick delivery. Where is the invoice?",
        "Thanks, is the delivery quick?",
        "Thanks, help!",
        "Thanks, quick help",
        "Thank you for nothing",
        "Thanks for sending the wrong package",
        "Thank you for the delivery date",
        "Many thanks in advance for helping me",
        "Thank you for cancelling my order",
        "Thanks for the great service, I want my money back",
        "Thanks for everything. I won't be here tomorrow",
        "Great job, well done",
        "thank you",  # as the operator wrote it, or not
        "",
        "thanks for the help " * MOST_WORDS,
    ],
)
def test_who_says_more_or_less_does_not_only_thank(text: str) -> None:
    assert not only_thanks(text, fold(text).words)


def test_thanks_get_the_approved_answer_to_thanks(tmp_path: Path) -> None:
    paths = {"database": tmp_path / "ledger.db", "documents": tmp_path / "documents.db"}
    with Gateway.from_policy("customer_support", environ={}, **paths) as gateway:
        read = gateway.route("Thank you for the quick delivery!").signals.match
        more = gateway.route("Thank you for the quick delivery, where is the invoice").signals.match
    assert read is not None
    assert read.intent_id == "thanks"
    assert read.confidence > 0.9
    assert more is not None
    assert more.intent_id != "thanks"
