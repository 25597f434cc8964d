"""What a model does not take is remembered for an hour, and not without bound."""

from __future__ import annotations

from router.types import ChatRequest, Sampling
from tests.kits.upstreams.upstream_tier_kit import AheadClock
from tiers.resilience.unsupported import MOST_REMEMBERED, REMEMBERED_MS, Unsupporteds


def asked(**sampling: object) -> ChatRequest:
    return ChatRequest((), "m", Sampling(**sampling))  # type: ignore[arg-type]


def test_a_refused_parameter_is_left_out_for_an_hour() -> None:
    clock = AheadClock()
    known = Unsupporteds(clock)
    known.remember(asked(temperature=0.2), "temperature")
    assert known.of(asked(temperature=0.9, top_p=0.5)) == ("temperature",)
    assert known.of(asked(top_p=0.5)) == ()
    clock.ahead_ms = REMEMBERED_MS + 1
    assert known.of(asked(temperature=0.9)) == ()


def test_another_effort_is_tried() -> None:
    known = Unsupporteds(AheadClock())
    known.remember(asked(reasoning_effort="minimal"), "reasoning_effort")
    assert known.of(asked(reasoning_effort="minimal")) == ("reasoning_effort",)
    assert known.of(asked(reasoning_effort="high")) == ()


def test_invented_efforts_use_up_no_memory() -> None:
    known = Unsupporteds(AheadClock())
    for i in range(2 * MOST_REMEMBERED):
        known.remember(asked(reasoning_effort=f"e{i}"), "reasoning_effort")
    left = [i for i in range(2 * MOST_REMEMBERED) if known.of(asked(reasoning_effort=f"e{i}"))]
    assert len(left) == MOST_REMEMBERED
