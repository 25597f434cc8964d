"""Tests the remote tier on streams that are long, whose bytes follow the tokens asked for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.api.compose.clock import SystemClock
from router.errors import UpstreamTooMuch
from router.types import Answer
from router.wire.openai.upstream_events import MAX_EVENT_BYTES
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_kit import collect, facts, no_call, section, work
from tiers.upstream.answerer import UpstreamTier

PIECES = 50_000  # of 350 bytes
MODEL = f"small-pieces:{PIECES}"
assert PIECES * 350 > MAX_EVENT_BYTES


async def answered(fake: FakeUpstream, model: str, **fields: object) -> Answer:
    """Returns the answer of a tier that may write as many tokens as it likes."""
    most = replace(facts(model), max_output_tokens=100_000)
    tier = UpstreamTier(section(fake.url, model=model), most, api_key=None, clock=SystemClock())
    try:
        return (await collect(tier.stream(work(**fields), no_call)))[1]
    finally:
        await tier.close()


async def letters(fake: FakeUpstream, **fields: object) -> int:
    return len((await answered(fake, MODEL, **fields)).text)


@pytest.mark.parametrize(
    "fields", [{}, {"max_tokens": PIECES}, {"max_tokens": PIECES // 8, "n": 8}]
)
async def test_a_long_answer_in_small_pieces_comes_whole(
    fake: FakeUpstream, fields: dict[str, object]
) -> None:
    assert await letters(fake, **fields) == PIECES


async def test_many_more_pieces_than_tokens_asked_for_are_too_much(fake: FakeUpstream) -> None:
    with pytest.raises(UpstreamTooMuch, match="stream is longer"):
        await letters(fake, max_tokens=16)


async def test_a_refusal_may_be_as_long_as_a_whole_answer(fake: FakeUpstream) -> None:
    refusal = (await answered(fake, "refusing:16")).choices[0].refusal
    assert refusal is not None
    assert len(refusal.encode()) == 16 * 999_999


async def test_a_longer_refusal_is_too_much(fake: FakeUpstream) -> None:
    with pytest.raises(UpstreamTooMuch, match="answer is longer"):
        await answered(fake, "refusing:17")
