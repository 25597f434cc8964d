"""Worksheets work figures out by code; each has an example worked by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.content.deliberation_full import WorksheetId
from router.policy.parsing.json_schema import schema_faults, schema_problem
from router.types import JsonText
from tests.kits.upstreams.upstream_decider import filling
from tiers.reasoning.present_value import npv
from tiers.reasoning.sources import Evidence
from tiers.reasoning.worksheets.all_sheets import SHEETS, worksheet_faults
from tiers.reasoning.worksheets.finance import irr
from tiers.reasoning.worksheets.sheet import Material

NOTHING = Material("")


def worked(name: WorksheetId, inputs: dict[str, Any], material: Material = NOTHING) -> Any:
    return SHEETS[name].compute(inputs, material)


@pytest.mark.parametrize("name", list(WorksheetId))
def test_every_worksheet_has_a_sound_schema(name: WorksheetId) -> None:
    schema = SHEETS[name].schema
    assert schema_problem(schema) == ""
    assert not schema_faults(filling(schema), JsonText(json.dumps(schema)))


FLOWS = [
    {"year": year, "amount": amount, "what": ""}
    for year, amount in enumerate((-2_000_000, 700_000, 900_000, 1_100_000))
]
COUNTERPARTY = {"name": "H", "exposure": 500_000, "default_probability": 0.04, "loss_share": 0.6}


def test_finance_works_out_value_return_payback_and_counterparty() -> None:
    inputs = {"flows": FLOWS, "discount_rate": 0.08, "counterparty": COUNTERPARTY}
    figures = worked(WorksheetId.FINANCE, inputs)
    assert figures["npv"] == 292_969
    assert figures["irr"] == pytest.approx(0.1535, abs=0.0001)
    assert figures["payback_year"] == 3
    assert figures["counterparty_expected_loss"] == 12_000  # 500,000 x .04 x .6
    assert figures["npv_after_it"] == 280_969
    by_case = {one["case"]: one["npv"] for one in figures["sensitivity"]}
    assert by_case["inflows 20 % lower"] < by_case["inflows 10 % lower"] < figures["npv"]


@given(st.floats(0.01, 0.5), st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_present_value_at_the_rate_of_return_is_nothing(rate: float, inflows: list[int]) -> None:
    flows = [-npv(rate, [0.0, *inflows]), *map(float, inflows)]
    found = irr(flows)
    assert found is not None
    assert found == pytest.approx(rate, abs=1e-6)


def test_flows_that_turn_twice_have_no_one_rate() -> None:
    assert irr([-100, 300, -150]) is None


@pytest.mark.parametrize(
    ("changed", "fault"),
    [({"discount_rate": 8}, "8 % is 0.08"), ({"flows": []}, "at least one amount")],
)
def test_wrong_inputs_are_told_in_words(changed: dict[str, Any], fault: str) -> None:
    inputs = {"flows": FLOWS, "discount_rate": 0.08, "counterparty": {}} | changed
    assert fault in worksheet_faults(SHEETS[WorksheetId.FINANCE], inputs, NOTHING)[0]


def test_safety_puts_grave_modes_first_and_stops_at_the_unknown() -> None:
    def mode(name: str, *parts: int, action: str = "") -> dict[str, Any]:
        severity, occurrence, detection = parts
        return {
            "mode": name, "effect": "", "severity": severity, "occurrence": occurrence,
            "detection": detection, "action": action,
        }  # fmt: skip

    def load(name: str, capacity: float | None, carried: float) -> dict[str, Any]:
        return {"name": name, "capacity": capacity, "load": carried, "required_factor": 4}

    figures = worked(
        WorksheetId.ENGINEERING_SAFETY,
        {
            "failure_modes": [mode("wear", 5, 8, 8, action="inspect"), mode("hook", 9, 3, 4)],
            "loads": [load("hoist", 3_000, 1_200), load("beam", None, 1_200)],
        },
    )
    assert [one["priority"] for one in figures["failure_modes"]] == [108, 320]
    assert [one["factor"] for one in figures["loads"]] == [2.5, None]
    assert figures["loads"][0]["verdict"] == "fails"
    assert figures["stop_because"] == [
        "hoist: fails",
        "beam: unknown capacity: stop",
        "hook: severity 9, priority 108, no action named",
    ]


def test_architecture_counts_three_years_and_the_way_back() -> None:
    def option(name: str, build: int, migrate: int, year: int, leave: int, *meets: str) -> Any:
        return {
            "name": name, "build_cost": build, "migration_cost": migrate, "cost_per_year": year,
            "exit_cost": leave, "exit_months": 12 if leave else 1, "meets": list(meets),
        }  # fmt: skip

    figures = worked(
        WorksheetId.ARCHITECTURE,
        {
            "requirements": [{"id": "r1", "must": True}, {"id": "r2", "must": False}],
            "options": [
                option("service", 0, 20_000, 80_000, 60_000, "r1", "r2"),
                option("own", 120_000, 0, 30_000, 0, "r1"),
                option("cheap", 0, 0, 1_000, 0, "r2"),
            ],
        },
    )
    assert figures["cheapest_that_meets_all_musts"] == "own"
    by_name = {one["option"]: one for one in figures["options"]}
    assert by_name["own"]["cost_over_three_years"] == 210_000
    assert by_name["service"]["cost_if_left_after_them"] == 320_000
    assert by_name["service"]["reversible"] == "hardly"
    assert by_name["cheap"]["unmet_musts"] == ["r1"]
    assert figures["dearer_by"] == 50_000


def test_strategy_scores_and_tells_what_turns_the_order() -> None:
    def option(name: str, *scores: float) -> dict[str, Any]:
        pairs = zip(("growth", "risk"), scores, strict=True)
        return {"name": name, "scores": [{"criterion": c, "score": s} for c, s in pairs]}

    inputs = {
        "criteria": [{"name": "growth", "weight": 3}, {"name": "risk", "weight": 1}],
        "options": [option("enter", 4, 2), option("wait", 3, 4)],
        "market": {"buyers": 20_000, "reachable_share": 0.05, "price_per_year": 300},
    }
    figures = worked(WorksheetId.STRATEGY, inputs)
    assert figures["scores"][0] == {"option": "enter", "score": 3.5}  # (3 x 4 + 1 x 2) / 4
    assert figures["lead"] == 0.25
    assert figures["order_turns_with"] == []
    assert figures["yearly_revenue_within_reach"] == 300_000
    close = inputs | {"options": [option("enter", 4, 2), option("wait", 3.5, 3.4)]}
    assert worked(WorksheetId.STRATEGY, close)["order_turns_with"] == [
        "growth weighed -25 %",
        "risk weighed +25 %",
    ]


def test_legal_finds_clauses_word_by_word_and_counts_days() -> None:
    passages = (Evidence("c-4", "Each party may end this contract by 90 days' notice.", "old.pdf"),)
    figures = worked(
        WorksheetId.LEGAL,
        {
            "from_date": "2027-03-01",
            "clauses": [
                {"name": "limit", "words": "Liability is limited to $2,000,000."},
                {"name": "end", "words": "may end this contract by 90 days\u2019 notice"},
                {"name": "made up", "words": "Harlow pays all losses."},
            ],
            "obligations": [{"party": "buyer", "duty": "sign", "due": "2027-06-30"}],
            "exposures": [{"what": "loss", "amount": 2_500_000}],
            "liability_cap": 2_000_000,
            "governing_laws": ["Denmark", "Texas"],
        },
        Material("Liability is limited to $2,000,000. Shall we sign?", passages),
    )
    assert [one["found_in"] for one in figures["clauses"]] == ["request", "[c-4]", "nowhere"]
    assert figures["not_quoted_word_by_word"] == ["made up"]
    assert figures["obligations"][0]["days_from_start"] == 121
    assert figures["above_the_cap"] == 500_000
    assert figures["jurisdiction"] == "conflict: Denmark, Texas"
    assert figures["precedents"] == ["[c-4] old.pdf"]


def test_medical_raises_the_urgency_and_names_pairs_but_no_diagnosis() -> None:
    inputs: dict[str, Any] = {
        "symptoms": ["chest pain since noon"],
        "red_flags": [{"sign": "fever", "present": "unknown"}],
        "medicines": ["warfarin"],
        "proposed": ["ibuprofen"],
        "conditions": [],
        "allergies": [],
        "considerations": [],
    }
    figures = worked(WorksheetId.MEDICAL, inputs)
    assert figures["urgency_at_least"] == "emergency"
    assert figures["look_at"] == ["ibuprofen with warfarin: bleeding"]
    calm = worked(WorksheetId.MEDICAL, inputs | {"symptoms": ["a cough"], "proposed": []})
    assert (calm["urgency_at_least"], calm["look_at"]) == ("same_day", [])
    assert "not thereby safe" in calm["limit"]
