"""Provides scripted tiers, a clock that a test moves, and a policy and a gateway around them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path

from router.caches.policy_caches import PolicyCaches
from router.gateway import Gateway
from router.ledger.books.store import SqlLedger
from router.ledger.tables.texts import TextStore
from router.money.budgets import Budgets
from router.policy.schema import AnswererSection, Policy
from router.routing.planner import Router
from router.routing.policy_runtime import PolicyRuntime
from router.routing.rungs.rung_plan import Ability, RungPlan
from router.routing.verification import AnswerReader
from router.triage.conversation.memory import memory_after
from router.types import (
    NOBODY,
    Answer,
    AnswerCalls,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    Capability,
    ChatRequest,
    Choice,
    Delta,
    Domain,
    Embedder,
    Events,
    Identity,
    Match,
    Message,
    Price,
    PSource,
    RateLimiter,
    RequestType,
    ReviewItem,
    Scope,
    SessionMemory,
    Signals,
    TokenLogprob,
    Usage,
    Work,
    Worked,
)
from tests.kits.books.empty_ledger import empty_ledger
from tests.kits.changed import replace
from tests.kits.memory_rates import MemoryRates

CALM = Signals(
    request_type=RequestType.FAQ,
    request_type_p=0.9,
    domain=Domain.CUSTOMER_SUPPORT,
    domain_p=0.9,
    difficulty=0.0,
    stakes_high=0.02,
    impact_nano_usd=0,
    multi_factor=0.05,
    strategic=0.02,
    novelty=0.05,
    toxic=0.01,
    spam=0.01,
    match=Match("greeting", 0.95, 0.9, 0.3),
    input_tokens=20,
    triage_version="fake",
)

PRICE = Price(1_000_000_000, None, None, 2_000_000_000, version="test")
USED = Usage(input_tokens=10, output_tokens=5, reported=True)
ALICE = Identity("acme", "key-1", frozenset({Scope.CHAT}))


@dataclasses.dataclass
class Clock:
    now: float = 1_764_000_000_000.0

    def now_ms(self) -> int:
        return round(self.now)

    def monotonic_ms(self) -> float:
        # Each reading moves the time a little, so that durations are never zero.
        self.now += 0.25
        return self.now


@dataclasses.dataclass
class Ids:
    count: int = 0

    def new(self) -> str:
        self.count += 1
        return f"{self.count:026d}"


@dataclasses.dataclass
class ScriptedTriage:
    """Returns the signals it was given, after so much reading time."""

    signals: Signals = CALM
    compute_ms: float = 0.0

    async def read(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        return self.signals

    async def measured(
        self, request: ChatRequest, memory: SessionMemory | None
    ) -> tuple[Signals, float]:
        return self.signals, self.compute_ms

    def read_now(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        return self.signals


@dataclasses.dataclass
class ScriptedTier:
    """Answers with `text`, raises `error` or waits, as a test sets it."""

    name: str
    tier: str
    level: int
    kind: str = "upstream"
    text: str = "an answer"
    says: tuple[str, ...] = ()  # one per call, instead of `text`
    error: Exception | None = None
    wait_s: float = 0.0
    gate: asyncio.Event | None = None  # it answers, in whole or in pieces, once this is set
    cut_after: int | None = None
    upstream_id: str = ""  # told as soon as it answers
    says_used: Usage | None = None  # told with the first piece of a stream
    p: float | None = None
    approved: bool = False
    verified: bool | None = None
    worked: Worked | None = None
    trusted: bool = False  # for a deliberation: its tier vouches for the answer
    logprob: float | None = None
    says_model: str = ""  # the name that its model gives itself; "": that which was asked for
    reader: AnswerReader | None = (
        None  # gives the chance of its answers, instead of the policy's head
    )
    price: Price = PRICE
    usage: Usage = USED
    asks: tuple[str, ...] = ()
    at_once: bool = False
    context_tokens: int = 8_000
    hides_reasoning: bool = False
    output_cap: int = 100
    least_output_tokens: int | None = None
    ends: str = "stop"
    instead: str | None = None  # what goes out where its approved answer is not sure enough
    calls: int = 0
    said: int = 0  # pieces of a stream that were sent
    closed: int = 0
    seen: list[Work] = dataclasses.field(default_factory=list)

    @property
    def facts(self) -> AnswererFacts:
        return AnswererFacts(
            name=self.name,
            tier=self.tier,
            level=self.level,
            kind=self.kind,
            model=f"{self.name}-model",
            price=self.price,
            max_output_tokens=self.output_cap,
            least_output_tokens=self.least_output_tokens,
            context_tokens=self.context_tokens,
            capabilities=frozenset(Capability),
            expected_output_tokens=5,
            latency_ms=10.0,
            deadline_ms=60_000,
            hides_reasoning=self.hides_reasoning,
            takes_service_tier=self.kind == "upstream",
        )

    def status(self) -> AnswererStatus:
        return AnswererStatus(AnswererState.READY)

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def _answer(self, text: str) -> Answer:
        logprobs = () if self.logprob is None else (TokenLogprob("x", self.logprob),)
        choice = Choice(text, self.ends, logprobs=logprobs)
        model = self.says_model or f"{self.name}-model"
        answer = Answer((choice,), model, self.usage, p=self.p, worked=self.worked)
        return replace(answer, approved=self.approved, verified=self.verified, instead=self.instead)

    async def _wait(self) -> None:
        await asyncio.sleep(self.wait_s)
        if self.gate is not None:
            await self.gate.wait()

    async def answer(self, work: Work, call: Call) -> Answer:
        self.calls += 1
        self.seen.append(work)
        # A deliberation calls its drafts together or one by one.
        if self.at_once:
            await asyncio.gather(*(call(other, work.request, work.role) for other in self.asks))
        else:
            for other in self.asks:
                await call(other, work.request, work.role)
        if self.upstream_id:
            work.name_answer(self.upstream_id)
        await self._wait()
        if self.error is not None:
            raise self.error
        return self._answer(self.says[self.calls - 1] if self.says else self.text)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        self.calls += 1
        self.seen.append(work)
        try:
            for other in self.asks:
                await call(other, work.request, work.role)
            if self.upstream_id:
                work.name_answer(self.upstream_id)
            for i, word in enumerate(self.text.split(" ")):
                # An upstream breaks off: with an error, or as a stream without an end.
                if self.cut_after == i:
                    if self.error is not None:
                        raise self.error
                    return
                await self._wait()
                if self.says_used is not None and not i:
                    work.tell_usage(self.says_used)
                self.said += 1
                yield [Delta(text=word if i == 0 else f" {word}")]
            yield [Delta(final=self._answer(self.text))]
        finally:
            # Counted also when the reader stops early: the gateway must close every stream.
            self.closed += 1


class Reviews:
    """Keeps a review queue in a list."""

    def __init__(self) -> None:
        self.items: list[ReviewItem] = []
        self.open = asyncio.Event()  # a test that clears it stops `add` after the item is kept
        self.open.set()
        self.added = asyncio.Event()

    async def add(self, item: ReviewItem) -> None:
        self.items.append(item)
        self.added.set()
        await self.open.wait()

    async def list(self, tenant: str | None) -> list[ReviewItem]:
        return [i for i in self.items if tenant in (None, i.tenant)]


LONGEST_DRAIN_S = 30.0
"""A failed test may leave a call that never ends; its ledger is closed after this time."""


class Sessions:
    """Implements `types.SessionStore` in memory."""

    def __init__(self) -> None:
        self.writes, self._memories = 0, dict[tuple[str, str], SessionMemory]()

    def __len__(self) -> int:
        return len(self._memories)

    async def get(self, tenant: str, session: str) -> SessionMemory | None:
        return self._memories.get((tenant, session))

    async def put(self, tenant: str, sessions: Sequence[str], memory: SessionMemory) -> None:
        self.writes += 1
        self._memories |= {(tenant, session): memory for session in sessions}


@dataclasses.dataclass
class House:
    """Holds a gateway whose surroundings are real, except the tiers and the triage."""

    gateway: Gateway
    ledger: SqlLedger
    triage: ScriptedTriage
    reviews: Reviews
    sessions: Sessions
    clock: Clock

    async def close(self) -> None:
        """Waits for what still runs and closes the ledger. A second call does nothing."""
        try:
            async with asyncio.timeout(LONGEST_DRAIN_S):
                await self.gateway.drain()
        finally:
            await self.ledger.close()


def a_policy(tiers: list[ScriptedTier], **sections: object) -> Policy:
    """Returns a policy whose answerers have the names and tiers of the scripted ones."""
    levels: dict[str, dict[str, object]] = {}
    for tier in tiers:
        row = levels.setdefault(
            tier.tier, {"name": tier.tier, "level": tier.level, "answerers": []}
        )
        answerers = row["answerers"]
        assert isinstance(answerers, list)
        # A test sets the verification of one answerer by `verify_NAME`.
        verify = sections.pop(f"verify_{tier.name}", {"default": "full"})
        section = {"name": tier.name, "kind": "local", "verify": verify}
        if tier.kind == "deliberation":
            section |= {
                "kind": "deliberation",
                "over": tiers[1].name,
                "trusted": tier.trusted,
            }
        answerers.append(section)
    return Policy.model_validate(
        # Validated, so that a scripted policy cannot be one that loading would refuse.
        {"version": 1, "name": "test", "tiers": list(levels.values()), **sections}
    )


def a_section(policy: Policy, name: str) -> AnswererSection:
    section = policy.answerer(name)
    assert section is not None
    return section


def five_calls(signals: Signals | None, each: int) -> AnswerCalls:
    """Counts the calls of a deliberation in short steps, without their instructions."""
    return AnswerCalls(5, 0, 5 * each)


def a_runtime(
    policy: Policy, tiers: list[ScriptedTier], triage: ScriptedTriage, thetas: dict[str, float]
) -> PolicyRuntime:
    plans = tuple(
        RungPlan(
            answerer=tier,
            section=a_section(policy, tier.name),
            facts=tier.facts,
            ability=Ability(thetas.get(tier.name, 2.0), {}, 1.0, PSource.LABELLED, 100),
            over=next(
                t.facts for t in tiers if t.name == (tier.asks[0] if tier.asks else tier.name)
            )
            if tier.kind == "deliberation"
            else None,
            reader=tier.reader,
            counts=five_calls if tier.kind == "deliberation" else None,
        )
        for tier in tiers
    )
    return PolicyRuntime(
        policy=policy,
        policy_hash="hash",
        plans=plans,
        triage=triage,
        safe_answer=lambda case: f"safe answer for {case.domain.value}: {case.review_id}",
        emergency=lambda domain, text: "emergency" in text,
        # Sessions work as in the real gateway; only triage and tiers are scripted.
        remember=memory_after,
    )


def a_house(
    folder: Path,
    tiers: list[ScriptedTier],
    *,
    signals: Signals = CALM,
    thetas: dict[str, float] | None = None,
    draw: Callable[[], float] | None = None,
    embedder: Embedder | None = None,
    limiter: RateLimiter | None = None,
    events: Events = NOBODY,
    certified_shares: Mapping[Domain, float] | None = None,
    **sections: object,
) -> House:
    """Returns a whole gateway over scripted tiers, with a real ledger in `folder`."""
    clock, reviews, triage = Clock(), Reviews(), ScriptedTriage(signals)
    policy = a_policy(tiers, **sections)
    runtime = a_runtime(policy, tiers, triage, thetas or {})
    runtime = dataclasses.replace(runtime, certified_shares=certified_shares or {})
    budgets = Budgets(policy.budgets, policy.limits)
    sessions = Sessions()
    ledger = SqlLedger.open(
        empty_ledger(folder / "ledger.db"),
        clock=clock,
        budget_of=budgets.money,
    )
    ids = Ids()
    router = Router(
        {"test": runtime},
        "test",
        budgets=lambda: budgets,
        clock=clock,
        ids=ids,
        draw=draw,
        events=events,
    )
    gateway = Gateway(
        router,
        ledger=ledger,
        sessions=sessions,
        caches=PolicyCaches(clock),
        embedder=embedder,
        reviews=reviews,
        texts=TextStore(ledger.database, clock),
        secret_of=lambda tenant: tenant.encode(),
        clock=clock,
        ids=ids,
        limiter=limiter or MemoryRates(clock),
        draw=draw,
        events=events,
    )
    return House(gateway, ledger, triage, reviews, sessions, clock)


class Houses:
    """Builds gateways over scripted tiers in one folder, and closes all of them in the end."""

    def __init__(self, folder: Path, built: list[House] | None = None) -> None:
        self.folder = folder
        self._built: list[House] = [] if built is None else built

    def __call__(self, tiers: list[ScriptedTier], **sections: object) -> House:
        """Returns a new house; it takes the arguments of `a_house` except the folder."""
        house = a_house(self.folder, tiers, **sections)  # type: ignore[arg-type]
        self._built.append(house)
        return house

    def inside(self, name: str) -> Houses:
        """Returns a builder of houses in a folder of that name, which this one closes too."""
        folder = self.folder / name
        folder.mkdir()
        return Houses(folder, self._built)

    async def __aenter__(self) -> Houses:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for house in self._built:
                stack.push_async_callback(house.close)


def ask(text: str = "hello there", **changes: object) -> ChatRequest:
    return replace(ChatRequest((Message("user", text),), "auto"), **changes)
