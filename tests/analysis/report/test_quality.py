"""Reports state their quality and their amounts as people read them; what observing would save."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.report.headlines.faults import FAULT_WORDS
from router.analysis.report.output.html import report_html
from router.analysis.report.output.json import report_json
from router.analysis.report.tables import others
from router.ledger.faults import FAULTS, KEY_REFUSED, REQUEST_REFUSED
from router.money.days import DAY_MS
from router.rendering.figures_in_words import Dollars
from router.types import (
    NO_ANSWER_MODEL,
    REFUSAL_MODEL,
    SAFE_ANSWER_MODEL,
    AttemptState,
    Baselines,
    JsonText,
    RequestRow,
    RequestState,
    Role,
)
from tests.analysis.report.test_sections import report_of, terminal
from tests.kits.books.report_rows import NOON_MS, USD, a_day, a_row, an_attempt
from tests.kits.changed import replace


def test_the_headline_states_what_accepted_answers_saved_and_how_many_were_unverified() -> None:
    rows = [*a_day(30, 0, 0), *(a_row(100 + n, verdict="unverified") for n in range(10))]
    report = report_of(rows)
    assert report.headline.endswith(
        "routing saved $19.60 (98.0 %; 95 % interval 98.0 % to 98.0 %), accepted replies alone "
        "saved $14.70. Nobody judged an answer, so nobody knows how many were wrong. "
        "10 of 40 answers (25.0 %) went out marked unverified; they cost $0.10, 25.0 % of the "
        "spend."
    )
    page = report_html(report)
    tiles = [
        "".join(e.itertext()) for e in ET.fromstring(page).iter("div") if e.get("class") == "tile"
    ]
    named = "All at level 2"
    assert f"Saved$19.60$14.70 with accepted replies only. Baseline: {named}" in tiles
    assert "Unverified25.0 %10 of 40 answers; no person or client judged any" in tiles
    assert f"saved $19.60, accepted replies only $14.70 (baseline: {named})" in terminal(report)


def test_a_bound_of_a_loss_reads_alike_in_the_headline_and_in_the_table() -> None:
    """Costs of 1 to 1.8 against 1: bounds that a table rounds down and a sentence turned round."""
    rows = [
        replace(
            a_row(n, 2, attempts=[an_attempt(f"r{n}", 2, USD + n * 20_000_003)]),
            baselines=Baselines(all_level_2=USD),
        )
        for n in range(40)
    ]
    report = report_of(rows)
    shown = re.search(
        r"\(saved (-[\d.]+ %); 95 % interval (-[\d.]+ % to -[\d.]+ %)\)", report.headline
    )
    assert shown is not None
    share, between = shown.groups()
    assert re.search(rf"{re.escape(share)} +{re.escape(between)}", terminal(report))


def test_no_share_of_a_saving_is_shown_that_too_few_answers_carry() -> None:
    text = terminal(report_of(a_day()[:20]))
    (line,) = [line for line in text.splitlines() if "too few: 30 needed" in line][:1]
    assert "%" not in line


def test_footnotes_of_the_savings_stand_behind_their_chart() -> None:
    page = report_html(report_of(a_day()))
    note = page.index("token counts of the answer that was returned")
    assert page.index("Saved share of each baseline") < note < page.index("<h2>Tiers</h2>")
    text = terminal(report_of(a_day()))
    assert text.index("Spend per tier") < text.index("token counts of the answer")


def test_columns_have_no_nano_dollars_beside_dollars() -> None:
    dear, cheap = a_row(0, 3), a_row(1, 2, attempts=[an_attempt("r", 2, 33)], domain="legal")
    report = report_of([dear, cheap])
    for text in (terminal(report), report_html(report)):
        assert "0.000000033" not in text
        assert "<$0.01" in text.replace("&lt;", "<")
    for text in (terminal(report, exact=True), report_html(report, exact=True)):
        assert "$0.000000033" in text
        assert "$5.000000033" in text


def test_a_report_of_cents_shows_parts_of_cents_in_all_columns() -> None:
    cheap = a_row(0, 2, attempts=[an_attempt("r", 2, 5_612_345)], baselines=Baselines())
    report = report_of([cheap])
    assert "1 request cost $0.005612, and it was answered." in report.headline
    assert "$0.005612" in terminal(report)
    assert "$0.005612345" in terminal(report, exact=True)


@given(st.integers(-(10**15), 10**15), st.sampled_from([2, 4, 6, None]))
def test_an_amount_that_is_not_nothing_never_reads_as_nothing(
    nano: int, places: int | None
) -> None:
    shown = Dollars(places)(nano)
    assert (set(shown) <= set("$0.")) == (nano == 0)


def observed(number: int, paid: int, would: int, **changes: object) -> RequestRow:
    """A request that the model asked for answered; routing it would have cost `would`."""
    call = an_attempt(f"o{number}", 3, paid)
    record = {
        "signals": {"domain": "legal", "request_type": "faq"},
        "would_cost_nano_usd": would,
    }
    return replace(
        a_row(number, 3, attempts=[call], request_id=f"o{number}", mode="observe"),
        reason="observed",
        baselines=Baselines(paid, None, None, None),
        record=JsonText(json.dumps(record)),
        **changes,
    )


def test_a_period_that_was_observed_says_what_would_have_been_saved() -> None:
    report = report_of([observed(n, 5 * USD, USD) for n in range(40)])
    assert report.headline == (
        "On 3 November 2026, 40 requests cost $200.00, and all were answered. 40 requests were "
        "observed only: against $200.00 that the models the clients asked for cost, routing would "
        "have saved $160.00 (80.0 %; 95 % interval 80.0 % to 80.0 %). How good the answers that "
        "routing would have given are is not known, since none was made; `tiergate replay` "
        "estimates it. Nobody judged an answer, so nobody knows how many were wrong. "
        "40 observed answers were passed on as given, unchecked."
    )
    assert all(saving.saved_nano_usd is None for saving in report.savings)


def test_a_period_that_was_only_observed_explains_no_accepted_replies() -> None:
    report = report_of([observed(n, 5 * USD, USD) for n in range(40)])
    assert "Accepted only is the baseline" not in terminal(report)
    mixed = report_of([*a_day(40, 0, 0), *(observed(100 + n, USD, USD) for n in range(30))])
    assert "Accepted only is the baseline" in terminal(mixed)
    assert "may be a prior" in " ".join(terminal(mixed).split())


def test_routing_that_would_have_cost_more_says_so() -> None:
    told = report_of([observed(n, USD, 3 * USD) for n in range(30)]).headline
    assert "routing would have cost $60.00 more" in told


def test_reading_the_request_is_part_of_what_routing_would_have_cost() -> None:
    row = observed(0, 5 * USD, USD)
    reading = an_attempt("o0", 1, USD // 2, role=Role.TRIAGE)
    row = replace(row, attempts=(*row.attempts, reading), cost_nano_usd=5 * USD + USD // 2)
    (saving, *_) = report_of([row]).observed_savings
    assert (saving.baseline_nano_usd, saving.own_nano_usd) == (5 * USD, USD + USD // 2)


def test_observed_requests_are_in_no_saving_of_routed_ones() -> None:
    mixed = report_of([*a_day(40, 0, 0), *(observed(100 + n, USD, 2 * USD) for n in range(30))])
    alone = report_of(a_day(40, 0, 0))
    assert mixed.savings[1].saved_nano_usd == alone.savings[1].saved_nano_usd
    assert "routing saved" in mixed.headline
    assert "routing would have cost" in mixed.headline


def test_an_older_observed_row_counts_at_the_costs_that_its_decision_expected() -> None:
    rungs = [
        {"taken": False, "p": 0.1, "cost_nano_usd": 9, "cost_basis": "list_price"},
        {"taken": True, "p": 0.9, "cost_nano_usd": 1_000, "cost_basis": "list_price"},
        {"taken": True, "p": 0.99, "cost_nano_usd": 5_000, "cost_basis": "list_price"},
    ]
    record = JsonText(json.dumps({"decision": {"first": 1, "rungs": rungs}}))
    (saving, *_) = report_of([replace(observed(0, 10_000, 1), record=record)]).observed_savings
    assert saving.own_nano_usd == 1_500


def test_a_failed_observed_request_is_compared_with_nothing() -> None:
    row = replace(observed(0, 0, 1), state=RequestState.FAILED, verdict="", error_code="x")
    (saving, *_) = report_of([row]).observed_savings
    assert (saving.compared, saving.without_answer, saving.saved_nano_usd) == (0, 1, None)


def test_who_pays_can_recount_saved_from_accepted_only() -> None:
    rows = [
        *(a_row(n) for n in range(30)),
        *(a_row(100 + n, verdict="unverified") for n in range(10)),
        a_row(200, state=RequestState.FAILED, verdict="", error_code="upstream_error"),
        *(a_row(300 + n, 3, endpoint="shadow", verdict="") for n in range(2)),
        a_row(400, 2, endpoint="review", verdict=""),
    ]
    report = report_of(rows)
    entry = json.loads(report_json(report))["savings"][1]
    assert entry["baseline"] == "all_level_2"
    # 40 replies at $0.50 instead of $0.01; a failed one, two shadows and a review lower the sum.
    beside = 2 * 5 * USD + USD // 2
    assert entry["saved_nano_usd"] == 40 * 490_000_000 - 10_000_000 - beside
    assert entry["accepted_baseline_nano_usd"] == 30 * USD // 2
    assert entry["accepted_own_nano_usd"] == 30 * USD // 100
    assert entry["accepted_saved_nano_usd"] == 30 * 490_000_000 > entry["saved_nano_usd"]
    told = "shadows, reviews and corrections by bills cost; rows that are no requests cost $10.50."
    assert told in terminal(report)
    page = report_html(report)
    assert told in page
    assert "“Saved” also counts other replies, failed requests, shadows and reviews." in page


def test_a_day_without_rows_beside_requests_names_no_sum_of_them() -> None:
    assert "rows that are no requests" not in terminal(report_of(a_day()))


def test_outage_is_named_with_its_counts() -> None:
    """A wrong key: its calls fail, then the answerer is out of use; words go out instead."""
    failed = {"state": AttemptState.FAILED, "reason": ""}
    rejected = replace(an_attempt("r", 2, 0, error_code="upstream_rejected"), **failed)
    unready = replace(an_attempt("r", 2, 0, error_code="answerer_not_ready"), **failed)
    limited = replace(an_attempt("r", 2, 0, error_code="insufficient_quota"), **failed)
    rows = [a_row(n, 1, attempts=[unready]) for n in range(3)]
    rows += [a_row(7, 1, attempts=[rejected, rejected]), a_row(8, 1, attempts=[limited])]
    assert (
        "Calls of mid-1 failed: in 1 request the upstream refused our key or the request; so it "
        "was out of use in 3 requests."
    ) in report_of(rows).sentences
    alone = "Calls of mid-1 failed: in 3 requests it was out of use."
    assert alone in report_of(rows[:3]).sentences
    rare = [*rows, *a_day(400, 0, 0)]
    assert not any("Calls of" in sentence for sentence in report_of(rare).sentences)


def test_beside_an_answerer_that_failed_often_the_others_are_named() -> None:
    """A reply said that a second answerer had failed too, and the report did not name it."""
    often = an_attempt("r", 2, 0, error_code="upstream_error", state=AttemptState.FAILED)
    rarely = replace(often, answerer="small", ordinal=1)
    rows = [a_row(1, 1, attempts=[often]), a_row(2, 1, attempts=[rarely, often])]
    told = report_of([*rows, *(a_row(n + 3, 1) for n in range(148))]).sentences
    assert "Calls of mid-1 failed: in 2 requests the upstream failed." in told
    assert "Calls of others failed in fewer requests: small (1)." in told
    told = report_of([*rows, *(a_row(n + 3, 1) for n in range(300))]).sentences
    assert not any("Calls of" in sentence for sentence in told)


def test_faults_are_told_apart_from_requests_without_a_reply() -> None:
    """12 and 6 failures beside 25 failed requests looked like a sum that does not add up."""
    counts = "A request counts under each answerer that failed in it, also where another one then"
    failed = an_attempt("r", 2, 0, error_code="upstream_error", state=AttemptState.FAILED)
    answered = [a_row(n, 1, attempts=[failed]) for n in range(2)]
    assert f"{counts} answered." in report_of(answered).sentences
    lost = replace(answered[0], state=RequestState.FAILED, verdict="", error_code="upstream_error")
    told = report_of([lost, answered[1]]).sentences
    assert f"{counts} answered; 1 request got no reply." in told
    assert not any(counts in sentence for sentence in report_of(a_day()).sentences)


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_each_fault_has_words(code: str) -> None:
    failed = replace(an_attempt("r", 2, 0, error_code=code), state=AttemptState.FAILED)
    (told,) = (s for s in report_of([a_row(1, 1, attempts=[failed])]).sentences if "Calls of" in s)
    assert told == f"Calls of mid-1 failed: in 1 request {FAULT_WORDS[code]}."
    assert set(FAULT_WORDS) == FAULTS | {KEY_REFUSED, REQUEST_REFUSED}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "the upstream refused our key"),
        (403, "the upstream refused our key"),
        (422, "the upstream refused the request"),
        (None, "the upstream refused our key or the request"),
    ],
)
def test_a_refused_key_is_told_apart_from_a_refused_request(status: int | None, told: str) -> None:
    failed = an_attempt("r", 2, 0, error_code="upstream_rejected", state=AttemptState.FAILED)
    record = {"failures": [{"attempt": failed.ordinal, "status": status}]}
    row = replace(a_row(1, 1, attempts=[failed]), record=JsonText(json.dumps(record)))
    assert f"Calls of mid-1 failed: in 1 request {told}." in report_of([row]).sentences


OUT_OF_TIME = '{"steps":[{"rung":0,"left":{"time_ms":%s},"said":{"action":"stop"}}]}'


@pytest.mark.parametrize(
    ("code", "changes", "record", "told"),
    [
        ("unknown_price", {"state": AttemptState.RELEASED}, "", False),
        ("interrupted", {}, "", False),
        ("server_stopping", {}, "", False),
        ("ledger_unavailable", {"state": AttemptState.RELEASED}, "", False),
        ("client_gone", {}, "", False),
        ("depth_exceeded", {}, "", False),
        ("cannot_answer", {}, "", False),
        ("context_length_exceeded", {}, "", False),
        ("upstream_error", {}, "", True),
        ("upstream_error", {"role": Role.TRIAGE}, "", False),
        ("deadline_exceeded", {}, "", True),
        ("deadline_exceeded", {"rung": 0}, OUT_OF_TIME % "0.0", False),
        ("deadline_exceeded", {"rung": 1}, OUT_OF_TIME % "0.0", True),
        ("deadline_exceeded", {"rung": 0}, OUT_OF_TIME % "3.5", True),
        ("deadline_exceeded", {"rung": 0}, OUT_OF_TIME % "null", True),
        ("deadline_exceeded", {"state": AttemptState.RELEASED}, "", False),
    ],
)
def test_an_answerer_is_blamed_for_its_own_faults_alone(
    code: str, changes: dict[str, object], record: str, *, told: bool
) -> None:
    failed = an_attempt("r", 2, 0, error_code=code)
    failed = replace(failed, **({"state": AttemptState.FAILED} | changes))
    row = replace(a_row(1, 1, attempts=[failed]), record=JsonText(record or "{}"))
    assert any("Calls of" in sentence for sentence in report_of([row]).sentences) is told


@pytest.mark.parametrize(("others", "told"), [(198, True), (199, False)])
def test_faults_of_several_kinds_are_told_from_one_request_in_a_hundred(
    others: int, *, told: bool
) -> None:
    codes = ("upstream_rejected", "answerer_not_ready")
    calls = [
        replace(an_attempt("r", 2, 0, error_code=code), state=AttemptState.FAILED) for code in codes
    ]
    rows = [a_row(n, 1, attempts=[call]) for n, call in enumerate(calls)]
    rows += [a_row(n + 2, 1) for n in range(others)]
    assert any("Calls of" in sentence for sentence in report_of(rows).sentences) is told


def test_words_that_there_is_no_answer_are_told_apart_from_unverified_answers() -> None:
    words = a_row(100, 2, verdict="unverified", model=NO_ANSWER_MODEL, reason="no_model")
    told = report_of([*a_day(30, 0, 0), words]).sentences
    assert "No answer went out marked unverified (words that there is none are no answers)." in told
    asked = a_row(101, 1, verdict="unverified", reason="asked_which")
    told = report_of([*a_day(30, 0, 0), words, asked]).sentences
    parts = "(words that there is none and questions back are no answers)"
    assert f"No answer went out marked unverified {parts}." in told


def test_each_kind_of_words_has_a_name_of_its_own_among_the_models() -> None:
    models = (NO_ANSWER_MODEL, SAFE_ANSWER_MODEL, REFUSAL_MODEL)
    rows = [replace(a_row(n, 2), model=model) for n, model in enumerate(models)]
    table = next(one for one in others(report_of(rows)) if one.title == "Models")
    shown = [row.shown for row in table.rows if row.name in models]
    assert len({*shown}) == 3
    assert all(name.startswith("no model: ") for name in shown)


def test_a_table_says_that_too_few_answers_were_compared_as_the_sentences_do() -> None:
    report = report_of(a_day(12, 0, 0))
    assert "30 are needed" in report.headline
    assert "too few: 30 needed" in terminal(report)
    (columns,) = re.findall(r"Savings, signed *\n(.*)\n", terminal(report))
    assert "saved" not in columns
    assert "too few" not in terminal(report_of(a_day(30, 0, 0)))


def test_a_question_back_is_no_accepted_answer() -> None:
    asked = [a_row(n, reason="asked_which") for n in (50, 51)]
    (tier,) = report_of([a_row(0), a_row(1, verdict="unverified"), *asked]).tiers
    assert (tier.figures.judged, tier.figures.accepted) == (2, 1)


@pytest.mark.parametrize(("ahead_ms", "told"), [(119_000, 0), (121_000, 1), (10**15, 1)])
def test_row_that_is_still_to_come_is_told(ahead_ms: int, told: int) -> None:
    late = replace(a_row(1), created_at_ms=NOON_MS + ahead_ms)
    notes = report_of([a_row(0), late]).notes
    assert sum("is still to come: the clock is wrong now" in note for note in notes) == told


@pytest.mark.parametrize(("days", "told"), [([0, 26], 0), ([0, 27], 1), ([*range(8), 27], 0)])
def test_range_that_is_mostly_empty_is_told(days: list[int], told: int) -> None:
    """As after a clock that was a month ahead for an hour."""
    rows = [replace(a_row(day), created_at_ms=NOON_MS - day * DAY_MS) for day in days]
    notes = report_of(rows).notes
    assert sum("for 26 days between" in note for note in notes) == told
