"""What counts as a call of a model, and whose latency a median is of."""

from __future__ import annotations

import itertools

from router.ledger.aggregates import Waste
from router.ledger.waste import thrown_away, waste_of
from router.types import NO_ANSWER_MODEL, AttemptState, RequestRow, RequestState, Role
from tests.analysis.report.test_sections import report_of, terminal
from tests.kits.books.report_rows import a_row, an_attempt
from tests.kits.changed import replace


def of_no_model(number: int, *, declined: bool) -> RequestRow:
    """A request that approved words answered in a model's place; declined: they have no shape."""
    words = an_attempt(f"req-{number:05d}", 2, 0, model=NO_ANSWER_MODEL, discarded=declined)
    if not declined:
        told = {"verdict": "unverified", "model": NO_ANSWER_MODEL, "reason": "no_model"}
        return a_row(number, 2, attempts=(words,), **told)
    released = {"state": AttemptState.RELEASED, "error_code": "cannot_answer"}
    words = an_attempt(f"req-{number:05d}", 2, 0, model=NO_ANSWER_MODEL, discarded=True, **released)
    failed = {"state": RequestState.FAILED, "error_code": "unsupported_capability"}
    return a_row(number, 2, attempts=(words,), verdict="", reason="no_model", **failed)


def test_approved_words_in_a_models_place_are_no_call_of_it() -> None:
    """A model that was never asked had 20 calls, and two drafts that nobody saw."""
    rows = [of_no_model(0, declined=False), of_no_model(1, declined=True), a_row(2)]
    report = report_of(rows)
    (role,) = report.roles
    assert (role.role, role.attempts, role.discarded) == (Role.ANSWER, 1, 0)
    assert [(waste.kind, waste.calls) for waste in report.waste if waste.calls] == []
    tried = {tier.model: tier.tried for tier in report.tiers if tier.level}
    assert tried == {NO_ANSWER_MODEL: 1, "approved-answers": 1}


def test_an_answerer_that_looked_and_declined_gave_no_draft() -> None:
    released = {"state": AttemptState.RELEASED, "error_code": "cannot_answer", "discarded": True}
    declined = an_attempt("req-00000", 1, 0, role=Role.RESOLVER, **released)
    draft = an_attempt("req-00000", 2, 7, discarded=True)
    answer = an_attempt("req-00000", 3, 9)
    report = report_of([a_row(0, 3, attempts=(declined, draft, answer))])
    drafts = {waste.kind: (waste.calls, waste.spend_nano_usd) for waste in report.waste}
    assert drafts[Waste.DRAFTS] == (1, 7)
    resolver = next(role for role in report.roles if role.role is Role.RESOLVER)
    assert (resolver.attempts, resolver.discarded) == (1, 0)  # it was asked


def test_a_median_is_of_replies_alone() -> None:
    """The report had 33 ms where the dashboard had 47: one counted requests without a reply."""
    failed = {"state": RequestState.FAILED, "verdict": "", "attempts": (), "error_code": "x"}
    rows = [a_row(number, latency_ms=100.0) for number in range(3)]
    rows += [a_row(10 + number, latency_ms=1.0, **failed) for number in range(9)]
    report = report_of(rows)
    assert report.p50_ms is not None
    assert abs(report.p50_ms - 100.0) < 1.5
    (day,) = report.days
    assert day.figures.p50_ms == report.p50_ms
    (policy,) = report.policies
    assert policy.figures.p50_ms == report.p50_ms
    unanswered = next(tier for tier in report.tiers if not tier.level)
    assert unanswered.figures.p50_ms is not None
    assert unanswered.figures.p50_ms < 2.0  # in the line of their own
    assert "latency of replies p50" in terminal(report)


def test_what_was_thrown_away_is_wasted_on_drafts_but_a_shadow_is_a_check() -> None:
    for role, state, error in itertools.product(Role, AttemptState, ("", "upstream_error")):
        call = an_attempt("req-1", 2, 7, role=role, state=state, error_code=error, discarded=True)
        shadow = role is Role.SHADOW
        if thrown_away(call):
            assert waste_of(call) is (Waste.CHECKS if shadow else Waste.DRAFTS)
        assert not thrown_away(replace(call, discarded=False))


def test_a_check_that_failed_on_a_draft_that_nobody_saw_is_part_of_its_cost() -> None:
    failed = {"state": AttemptState.FAILED, "error_code": "upstream_error"}
    check = an_attempt("req-1", 2, 7, role=Role.CHECK, discarded=True, **failed)
    assert (thrown_away(check), waste_of(check)) == (False, Waste.DRAFTS)
