"""The last hour from the ledger's sums, and what of it is an alert."""

from __future__ import annotations

import pytest

from router.analysis.alerts import (
    BudgetUse,
    budget_alerts,
    jumped,
    traffic_alerts,
    unanswered_alerts,
)
from router.analysis.last_hour import bin_of, hour_of, quantile
from router.ledger.books.overview import EDGES_MS, bucket_ms
from router.money.budgets import BudgetScope
from router.types import RequestState, Slice
from tests.kits.changed import replace

NOW = 30_000_000  # a minute since the epoch


def slice_of(
    minutes_ago: int,
    requests: int = 1,
    *,
    level: int = 1,
    state: RequestState = RequestState.SETTLED,
    bucket: int = 40,
    spend: int = 10,
    answered: bool = True,
    reply: str = "answer",
) -> Slice:
    routed = requests if answered else 0
    tier = f"tier{level}"
    got = reply if answered else ""
    return Slice(
        NOW - minutes_ago, tier, level, state, bucket, requests, routed, 0, spend, 0, answered, got
    )


def test_an_hour_has_sixty_minutes_whether_or_not_anything_happened() -> None:
    hour = hour_of([slice_of(3, 5)], NOW, bucket_ms)
    assert [m.minute for m in hour.minutes] == list(range(NOW - 59, NOW + 1))
    assert [m.requests for m in hour.minutes if m.requests] == [5]


def test_what_is_older_than_an_hour_is_left_out() -> None:
    assert hour_of([slice_of(60), slice_of(59)], NOW, bucket_ms).whole.requests == 1


def test_minutes_add_up_to_the_hour() -> None:
    slices = [slice_of(at, at + 1, level=1 + at % 3) for at in range(60)]
    hour = hour_of(slices, NOW, bucket_ms)
    assert hour.whole.requests == sum(m.requests for m in hour.minutes) == 1830
    assert hour.whole.requests == sum(tier.requests for tier in hour.tiers)
    assert hour.whole.spend_nano_usd == sum(tier.spend_nano_usd for tier in hour.tiers) == 600


def test_failures_have_no_tier_nor_latency() -> None:
    hour = hour_of([slice_of(1, 4, state=RequestState.FAILED, answered=False)], NOW, bucket_ms)
    assert (hour.whole.failed, hour.tiers, hour.whole.p50_ms) == (4, (), None)


@pytest.mark.parametrize(
    ("state", "counts"),
    [(RequestState.CANCELLED, (0, 3)), (RequestState.UNKNOWN_COST, (3, 0))],
)
def test_requests_without_an_answer_count_under_no_tier(
    state: RequestState, counts: tuple[int, int]
) -> None:
    hour = hour_of([slice_of(1, 3, state=state, answered=False)], NOW, bucket_ms)
    assert (hour.whole.failed, hour.whole.cancelled) == counts
    assert (hour.tiers, hour.whole.by_tier) == ((), {})


def test_an_answer_of_unknown_cost_counts_under_its_tier() -> None:
    hour = hour_of([slice_of(1, 3, state=RequestState.UNKNOWN_COST)], NOW, bucket_ms)
    assert (hour.unknown_cost, hour.whole.by_tier) == (3, {"tier1": 3})


def test_answers_above_level_1_count_as_escalated() -> None:
    slices = [slice_of(0, 6), slice_of(0, 3, level=2), slice_of(1, 1, level=3)]
    assert hour_of(slices, NOW, bucket_ms).whole.escalated == 4
    assert hour_of(slices, NOW, bucket_ms).whole.answered == 10


def test_answers_of_the_lowest_level_of_their_own_policy_are_not_escalated() -> None:
    slices = [slice_of(0, 6, level=2), slice_of(1, 1, level=3)]
    high = [replace(part, policy="high") for part in slices]
    hour = hour_of(high, NOW, bucket_ms, {"high": 2})
    assert (hour.whole.escalated, hour.lowest_level) == (1, 2)
    low = [replace(part, policy="low") for part in slices]
    hour = hour_of([*high, *low], NOW, bucket_ms, {"high": 2, "low": 1})
    assert (hour.whole.escalated, hour.lowest_level) == (8, None)
    assert hour.above == "their policy's lowest level"


