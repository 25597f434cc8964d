"""Breaker, replicas, refusals: the pure parts of the remote tier, by tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import (
    UpstreamContentRefused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
    UpstreamUnreachable,
)
from router.types import AnswererState
from router.wire.openai.upstream_errors import shown_code_in
from tiers.resilience.circuit_breaker import MOST_PROBES, Breaker, BreakerState
from tiers.resilience.refusals import (
    RetryBudget,
    error_for_status,
    read_retry_after,
    wait_s,
    worth_retrying,
)
from tiers.resilience.replicas import CallHealth, ReplicaSet


def opened() -> Breaker:
    breaker = Breaker(2, 1_000.0)
    for _ in range(2):
        breaker.failed(0.0, breaker.began())
    return breaker


def test_breaker_opens_at_the_stated_number_of_failures() -> None:
    breaker = Breaker(2, 1_000.0)
    breaker.failed(0.0, breaker.began())
    assert breaker.state(0.0) is BreakerState.CLOSED
    breaker.failed(0.0, breaker.began())
    assert breaker.state(0.0) is BreakerState.OPEN


def test_success_between_failures_starts_the_count_again() -> None:
    breaker = Breaker(2, 1_000.0)
    breaker.failed(0.0, False)
    breaker.succeeded(False)
    breaker.failed(0.0, False)
    assert breaker.state(0.0) is BreakerState.CLOSED


@pytest.mark.parametrize(("now", "admits"), [(0.0, False), (999.9, False), (1_000.0, True)])
def test_open_breaker_admits_again_after_its_rest(now: float, admits: bool) -> None:
    assert opened().admits(now) is admits


def test_half_open_admits_one_probe() -> None:
    breaker = opened()
    assert breaker.began()
    assert not breaker.admits(1_000.0)


def test_probe_that_succeeds_closes() -> None:
    breaker = opened()
    breaker.succeeded(breaker.began())
    assert breaker.state(1_000.0) is BreakerState.CLOSED


def test_probe_that_fails_opens_again() -> None:
    breaker = opened()
    breaker.failed(1_000.0, breaker.began())
    assert not breaker.admits(1_999.0)
    assert breaker.admits(2_000.0)


def test_cancelled_probe_leaves_room_for_another() -> None:
    breaker = opened()
    breaker.abandoned(breaker.began())
    assert breaker.admits(1_000.0)


def test_late_success_from_before_the_opening_closes_nothing() -> None:
    breaker = opened()
    breaker.succeeded(False)
    assert breaker.state(0.0) is BreakerState.OPEN


def replicas(count: int = 2) -> ReplicaSet:
    return ReplicaSet([str(i) for i in range(count)], failures=1, reset_ms=1_000.0)


def test_least_outstanding_replica_is_taken() -> None:
    several = replicas(3)
    urls = [taken.replica.url for _ in range(6) if (taken := several.take(0.0)) is not None]
    assert sorted(urls) == ["0", "0", "1", "1", "2", "2"]


def test_idle_replicas_take_turns() -> None:
    several = replicas(2)
    urls = []
    for _ in range(4):
        taken = several.take(0.0)
        assert taken is not None
        urls.append(taken.replica.url)
        several.give_back(taken, CallHealth.HEALTHY, 0.0)
    assert urls == ["0", "1", "0", "1"]


def test_failed_replica_is_avoided_while_another_is_free() -> None:
    several = replicas(2)
    first = several.take(0.0)
    assert first is not None
    several.give_back(first, CallHealth.UNKNOWN, 0.0)
    second = several.take(0.0, first.replica)
    assert second is not None
    assert second.replica is not first.replica


def test_resting_replica_is_passed_over_until_its_time() -> None:
    one = replicas(1)
    one.rest(one.replicas[0], 500.0, 0.0)
    assert one.take(499.0) is None
    assert one.rest_left_ms(400.0) == 100.0
    assert one.take(500.0) is not None


def test_rest_is_a_minute_at_most() -> None:
    one = replicas(1)
    one.rest(one.replicas[0], 1e9, 0.0)
    assert one.take(60_000.0) is not None


def test_replicas_whose_breakers_are_open_take_no_call() -> None:
    several = replicas(2)
    for _ in range(2):
        taken = several.take(0.0)
        assert taken is not None
        several.give_back(taken, CallHealth.FAILED, 0.0)
    assert several.take(0.0) is None
    assert several.status(0.0).state is AnswererState.OPEN_BREAKER
    assert not several.status(0.0).may_be_called


def test_a_replica_is_untried_until_a_call_has_shown_something() -> None:
    one = replicas(1)
    left = one.take(0.0)
    assert left is not None
    one.give_back(left, CallHealth.UNKNOWN, 0.0)  # its client left
    assert (one.status(0.0).state, one.status(0.0).untried) == (AnswererState.READY, True)
    taken = one.take(1.0)
    assert taken is not None
    one.give_back(taken, CallHealth.HEALTHY, 1.0)
    assert (one.status(1.0).state, one.status(1.0).untried) == (AnswererState.READY, False)


def test_replicas_that_failed_are_ready_when_a_call_succeeded_not_when_they_rested() -> None:
    one = replicas(1)
    for health, at in ((CallHealth.FAILED, 0.0), (CallHealth.FAILED, 1_000.0)):
        taken = one.take(at)
        assert taken is not None
        one.give_back(taken, health, at)
    rested = one.status(9_000.0)
    assert (rested.state, rested.due) == (AnswererState.OPEN_BREAKER, True)
    assert rested.may_be_called
    assert rested.detail.endswith("failed, the next call tries it")
    taken = one.take(9_000.0)
    assert taken is not None
    trying = one.status(9_000.0)
    assert (trying.due, trying.may_be_called) == (True, False)  # other calls would fail at once
    one.give_back(taken, CallHealth.HEALTHY, 9_000.0)
    assert one.status(9_000.0).state is AnswererState.READY


@given(st.lists(st.sampled_from([*CallHealth, None]), max_size=60))
def test_places_given_back_leave_nothing_outstanding(outcomes: list[CallHealth | None]) -> None:
    several, held, now = replicas(3), [], 0.0
    for outcome in outcomes:
        now += 300.0
        taken = several.take(now)
        if taken is not None and outcome is not None:
            several.give_back(taken, outcome, now)
            several.give_back(taken, outcome, now)
        elif taken is not None:
            held.append(taken)
    for taken in held:
        several.give_back(taken, CallHealth.UNKNOWN, now)
    assert [r.outstanding for r in several.replicas] == [0, 0, 0]


STATUSES = [
    (100, UpstreamInvalid, False),
    (204, UpstreamInvalid, False),
    (301, UpstreamInvalid, False),
    (400, UpstreamRejected, False),
    (401, UpstreamRejected, False),
    (403, UpstreamRejected, False),
    (404, UpstreamRejected, False),
    (408, UpstreamError, True),
    (409, UpstreamError, True),
    (425, UpstreamError, True),
    (422, UpstreamRejected, False),
    (429, UpstreamRateLimited, True),
    (500, UpstreamError, True),
    (501, UpstreamError, False),
    (503, UpstreamOverloaded, True),
    (529, UpstreamOverloaded, True),
]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "content_filter", UpstreamContentRefused),
        (422, "content_policy_violation", UpstreamContentRefused),
        (401, "content_filter", UpstreamRejected),  # that is our key, whatever the body says
        (400, "unsupported_value", UpstreamRejected),
    ],
)
def test_content_that_a_provider_refuses_is_no_fault_of_our_key(
    status: int, code: str, kind: type[UpstreamRejected]
) -> None:
    error = error_for_status(status, code)
    assert type(error) is kind
    assert (error.status, error.upstream_status) == (
        400 if kind is UpstreamContentRefused else 502,
        status,
    )
    assert ("key" in error.message) is (status == 401)


def test_words_for_the_client_make_a_refusal_its_own_mistake() -> None:
    error = error_for_status(400, words="tools[0].name is too long")
    assert (error.status, error.type, error.code) == (
        400,
        "invalid_request_error",
        "upstream_rejected",
    )


@pytest.mark.parametrize("status", [504, 524])
def test_proxys_timeout_may_be_billed_and_is_not_asked_again(status: int) -> None:
    error = error_for_status(status)
    assert (error.sent, error.upstream_status) == (True, None)
    assert not worth_retrying(error)
    assert str(status) in error.message


@pytest.mark.parametrize(("status", "kind", "retried"), STATUSES)
def test_status_means_one_error(status: int, kind: type[UpstreamError], retried: bool) -> None:
    error = error_for_status(status)
    assert type(error) is kind
    assert error.upstream_status == status
    assert worth_retrying(error) is retried
    assert error.status != 401


def test_spent_quota_is_not_asked_for_again() -> None:
    assert not worth_retrying(error_for_status(429, "insufficient_quota"))


@pytest.mark.parametrize(
    ("retry_after_s", "told"),
    [(0.2, "1 s"), (16.5, "17 s"), (60.0, "60 s"), (347_180_000.0, "60 s")],
)
def test_wait_is_told_as_the_header_has_it(retry_after_s: float, told: str) -> None:
    """A date years away, as of a wrong clock, is a minute: we ask again by then ourselves."""
    error = error_for_status(429, None, retry_after_s)
    assert error.message.endswith(f"; try again in {told}.")
    assert error.retry_after_s == retry_after_s


@pytest.mark.parametrize("sent", [True, False])
def test_lost_connection_is_retried_only_when_nothing_was_sent(sent: bool) -> None:
    assert worth_retrying(UpstreamUnreachable("x", sent=sent)) is not sent


NOW_MS = 1_445_412_480_000  # Wed, 21 Oct 2015 07:28:00 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "2", "retry-after-ms": "150"}, 0.15),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after": f"Wed, 21 Oct {9 * 10**30} 07:28:30 GMT"}, None),
        ({"retry-after": f"Wed, 21 Oct 2015 07:28:30 +{9 * 10**30}"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers, NOW_MS) == seconds


@pytest.mark.parametrize(
    ("asked", "tried", "left", "waits"),
    [
        (None, 1, 10.0, 0.1),
        (None, 3, 10.0, 0.4),
        (2.0, 1, 10.0, 2.0),
        (2.0, 1, 2.0, None),
        (5.0, 1, 60.0, 5.0),
        (5.1, 1, 60.0, None),
    ],
)
def test_wait_is_what_was_asked_within_the_time_left(
    asked: float | None, tried: int, left: float, waits: float | None
) -> None:
    assert wait_s(UpstreamError("x", retry_after_s=asked), tried, left) == waits


def test_retries_are_a_share_of_calls() -> None:
    budget, retries = RetryBudget(0.2), 0
    for _ in range(100):
        budget.earn()
        retries += budget.spend()
    assert retries == 22  # two from the start, one in five after that


def test_no_share_is_no_retry() -> None:
    assert not RetryBudget(0.0).spend()


@pytest.mark.parametrize(
    "said",
    [
        b'{"error":{"message":"no","code":"context_length_exceeded"}}',
        b'{"type":"error","error":{"type":"x","message":"prompt is too long: 9"}}',
        b'{"error":{"message":"This model\'s maximum context length is 9 tokens.","code":400}}',
        b'{"error":{"code":400,"message":"no","type":"exceed_context_size_error"}}',
        b'[{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number'
        b' of tokens allowed (8)."}}]',
        b'{"object":"error","message":"The input (9 tokens) is longer than the model\'s context'
        b' length (8 tokens).","code":400}',
        b'{"error":{"message":"Input is too long for requested model."}}',
        b'{"error":{"message":"input length and `max_tokens` exceed context limit: 6 + 3 > 8"}}',
        b'{"error":"This model\'s maximum prompt length is 8 but the request contains 9 tokens."}',
        b'{"error":{"message":"Your request exceeded model token limit: 8 (requested: 9)"}}',
    ],
)
def test_request_that_is_too_long_for_an_upstream_is_the_clients_to_shorten(said: bytes) -> None:
    error = error_for_status(400, shown_code_in(said))
    assert type(error) is UpstreamTooLong
    assert (error.status, error.code) == (400, "context_length_exceeded")
    assert "prompt is too long" in error.message


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens: too long",
        "max_tokens exceeds the limit of 8",
        "max_tokens: 9 exceeds the maximum number of tokens allowed (8)",
        "tools[0].description: input is too long (max 1024)",
        "The search query input is too long",
    ],
)
def test_other_refusal_is_not_taken_for_too_long(words: str) -> None:
    said = b'{"error":{"type":"invalid_request_error","message":"%b"}}' % words.encode()
    assert type(error_for_status(400, shown_code_in(said))) is UpstreamRejected


def test_a_probe_that_is_heard_makes_room_for_the_next() -> None:
    breaker = opened()
    breaker.heard(breaker.began())
    assert breaker.admits(1_000.0)
    assert breaker.state(1_000.0) is BreakerState.HALF_OPEN
    assert breaker.began()
    assert not breaker.admits(1_000.0)


def test_heard_probes_are_bounded() -> None:
    breaker, probe = opened(), 0
    for _ in range(MOST_PROBES):
        assert breaker.admits(1_000.0)
        probe = breaker.began()
        breaker.heard(probe)
    assert not breaker.admits(1_000.0)
    breaker.abandoned(probe)
    assert breaker.admits(1_000.0)


def test_a_heard_probe_that_fails_opens_again() -> None:
    breaker = opened()
    probe = breaker.began()
    breaker.heard(probe)
    breaker.failed(1_000.0, probe)
    assert not breaker.admits(1_999.0)


def test_a_probe_that_fails_when_another_has_closed_is_one_failure() -> None:
    breaker = opened()
    first = breaker.began()
    breaker.heard(first)
    second = breaker.began()
    breaker.succeeded(first)
    breaker.failed(1_000.0, second)
    assert breaker.state(1_000.0) is BreakerState.CLOSED


def test_a_heard_probe_that_ends_makes_no_room_beside_a_silent_one() -> None:
    """Each client that left let one more call in, to a replica that said nothing."""
    breaker = opened()
    first = breaker.began()
    breaker.heard(first)
    silent = breaker.began()
    breaker.abandoned(first)
    assert not breaker.admits(1_000.0)
    breaker.abandoned(silent)
    assert breaker.admits(1_000.0)


@pytest.mark.parametrize("late", ["succeeds", "hangs"])
def test_a_probe_of_an_earlier_opening_says_nothing_of_a_later_one(late: str) -> None:
    """Its late success closed the breaker in the middle of a new outage."""
    breaker = opened()
    first = breaker.began()
    breaker.heard(first)
    old = breaker.began()
    breaker.succeeded(first)
    for _ in range(2):
        breaker.failed(5_000.0, breaker.began())
    if late == "succeeds":
        breaker.succeeded(old)
    assert breaker.state(5_999.0) is BreakerState.OPEN
    assert breaker.admits(6_000.0)
