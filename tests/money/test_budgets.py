"""Tests what a policy may say about budgets, and the messages about mistakes in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from router.money.budgets import Budgets, Payer
from router.policy.loading import load_policy
from tests import ROOT
from tests.kits.inputs.policy_texts import GOOD, added, mistakes_of, write

DOCS = (ROOT / "docs" / "guides" / "budgets.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "key_path", "found", "expected"),
    [
        ("limits: [{key: '*'}]", "limits[0]", "", "a limit needs one of usd_per_minute"),
        ("limits: [{tier: smart, usd_per_day: 1}]", "limits[0].tier", "smart", "local, reasoning"),
        (
            "limits: [{tier: lokal, policy: small, usd_per_day: 1}]",
            "limits[0].tier",
            "lokal",
            "did you mean `local`",
        ),
        (
            "limits: [{tier: local, usd_per_day: 1, soft_share: 0.5}]",
            "limits[0]",
            "",
            "leave out `tier`",
        ),
        ("limits: [{usd_per_week: 1}]", "limits[0].usd_per_week", "an unknown key", "did you mean"),
        ("limits: [{usd_per_day: -1}]", "limits[0].usd_per_day", "-1", "a number from 0"),
        ("limits: [{key: '', usd_per_day: 1}]", "limits[0].key", "", "at least 1"),
        (
            "limits: [{key: bridge, usd_per_day: 1}]",
            "limits[0].key",
            "bridge",
            "key_..., as `tiergate keys list` shows it",
        ),
        ("limits: {usd_per_day: 1}", "limits", "", "list"),
        ("budgets: {acme: {soft_share: 0.8}}", "budgets.acme", "", "need one of usd_per_minute"),
        ("budgets: {acme: {pacing: on}}", "budgets.acme", "", "need one of usd_per_minute"),
        (
            "budgets: {acme: {soft_share: 1.2, usd_per_day: 1}}",
            "budgets.acme.soft_share",
            "1.2",
            "from 0 to 1",
        ),
        (
            "budgets: {acme: {requests_per_minute: 0}}",
            "budgets.acme.requests_per_minute",
            "0",
            "a whole number from 1",
        ),
        (
            "budgets: {acme: {tokens_per_minute: 2.5}}",
            "budgets.acme.tokens_per_minute",
            "2.5",
            "a whole number",
        ),
    ],
)
def test_mistake_in_a_budget_is_named(
    tmp_path: Path, section: str, key_path: str, found: str, expected: str
) -> None:
    (mistake,) = mistakes_of(tmp_path, added(section))
    assert (mistake.line, mistake.key_path) == (3, key_path)
    assert found in mistake.found
    assert expected in mistake.expected


def test_tier_of_another_policy_is_not_judged_here(tmp_path: Path) -> None:
    text = added("limits: [{tier: smart, policy: other, usd_per_day: 1}]")
    load_policy(write(tmp_path, text), {})


def test_policy_without_limits_has_none(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, GOOD), {}).policy
    budgets = Budgets(policy.budgets, policy.limits)
    assert (budgets.money(Payer("acme")), budgets.any_rate) == ((), False)


def test_example_in_the_docs_holds(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.S)
    policy = load_policy(write(tmp_path, GOOD + example), {}).policy
    budgets = Budgets(policy.budgets, policy.limits)
    found = [
        (str(one.scope), one.kind.value, one.pacing)
        for one in budgets.money(Payer("bob", "k", "mail", "reasoning"))
    ]
    assert found == [
        ("tenant 'bob'", "day", True),
        ("tenant 'bob'", "month", True),
        ("tier 'reasoning'", "day", False),
        ("tenant 'bob', policy 'mail'", "minute", False),
        ("all requests", "month", False),
    ]
    assert [rate.requests for rate in budgets.rates(Payer("acme", "k", "mail"))] == [600, 60]