def test_escalated_are_a_share_of_answers_and_vectors_have_no_level() -> None:
    failed = slice_of(0, 5, state=RequestState.FAILED, answered=False)
    slices = [slice_of(0, 2), slice_of(0, 2, level=2), slice_of(0, 4, level=0), failed]
    whole = hour_of(slices, NOW, bucket_ms).whole
    assert (whole.escalated, whole.answered, whole.requests) == (2, 4, 13)


def test_who_got_no_reply_climbed_to_none() -> None:
    """Failed requests stood as climbs of the replies: "67 % of 51 replies; 8 after ..."."""
    failed = slice_of(0, 8, level=2, state=RequestState.FAILED, answered=False)
    above = replace(slice_of(0, 2, level=2), climbed=1)
    asked = [replace(failed, climbed=8), slice_of(0, 5), above]
    vectors = replace(slice_of(0, 3, level=0), climbed=3)
    whole = hour_of([*asked, vectors], NOW, bucket_ms).whole
    assert (whole.climbed, whole.answered, whole.failed) == (1, 7, 8)
    assert sum(tier.requests for tier in hour_of([*asked, vectors], NOW, bucket_ms).tiers) == 10


@pytest.mark.parametrize("ms", [0.1, 0.37, 3.0, 52.0, 999.0, 12_345.0, 500_000.0])
def test_a_bucket_stands_for_its_durations_within_six_percent(ms: float) -> None:
    bucket = sum(edge <= ms for edge in EDGES_MS)
    assert bucket_ms(bucket) == pytest.approx(ms, rel=0.06)


def test_the_median_of_nothing_is_none() -> None:
    assert quantile({}, 0.5, bucket_ms) is None


