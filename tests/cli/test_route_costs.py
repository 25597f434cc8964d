"""What `tiergate route` says of costs, and of answers that are approved words."""

from __future__ import annotations

import json

import pytest

from tests.kits.server_kit import tiergate


@pytest.mark.process
def test_costs_in_a_table_say_how_long_they_take_answers_to_be() -> None:
    run = tiergate("route", "What is the capital of Peru?", "--policy", "openai", "--table")
    assert run.stdout.splitlines()[-1].startswith("Expected costs assume answers as long as")


@pytest.mark.process
def test_a_table_without_costs_assumes_nothing() -> None:
    run = tiergate("route", "How long does delivery take?", "--policy", "default", "--table")
    assert run.stdout.splitlines()[-1].startswith("| How long")


@pytest.mark.process
def test_an_approved_safe_answer_has_no_reason_for_a_lack_of_models() -> None:
    run = tiergate("route", "Should I sue my landlord?", "--policy", "default", "--json")
    told = json.loads(run.stdout)
    table = tiergate("route", "Should I sue my landlord?", "--policy", "default", "--table")
    assert table.stdout.splitlines()[2].endswith("| high_risk_legal |")
    assert told["reasons"][0] == "high_risk_legal"
    assert "no_model" not in told["reasons"]
