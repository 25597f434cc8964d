"""What a client reads where every answer is unusable, and what it can do."""

from __future__ import annotations

import pytest

from router.errors.incapable import UnusableAnswer, no_usable_answer
from router.types import Reason

REFUSED = UnusableAnswer("mini", Reason.ANSWER_REFUSED)
CUT = UnusableAnswer("mini", Reason.ANSWER_CUT, cap=50)
PAID = "the same one would pay for all these answers once more."


@pytest.mark.parametrize(
    ("answer", "shape", "advice"),
    [
        (REFUSED, False, f"Ask another model, or reword the request; {PAID}"),
        (REFUSED, True, f"Ask another model, or relax that demand; {PAID}"),
        (CUT, True, "Raise `max_output_tokens` of mini in the policy."),
    ],
)
def test_advice_is_no_mere_repeat_since_clients_may_not_repeat(
    answer: UnusableAnswer, shape: bool, advice: str
) -> None:
    message = no_usable_answer([answer], shape=shape).message
    assert message.endswith(f". {advice}")
    assert "again" not in message
