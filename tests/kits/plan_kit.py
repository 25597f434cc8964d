"""Provides plans for tests: as text in the format that people write, and read into a report."""

from __future__ import annotations

from router.plan.build import build_plan
from router.plan.figures import PlanReport
from router.plan.inputs import PlanInputs, inputs_of
from router.plan.schema import Plan
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.types import NANO_PER_USD, Price

USD = NANO_PER_USD

CROSSING = """
version: 1
name: crossing
traffic: {requests_per_day: 20000}
tiers: [{name: own, share: 1, price: {list_price_usd: 0.0001}}]
general: {name: general, price: {list_price_usd: 0.002}}
hosting: [{name: machines, usd_per_month: 500}]
horizon: {discount_rate: 0.1}
"""

RICH = """
version: 1
name: all there is
traffic: {requests_per_day: 1000, growth_per_year: 0.2, ramp_up_months: 5}
steps:
  - {name: triage, compute_s: 0.001, price: {compute_usd_per_hour: 0.05}}
tiers:
  - {name: approved, share: 0.6, price: {list_price_usd: 0}}
  - name: small
    share: 0.3
    after_draft: 0.25
    input_tokens: 700
    output_tokens: 220
    price: {model: small-model}
  - name: large
    share: 0.1
    after_draft: 0.5
    input_tokens: 1500
    cached_input_tokens: 1000
    output_tokens: 1800
    price: {input_usd_per_mtok: 5, cached_input_usd_per_mtok: 0.5, output_usd_per_mtok: 30}
    review_share: 0.1
    review_minutes: 5
    price_change_per_year: -0.2
general:
  name: general
  input_tokens: 700
  output_tokens: 300
  price: {model: large-model}
  review_share: 0.02
  review_minutes: 5
  usd_per_month: 100
  price_change_per_year: -0.1
hosting:
  - {name: GPU, count: 1, usd_per_hour: 1.5, hours_per_month: 200}
  - {name: gateway, usd_per_month: 60}
people: {usd_per_hour: 90, review_usd_per_hour: 30, setup_hours: 50, hours_per_month: 4}
training:
  first: {people_hours: 20, usd: 500, compute_hours: 10, compute_usd_per_hour: 2}
  again: {people_hours: 5, compute_hours: 10, compute_usd_per_hour: 2}
  times_per_year: 4
one_off: [{name: audit, usd: 1000}]
"""

BOOK = {
    "small-model": Price(input_nano_usd=USD // 4, output_nano_usd=2 * USD, version="list 1"),
    "large-model": Price(input_nano_usd=5 * USD // 2, output_nano_usd=10 * USD, version="list 1"),
}


def plan_of(text: str) -> Plan:
    """Reads a plan from YAML without the checks that cross sections."""
    tree, lines = load_yaml("plan.yaml", text)
    return validated(Plan, tree, lines)


def inputs(text: str) -> PlanInputs:
    return inputs_of(plan_of(text), BOOK.get)


def report(text: str) -> PlanReport:
    return build_plan(plan_of(text), BOOK.get)
