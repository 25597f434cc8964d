"""The first sentences of a report hide neither failures nor the quality of what was saved."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from router.analysis.report.build import Extra
from router.analysis.report.figures import Report
from router.analysis.report.output.csv import report_csv
from router.analysis.report.output.html import report_html
from router.analysis.report.output.json import report_json, report_object
from router.analysis.report.sentences import cache_line, fixed_line
from router.ledger.aggregates import Cell, Kind, PlacedCell
from router.ledger.rollup import contribute
from router.rendering.figures_in_words import Dollars
from router.types import (
    SAFE_ANSWER_MODEL,
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    TrueOutcome,
)
from tests.analysis.report.test_dimensions import GOOD, weighed
from tests.analysis.report.test_quality import observed
from tests.analysis.report.test_sections import a_failure, a_refusal, report_of, terminal
from tests.kits.books.report_rows import PRICES, USD, a_day, a_row, an_attempt
from tests.kits.changed import replace


def everywhere(report: Report) -> list[str]:
    """Returns the report as terminal, page, JSON and CSV say it, without line breaks."""
    page = "".join(ET.fromstring(report_html(report)).itertext()).replace("\N{NO-BREAK SPACE}", " ")
    texts = (terminal(report), page, report_json(report).decode(), report_csv(report))
    return [" ".join(text.split()) for text in texts]


def tiles(report: Report) -> list[str]:
    page = ET.fromstring(report_html(report)).iter("div")
    return ["".join(e.itertext()) for e in page if e.get("class") == "tile"]


def test_the_first_sentence_counts_the_requests_that_got_no_answer() -> None:
    rows = [*a_day(30, 0, 0), *(a_failure(n) for n in (31, 32, 33)), a_refusal(34)]
    report = report_of(rows)
    got = "What they got: 30 answered, 3 failed, 1 refused by a limit or as impossible here."
    assert report.sentences[0].endswith("34 requests cost $0.30.")
    assert report.sentences[1] == got
    saving = "Against $15.00 for answering everything at level 2 ("
    assert all(got in text and saving in text for text in everywhere(report))
    assert "over the 30 answers, routing" in report.headline


def test_a_baseline_that_answered_nothing_is_said_to_be_a_price_alone() -> None:
    """All its calls failed: nobody could have had the answers that the saving is told against."""
    failed = replace(
        an_attempt("r", 2, 0, error_code="upstream_rejected"), state=AttemptState.FAILED
    )
    tried = [a_row(100 + n, 1, attempts=[failed, an_attempt("r", 1, USD)]) for n in range(3)]
    told = (
        "for answering everything at level 2 (by its price: it was tried, and answered no request "
        "of this period)"
    )
    report = report_of([*a_day(30, 0, 0), *tried])
    assert all(told in text for text in everywhere(report))
    assert "by its price" not in report_of(a_day(30, 0, 0)).headline  # nobody tried it
    assert "by its price" not in report_of([*a_day(30, 1, 0), *tried]).headline


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (0, "requests cost $150.00, and all were answered. Against"),
        (1, "answered. Up to 1 request more is in no figure: purged, of a UTC day"),
        (1_650, "answered. Up to 1,650 requests more are in no figure: purged, of a UTC day"),
    ],
)
def test_requests_that_a_purge_left_out_are_told_beside_the_spend(lost: int, told: str) -> None:
    assert told in report_of(a_day(0, 0, 30), Extra(lost=lost)).headline


def test_a_period_whose_requests_are_purged_is_not_said_to_have_cost_nothing() -> None:
    report = report_of([], Extra(lost=2))
    assert report.headline == (
        "No requests of this period are left to count. Up to 2 requests more are in no figure: "
        "purged, of a UTC day that the period cuts."
    )
    assert not any("nothing was spent" in text for text in everywhere(report))


def test_a_report_that_reads_rows_alone_says_that_purged_ones_are_in_no_figure() -> None:
    """It cuts no UTC day: whatever was purged of its time is in no figure."""
    report = report_of(a_day(0, 0, 30), Extra(lost=7, by_rows=True))
    told = "Up to 7 requests more are in no figure: purged, and this report reads rows alone."
    assert told in report.headline
    note = "7 requests of this period were purged. This report reads rows and no kept sums, so"
    assert all(note in text for text in everywhere(report))
    assert not any("UTC day" in text for text in everywhere(report))


def test_spend_that_is_compared_with_nothing_stands_beside_the_saving() -> None:
    """Drafts that approved safe words replaced were paid for, and are no part of a saving."""
    safe = replace(a_row(100, 3), verdict="safe_answer", baselines=Baselines())
    told = report_of([*a_day(30, 0, 0), safe]).headline
    assert "over the 30 answers (what else was spent, $5.00, is compared with nothing)" in told
    assert "compared with nothing" not in report_of(a_day(30, 0, 0)).headline


def test_answers_that_cannot_be_compared_are_no_loss() -> None:
    """Nobody knows what they would have cost elsewhere, so their cost lowers no saving."""
    unpriced = [replace(a_row(100 + n, 3), baselines=Baselines()) for n in range(5)]
    report = report_of([*a_day(30, 0, 0), *unpriced])
    assert "over 30 of the 35 answers" in report.headline
    assert "What the 5 other answers ($25.00) would have cost elsewhere is not known." in (
        report.sentences
    )
    assert "After the" not in report.headline
    assert "Baseline: All at level 2, over 30 of 35 answers" in report_html(report)


def billed(number: int, **record: object) -> RequestRow:
    """Returns a later bill of $25 for a call of an earlier request."""
    line = an_attempt("b", 2, 25 * USD, role=Role.RECONCILE)
    bill = a_row(number, 2, attempts=[line], endpoint="reconcile", verdict="")
    return replace(bill, record=JsonText(json.dumps({"reconciles": {"request_id": "r", **record}})))


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({}, False),  # a bill of an older version does not say what its request got
        ({"answered": True}, False),
        ({"answered": True, "estimated": True, "compared": ["people"]}, False),
        ({"answered": False}, True),
    ],
)
def test_a_bill_for_an_answer_that_cannot_be_compared_is_no_loss(
    record: dict[str, object], told: bool
) -> None:
    unpriced = replace(a_row(100, 3), baselines=Baselines())
    report = report_of([*a_day(30, 0, 0), unpriced, billed(200, **record)])
    assert ("After the $25.00 that bought no answer" in report.headline) is told
    assert ("after what bought no answer" in report_html(report)) is told


def test_nobody_can_tell_what_bought_no_answer_where_an_older_version_purged() -> None:
    cells: dict[tuple[Kind, str], Cell] = {}

    def cell_of(kind: Kind, name: str) -> Cell:
        return cells.setdefault((kind, name), Cell())

    for n in range(5):
        contribute(replace(a_row(100 + n, 3), baselines=Baselines()), cell_of)
    placed = []
    for (kind, name), cell in cells.items():
        for sums in cell.savings.values():
            sums.apart = sums.apart_own = 0
        placed.append(PlacedCell(kind, a_row(100).created_at_ms, "acme", name, cell))
    report = report_of(a_day(30, 0, 0), Extra(cells=placed))
    assert "35 requests" in report.headline
    assert "After the" not in report.headline
    assert "after what bought no answer" not in report_html(report)


@pytest.mark.parametrize(
    ("safe_texts", "net"),
    [
        (1, "After the $5.00 that bought no answer, $9.70 of that saving is left."),
        (3, "After the $15.00 that bought no answer, it is a loss of $0.30."),
    ],
)
def test_a_saving_is_told_net_of_what_is_compared_with_nothing(safe_texts: int, net: str) -> None:
    safe = [
        replace(a_row(100 + n, 3), verdict="safe_answer", baselines=Baselines())
        for n in range(safe_texts)
    ]
    report = report_of([*a_day(30, 0, 0), *safe])
    assert net in report.headline
    left = "$9.70" if safe_texts == 1 else "-$0.30"
    assert f"{left} after what bought no answer." in report_html(report)
    document = report_object(report)
    assert Dollars()(document["saved_left_nano_usd"]) == left  # type: ignore[arg-type]
    assert report_object(report_of(a_day(30, 0, 0)))["saved_left_usd"] is None
    assert "After the" not in report_of(a_day(30, 0, 0)).headline
    assert "spent besides" not in report_html(report_of(a_day(30, 0, 0)))


def test_charts_name_no_model_where_approved_words_went_out() -> None:
    words = replace(a_row(100, 2), model=SAFE_ANSWER_MODEL, verdict="safe_answer")
    report = report_of([*a_day(0, 30, 0), words])
    for text in (report_html(report), terminal(report)):
        assert "no model: an approved safe text" in text
        assert SAFE_ANSWER_MODEL not in text


def test_a_cancelled_request_is_told_apart_from_a_failed_one() -> None:
    gone = replace(a_failure(1), state=RequestState.CANCELLED)
    told = report_of([a_row(0), gone, a_failure(2)]).headline
    assert (
        "3 requests cost $0.01. What they got: 1 answered, 1 failed, 1 cancelled by the client."
        in told
    )


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        (1, "1 request cost $0.00. What they got: 1 failed. Nothing was answered, so"),
        (2, "2 requests cost $0.00. What they got: 2 failed. Nothing was answered, so"),
    ],
)
def test_where_nothing_was_answered_no_price_is_blamed(failures: int, told: str) -> None:
    report = report_of([a_failure(n) for n in range(failures)])
    assert told in report.headline
    assert "No baseline" not in report.headline
    assert f"Saved{'—'}nothing was answered" in tiles(report)


def test_answers_whose_tokens_nobody_reported_are_not_blamed_on_prices_alone() -> None:
    report = report_of([a_row(n, baselines=Baselines(people=USD)) for n in range(3)])
    why = "because no model was called, a price is unknown or no upstream said what was used"
    assert f"{why}, so nothing can be said" in report.headline


def test_one_of_a_thing_is_told_in_the_singular() -> None:
    rows = [observed(0, USD, USD), a_row(1, verdict="unverified", review_id="r"), a_row(2)]
    repeat = a_row(3, 2, attempts=[an_attempt("h", 2, 0, role=Role.CACHE)], reason="cache_hit")
    notes = " ".join(report_of([*rows, repeat]).notes)
    assert "1 answer went out marked unverified" in notes
    assert "1 request waits for or had a review" in notes
    assert "1 request was observed only" in notes
    assert "1 request was a repeat" in notes


def test_the_quality_of_answers_that_routing_never_made_is_not_known() -> None:
    report = report_of([observed(n, 5 * USD, USD) for n in range(30)])
    would = "Would have saved$120.00the quality of those answers is not known: none was made"
    assert would in tiles(report)
    for text in everywhere(report):
        assert "with accepted replies" not in text
        assert "marked unverified" not in text
    (saving, *_) = json.loads(report_json(report))["observed_savings"]
    assert (saving["accepted"], saving["accepted_saved_nano_usd"]) == (None, None)


def test_observed_answers_are_called_unchecked() -> None:
    report = report_of([observed(n, 5 * USD, USD) for n in range(3)])
    assert "Unverified—3 observed answers, which nothing checked" in " ".join(tiles(report))
    mixed = report_of([*a_day(2, 0, 0), *(observed(100 + n, USD, USD) for n in range(3))])
    assert mixed.headline.endswith(
        "3 observed answers were passed on as given, unchecked. No routed answer went out "
        "marked unverified."
    )


def test_a_period_that_was_only_observed_shows_no_table_of_unknown_savings() -> None:
    terminal_text, page, *_ = everywhere(report_of([observed(0, 5 * USD, USD)]))
    assert "Savings, signed" not in terminal_text
    assert "Saved share of each baseline" not in page
    mixed, *_ = everywhere(report_of([a_row(1), observed(0, 5 * USD, USD)]))
    assert "Savings, signed" in mixed


def loss(number: int, own: int, verdict: str) -> RequestRow:
    call = an_attempt(f"r{number}", 2, own)
    row = a_row(number, 2, attempts=[call], verdict=verdict)
    return replace(row, baselines=Baselines(all_level_2=USD))


@pytest.mark.parametrize(
    ("accepted", "unverified", "told", "alone"),
    [
        (
            USD - 4_000_000,
            6 * USD,
            "cost $74.94 more (3.5 times as much; 95 % interval",
            "), accepted replies alone saved $0.06.",
        ),
        (
            USD // 2,
            USD + USD // 10,
            "saved $6.00 (20.0 %; 95",
            "replies alone saved $7.50 (what else is compared cost $1.50 more than it would have "
            "there).",
        ),
        (
            2 * USD,
            USD // 2,
            "cost $7.50 more (saved -25.0 %; 95",
            "replies alone cost $15.00 more.",
        ),
    ],
)
def test_what_accepted_answers_saved_is_no_part_of_a_smaller_whole(
    accepted: int, unverified: int, told: str, alone: str
) -> None:
    costs = {"accepted": accepted, "unverified": unverified}
    rows = [loss(n, costs[v], v) for n, v in enumerate([*costs] * 15)]
    assert f"routing {told}" in report_of(rows).headline
    assert alone in report_of(rows).headline


def test_savings_without_an_accepted_answer_say_so() -> None:
    told = report_of([loss(n, USD // 2, "unverified") for n in range(30)]).headline
    assert "routing saved $15.00 (50.0 %; 95 % interval" in told
    assert "), with no accepted reply." in told


@pytest.mark.parametrize(("minutes_usd", "told"), [(5, True), (0, False)])
def test_a_loss_that_reviewers_make_is_called_theirs(minutes_usd: int, told: bool) -> None:
    review = an_attempt("r9", 2, minutes_usd * 4 * USD, role=Role.REVIEW)
    row = a_row(99, 2, attempts=[an_attempt("r9", 1, PRICES[1]), review])
    said = report_of([row, *a_day(29, 0, 0)]).headline
    makes = "and reviewers' time ($20.00) is what makes it a loss: without it, $14.70 is saved."
    assert (makes in said) is told


@pytest.mark.parametrize(
    ("answer", "review", "told"),
    [
        (USD // 2 + 1, 5 * USD, "more|and $5.00 of its cost is reviewers' time."),
        (0, USD * 2, "saved $13.00|and $2.00 of its cost is reviewers' time."),
        (0, USD, "saved $14.00|."),  # less than a tenth changes no reader's mind
    ],
)
def test_reviewers_time_is_named_by_itself(answer: int, review: int, told: str) -> None:
    booked = an_attempt("r99", 2, review, role=Role.REVIEW)
    rows = [a_row(n, 2, attempts=[an_attempt(f"r{n}", 1, answer)]) for n in range(29)]
    rows.append(a_row(99, 2, attempts=[an_attempt("r99", 1, answer), booked]))
    saving = report_of(rows).told.saved[0]
    difference, named = told.split("|")
    assert difference in saving
    assert saving.endswith(named)
    assert ("reviewers" in saving) is ("reviewers" in named)


def test_answers_reported_wrong_are_in_the_headline() -> None:
    outcomes = [TrueOutcome(f"r{n}", correct=n > 2) for n in range(10)]
    told = report_of(a_day(10, 0, 0), Extra(outcomes=outcomes)).headline
    assert (
        "3 of 10 answers that somebody judged were wrong (95 % interval 10.8 % to 60.3 %)." in told
    )
    page = tiles(report_of(a_day(10, 0, 0), Extra(outcomes=outcomes)))
    assert any("3 of 10 judged answers were wrong" in tile for tile in page)
    right = report_of(a_day(10, 0, 0), Extra(outcomes=outcomes[3:])).headline
    assert "0 of 7 answers that somebody judged were wrong (95 % interval 0.0 % to 35.4 %)" in right


def test_a_headline_without_verdicts_says_that_quality_was_not_measured() -> None:
    told = report_of(a_day(10, 0, 0)).headline
    assert "Nobody judged an answer, so nobody knows how many were wrong" in told


@pytest.mark.parametrize(("own", "told"), [((39, 60), True), ((29, 30), False)])
def test_a_difference_whose_interval_holds_zero_may_be_chance(
    own: tuple[int, int], told: bool
) -> None:
    rows = [
        a_row(n, 2, attempts=[an_attempt(f"r{n}", 1, cents * USD // 100)])
        for n, cents in enumerate(own * 15)
    ]
    report = report_of(rows)
    assert ("which may be chance" in report.headline) is told
    (saving,) = [saving for saving in report.savings if saving.key == "all_level_2"]
    assert saving.may_be_chance is told


def test_a_saving_of_nothing_by_every_request_is_no_chance() -> None:
    rows = [a_row(n, 2, attempts=[an_attempt(f"r{n}", 1, USD // 2)]) for n in range(30)]
    assert "(0.0 %; 95 % interval 0.0 % to 0.0 %), all of it" in report_of(rows).headline


def test_what_observed_requests_would_have_saved_may_be_chance() -> None:
    rows = [observed(n, USD, [3 * USD // 2, 2 * USD // 3][n % 2]) for n in range(30)]
    assert "which may be chance. How good" in report_of(rows).headline


def test_a_forecast_of_one_model_for_everything_is_no_part_of_the_headline() -> None:
    """It counts every mistake alike and knows no hard rule, so nobody may act on it unexplained."""
    report = report_of([weighed(n, [{**GOOD, "p": 0.9}]) for n in range(30)])
    assert "alone" not in report.headline
    told = fixed_line(report.fixed_model)
    assert "Asked all 30 requests, it was expected to be right in 90.0 % of them, at $" in told
    assert "each; routing in 80.0 %, at $" in told
    assert "They count every mistake alike and know no hard rule" in told


def test_notes_say_where_the_price_of_the_requested_model_is_from() -> None:
    compared = replace(a_row(1), baselines=Baselines(requested_model=USD))
    assert "such as `auto`, has only the price" in " ".join(report_of([compared]).assumptions)
    without = replace(a_row(1), baselines=Baselines())
    assert "such as `auto`" not in " ".join(report_of([without]).assumptions)


def test_bills_that_corrected_calls_are_told_with_their_sum() -> None:
    line = an_attempt("b", 2, -USD // 5, role=Role.RECONCILE)
    bill = a_row(1, 2, attempts=[line], endpoint="reconcile", verdict="")
    notes = " ".join(report_of([a_row(0, 2), bill]).notes)
    assert "Bills corrected 1 call by -$0.20, which is in the spend." in notes
    assert "Bills corrected" not in " ".join(report_of([a_row(0, 2)]).notes)


def test_a_retry_that_got_its_first_answer_again_is_worth_no_saving() -> None:
    fresh = a_row(0, 2)
    repeats = [
        a_row(n, 2, attempts=[an_attempt("h", 2, 0, role=Role.CACHE)], reason=reason)
        for n, reason in ((1, "cache_hit"), (2, "idempotent_replay"))
    ]
    only_repeats, both = report_of([fresh, repeats[0]]), report_of([fresh, *repeats])
    told = "except 1 retry that got its first answer again: those are in no saving."
    assert (both.cache.hits, both.cache.replays) == (2, 1)
    assert told in cache_line(both.cache)
    assert cache_line(only_repeats.cache).endswith("not an addition to them.")


@pytest.mark.parametrize(
    ("nano_usd", "told"),
    [(4 * USD, True), (1_470_000_000, True), (1_469_999_999, False), (0, False)],
)
def test_bound_of_a_cut_call_stands_beside_a_saving_that_it_changes(
    nano_usd: int, told: bool
) -> None:
    """Without it 33 answers saved $16.17; a stream that its client left counts at its bound.

    At $1.47 they saved $14.70: it is a tenth of that.
    """
    cut = {"estimated": True, "state": AttemptState.CANCELLED, "cost_basis": CostBasis.TOKEN_PRICE}
    call = an_attempt("gone", 2, nano_usd, **cut)
    gone = replace(a_failure(100), state=RequestState.CANCELLED, error_code="", attempts=(call,))
    gone = replace(gone, cost_nano_usd=call.cost_nano_usd)
    headline = report_of([*a_day(33, 0, 0), gone]).headline
    bound = f"and up to ${nano_usd / USD:.2f} of its cost is a bound: nobody said"
    assert (bound in headline) is told
    assert ("is a bound" in headline) is told
