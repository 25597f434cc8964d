"""Serves endpoints by domain: `POST /api/v1/{domain}/{task}/analyze` and `/batch`.

Rules read the text first. What they read is an answer of level 1, if the policy has an `extractor`;
the gateway decides whether it is enough, asks a tier otherwise, and books either. What a tier
quotes is then looked up in the text, and joined to what rules found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import orjson
from msgspec import Struct
from msgspec.structs import replace

from router.api.endpoints.chat import together
from router.api.http.asgi import (
    Receive,
    Scope,
    Send,
    Watch,
    headers_of,
    send_bytes,
)
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import outcome_headers
from router.api.http.decision_views import routing_object, usd
from router.api.observability.metrics import Metrics
from router.errors import InputInvalid, NoUsableAnswer, RequestError, TiergateError
from router.extraction.asking import (
    instruction_of,
    message_of,
    prepared_answer,
    schema_of,
    schema_text,
)
from router.extraction.patterns import Patterns
from router.extraction.reading import Reading, read
from router.extraction.result import NO_TIER, NOT_BY_RULES, Result, Written, result_of
from router.gateway import Gateway
from router.policy.head_conditions import readings_of
from router.policy.parsing.json_schema import schema_faults
from router.policy.schema import Policy
from router.policy.sections.answering.endpoints import EndpointSection
from router.rate_limits.limits import endpoint_refusal
from router.request.call_events import tell_refused
from router.routing.key_access import check_policy
from router.routing.policy_runtime import PolicyRuntime
from router.threads.offload import offloaded
from router.triage.text.amounts import AmountReader
from router.types import (
    LONG_CHARACTERS,
    Capability,
    ChatRequest,
    Events,
    Hints,
    Identity,
    JsonText,
    Message,
    Outcome,
    Prepared,
    RateAsk,
    RateLimiter,
    ResponseFormat,
    Sampling,
    Verdict,
    usd_to_nano,
)
from router.types import Scope as KeyScope
from router.wire.analysis import render_analysis
from router.wire.checks import wrong_value
from router.wire.domain_body import DomainBody, DomainInput, parse_domain_body
from router.wire.public_ids import decision_id

AT_ONE_TIME = 4
"""Bounds the texts of one batch that are asked about at one time."""
EXTRACTOR = "extractor"
READ_AT_ONCE = 3_000
"""Bounds the characters of a text that is read without a thread: rules take 2 to 4 ms for 1,000."""


class Endpoint(Struct, frozen=True):
    """Holds what serves one path."""

    runtime: PolicyRuntime
    section: EndpointSection
    patterns: Patterns | None
    amounts: AmountReader

    @property
    def policy(self) -> Policy:
        """Returns the policy that declares it."""
        return self.runtime.policy

    @property
    def writes(self) -> bool:
        """Returns True when the policy has a model that can write in the shape of a schema."""
        return any(
            not plan.facts.without_model and Capability.JSON_SCHEMA in plan.facts.capabilities
            for plan in self.runtime.plans
        )


class Asked(Struct, frozen=True):
    """Holds one text, the fields that are wanted of it, and what rules read."""

    given: DomainInput
    wanted: tuple[str, ...]
    reading: Reading
    hints: Hints


def served(
    runtimes: Mapping[str, PolicyRuntime], domain: str, task: str
) -> tuple[PolicyRuntime, EndpointSection] | None:
    """Returns what serves a path; None where a specialist does, or nothing. First policy first."""
    for runtime in runtimes.values():
        specialist = runtime.policy.specialist
        own = () if specialist is None else (specialist.task, *specialist.fields)
        if specialist is not None and specialist.domain == domain and task in own:
            return None
        for section in runtime.policy.endpoints:
            if section.domain == domain and section.task == task:
                return runtime, section
    return None


class Domains:
    """Handles the paths. Raises TiergateError, which the server sends."""

    def __init__(
        self,
        gateway: Gateway,
        door: Doorkeeper,
        metrics: Metrics,
        limiter: RateLimiter,
        events: Events,
    ) -> None:
        self._gateway = gateway
        self._door = door
        self._metrics = metrics
        self._limiter = limiter
        self._events = events  # learns what the endpoint's own rate refuses

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, verb: str, endpoint: Endpoint
    ) -> None:
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT)
        check_policy(identity, endpoint.policy.name)
        most = self._gateway.router.default.policy.max_body_bytes
        raw = await self._door.body_of(identity, headers, receive, most)
        section = endpoint.section
        batch = verb == "batch"
        reading = partial(
            parse_domain_body,
            raw,
            headers,
            batch=batch,
            known_fields=section.fields,
            most=section.limits.max_batch,
        )
        body = await offloaded(reading, when=len(raw) > LONG_CHARACTERS)
        faults = {i: fault for i, row in enumerate(body.inputs) if (fault := _fault(section, row))}
        if faults and not batch:
            raise faults[0]
        await self._count(section, identity, len(body.inputs) - len(faults))
        with Watch(scope, receive, send) as watch:
            if batch:
                await self._many(endpoint, body, faults, identity, watch.send)
            else:
                seen = await self._seen(section, body.inputs[0])
                await self._one(endpoint, replace(body, inputs=(seen,)), identity, watch.send)

    async def _seen(self, section: EndpointSection, given: DomainInput) -> DomainInput:
        """Returns an input whose text is there; an image takes a core for about a second.

        Raises InputInvalid for an image that cannot be read, or that holds too long a text.
        """
        if given.image is None:
            return given
        images = self._gateway.router.images
        words = None if images is None else await images.read(given.image)
        if not words:
            raise InputInvalid(
                "The words of this image cannot be read here: it shows none, is sent by its "
                "address, or tesseract is not installed (`tiergate doctor`). Send its data or the "
                "text, or ask a model that sees at /v1/chat/completions.",
                param="image",
                code="image_unreadable",
            )
        read = replace(given, text=words)
        if (fault := _fault(section, read)) is not None:
            raise fault
        return read

    async def _one(
        self, endpoint: Endpoint, body: DomainBody, identity: Identity, send: Send
    ) -> None:
        outcome, row = await self._analysed(endpoint, body.inputs[0], body, identity)
        answer = render_analysis([row], _common(endpoint), batch=False)
        await send_bytes(send, 200, answer, outcome_headers(outcome))

    async def _many(
        self,
        endpoint: Endpoint,
        body: DomainBody,
        faults: Mapping[int, RequestError],
        identity: Identity,
        send: Send,
    ) -> None:
        """Answers every text; one that is refused or fails has its error in place of a result."""
        slots = asyncio.Semaphore(AT_ONE_TIME)

        async def one(i: int, given: DomainInput) -> tuple[Outcome | None, dict[str, object]]:
            async with slots:
                try:
                    if i in faults:
                        raise faults[i]
                    return await self._analysed(endpoint, given, body, identity)
                except TiergateError as error:
                    self._metrics.failed(error)
                    return None, {"error": {"code": error.code, "message": error.told}}

        done = await asyncio.gather(*(one(i, given) for i, given in enumerate(body.inputs)))
        outcomes = [outcome for outcome, _ in done if outcome is not None]
        common = {**_common(endpoint), "failed": len(done) - len(outcomes)}
        answer = render_analysis([row for _, row in done], common, batch=True)
        headers = outcome_headers(together(outcomes)) if outcomes else []
        await send_bytes(send, 200, answer, headers)

    async def _count(self, section: EndpointSection, identity: Identity, texts: int) -> None:
        """Counts the texts in the endpoint's own rate. Raises RateLimited, LedgerError."""
        most = section.limits.requests_per_minute
        if most is None:
            return
        ask = RateAsk(identity.tenant, f"endpoint\0{section.path}\0\0", "requests", most, texts)
        taken = await self._limiter.take([ask])
        if taken.refused is not None:
            refused = endpoint_refusal(section.path, most, taken)
            tell_refused(self._events, identity, refused)
            raise refused

    async def _analysed(
        self, endpoint: Endpoint, given: DomainInput, body: DomainBody, identity: Identity
    ) -> tuple[Outcome, dict[str, object]]:
        """Returns the outcome and the row of one text.

        A result that does not fit the endpoint's `output` is asked for once more, a level higher.
        """
        section, long = endpoint.section, len(given.text) > READ_AT_ONCE
        work = partial(read, section, given.text, given.facts, endpoint.amounts, endpoint.patterns)
        reading = await offloaded(work, when=long)
        asked = Asked(given, body.fields or section.fields, reading, body.hints)
        outcome = await self._complete(endpoint, asked, identity)
        result = await offloaded(partial(_result, endpoint, asked, outcome), when=long)
        if result.faults and outcome.answer is not None:
            higher = outcome.rung.level + 1
            if all(plan.facts.level < higher for plan in endpoint.runtime.plans):
                raise _unfit(section, result)
            hints = replace(asked.hints, min_tier=max(higher, asked.hints.min_tier or 1))
            again = await self._complete(endpoint, replace(asked, hints=hints), identity)
            result = await offloaded(partial(_result, endpoint, asked, again), when=long)
            if result.faults:
                raise _unfit(section, result)
            outcome = replace(
                again,
                cost_nano_usd=again.cost_nano_usd + outcome.cost_nano_usd,
                cost_known=again.cost_known and outcome.cost_known,
            )
        row = _row(outcome, result, body.hints)
        if given.image is not None:  # places count in what was read
            row["text"] = given.text
        return outcome, row

    async def _complete(self, endpoint: Endpoint, asked: Asked, identity: Identity) -> Outcome:
        request = request_of(endpoint, asked)
        outcome = await self._gateway.complete(request, careful(identity, asked.hints, request))
        if outcome.answer is not None:
            self._metrics.answered(outcome)
        return outcome


