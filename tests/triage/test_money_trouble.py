"""Shipped phrases of debts, taxes, lost savings and visas, and everyday questions beside them."""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import phrases_in


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("legal:en", "can't make the house payment again"),
        ("legal:en", "we're three months behind on the mortgage"),
        ("legal:en", "I can't pay any of my cards anymore"),
        ("legal:en", "irs is auditing me for the last three years"),
        ("legal:en", "tax people want receipts I don't have"),
        ("legal:en", "lost my job and the balloon payment is due friday"),
        ("legal:en", "we live off credit cards since march"),
        ("legal:en", "bank wants to auction our home next month"),
        ("legal:en", "my visa expired last week and I'm still here"),
        ("fraud:en", "they promised 3 percent a week and now nobody answers"),
        ("fraud:en", "my crypto exchange won't let me withdraw my savings"),
    ],
)
def test_trouble_with_money_or_papers_is_found(name: str, text: str) -> None:
    assert name in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "my visa card expired, send a new one",
        "when will my visa next expire",
        "can I pay my mortgage online",
        "I can't make the payment because I forgot my details",
        "can I take a break from payments for a month",
        "how do I get a payoff letter for my car loan",
        "What is a foreclosure?",
        "how do I claim a tax refund",
        "can I withdraw from my savings account any time",
        "my card was declined, I can't pay",
        "what is the interest, three percent a month?",
    ],
)
def test_an_everyday_question_about_money_is_no_phrase(text: str) -> None:
    assert phrases_in(text) == ()
