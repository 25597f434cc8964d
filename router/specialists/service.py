"""Analyses texts by a policy's specialist: reads, classifies and books them; calls no tier.

It is the path of `POST /api/v1/{domain}/{task}/analyze` and `/batch`. Triage reads every text as it
reads a request, so that its row has the signals and decides again like any other row. The result
comes only from the heads. Each text is a row of its own, with the cost of reading it and what it
would have cost elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from msgspec import UNSET, Struct

from router.errors import AnswererNotReady, NotFound
from router.ledger.row_reading import SPECIALIST
from router.policy.head_conditions import readings_of
from router.policy.sections.specialist import SpecialistSection
from router.request.ledger_row import transcript
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.decision_record import Record, StepRecord
from router.routing.next_rung import Turn, next_rung
from router.routing.planner import Router
from router.routing.policy_runtime import PolicyRuntime
from router.specialists.fair_turns import FairTurns, pieces
from router.specialists.ledger_row import LEVEL, Booked, settled_row
from router.specialists.result import Said, said_of
from router.types import (
    RECORD_VERSION,
    ChatRequest,
    Clock,
    CostBasis,
    Hints,
    Identity,
    Ids,
    Ledger,
    Message,
    PSource,
    RungFacts,
    Signals,
    TextKeeper,
)


class Analysed(Struct, frozen=True):
    """Holds one text's result, and the row that books it."""

    request_id: str
    said: Said
    signals: Signals
    cost_nano_usd: int


class NamedSpecialist(Struct, frozen=True):
    """Holds the policy and task that a path names."""

    runtime: PolicyRuntime
    section: SpecialistSection
    task: str


class Analyst:
    """Analyses texts by the specialists of the policies that a router serves."""

    def __init__(
        self,
        router: Router,
        *,
        ledger: Ledger,
        texts: TextKeeper,
        secret_of: Callable[[str], bytes],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._router = router
        self._ledger = ledger
        self._texts = texts
        self._secret_of = secret_of
        self._clock = clock
        self._ids = ids
        self._turns = FairTurns()

    def served(self, domain: str, task: str) -> NamedSpecialist | None:
        """Returns the specialist of a domain and its task, None where no served policy has it."""
        for runtime in self._router.runtimes.values():
            section = runtime.policy.specialist
            if section is None or section.domain != domain:
                continue
            if task in (section.task, *section.fields):
                return NamedSpecialist(runtime, section, task)
        return None

    def find(self, domain: str, task: str) -> NamedSpecialist:
        """Returns the specialist of a domain and its task.

        Raises NotFound that lists what is known.
        """
        served = self.served(domain, task)
        if served is not None:
            return served
        known: list[str] = []
        for runtime in self._router.runtimes.values():
            section = runtime.policy.specialist
            if section is not None:
                known += [f"{section.domain}/{one}" for one in (section.task, *section.fields)]
            known += [endpoint.path for endpoint in runtime.policy.endpoints]
        listed = ", ".join(known) or (
            "none; serve a policy with `endpoints` or a `specialist` too (`tiergate serve -p "
            "default -p domain_endpoints`)"
        )
        raise NotFound(
            f"No policy that is served here analyses {f'{domain}/{task}'[:200]!r}. Known are: "
            f"{listed}.",
            code="specialist_not_found",
        )

    async def analyse(
        self,
        found: NamedSpecialist,
        texts: Sequence[str],
        identity: Identity,
        tags: tuple[str, ...] = (),
        *,
        endpoint: str = "analyze",
        model: str = "",
    ) -> list[Analysed]:
        """Returns the specialist's result for each text, in their order, each booked.

        Rows name `endpoint`, and the `model` that the client asked for where it named one.
        Raises AnswererNotReady where the triage model is missing or fails, LedgerError.
        """
        model = model or f"specialist:{found.section.domain}/{found.task}"
        requests = [_request(text, model, tags, endpoint) for text in texts]
        started_ms = self._clock.monotonic_ms()
        read: list[tuple[Signals, float]] = []
        for piece in pieces(texts):
            # Chats are read between two pieces; before, they waited for all texts of a body.
            async with self._turns.turn(identity.tenant):
                read += await asyncio.gather(
                    *(found.runtime.triage.measured(requests[i], None) for i in piece)
                )
        triage_ms = self._clock.monotonic_ms() - started_ms
        if any(signals.degraded for signals, _ in read):
            raise AnswererNotReady(
                "The triage model is missing or failed on this text, so its heads say nothing. "
                "/readyz tells why; `tiergate doctor` says how to fix it."
            )
        done = []
        for request, (one, compute_ms) in zip(requests, read, strict=True):
            said = said_of(found.section, readings_of(one), found.task)
            booked = Booked(
                request_id=self._ids.new(),
                request=request,
                identity=identity,
                runtime=found.runtime,
                record=_record(found.runtime, one, said),
                said=said,
                now_ms=self._clock.now_ms(),
                latency_ms=self._clock.monotonic_ms() - started_ms,
                triage_ms=triage_ms,
                compute_ms=compute_ms,
            )
            analysed = Analysed(booked.request_id, said, one, booked.cost_nano_usd)
            done.append((booked, analysed))
        await asyncio.gather(*(self._book(booked) for booked, _ in done))
        return [analysed for _, analysed in done]

    async def _book(self, booked: Booked) -> None:
        """Commits the row; keep the text where the policy asks for it."""
        row = settled_row(booked, self._secret_of(booked.identity.tenant))
        await self._ledger.finish(row, answers=True)
        privacy = booked.runtime.policy.privacy
        if privacy.store != "none":
            await self._texts.put(
                booked.request_id,
                booked.identity.tenant,
                "prompt",
                transcript(booked.request.messages),  # what the row's digest covers
                store=privacy.store,
                retention_days=privacy.retention_days,
            )


def _request(text: str, model: str, tags: tuple[str, ...], endpoint: str) -> ChatRequest:
    """Returns the text as the request that triage reads and the row names."""
    return ChatRequest((Message("user", text),), model, hints=Hints(tags=tags), endpoint=endpoint)


def _record(runtime: PolicyRuntime, signals: Signals, result: Said) -> Record:
    """Returns the record of an analysed text: one rung, pinned, accepted as it is."""
    facts = RungFacts(
        answerer=SPECIALIST,
        tier=SPECIALIST,
        level=LEVEL,
        p=result.confidence,
        p_source=PSource.MATCH,
        p_count=len(result.fields),
        cost_nano_usd=0,
        cost_basis=CostBasis.OWN_COMPUTE,
        latency_ms=0.0,
    )
    asked = Asked(pinned=SPECIALIST)
    decision = decide(runtime.policy, signals, (facts,), asked)
    turn = Turn(0, result.confidence, verified=False)
    step = next_rung(decision, turn, runtime.policy.decision)
    steps = (StepRecord.of(turn, "heads", step),)
    models = runtime.models or UNSET
    return Record(RECORD_VERSION, signals, (facts,), asked, decision, steps, models=models)
