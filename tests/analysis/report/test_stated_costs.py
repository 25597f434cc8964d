"""The first sentences tell where providers state other costs than the policy's prices give."""

from __future__ import annotations

import pytest

from router.analysis.report.figures import ProviderFigures
from router.analysis.report.tallies import ProviderTally
from router.types import AttemptRow, CostBasis, RequestRow, Role
from tests.analysis.report.test_defended import a_bill
from tests.analysis.report.test_sections import report_of
from tests.kits.books.report_rows import USD, a_row, an_attempt
from tests.kits.changed import replace


def stated(number: int, cost: int, provider: int | None) -> RequestRow:
    call = an_attempt(
        f"r{number}", 2, cost, cost_basis=CostBasis.TOKEN_PRICE, provider_cost_nano_usd=provider
    )
    return a_row(number, 2, attempts=[call])


def told(rows: list[RequestRow]) -> list[str]:
    return [line for line in report_of(rows).sentences if line.startswith("Providers state")]


def test_a_spend_below_what_providers_state_is_told_as_such() -> None:
    rows = [*(stated(n, USD, 2 * USD) for n in range(3)), stated(3, USD, None)]
    assert told(rows) == [
        "Providers state $6.00 for 3 calls that this spend has at $3.00, by the policy's prices: "
        "what was paid may be $3.00 more."
    ]


def test_a_spend_above_what_providers_state_is_told_as_such() -> None:
    assert told([stated(1, 4 * USD, USD)]) == [
        "Providers state $1.00 for 1 call that this spend has at $4.00, by the policy's prices: "
        "what was paid may be $3.00 less."
    ]


@pytest.mark.parametrize(("provider", "number"), [(USD + USD // 50, 1), (USD + USD // 50 - 1, 0)])
def test_a_difference_below_a_hundredth_of_the_spend_is_a_note_alone(
    provider: int, number: int
) -> None:
    report_rows = [stated(1, USD, provider), stated(2, USD, None)]
    assert len(told(report_rows)) == number
    assert any("1. They cost" in note for note in report_of(report_rows).notes)


def test_calls_whose_providers_agree_need_no_sentence() -> None:
    assert told([stated(1, USD, USD)]) == []
    assert told([stated(1, 0, 0)]) == []


def corrected(booked: int, provider: int | None) -> RequestRow:
    bill = a_bill(1, booked)
    (line,) = bill.attempts
    changes = {"cost_basis": CostBasis.TOKEN_PRICE, "provider_cost_nano_usd": provider}
    changed: AttemptRow = replace(line, role=Role.RECONCILE, **changes)
    return replace(bill, attempts=(changed,))


def test_a_bill_is_no_further_call_whose_provider_stated_a_cost() -> None:
    report = report_of([stated(1, USD, 2 * USD), corrected(USD, 0)])
    assert (report.provider.calls, report.provider.difference_nano_usd) == (1, 0)
    assert not [line for line in report.sentences if line.startswith("Providers")]


def test_a_repricing_counts_no_bill_as_a_further_call() -> None:
    tally = ProviderTally()
    for row in (stated(1, USD, 2 * USD), corrected(USD, 0)):
        tally.add(row.attempts[0])
    assert tally.figures() == ProviderFigures(1, 2 * USD, 2 * USD)


def test_a_bill_for_a_call_of_before_makes_no_spend_too_high() -> None:
    assert told([stated(1, USD, USD), corrected(USD, 0)]) == []
