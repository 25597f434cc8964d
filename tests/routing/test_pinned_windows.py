"""Tests what is said of a request that is too long for what a pin or a key leaves."""

from __future__ import annotations

import pytest

from router.errors import NotCapable
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import Capability
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, a_policy, facts


@pytest.mark.parametrize(
    "asked", [Asked(pinned="mid"), Asked(pinned_tier="llm"), Asked(tiers=("llm",))]
)
def test_what_a_pin_or_a_key_leaves_is_too_small(asked: Asked) -> None:
    faq, mid, deep = facts()
    rows = [faq, replace(mid, context_tokens=4_000), replace(deep, context_tokens=128_000)]
    signals = replace(CALM, input_tokens=9_004, match=None)
    with pytest.raises(NotCapable, match=r"about 9004 tokens.*context there is 4000") as c:
        decide(a_policy(), signals, rows, asked)
    assert (c.value.code, c.value.param) == ("context_length_exceeded", "messages")


def test_pinned_answerer_that_lacks_a_capability_is_said_to() -> None:
    faq, mid, deep = facts()
    rows = [faq, replace(mid, missing=(Capability.TOOLS,), context_tokens=10), deep]
    with pytest.raises(NotCapable, match=r"offers tools, which no answerer that this request may"):
        decide(a_policy(), replace(CALM, input_tokens=101), rows, Asked(pinned="mid"))
