"""Known questions between sentences that ask for nothing get their approved answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from router import Gateway
from router.types import Reason


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    database = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with Gateway.from_policy("customer_support", database=database) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        (
            "We moved into the new flat in April and the cat likes it. "
            "How do I reset my password? Regards, Hanna",
            "reset_password",
        ),
        (
            "My neighbour told me about your shop last summer. "
            "Which payment methods do you accept?",
            "payment_methods",
        ),
        (
            "Our dog ate the last catalogue. How can I cancel my order? Best wishes, Ines",
            "cancel_order",
        ),
    ],
)
def test_a_known_question_among_sentences_is_answered(
    gateway: Gateway, text: str, intent: str
) -> None:
    routed = gateway.route(text)
    match = routed.signals.match
    assert match is not None
    assert match.intent_id == intent
    assert routed.rung.level == 1
    assert routed.reason is not Reason.ASKED_WHICH


@pytest.mark.parametrize(
    "text",
    [
        "We moved into the new flat in April and the cat likes it. Regards, Hanna",
        "My neighbour told me about your shop last summer. Can you name a poet of the Renaissance?",
    ],
)
def test_sentences_around_no_known_question_get_no_approved_answer(
    gateway: Gateway, text: str
) -> None:
    routed = gateway.route(text)
    assert routed.rung.level != 1 or routed.reason is Reason.ASKED_WHICH