def request_of(endpoint: Endpoint, asked: Asked) -> ChatRequest:
    """Returns the request that the gateway decides: text, schema, stakes, and what rules read."""
    section, given = endpoint.section, asked.given
    # Nobody must keep the promise of a field that nobody here can write.
    kept = [name for name in asked.wanted if endpoint.writes or name not in section.write]
    schema = schema_of(section, kept)
    prepared = Prepared(
        schema_text(prepared_answer(section, asked.wanted, asked.given.text, asked.reading.items)),
        section.right,
        whole=not any(name in section.write for name in asked.wanted),
    )
    return ChatRequest(
        messages=(
            Message("system", instruction_of(section, asked.wanted)),
            Message("user", message_of(given.text, given.facts)),
        ),
        requested_model=f"auto:{endpoint.policy.name}",
        sampling=Sampling(temperature=0.0 if section.cache else None),
        response_format=ResponseFormat(
            "json_schema", f"{section.domain}_{section.task}", schema_text(schema), strict=False
        ),
        hints=hints_of(section, asked),
        endpoint=section.path,
        prepared=prepared,
    )


def hints_of(section: EndpointSection, asked: Asked) -> Hints:
    """Returns the client's hints with the endpoint's floor and its least stakes."""
    hints = asked.hints
    usd_at_stake = section.stakes.usd
    usd_at_stake += section.stakes.per_party_usd * max(0, asked.reading.parties - 2)
    if section.floor > 1:
        hints = replace(hints, min_tier=max(section.floor, hints.min_tier or 1))
    if usd_at_stake:
        least = usd_to_nano(usd_at_stake)
        hints = replace(hints, stakes_nano_usd=max(least, hints.stakes_nano_usd or 0))
    return hints


