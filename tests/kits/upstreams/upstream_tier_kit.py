"""Makes, calls and closes remote tiers before a fake upstream, for the tests of the remote tier."""

from __future__ import annotations

from router.api.compose.clock import SystemClock
from router.types import Answer, Clock, Event, RequestRow
from tests.kits.upstreams.upstream_kit import collect, facts, no_call, section, work
from tiers.upstream.answerer import UpstreamTier


class AheadClock(SystemClock):
    """Returns the time plus the milliseconds that a test adds."""

    ahead_ms = 0.0

    def monotonic_ms(self) -> float:
        return super().monotonic_ms() + self.ahead_ms


class Listener:
    """Keeps events and rows in the order of their arrival."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.rows: list[RequestRow] = []

    def happened(self, event: Event) -> None:
        self.events.append(event)

    def finished(self, row: RequestRow) -> None:
        self.rows.append(row)


class Tiers:
    """Makes tiers and closes them; their events are in `listener`."""

    def __init__(self) -> None:
        self.made: list[UpstreamTier] = []
        self.listener = Listener()

    def __call__(
        self,
        *urls: str,
        model: str = "answer",
        key: str | None = "sk-ours",
        clock: Clock | None = None,
        max_waiting: int | None = None,
        **more: object,
    ) -> UpstreamTier:
        answerer = section(*urls, model=model, **more)
        tier = UpstreamTier(
            answerer,
            facts(model),
            api_key=key,
            clock=clock or SystemClock(),
            events=self.listener,
            max_waiting=max_waiting,
        )
        self.made.append(tier)
        return tier

    async def close(self) -> None:
        for tier in self.made:
            await tier.close()


async def ask(tier: UpstreamTier, deadline_s: float = 60.0, **fields: object) -> Answer:
    return await tier.answer(work(deadline_s, **fields), no_call)


async def ask_stream(
    tier: UpstreamTier, deadline_s: float = 60.0, **fields: object
) -> tuple[str, Answer]:
    return await collect(tier.stream(work(deadline_s, **fields), no_call))
