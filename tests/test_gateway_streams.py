"""Streams: what is held back, what is committed, and that a streamed row equals a buffered one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.api.server import WIRE_FORMATS
from router.errors import StreamCut
from router.types import AttemptRow, AttemptState, Committed, Delta, Outcome, RequestState, Usage
from tests.fakes import ALICE, a_house, ask
from tests.gateway_kit import THROUGH, UNSURE, deep, drain, low, mid, only_row
from tests.wire_bodies import ASKED


async def test_a_stream_commits_then_speaks_then_ends(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(text="one two three")], signals=UNSURE)
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert isinstance(events[-1], Outcome)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "one two three"
    await house.close()


async def test_a_rung_that_fails_before_the_commit_costs_the_client_nothing(tmp_path: Path) -> None:
    cut = mid(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = a_house(
        tmp_path, [low(), cut, deep()], signals=replace(UNSURE, impact_nano_usd=2_000 * 10**9),
        thetas={"mid": 5.0, "deep": 5.0}, verify_mid={"default": "prefix"},
    )  # fmt: skip
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert events[0].rung.answerer == "deep"
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "an answer"
    await house.close()


async def test_a_stream_cut_after_the_commit_is_an_error(tmp_path: Path) -> None:
    cut = mid(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = a_house(tmp_path, [low(), cut, deep()], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert row.state is RequestState.FAILED
    assert row.attempts[0].estimated
    assert 0 < row.cost_nano_usd <= row.attempts[0].held_nano_usd
    await house.close()


async def test_a_client_that_leaves_mid_stream_leaves_a_row_that_adds_up(tmp_path: Path) -> None:
    tier = mid(text="one two three four")
    house = a_house(tmp_path, [low(), tier], signals=UNSURE, verify_mid=THROUGH)
    events = house.gateway.stream(ask(stream=True), ALICE)
    assert isinstance(await anext(events), Committed)
    await anext(events)
    await events.aclose()
    row = await only_row(house)
    assert (row.state, tier.closed) == (RequestState.CANCELLED, 1)
    assert row.attempts[0].state is AttemptState.CANCELLED
    assert row.attempts[0].estimated
    assert 0 < row.cost_nano_usd < row.attempts[0].held_nano_usd
    await house.close()


async def test_a_refusal_in_the_prefix_climbs_unseen(tmp_path: Path) -> None:
    refuses = mid(text="I cannot help with that request because " + "so " * 40)
    house = a_house(
        tmp_path, [low(), refuses, deep()], signals=replace(UNSURE, impact_nano_usd=2_000 * 10**9),
        thetas={"mid": 5.0, "deep": 5.0}, verify_mid={"default": "prefix"},
    )  # fmt: skip
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert events[0].rung.answerer == "deep"
    await house.close()


COMPARED = (
    "state", "tier", "answerer", "verdict", "reason", "reasons", "cost_nano_usd", "usage",
    "baselines", "prompt_digest", "answer_digest",
)  # fmt: skip

scripts = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["fine", "a longer answer of several words", "I cannot help you"]),
        "p": st.sampled_from([None, 0.1, 0.6, 0.99]),
        "usage": st.builds(
            Usage, st.integers(0, 5_000), st.just(0), st.just(0), st.integers(0, 900),
            reported=st.just(True),
        ),
    }
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    scripts,
    scripts,
    st.sampled_from(["none", "prefix", "full"]),
    st.sampled_from([0, 3_000]),
    st.sampled_from(list(ASKED)),
)
async def test_a_row_is_the_same_streamed_or_buffered_through_any_endpoint(
    tmp_path_factory, one, two, mode, usd, path
) -> None:
    rows = []
    for endpoint, stream in (("/v1/chat/completions", False), (path, False), (path, True)):
        house = a_house(
            tmp_path_factory.mktemp("house"), [low(), mid(**one), deep(**two)],
            signals=replace(UNSURE, impact_nano_usd=usd * 10**9),
            verify_mid={"default": mode}, verify_deep={"default": mode},
        )  # fmt: skip
        body = orjson.dumps({"model": "auto", "stream": stream, **ASKED[endpoint]})
        (request,) = WIRE_FORMATS[endpoint].read(body, {}).requests
        if stream:
            await drain(house, request)
        else:
            await house.gateway.complete(request, ALICE)
        rows.append(await only_row(house))
        await house.close()
    chat, *others = rows
    for row in others:
        assert [getattr(row, k) for k in COMPARED] == [getattr(chat, k) for k in COMPARED]
        assert [told(a) for a in row.attempts] == [told(a) for a in chat.attempts]


def told(attempt: AttemptRow) -> object:
    """An attempt without what differs from call to call."""
    return replace(attempt, started_at_ms=0, latency_ms=0.0)