def careful(identity: Identity, given: Hints, request: ChatRequest) -> Identity:
    """Returns the identity; the endpoint's own stakes lower none, whatever the key may lower.

    A key that may lower would replace the amounts of the text by the endpoint's least stakes.
    """
    added = given.stakes_nano_usd is None and request.hints.stakes_nano_usd is not None
    if not (added and identity.may_lower) or given.max_tier is not None:
        return identity
    return replace(identity, scopes=identity.scopes - {KeyScope.HINTS_LOWER})


def _result(endpoint: Endpoint, asked: Asked, outcome: Outcome) -> Result:
    signals = outcome.signals
    written = _written(outcome)
    rules_answered = outcome.rung.answerer in {
        plan.facts.name for plan in endpoint.runtime.plans if plan.facts.kind == EXTRACTOR
    }
    if rules_answered:
        written = None
    why = NOT_BY_RULES if rules_answered and endpoint.writes else NO_TIER
    if outcome.verdict is Verdict.REFUSED:
        why = "the policy refuses this text"
    return result_of(
        endpoint.section,
        asked.wanted,
        asked.given.text,
        asked.reading,
        None if signals.degraded else readings_of(signals),
        signals.amounts,
        written,
        why,
    )


def _written(outcome: Outcome) -> Written | None:
    """Returns a tier's answer; None for words that replace one."""
    if outcome.answer is None:
        return None
    try:
        value = orjson.loads(outcome.answer.text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict):
        return None
    return Written(value, outcome.answer.model, outcome.confidence)


