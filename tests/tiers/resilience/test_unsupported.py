"""What a model does not take is remembered for an hour, and not without bound."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.types import ChatRequest, JsonText, ResponseFormat, Sampling, ToolSpec
from router.wire.refusals import Unsupported
from tests.kits.upstreams.upstream_tier_kit import AheadClock
from tiers.resilience.unsupported import MOST_REMEMBERED, REMEMBERED_MS, Unsupporteds


def asked(**sampling: object) -> ChatRequest:
    return ChatRequest((), "m", Sampling(**sampling))  # type: ignore[arg-type]


TEMPERATURE = Unsupported("temperature", lasts=True)
EFFORT = Unsupported("reasoning_effort", lasts=True, of_value=True)


def test_a_refused_parameter_is_left_out_for_an_hour() -> None:
    clock = AheadClock()
    known = Unsupporteds(clock)
    known.remember(asked(temperature=0.2), TEMPERATURE)
    assert known.of(asked(temperature=0.9)) == ("temperature",)
    assert known.of(asked(top_p=0.5)) == ()
    clock.ahead_ms = REMEMBERED_MS + 1
    assert known.of(asked(temperature=0.9)) == ()


def test_another_effort_is_tried() -> None:
    known = Unsupporteds(AheadClock())
    known.remember(asked(reasoning_effort="minimal"), EFFORT)
    assert known.of(asked(reasoning_effort="minimal")) == ("reasoning_effort",)
    assert known.of(asked(reasoning_effort="high")) == ()


def test_a_refused_value_leaves_other_values() -> None:
    known = Unsupporteds(AheadClock())
    known.remember(asked(temperature=1.7), Unsupported("temperature", lasts=True, of_value=True))
    assert known.of(asked(temperature=1.7)) == ("temperature",)
    assert known.of(asked(temperature=0.0)) == ()


@pytest.mark.parametrize(
    "odd",
    [
        asked(temperature=0.5, reasoning_effort="high"),
        asked(temperature=0.5, logprobs=True),
        replace(asked(temperature=0.5), tools=(ToolSpec("a", "", JsonText("{}")),)),
        replace(asked(temperature=0.5), response_format=ResponseFormat("json_object")),
        replace(asked(temperature=0.5), extra={"thinking": JsonText('{"type": "enabled"}')}),
    ],
)
def test_what_is_refused_beside_something_else_is_kept_for_other_requests(
    odd: ChatRequest,
) -> None:
    """One tenant's odd request took the temperature from all tenants for an hour."""
    known = Unsupporteds(AheadClock())
    known.remember(odd, TEMPERATURE)
    assert known.of(odd) == ("temperature",)
    assert known.of(asked(temperature=0.0)) == ()


def test_invented_efforts_use_up_no_memory() -> None:
    known = Unsupporteds(AheadClock())
    for i in range(2 * MOST_REMEMBERED):
        known.remember(asked(reasoning_effort=f"e{i}"), EFFORT)
    left = [i for i in range(2 * MOST_REMEMBERED) if known.of(asked(reasoning_effort=f"e{i}"))]
    assert left == list(range(MOST_REMEMBERED, 2 * MOST_REMEMBERED))
