"""The report's figures: worked examples by hand, what is unknown, and sums that are conserved."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.report.build import build_report
from router.analysis.report.figures import Report, Saving
from router.analysis.report.savings import PairedCosts
from router.analysis.report.tables import saving_row
from router.analysis.report.tallies import MAX_GROUPS
from router.ledger.aggregates import NAMED_UNKNOWN
from router.ledger.row_reading import row_names
from router.policy.schema import ReportSection
from router.rendering.figures_in_words import Dollars
from router.stats.duration_histogram import DurationHistogram
from router.types import (
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Verdict,
)
from tests.kits.books.report_rows import NOON_MS, PRICES, USD, a_day, a_row, an_attempt
from tests.kits.changed import replace
from tests.kits.examples import examples


def report_of(rows: Iterable[RequestRow], **config: object) -> Report:
    section = ReportSection.model_validate(config)
    return build_report(rows, config=section, since_ms=None, until_ms=None, now_ms=NOON_MS)


def saving(report: Report, key: str) -> Saving:
    return next(s for s in report.savings if s.key == key)


def test_a_platform_day_costs_what_the_hand_says() -> None:
    report = report_of(a_day())
    assert report.spend_nano_usd == 55 * USD  # 1,000 x 0.01 + 40 x 0.50 + 5 x 5.00
    level_3 = saving(report, "all_level_3")
    assert level_3.baseline_nano_usd == 5_225 * USD
    assert level_3.saved_nano_usd == 5_170 * USD
    assert level_3.saved_share == pytest.approx(0.98947, abs=1e-5)
    level_2 = saving(report, "all_level_2")
    assert level_2.baseline_nano_usd == 522_500_000_000
    assert level_2.saved_share == pytest.approx(0.89473, abs=1e-5)


def test_nobody_saves_more_than_all() -> None:
    """39 requests for nothing and one at half the price: 98.75 %, and 2.45 points either way."""
    costs = PairedCosts()
    for own in (50, *[0] * 39):
        costs.add(100, own)
    found = costs.share_interval()
    assert found is not None
    assert found.low == pytest.approx(0.9630, abs=1e-4)
    assert found.high == 1.0


def test_the_headline_names_spend_baseline_saving_and_interval() -> None:
    assert report_of(a_day()).headline == (
        "On 3 November 2026, 1,045 requests cost $55.00, and all were answered. Against "
        "$522.50 for answering everything at level 2, routing saved $467.50 (89.4 %; 95 % "
        "interval 85.1 % to 93.7 %), all of it with accepted replies. Nobody judged an "
        "answer, so nobody knows how many were wrong. No answer went out marked unverified."
    )


def test_shares_stand_against_no_plan_that_nobody_stated() -> None:
    report = report_of(a_day())
    assert [(x.level, x.requests, x.planned) for x in report.levels] == [
        (1, 1_000, None),
        (2, 40, None),
        (3, 5, None),
    ]
    assert report.levels[0].share == pytest.approx(1_000 / 1_045)
    assert not any("plan" in line for line in report.assumptions)


def test_dearer_routing_shows_a_negative_saving() -> None:
    rows = [replace(a_row(n, 3), baselines=Baselines(all_level_2=PRICES[2])) for n in range(40)]
    report = report_of(rows)
    level_2 = saving(report, "all_level_2")
    assert level_2.saved_nano_usd == -180 * USD
    assert level_2.saved_share == pytest.approx(-9.0)
    assert (
        "cost $180.00 more (10.0 times as much; 95 % interval 10.0 to 10.0 times)"
        in report.headline
    )


@pytest.mark.parametrize(("answered", "given"), [(29, False), (30, True)])
def test_an_interval_needs_thirty_answers_whatever_shadows_cost(answered: int, given: bool) -> None:
    level_2 = Baselines(all_level_2=PRICES[2])
    rows = [replace(a_row(n, 1), baselines=level_2) for n in range(answered)]
    shadows = [a_row(100 + n, 3, endpoint="shadow") for n in range(10)]
    saved = saving(report_of([*rows, *shadows]), "all_level_2")
    assert (saved.saved_interval is not None, saved.share_interval is not None) == (given, given)
    assert saved.few is not given


@pytest.mark.parametrize(
    ("own", "told", "shown"),
    [
        (11 * USD, " (11.0 times as much; 95 %", "-1,000.0 %"),
        (12 * USD, " (more than 10 times that),", "below -1,000 %"),
    ],
)
def test_a_loss_of_more_than_ten_times_its_baseline_is_told_by_that_bound(
    own: int, told: str, shown: str
) -> None:
    rows = [
        replace(a_row(n, 3), cost_nano_usd=own, baselines=Baselines(all_level_2=USD))
        for n in range(40)
    ]
    report = report_of(rows)
    level_2 = saving(report, "all_level_2")
    assert level_2.saved_share == 1 - own / USD
    assert saving_row(level_2, Dollars(2))[3] == shown
    assert f"cost ${own // USD * 40 - 40}.00 more" in report.headline
    assert report.headline.rpartition(".00 more")[2].startswith(told)


def test_the_requested_model_leads_the_headline_where_its_price_is_known() -> None:
    rows = [replace(a_row(n), baselines=Baselines(USD // 10, USD // 2)) for n in range(30)]
    assert "Against $3.00 for the models the clients asked for" in report_of(rows).headline


def test_a_headline_of_a_later_baseline_says_why_it_names_no_earlier_one() -> None:
    asked = [replace(a_row(n), baselines=Baselines(USD // 10, USD // 2)) for n in range(5)]
    rows = [*asked, *(replace(a_row(n + 5), baselines=Baselines(None, USD)) for n in range(30))]
    report = report_of(rows)
    assert "for answering everything at level 2" in report.headline
    assert (
        "The first sentences name answering everything at level 2 as their baseline, because only "
        "5 of 35 answers can be compared with the models the clients asked for. A report of "
        "another period may name another one; the table has them all." in report.assumptions
    )


def test_a_headline_of_the_first_baseline_explains_nothing() -> None:
    rows = [replace(a_row(n), baselines=Baselines(USD // 10, USD // 2)) for n in range(30)]
    assert not any("The first sentences name" in line for line in report_of(rows).assumptions)


def test_no_rows_give_a_sentence_without_a_saving() -> None:
    report = report_of([])
    assert report.spend_nano_usd == 0
    assert all(s.saved_nano_usd is None for s in report.savings)
    assert report.headline.startswith("No requests")


def test_rows_outside_the_period_are_passed_over() -> None:
    rows = [a_row(n) for n in range(10)]
    report = build_report(
        rows, config=ReportSection(), since_ms=NOON_MS + 2, until_ms=NOON_MS + 5, now_ms=NOON_MS
    )
    assert report.counts.requests == 3


def test_a_baseline_without_a_price_is_unknown() -> None:
    people = saving(report_of(a_day()), "people")
    assert (people.compared, people.not_compared) == (0, 1_045)
    assert people.saved_nano_usd is None
    assert people.saved_share is None


@pytest.mark.parametrize("state", [RequestState.UNKNOWN_COST, RequestState.CANCELLED])
def test_a_request_without_an_answer_at_an_unknown_cost_is_none_that_is_not_compared(
    state: RequestState,
) -> None:
    call = an_attempt("req-00001", 2, 0, cost_basis=CostBasis.UNKNOWN)
    left = a_row(1, 2, attempts=[call], state=state, verdict="")
    level_2 = saving(report_of([a_row(0), left]), "all_level_2")
    assert (level_2.compared, level_2.not_compared) == (1, 0)


def test_a_price_for_people_is_not_called_missing_where_nothing_was_compared() -> None:
    call = an_attempt("req-00000", 2, 0, cost_basis=CostBasis.UNKNOWN)
    told = " ".join(report_of([a_row(0, 2, attempts=[call])]).assumptions)
    assert "No price for people was stated" not in told
    assert "No request was compared with people" in told


def test_a_request_at_an_unknown_price_is_named_rather_than_compared() -> None:
    call = an_attempt("req-00000", 2, 0, cost_basis=CostBasis.UNKNOWN)
    report = report_of([a_row(0, 2, attempts=[call]), a_row(1)])
    level_2 = saving(report, "all_level_2")
    assert (level_2.compared, level_2.not_compared) == (1, 1)
    assert report.unknown.named == ("req-00000",)
    told = "2 requests cost at least $0.01, and all were answered. What 1 request cost is not known"
    assert told in report.headline
    assert any("All at level 2: 1;" in line for line in report.assumptions)


def test_a_call_with_unknown_outcome_counts_at_its_hold() -> None:
    call = an_attempt("req-00000", 2, PRICES[2], state=AttemptState.UNKNOWN_COST)
    report = report_of([a_row(0, 2, attempts=[call], state=RequestState.UNKNOWN_COST)])
    assert report.spend_nano_usd == PRICES[2]
    assert report.unknown.held_nano_usd == PRICES[2]
    assert saving(report, "all_level_3").compared == 0


def test_a_released_attempt_leaves_the_cost_known() -> None:
    calls = [
        an_attempt("r", 2, 0, state=AttemptState.RELEASED, cost_basis=CostBasis.UNKNOWN),
        an_attempt("r", 3, PRICES[3]),
    ]
    assert report_of([a_row(0, 3, attempts=calls)]).unknown.requests == 0


def test_only_the_first_requests_of_unknown_cost_are_named() -> None:
    call = an_attempt("r", 2, 0, cost_basis=CostBasis.UNKNOWN)
    rows = [a_row(n, 2, attempts=[call]) for n in range(NAMED_UNKNOWN + 5)]
    unknown = report_of(rows).unknown
    assert (unknown.requests, len(unknown.named)) == (NAMED_UNKNOWN + 5, NAMED_UNKNOWN)


def test_a_failed_request_lowers_the_saving_by_what_it_cost() -> None:
    failed = a_row(1, 2, state=RequestState.FAILED, baselines=Baselines(all_level_2=9 * USD))
    level_2 = saving(report_of([a_row(0), failed]), "all_level_2")
    assert (level_2.compared, level_2.without_answer) == (1, 1)
    assert level_2.baseline_nano_usd == PRICES[2]
    assert level_2.own_nano_usd == PRICES[1] + PRICES[2]


def test_an_open_request_is_in_no_figure_but_the_states() -> None:
    held = an_attempt("r", 2, 0, state=AttemptState.HELD, cost_basis=CostBasis.UNKNOWN)
    is_open = a_row(1, 2, state=RequestState.OPEN, cost_nano_usd=PRICES[2], attempts=[held])
    report = report_of([a_row(0), is_open])
    assert saving(report, "all_level_2").compared == 1
    assert report.spend_nano_usd == PRICES[1]
    assert (report.unattributed_nano_usd, report.unknown.requests) == (0, 0)
    assert any("still open" in note and "$0.50" in note for note in report.notes)
    assert dict(report.counts.states) == {"open": 1, "settled": 1}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ('{"signals":{"domain":"legal"}}', "legal"),
        ('{"signals":{"domain":"<script>"}}', "unknown"),
        ('{"signals":{"domain":7}}', "unknown"),
        ('{"signals":{}}', "unknown"),
        ("{}", "unknown"),
        ("", "unknown"),
        ("not json", "unknown"),
    ],
)
def test_a_domain_is_read_from_the_record(record: str, expected: str) -> None:
    assert row_names(a_row(record=JsonText(record)))[0] == expected


def test_a_discarded_draft_shows_at_the_tier_that_made_it() -> None:
    draft = an_attempt("r", 2, PRICES[2], discarded=True)
    final = an_attempt("r", 3, PRICES[3])
    report = report_of([a_row(0, 3, attempts=[draft, final])])
    by_tier = {tier.tier: tier for tier in report.tiers}
    assert by_tier["llm"].figures.requests == 0
    assert by_tier["llm"].figures.escalated == 1
    assert by_tier["llm"].own_spend_nano_usd == PRICES[2]
    assert by_tier["reasoning"].figures.spend_nano_usd == PRICES[2] + PRICES[3]
    assert report.discarded_nano_usd == PRICES[2]


def test_a_deliberation_step_moves_nobody_on() -> None:
    step = an_attempt("r", 2, PRICES[2], role=Role.DELIBERATION)
    report = report_of([a_row(0, 3, attempts=[step, an_attempt("r", 3, 0)])])
    assert next(t for t in report.tiers if t.tier == "llm").tried == 0
    assert {r.role: r.spend_nano_usd for r in report.roles}[Role.DELIBERATION] == PRICES[2]


def test_first_reasons_add_up_to_the_escalated_requests() -> None:
    report = report_of(a_day())
    (first, second) = report.escalation_reasons
    assert (first.reason, first.first_requests, first.first_spend_nano_usd) == (
        "low_confidence",
        45,
        45 * USD,
    )
    assert (second.reason, second.first_requests, second.any_requests) == ("novel", 0, 45)


def test_a_failed_request_of_unknown_cost_is_not_answered() -> None:
    call = an_attempt("r", 2, PRICES[2], state=AttemptState.UNKNOWN_COST)
    failed = a_row(0, 2, attempts=[call], state=RequestState.UNKNOWN_COST, verdict="")
    (tier, made_here) = sorted(report_of([failed]).tiers, key=lambda t: t.level)
    assert (tier.tier, tier.figures.requests) == ("(not answered)", 1)
    assert (made_here.figures.requests, made_here.own_spend_nano_usd) == (0, PRICES[2])


def test_an_exact_repeat_counts_as_cache_hit() -> None:
    call = an_attempt("r", 1, 0, role=Role.CACHE)
    assert report_of([a_row(attempts=[call])]).counts.cache_hits == 1


def test_an_observed_request_escalates_nowhere() -> None:
    report = report_of([a_row(0, 3, mode="observe")])
    assert report.counts.escalated == 0
    assert report.counts.observed == 1


def test_books_that_do_not_balance_are_told() -> None:
    report = report_of([a_row(0, 2, cost_nano_usd=PRICES[2] + 7)])
    assert report.unattributed_nano_usd == 7
    assert any("ledger verify" in note for note in report.notes)


def test_endless_model_names_stay_bounded() -> None:
    rows = [a_row(n, model=f"model-{n}") for n in range(MAX_GROUPS * 3)]
    report = report_of(rows)
    assert len(report.tiers) <= MAX_GROUPS + 10
    assert sum(t.figures.requests for t in report.tiers) == len(rows)


@st.composite
def rows_of_any_kind(draw: st.DrawFn) -> list[RequestRow]:
    rows = []
    for number in range(draw(st.integers(0, 25))):
        level = draw(st.sampled_from([1, 2, 3]))
        calls = [
            an_attempt(
                f"r{number}",
                draw(st.sampled_from([1, 2, 3])),
                draw(st.integers(0, 10**10)),
                role=draw(st.sampled_from(Role)),
                state=draw(st.sampled_from(AttemptState)),
                cost_basis=draw(st.sampled_from(CostBasis)),
                discarded=draw(st.booleans()),
            )
            for _ in range(draw(st.integers(0, 4)))
        ]
        prices = st.none() | st.integers(0, 10**10)
        rows.append(
            a_row(
                number,
                level,
                attempts=calls,
                state=draw(st.sampled_from(RequestState)),
                verdict=draw(st.sampled_from(Verdict)).value,
                reason=draw(st.sampled_from([*Reason, "nonsense"])),
                reasons=tuple(draw(st.lists(st.sampled_from([r.value for r in Reason])))),
                domain=draw(st.sampled_from(["legal", "medical", "nonsense"])),
                model=draw(st.text(max_size=8)),
                mode=draw(st.sampled_from(["route", "observe"])),
                latency_ms=draw(st.floats(0, 1e7)),
                baselines=Baselines(draw(prices), draw(prices), draw(prices), draw(prices)),
            )
        )
    return rows


@pytest.mark.slow
@given(rows_of_any_kind())
@examples(80)
def test_every_breakdown_adds_up_to_the_whole(rows: list[RequestRow]) -> None:
    report = report_of(rows)
    assert sum(n for _, n in report.counts.states) == len(rows)
    rows = [row for row in rows if row.state is not RequestState.OPEN]
    assert report.counts.requests == len(rows)
    spend = sum(row.cost_nano_usd for row in rows)
    assert report.spend_nano_usd == spend
    for groups in (report.tiers, report.domains, report.request_types):
        assert sum(g.figures.requests for g in groups) == len(rows)
        assert sum(g.figures.spend_nano_usd for g in groups) == spend
        assert sum(g.figures.unknown_cost for g in groups) == report.unknown.requests
    calls = sum(a.cost_nano_usd for row in rows for a in row.attempts)
    assert sum(r.spend_nano_usd for r in report.roles) == calls
    assert sum(b.spend_nano_usd for b in report.bases) == calls
    assert sum(t.own_spend_nano_usd for t in report.tiers) == calls
    assert report.unattributed_nano_usd == spend - calls
    climbed = sum(r.first_requests for r in report.escalation_reasons)
    assert climbed == report.counts.escalated


@given(rows_of_any_kind(), st.randoms())
@examples(40)
def test_the_order_of_rows_changes_no_figure(rows: list[RequestRow], chance: object) -> None:
    shuffled = rows[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = report_of(rows), report_of(shuffled)
    same = replace(second, unknown=replace(second.unknown, named=first.unknown.named))
    assert same == first


@given(st.lists(st.floats(0.001, 1e8), min_size=1, max_size=300), st.floats(0.01, 1.0))
def test_a_percentile_is_within_one_percent(durations: list[float], q: float) -> None:
    histogram = DurationHistogram()
    for ms in durations:
        histogram.add(ms)
    exact = sorted(durations)[max(1, math.ceil(q * len(durations))) - 1]
    assert histogram.quantile(q) == pytest.approx(exact, rel=0.0101)


def test_a_histogram_of_anything_stays_small() -> None:
    histogram = DurationHistogram()
    for ms in (0.0, -5.0, math.nan, math.inf, 1e300, 1e-300):
        histogram.add(ms)
    assert len(histogram) <= 2
    assert histogram.quantile(0.0) == pytest.approx(0.0, abs=0.001)


def test_the_interval_agrees_with_the_textbook() -> None:
    pairs = PairedCosts()
    differences = [n % 7 for n in range(50)]
    for d in differences:
        pairs.add(10 + d, 10)
    mean = sum(differences) / 50
    s = math.sqrt(sum((d - mean) ** 2 for d in differences) / 49)
    half = 1.959963984540054 * s * math.sqrt(50)
    interval = pairs.saved_interval()
    assert interval is not None
    assert interval.low == pytest.approx(50 * mean - half)
    assert interval.high == pytest.approx(50 * mean + half)


@pytest.mark.parametrize(("pairs", "given"), [(29, False), (30, True)])
def test_an_interval_needs_thirty_pairs(pairs: int, given: bool) -> None:
    sums = PairedCosts()
    for n in range(pairs):
        sums.add(10, n % 2)
    assert (sums.saved_interval() is not None) is given
    assert (sums.share_interval() is not None) is given


def test_the_share_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    import random

    chance, covered = random.Random(7), 0
    for _ in range(400):
        sums = PairedCosts()
        for _ in range(300):
            sums.add(500, 10 if chance.random() < 0.8 else 500)
        interval = sums.share_interval()
        assert interval is not None
        covered += interval.low <= 0.8 * 0.98 <= interval.high
    assert 370 <= covered <= 394  # 380 expected, standard deviation 4.4
