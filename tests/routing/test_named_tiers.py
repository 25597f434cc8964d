"""A tier that the client names, and an answerer that an alias pins: what goes before them."""

from __future__ import annotations

import pytest

from router.errors import NotCapable
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import PINS_FROM, Capability, Reason
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, USD, a_policy, facts


def test_a_pinned_tier_gives_way_to_a_hard_rule() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    assert decide(a_policy(), signals, facts(), Asked(pinned_tier="resolve")).first_rung.level == 3


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"novelty": 0.99}, 1),
        ({"multi_factor": 0.99}, 1),
        ({"impact_nano_usd": 7_000 * USD}, 1),
        ({"impact_nano_usd": 12_000 * USD}, 3),
        ({"stakes_high": 0.99}, 2),
        ({"toxic": 0.99}, 2),
        ({"degraded": True}, 2),
        ({"strategic": 0.99}, 3),
        ({"risk_terms": ("emergency",)}, 3),
    ],
    ids=str,
)
def test_a_named_tier_holds_but_where_a_rule_forces_a_higher_level(
    changes: dict[str, object], level: int
) -> None:
    signals = replace(CALM, **changes)
    decision = decide(a_policy(), signals, facts(), Asked(pinned_tier="resolve"))
    pinned = decision.first_rung.reasons[-1] is Reason.PINNED
    assert (decision.first_rung.level, pinned) == (level, level == 1)
    earlier = decide(
        a_policy(), signals, facts(), Asked(pinned_tier="resolve"), version=PINS_FROM - 1
    )
    assert Reason.PINNED not in earlier.first_rung.reasons


@pytest.mark.parametrize("asked", [Asked(pinned_tier="resolve"), Asked(pinned="faq")], ids=str)
def test_a_pinned_rung_needs_no_capable_one_where_a_trigger_looks_higher(asked: Asked) -> None:
    signals = replace(CALM, novelty=0.99)
    rows = [facts()[0], *[replace(f, missing=(Capability.LOGPROBS,)) for f in facts()[1:]]]
    assert decide(a_policy(), signals, rows, asked).first_rung.level == 1
    with pytest.raises(NotCapable):
        decide(a_policy(), signals, rows, Asked())
