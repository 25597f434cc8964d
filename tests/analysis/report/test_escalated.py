"""Escalated means answered above the lowest level of the policy that decided."""

from __future__ import annotations

import json

from router.analysis.report.build import Extra
from router.analysis.report.output.html import report_html
from router.types import REFUSAL_MODEL, SAFE_ANSWER_MODEL, JsonText, RequestRow
from tests.analysis.report.test_sections import report_of
from tests.kits.books.report_rows import a_row
from tests.kits.changed import replace

SECOND_ONLY = "tiers:\n  - {level: 2, answerers: [{name: mid}]}\n"
FROM_SECOND = SECOND_ONLY + "  - {level: 3, answerers: [{name: deep}]}\n"


def of_levels(number: int, level: int, levels: tuple[int, ...], **changes: object) -> RequestRow:
    """A request whose policy has answerers at these levels, as its record says."""
    record = JsonText(json.dumps({"facts": [{"answerer": f"a{n}", "level": n} for n in levels]}))
    return replace(a_row(number, level), record=record, **changes)


def test_answers_are_escalated_from_above_the_lowest_level_that_the_policies_have() -> None:
    rows = [of_levels(0, 2, (2, 3)), of_levels(1, 2, (2, 3)), of_levels(2, 3, (2, 3))]
    report = report_of(rows, Extra(policy_text=lambda _: FROM_SECOND))
    assert (report.counts.escalated, report.counts.lowest_level) == (1, 2)
    assert sum(row.first_requests for row in report.escalation_reasons) == 1
    page = report_html(report)
    assert "<dt>Above level 2</dt>" in page
    assert "1 of 3 replies, at once or" in page


def test_where_policies_have_a_single_level_nothing_can_escalate() -> None:
    rows = [of_levels(0, 2, (2,)), of_levels(1, 2, (2,))]
    report = report_of(rows, Extra(policy_text=lambda _: SECOND_ONLY))
    assert (report.counts.escalated, report.counts.single_level) == (0, True)
    assert "the policies have only level 2" in report_html(report)


def test_a_request_is_escalated_above_the_lowest_level_of_its_own_policy() -> None:
    texts = {"abc": FROM_SECOND, "def": FROM_SECOND.replace("level: 2", "level: 1")}
    rows = [of_levels(0, 2, (2, 3)), of_levels(1, 1, (1, 3), policy_hash="def", domain="legal")]
    rows += [of_levels(2, 3, (2, 3)), of_levels(3, 3, (1, 3), policy_hash="def", domain="legal")]
    report = report_of(rows, Extra(policy_text=texts.get))
    counts = report.counts
    assert (counts.escalated, counts.lowest_level, counts.single_level) == (2, None, False)
    assert [row.figures.escalated for row in report.policies] == [1, 1]
    assert sum(row.first_requests for row in report.escalation_reasons) == 2
    page = report_html(report)
    assert "<dt>Above the lowest level of their policy</dt>" in page
    assert "2 of 4 replies, at once or" in page
    single = {"abc": SECOND_ONLY, "def": SECOND_ONLY.replace("level: 2", "level: 1")}
    report = report_of([of_levels(0, 2, (2,)), of_levels(1, 1, (1,), policy_hash="def")],
                       Extra(policy_text=single.get))  # fmt: skip
    assert report.counts.single_level
    assert "the policies have only one level each" in report_html(report)


def test_a_refused_harmful_request_counts_at_no_tier_since_none_was_asked() -> None:
    refused = {"attempts": (), "verdict": "refused", "reason": "harmful", "model": REFUSAL_MODEL}
    report = report_of([a_row(0), a_row(1, 3, **refused)])
    assert (report.counts.escalated, report.escalation_reasons) == (0, ())
    assert [(row.level, row.requests) for row in report.levels if row.requests] == [(1, 1)]
    assert [(row.tier, row.tried) for row in report.tiers] == [("resolve", 1), ("(no tier)", 0)]
    assert {row.name for row in report.models} == {"approved-answers", REFUSAL_MODEL}
    assert report.counts.requests == 2


def test_a_column_of_what_limits_refused_is_not_called_refused() -> None:
    """ "3 refused as harmful" stood above a column "refused" of zeros."""
    refused = {"attempts": (), "verdict": "refused", "reason": "harmful", "model": REFUSAL_MODEL}
    page = report_html(report_of([a_row(0), a_row(1, 3, **refused)]))
    assert "1 refused as harmful" in page
    assert '<th scope="col">Refused</th>' not in page
    assert '<th scope="col">Not admitted</th>' in page


def test_a_share_of_a_level_says_how_much_of_it_no_model_wrote() -> None:
    """Safe texts that went out before any model made level 3 look like a model's work."""
    words = {"attempts": (), "verdict": "safe_answer", "model": SAFE_ANSWER_MODEL}
    report = report_of([a_row(0), a_row(1, 3), a_row(2, 3, **words)])
    assert [(row.level, row.requests, row.without_model) for row in report.levels] == [
        (1, 1, 0),
        (3, 2, 1),
    ]
    page = report_html(report)
    assert "Share of level 3, 1 of them words without a model" in page
    assert "Share of level 1</th>" in page


def test_what_climbed_is_told_beside_what_was_answered_above_the_lowest_level() -> None:
    """The page said that 39.4 % escalated where `x-tiergate-escalations` was 0 in every answer."""
    at_once = [of_levels(n, 3, (1, 3)) for n in range(3)]
    report = report_of([*at_once, of_levels(3, 1, (1, 3)), of_levels(4, 3, (1, 3), escalations=1)])
    assert (report.counts.escalated, report.counts.climbed) == (4, 1)
    assert "another tier&#x27;s turn: 1 of all replies climbed" in report_html(report)
    assert "scalated" not in report_html(report)