def _unfit(section: EndpointSection, result: Result) -> NoUsableAnswer:
    return NoUsableAnswer(
        f"The result for {section.path} does not fit the endpoint's `output`: "
        f"{'; '.join(result.faults[:3])}. Change the policy's schema, or ask again."
    )


def _fault(section: EndpointSection, given: DomainInput) -> RequestError | None:
    """Returns why the endpoint cannot take an input: an empty text (400), too long a one or facts
    that do not fit (422).
    """
    text, facts, most = given.named("text"), given.named("facts"), section.limits.max_characters
    if given.image is None and not given.text.strip():
        return wrong_value(text, given.text, "a text that is not empty")
    if len(given.text) > most:
        length = f"{text} has {len(given.text)} characters"
        message = f"{length}; {section.path} takes at most {most}. Send it in parts."
        return InputInvalid(message, param=text)
    if given.facts and not section.facts:
        return InputInvalid(f"{facts}: {section.path} takes none. Leave them out.", param=facts)
    faults = schema_faults(given.facts, _facts_schema(section)) if section.facts else ()
    if faults:
        message = f"{facts} do not fit the schema of {section.path}: {'; '.join(faults[:3])}."
        return InputInvalid(message, param=facts)
    return None


def _facts_schema(section: EndpointSection) -> JsonText:
    schema: dict[str, object] = {"type": "object", "additionalProperties": False, **section.facts}
    return schema_text(schema)


def _common(endpoint: Endpoint) -> dict[str, object]:
    runtime = endpoint.runtime
    return {
        "domain": endpoint.section.domain,
        "task": endpoint.section.task,
        "policy": f"{runtime.policy.name}@{runtime.policy_hash}",
    }


def _row(outcome: Outcome, result: Result, hints: Hints) -> dict[str, object]:
    """Returns the answer for one text."""
    row: dict[str, object] = {
        "id": decision_id(outcome.request_id),
        "tier": outcome.rung.tier,
        "model": outcome.answer.model if outcome.answer else "",
        "status": outcome.verdict.value if outcome.answer else "dry_run",
        "confidence": round(outcome.confidence, 4),
        "confidence_source": outcome.rung.p_source.value,
    }
    if outcome.cost_known:
        row["cost_usd"] = usd(outcome.cost_nano_usd)
    if result.verdict:
        row |= {"verdict": result.verdict, "reason": result.reason}
    row |= {"result": result.fields, "unread": result.unread, "dropped": result.dropped}
    if hints.debug or hints.dry_run:
        row["routing"] = orjson.Fragment(routing_object(outcome))
    return row


def known_sections(runtimes: Mapping[str, PolicyRuntime]) -> Sequence[EndpointSection]:
    """Returns the endpoints that are served, each path once."""
    sections: dict[str, EndpointSection] = {}
    for runtime in runtimes.values():
        for section in runtime.policy.endpoints:
            if served(runtimes, section.domain, section.task) == (runtime, section):
                sections[section.path] = section
    return tuple(sections.values())
