"""The first sentence of a replay: cost, error with its interval, and how many requests judged."""

from __future__ import annotations

import re

import pytest

from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.facts import Assumed
from router.analysis.replay.html import replay_html
from router.analysis.replay.replay import replay
from router.analysis.replay.sentences import headline
from router.analysis.replay.tables import changes
from router.rendering.figures_in_words import percent, signed_usd
from router.types import RequestRow, Verdict
from tests.analysis.test_replay import DAY, THETAS, a_side, cases, floor, play, run, tiers
from tests.kits.changed import replace
from tests.kits.fakes import Houses


@pytest.fixture
async def rows(houses: Houses) -> list[RequestRow]:
    """Four requests, recorded under the floor 0.85."""
    return await play(houses(tiers(), thetas=THETAS), DAY)


async def test_headline_says_cost_and_changes(rows: list[RequestRow]) -> None:
    told = headline(run(rows, a_side(**floor(0.75))))
    assert "4 requests" in told
    assert "1 decision changes" in told


async def test_table_of_changes_shows_an_id_as_clients_get_it(rows: list[RequestRow]) -> None:
    (line,) = changes(run(rows, a_side(**floor(0.75)))).rows
    assert line[-1] == f"req_{rows[1].request_id}"


async def test_headline_sets_the_cost_beside_both_expected_errors(rows: list[RequestRow]) -> None:
    result = run(rows, a_side(**floor(0.75)))
    assert result.believed.requests == 4
    new, old = percent(result.new.modelled_error, 2), percent(result.old.modelled_error, 2)
    assert new != old
    told = headline(result)
    assert f", at an error of {new} instead of {old} over all of them by the policies' own" in told
    assert "no outcome shows it" in told
    assert told.index(new) < told.index("1 decision changes")
    assert f"Expected error</dt><dd>{new}</dd>" in replay_html(result, []).replace("\u00a0", " ")


async def test_headline_compares_errors_over_requests_of_which_both_sides_have_one(
    rows: list[RequestRow],
) -> None:
    """Approved words that went out before any call are no answer that may be wrong."""
    some = [*rows[:3], replace(rows[3], verdict=Verdict.SAFE_ANSWER.value, attempts=())]
    result = run(some, a_side(**floor(0.75)))
    assert result.believed.requests == 3
    assert "over the same 3 requests by the policies' own p" in headline(result)


@pytest.mark.parametrize(("unread", "told"), [(4, "none of them"), (3, "all but 3 of them")])
async def test_headline_does_not_judge_a_head_that_was_not_read(
    rows: list[RequestRow], unread: int, told: str
) -> None:
    """ "0 decisions change" alone would say that a new head changes nothing."""
    result = run(rows, a_side(**floor(0.85)))
    assert "A replay reads no texts" not in headline(result)
    result.assumed[Assumed.HEADS] = unread
    assert f"a head of one policy was asked of {told} when" in headline(result)


async def test_headline_says_how_many_errors_are_assumed(rows: list[RequestRow]) -> None:
    """A measured policy looked worse than one that nobody had measured."""
    sources = re.compile(r'"p_source":"[a-z]+"')
    priors = [replace(row, record=sources.sub('"p_source":"prior"', row.record)) for row in rows]
    told = headline(run(priors, a_side(**floor(0.75))))
    assert "by the policies' own p (assumed, as priors, for 0 and for 4 of them); no" in told


async def test_headline_says_that_few_outcomes_tell_no_error(rows: list[RequestRow]) -> None:
    result = run(rows, a_side("hash"), r0=True, r1=False, r2=True)
    told = (
        "at an error that cannot be told: only 3 of 4 requests have an outcome (33.33 % (0.84 % to"
    )
    assert told in headline(result)


async def test_headline_says_the_error_that_outcomes_tell(rows: list[RequestRow]) -> None:
    """Forty outcomes have an interval, which stands beside the share."""
    many = [replace(rows[1], request_id=f"r{i}") for i in range(40)]
    labels = KnownCorrectness.of(Correctness(row.request_id, True) for row in many)
    told = headline(replay(cases(many), a_side("hash"), None, labels))
    assert "at an error of 0.00 % (0.00 % to 8.81 %) instead of 0.00 % (0.00 % to 8.81 %)" in told
    assert "by the outcomes of 40 of 40 requests;" in told


async def test_headline_says_how_far_chance_may_move_the_change_of_cost(
    rows: list[RequestRow],
) -> None:
    many = [replace(rows[i % 2], request_id=f"r{i}") for i in range(40)]
    result = run(many, a_side(**floor(0.75)))
    saved = result.costs.saved_interval()
    assert saved is not None
    ends = " to ".join(signed_usd(round(-end)) for end in (saved.high, saved.low))
    assert f"; 95 % interval {ends})" in headline(result)
    assert "interval" not in headline(
        run(rows, a_side(**floor(0.75)))
    )  # of four rows there is none
