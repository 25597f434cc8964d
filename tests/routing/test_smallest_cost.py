"""The smallest amount that is counted stands for all below it."""

from __future__ import annotations

import pytest

from router.errors import NotCapable
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import usd_to_nano
from tests.kits.decision_kit import CALM, a_policy, facts


def test_the_smallest_max_cost_is_not_told_as_nothing() -> None:
    """`max_cost_usd: 1e-30` was told as $0.00."""
    with pytest.raises(NotCapable, match=r"max_cost_usd is at most \$0\.000000001; a call to "):
        decide(a_policy(), CALM, facts(), Asked(max_cost_nano_usd=usd_to_nano(1e-30)))