@pytest.mark.parametrize(
    ("used", "limit", "codes"),
    [
        (799, 1000, []),
        (800, 1000, ["budget_nearly_spent"]),
        (999, 1000, ["budget_nearly_spent"]),
        (1000, 1000, ["budget_spent"]),
        (0, 0, ["budget_spent"]),
        (1000, None, []),
    ],
)
def test_a_budget_alerts_from_eighty_percent_on(
    used: int, limit: int | None, codes: list[str]
) -> None:
    use = BudgetUse(BudgetScope("acme"), "day", used - used // 4, used // 4, limit)
    assert [alert.code for alert in budget_alerts([use])] == codes


@pytest.mark.parametrize(
    ("failed", "fine", "alerts"), [(2, 10, 0), (3, 57, 1), (3, 58, 0), (0, 10, 0)]
)
def test_failures_alert_from_three_and_five_percent_on(failed: int, fine: int, alerts: int) -> None:
    slices = [slice_of(1, fine), slice_of(1, failed, state=RequestState.FAILED, answered=False)]
    found = traffic_alerts(hour_of(slices, NOW, bucket_ms))
    assert [alert.code for alert in found] == ["requests_failing"] * alerts


def test_failures_of_half_an_hour_ago_are_no_alert() -> None:
    slices = [slice_of(30, 50, state=RequestState.FAILED, answered=False)]
    assert traffic_alerts(hour_of(slices, NOW, bucket_ms)) == []


@pytest.mark.parametrize(
    ("slices", "waiting", "told"),
    [
        ([slice_of(1, 9)], 0, []),
        ([slice_of(1, 9)], 1, [("warn", "1 matter waits for a person's verdict.")]),
        ([], 15, [("warn", "15 matters wait for a person's verdict.")]),
        (
            [slice_of(50, 3), slice_of(50, 1, reply="no_answer")],
            0,
            [("note", "1 of 4 requests of the last hour was told that there is no answer.")],
        ),
        (
            [
                slice_of(50, 57),
                slice_of(50, 3, reply="no_answer"),
                slice_of(1, 2, reply="question"),
            ],
            0,
            [("note", "3 of 62 requests of the last hour were told that there is no answer.")],
        ),
        (
            [slice_of(50, 57), slice_of(50, 3, reply="no_answer")],
            0,
            [("warn", "3 of 60 requests of the last hour were told that there is no answer.")],
        ),
        (
            [slice_of(50, 9), slice_of(30, 1, state=RequestState.FAILED, answered=False)],
            0,
            [("note", "1 of 10 requests of the last hour failed.")],
        ),
        ([slice_of(1, 3, state=RequestState.FAILED, answered=False)], 0, []),
    ],
)
def test_an_hour_is_quiet_only_where_nobody_waits_or_went_without_an_answer(
    slices: list[Slice], waiting: int, told: list[tuple[str, str]]
) -> None:
    found = unanswered_alerts(hour_of(slices, NOW, bucket_ms), waiting)
    assert [(alert.level, alert.message) for alert in found] == told


def test_requests_that_a_limit_refused_are_told_apart_from_failed_ones() -> None:
    refused = replace(slice_of(1, 2, state=RequestState.FAILED, answered=False), refused=2)
    (alert,) = unanswered_alerts(hour_of([slice_of(1, 8), refused], NOW, bucket_ms), 0)
    assert alert.code == "refused_by_limit"
    assert alert.message == "2 of 10 requests of the last hour were refused by a limit."


def test_what_no_answerer_may_do_is_refused_by_no_limit() -> None:
    """Pictures that no model here can take stood under "refused by limit"."""
    refused = replace(
        slice_of(1, 5, state=RequestState.FAILED, answered=False), refused=5, impossible=4
    )
    hour = hour_of([slice_of(1, 5), refused], NOW, bucket_ms)
    alerts = {alert.code: alert.message for alert in unanswered_alerts(hour, 0)}
    assert (hour.whole.refused, hour.whole.impossible) == (5, 4)
    assert alerts == {
        "refused_by_limit": "1 of 10 requests of the last hour was refused by a limit.",
        "impossible_here": "4 of 10 requests of the last hour were refused, since no answerer here "
        "may do what was asked.",
    }


def test_a_cost_that_is_not_known_alerts() -> None:
    slices = [slice_of(30, 2, state=RequestState.UNKNOWN_COST), slice_of(2, 50)]
    (alert,) = traffic_alerts(hour_of(slices, NOW, bucket_ms))
    assert (alert.code, alert.message[:30]) == ("unknown_cost", "The cost of 2 requests of the ")


def test_a_jump_of_escalations_alerts() -> None:
    before = [slice_of(30, 180), slice_of(30, 20, level=2)]
    now = [slice_of(2, 20), slice_of(2, 20, level=2)]
    (alert,) = traffic_alerts(hour_of([*before, *now], NOW, bucket_ms))
    assert alert.code == "escalations_jumped"
    assert "50 %" in alert.message


@pytest.mark.parametrize(
    ("now", "asked", "past", "past_asked", "jump"),
    [
        (20, 40, 20, 200, True),
        (10, 20, 20, 200, True),
        (10, 19, 20, 200, False),  # too few now
        (10, 20, 2, 19, False),  # too few before
        (2_000, 10_000, 1_100, 10_000, False),  # certain, and nine points
        (2_000, 10_000, 1_000, 10_000, True),  # certain, and ten
        (5, 20, 2, 20, False),  # fifteen points, and chance
        (0, 40, 0, 200, False),
        (40, 40, 200, 200, False),
    ],
)
def test_a_jump_is_neither_chance_nor_small(
    now: int, asked: int, past: int, past_asked: int, jump: bool
) -> None:
    assert jumped(now, asked, past, past_asked) is jump


def test_bins_hold_every_confidence() -> None:
    assert [bin_of(at / 20) for at in range(21)] == [*range(20), 19]
    assert (bin_of(-0.1), bin_of(1.1)) == (0, 19)
