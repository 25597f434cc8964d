"""`tiergate check` warns of budgets whose worst case refuses every call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from router.money.budget_check import budget_warnings
from router.policy.warnings import PolicyWarning, WarningKind
from router.types import AnswererFacts, Price
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate, write_policy
from tests.kits.upstreams.upstream_kit import facts
from tests.policy.test_warnings import policy

# "hi" is 10 input tokens at most; 256 output tokens are the answerer's own cap.
PRICED = replace(
    facts(), name="remote", tier="high", price=Price(1_000_000_000, None, None, 4_000_000_000)
)
LEAST, USUAL = 0.000014, 0.001034  # dollars: with one output token, and with 256
FREE = replace(facts(), name="free", price=Price(0, None, None, 0))


def warned(facts: Sequence[AnswererFacts] = (PRICED, FREE), **more: object) -> list[PolicyWarning]:
    return budget_warnings(policy(**more), facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"budgets": {"acme": {"usd_per_day": LEAST - 1e-9}}}, "budgets.acme.usd_per_day: $0.00"),
        ({"budgets": {"*": {"usd_per_hour": 0}}}, "budgets.*.usd_per_hour: $0.00 admits no call"),
        ({"limits": [{"tier": "high", "usd_per_day": 0.00001}]}, "limits[0].usd_per_day"),
        ({"limits": [{"policy": "p", "usd_per_month": 0.00001}]}, "limits[0].usd_per_month"),
    ],
)
def test_budget_below_the_shortest_request_admits_no_call(
    sections: dict[str, object], said: str
) -> None:
    (warning,) = warned(**sections)
    assert str(warning).startswith(said)
    assert "the shortest request to remote, the cheapest, is held at $0.000014" in str(warning)
    assert str(warning).endswith("[budget_admits_no_call]")


def test_budget_that_needs_max_tokens_says_how_many_fit() -> None:
    (warning,) = warned(budgets={"acme": {"usd_per_day": USUAL - 1e-9}})
    assert "no call to remote without max_tokens: its 256 output tokens" in warning.message
    assert "max_tokens of at most 255" in warning.message


@pytest.mark.parametrize(
    "sections",
    [
        {"budgets": {"acme": {"usd_per_day": USUAL}}},
        {"budgets": {"acme": {"requests_per_minute": 1}}},
        {"limits": [{"tier": "low", "usd_per_day": 0.00001}]},
        {"limits": [{"policy": "another", "usd_per_day": 0.00001}]},
    ],
)
def test_limits_that_fit_or_are_about_others_are_not_warned_of(sections: dict[str, object]) -> None:
    assert warned(**sections) == []


UNPRICED = replace(PRICED, name="new", model="gpt-new", price=Price())


@pytest.mark.parametrize(
    ("sections", "key_path"),
    [
        ({"budgets": {"*": {"usd_per_day": 1}}}, "budgets.*.usd_per_day"),
        ({"limits": [{"tier": "high", "usd_per_day": 1}]}, "limits[0].usd_per_day"),
    ],
)
def test_budget_names_the_models_that_nobody_prices(
    sections: dict[str, object], key_path: str
) -> None:
    (warning,) = warned([UNPRICED], **sections)
    assert (warning.kind, warning.key_path) == (WarningKind.BUDGET_NEEDS_PRICE, key_path)
    assert "new (gpt-new)" in warning.message


@pytest.mark.parametrize(
    "sections",
    [
        {"budgets": {"*": {"usd_per_day": 1, "unknown_price": "allow"}}},
        {"budgets": {"*": {"requests_per_minute": 1}}},
        {"limits": [{"tier": "low", "usd_per_day": 1}]},
        {"limits": [{"policy": "another", "usd_per_day": 1}]},
    ],
)
def test_unpriced_models_that_no_budget_counts_are_not_warned_of(
    sections: dict[str, object],
) -> None:
    assert warned([UNPRICED], **sections) == []


def test_policy_whose_calls_cost_nothing_fits_every_budget() -> None:
    assert warned([FREE], budgets={"acme": {"usd_per_day": 0}}) == []


def test_check_prints_the_warning(tmp_path: Path) -> None:
    path = write_policy(tmp_path, "http://h/v1", budgets={"acme": {"usd_per_day": 0.005}})
    run = tiergate("check", path, "--json")
    assert run.returncode == 0, run.stderr
    (found,) = json.loads(run.stdout)["policies"]
    said = {warning["kind"]: warning for warning in found["warnings"]}
    assert said["budget_needs_max_tokens"]["key_path"] == "budgets.acme.usd_per_day"
