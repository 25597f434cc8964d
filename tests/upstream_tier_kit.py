"""Remote tiers before a fake upstream, made, asked and closed by the tests of the remote tier."""

from __future__ import annotations

from router.api.clock import SystemClock
from router.types import Answer, Clock
from tests.upstream_kit import collect, facts, no_call, section, work
from tiers.upstream import UpstreamTier


class AheadClock(SystemClock):
    """The time, plus what a test says has gone by."""

    ahead_ms = 0.0

    def monotonic_ms(self) -> float:
        return super().monotonic_ms() + self.ahead_ms


class Tiers:
    """Makes tiers and closes them."""

    def __init__(self) -> None:
        self.made: list[UpstreamTier] = []

    def __call__(
        self,
        *urls: str,
        model: str = "answer",
        key: str | None = "sk-ours",
        clock: Clock | None = None,
        **more: object,
    ) -> UpstreamTier:
        told = section(*urls, model=model, **more)
        tier = UpstreamTier(told, facts(model), api_key=key, clock=clock or SystemClock())
        self.made.append(tier)
        return tier

    async def close(self) -> None:
        for tier in self.made:
            await tier.close()


async def ask(tier: UpstreamTier, deadline_s: float = 5.0, **fields: object) -> Answer:
    return await tier.answer(work(deadline_s, **fields), no_call)


async def ask_stream(
    tier: UpstreamTier, deadline_s: float = 5.0, **fields: object
) -> tuple[str, Answer]:
    return await collect(tier.stream(work(deadline_s, **fields), no_call))
