"""Tests what a report says of failed requests, of large losses, and of a person's minutes."""

from __future__ import annotations

from router.analysis.report.build import Extra
from router.types import ASSUMED, Baselines, MinutePrice, RequestState
from tests.analysis.report.test_beside_routing import people
from tests.analysis.report.test_headline import billed, loss
from tests.analysis.report.test_sections import a_failure, report_of
from tests.kits.books.report_rows import USD, a_day, a_row
from tests.kits.changed import replace


def test_what_failed_requests_cost_is_named_beside_the_answers_that_a_saving_is_over() -> None:
    """The answers alone cost $0.0288 less than the sentence over them said."""
    bad = [replace(a_failure(n), cost_nano_usd=USD) for n in range(3)]
    told = report_of([*a_day(30, 0, 0), *bad]).headline
    assert "over the 30 answers (the $3.00 of 3 requests that failed counts as well), " in told
    safe = replace(a_row(100, 3), verdict="safe_answer", baselines=Baselines())
    told = report_of([*a_day(30, 0, 0), *bad, safe]).headline
    assert "counts as well; what else was spent, $5.00, is compared with nothing), routing" in told
    assert "counts as well" not in report_of([*a_day(30, 0, 0), a_failure(1)]).headline


def test_failed_requests_have_no_amount_where_only_some_are_in_a_saving() -> None:
    bad = replace(a_failure(1), cost_nano_usd=USD)
    told = report_of([*a_day(30, 0, 0), bad, replace(bad, request_id="o", mode="observe")])
    assert "over the 30 answers (what requests without an answer cost counts as well)" in (
        told.headline
    )


def test_failed_requests_have_no_amount_where_bills_corrected_calls() -> None:
    """A saving counted $0.25 of a cut stream, by its bill, and the sentence $1.00 as booked."""
    bad = replace(a_failure(1), cost_nano_usd=USD)
    report = report_of([*a_day(30, 0, 0), bad, billed(50, compared=["all_level_2"])])
    assert "(what requests without an answer cost counts as well)" in report.headline
    assert "the $1.00 of 1 request that failed" not in report.headline


def test_of_requests_of_unknown_cost_a_saving_counts_what_is_known() -> None:
    """A hold of $1.00 was compared with nothing, and counted as well, in one sentence."""
    failed = replace(a_failure(1), cost_nano_usd=USD)
    unknown = replace(failed, request_id="u", state=RequestState.UNKNOWN_COST)
    told = report_of([*a_day(30, 0, 0), failed, unknown]).headline
    assert "(what requests without an answer are known to have cost counts as well; what" in told


def test_a_loss_beyond_the_whole_baseline_is_told_in_times() -> None:
    """ "Saved -341.0 %" was in a sentence."""
    told = report_of([loss(n, 4 * USD + n * USD // 50, "unverified") for n in range(40)]).headline
    assert " more (4.4 times as much; 95 % interval 4.3 to 4.5 times)" in told
    assert "saved -" not in told
    told = report_of([loss(n, 2 * USD, "unverified") for n in range(40)]).headline
    assert "(saved -100.0 %; 95 % interval" in told


def test_a_minute_of_a_person_has_its_price_where_matters_wait() -> None:
    rows = [*a_day(30, 0, 0), replace(a_row(50), policy_hash="other")]

    def told(*prices: MinutePrice | None, waiting: int = 2, text: str | None = "") -> str:
        each = dict(zip(("abc", "other"), prices * 2, strict=False))
        extra = Extra(waiting=waiting, minute_price=each.get, policy_text=lambda _: text)
        return report_of(rows, extra).headline

    stated = MinutePrice(USD, "policy")
    wait = "The 2 matters that wait for a person are in no cost yet: "
    assert f"{wait}a minute of a person costs $1.00 (by the policy)." in told(stated)
    assert f"{wait}no minute of a person is priced." in told(None)
    assert f"{wait}a minute of a person costs $1.00 to $2.00 (" in told(
        stated, MinutePrice(2 * USD, "policy")
    )
    assert "costs $1.00 (an assumed price: the policy states none)." in told(
        MinutePrice(USD, f"2026-11-01 {ASSUMED}")
    )
    mixed = told(stated, MinutePrice(2 * USD, f"2026-11-01 {ASSUMED}"))
    assert "costs $1.00 to $2.00 (partly assumed)." in mixed
    assert "(by the policy); a policy of the period has no price of one." in told(stated, None)
    assert "costs $1.00 (by the price book)." in told(MinutePrice(USD, "2026-11-01"))
    assert "The 1 matter that waits for a person is in no cost yet: " in told(stated, waiting=1)
    assert "in no cost yet" not in told(stated, waiting=0) + told(stated, text=None)


def test_a_version_that_is_served_no_more_says_nothing_of_the_price_of_a_minute() -> None:
    """The dashboard said that "a policy of the period has no price of one", the report did not."""
    rows = [*a_day(30, 0, 0), replace(a_row(50), policy_hash="earlier")]
    served = {"abc": MinutePrice(USD, "policy")}
    extra = Extra(waiting=2, minute_price=served.__getitem__, policy_text=lambda _: "")
    assert "a minute of a person costs $1.00 (by the policy)." in report_of(rows, extra).headline


def test_a_minute_of_a_person_has_its_price_where_minutes_were_booked() -> None:
    """The amount stood on the first page, and what it assumes only in `--all`."""
    rows = [*a_day(40, 0, 0), people(90, USD // 10)]
    price = MinutePrice(USD // 2, "policy")
    known = Extra(minute_price=lambda _: price, policy_text=lambda _: "")
    told = report_of(rows, known).told.paid
    (minutes,) = (sentence for sentence in told if "people's minutes" in sentence)
    assert minutes.startswith("$0.10")
    assert "A minute of a person costs $0.50 (by the policy)." in told
    waiting = report_of(rows, replace(known, waiting=1)).headline
    assert waiting.count("a minute of a person costs $0.50") == 1
    assert "people's minutes" in waiting
    assert "minute" not in report_of(a_day(40, 0, 0), known).headline
