"""Which baseline a headline names."""

from __future__ import annotations

import pytest

from router.analysis.report.build import Extra, build_report
from router.analysis.report.figures import Saving
from router.analysis.report.named_savings import leading
from router.analysis.report.output.html import report_html
from router.types import AttemptState, Baselines
from tests.analysis.report.test_sections import report_of
from tests.kits.books.report_rows import NOON_MS, USD, a_row, an_attempt
from tests.kits.changed import replace


def test_a_headline_tells_by_a_baseline_that_can_tell() -> None:
    """29 of 40 answers had the price of the model that was asked for: "not enough to tell" stood
    above a table that told it of all 40."""
    asked = Saving("requested_model", "asked", 29, 11, 0, 290, 190, 100, None, 0.3, None, few=True)
    level_2 = replace(asked, key="all_level_2", compared=40, not_compared=0, few=False)
    told = leading((asked, level_2), 40)
    assert told.saving is level_2
    assert "only 29 of 40 answers can be compared with the models" in told.passed_over
    assert leading((replace(asked, few=False), level_2), 40).saving is not level_2
    assert leading((asked, replace(level_2, few=True)), 40).saving is None


PRICED = "version: 1\nreport: {people_usd_per_request: 8}\n"
UNPRICED = "version: 1\ntiers: [{level: 1, answerers: [{name: faq}]}]\n"
UNKNOWN = Baselines(None, None, None, None)


@pytest.mark.parametrize(
    ("policy", "label"),
    [(UNPRICED, "People (no price stated)"), (PRICED, "People"), (None, "People")],
)
def test_people_without_a_figure_have_a_reason_and_a_way_out(
    policy: str | None, label: str
) -> None:
    """A dash stood in the table, and nothing said what to do."""
    rows = [a_row(number, baselines=UNKNOWN) for number in range(3)]
    extra = Extra(policy_text=lambda _: policy)
    report = build_report(rows, since_ms=None, until_ms=None, now_ms=NOON_MS, extra=extra)
    [people] = [saving for saving in report.savings if saving.key == "people"]
    assert (people.label, people.compared) == (label, 0)
    told = " ".join(report.assumptions)
    assert "State in the policy what one request costs where a person answers it" in told
    assert "State what the name stands for in the policy (report.requested_models)" in told


def test_a_report_asks_for_no_price_that_it_has() -> None:
    row = a_row(baselines=Baselines(USD, USD, USD, USD))
    report = build_report([row], since_ms=None, until_ms=None, now_ms=NOON_MS)
    assert not any("State" in told for told in report.assumptions)


TWO_OF_A_LEVEL = """
tiers:
  - level: 2
    answerers: [{name: main, model: mid-1}, {name: spare, model: other-1}]
"""


@pytest.mark.parametrize(
    ("answered", "in_vain"),
    [
        ("other-1", True),
        ("other-1-2026-11-01", True),
        ("mid-1-2026-11-01", False),
        ("gpt-of-a-deployment", False),  # what stands behind the name that the policy has
    ],
)
def test_a_baseline_that_answered_nothing_is_told_beside_a_model_that_did(
    answered: str, *, in_vain: bool
) -> None:
    """A spare of the same level answered; the baseline's price stood as if it had."""
    rows = []
    for number in range(100, 130):
        failed = an_attempt("r", 2, 0, error_code="upstream_rejected", state=AttemptState.FAILED)
        spare = an_attempt("r", 2, USD, model=answered, attempt_id="r-spare")
        rows.append(a_row(number, 2, attempts=[failed, spare], model=answered))
    extra = Extra(policy_text=lambda _: TWO_OF_A_LEVEL)
    told = (
        "it was tried, and answered no request"
        in build_report(rows, since_ms=None, until_ms=None, now_ms=NOON_MS, extra=extra).headline
    )
    assert told is in_vain


def test_people_are_told_where_no_model_can_be_compared() -> None:
    """ "Nothing can be said about savings" stood above a table that said 99.9 % saved."""
    priced = Baselines(None, None, None, 5 * USD)
    report = report_of([a_row(number, baselines=priced) for number in range(40)])
    assert report.told.saved == (
        "No request can be compared with a baseline, because no model was called, a price is "
        "unknown or no upstream said what was used, so nothing can be said about savings against "
        "a model.",
        "Against $200.00 for people at $5.00 a request, routing saved $199.60 (99.8 %; 95 % "
        "interval 99.8 % to 99.8 %). That price is what the policy states: it counts where people "
        "gave such answers before.",
    )
    assert "against people at $5.00 a request: $199.60" in report_html(report)


def test_people_are_not_told_below_the_answers_that_an_interval_needs() -> None:
    priced = Baselines(None, None, None, 5 * USD)
    report = report_of([a_row(number, baselines=priced) for number in range(29)])
    assert len(report.told.saved) == 1
    assert "against a model" not in report.told.saved[0]
