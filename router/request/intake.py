"""Takes a request in: selects its policy, counts its rates, reads it, and decides its ladder.

It calls no tier and writes no row. `routing.planner` decides without rates, sessions and budgets,
for callers who want only the decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from functools import partial

from msgspec.structs import replace

from router.errors import RequestError, TiergateError, TooLongToHide
from router.policy.parsing.json_schema import is_read, schema_mistake
from router.policy.parsing.meant_keys import alike
from router.policy.parsing.plain_schemas import SchemaMistake
from router.policy.parsing.schema_references import reference_mistake
from router.rate_limits.limits import RequestRates, request_rates
from router.request.call_events import tell_refused
from router.request.calls.failed_before import FailedBefore
from router.request.calls.rate_charges import admit, settle
from router.request.conclusions.foretold import dry_outcome
from router.request.progress import NOT_LOOKED_UP, Progress
from router.request.response_cache import Repeats
from router.request.sessions import Conversations
from router.request.veiling import Veils, read_ahead
from router.rollout.arms import Split, Splits, governed, note_of
from router.rollout.tallies import Arm
from router.routing.planner import ReadRequest, Router
from router.routing.policy_runtime import PolicyRuntime, Selected
from router.routing.routed_request import RoutedRequest
from router.threads.offload import offloaded
from router.types import (
    NO_PRESSURE,
    BudgetGauge,
    ChatRequest,
    Clock,
    Events,
    Identity,
    ImageReader,
    KeysLeftOut,
    Outcome,
    RateLimiter,
    Signals,
)
from router.wire.body_keys import READ_HERE, SPELT_WELL, named, narrowed
from router.wire.checks import wrong_value

MOST_IMAGES = 4
"""Bounds the images of one request that are read: each takes about a second of a core."""

MOST_TOLD_KEYS = 100
"""Bounds the names of unknown keys that are told of one tenant, who can invent very many of them.
Those of another tenant are told all the same."""

_SCHEMA_AT = {"responses": "text.format.schema", "messages": "output_config.format.schema"}
"""Names the place of the schema in bodies of these endpoints, for an error."""
_SCHEMA_IN_CHAT = "response_format.json_schema.schema"
_MOST_OF_PART = 64
_LAST_PARTS = 12
"""Bound the place in an error: clients choose the names of properties, and how deep they lie."""


class Intake:
    """Turns requests into routed requests, with what the router itself does not know."""

    def __init__(
        self,
        router: Router,
        conversations: Conversations,
        *,
        clock: Clock,
        events: Events,
        gauge: BudgetGauge | None,
        limiter: RateLimiter | None,
        veils: Veils,
        cached: Repeats,
    ) -> None:
        self._router = router
        self._veils = veils
        self._cached = cached
        self._conversations = conversations
        self._clock = clock
        self._events = events
        self._gauge = gauge
        self._limiter = limiter
        self.splits = Splits()
        self.failed = FailedBefore(clock)
        self._told_keys: set[tuple[str, str]] = set()  # endpoints and keys that the log has
        self._told_of = Counter[str]()  # how many of them by tenant

    async def route(
        self, request: ChatRequest, identity: Identity, *, buffered: bool
    ) -> tuple[RoutedRequest, Progress]:
        """Returns the request with its ladder, and its progress, which holds its rates.

        `buffered`: the answer goes out whole. Raises TiergateError where the request may not begin.
        """
        started_ms = self._clock.monotonic_ms()
        selected = self._router.select(request, identity)
        request = await self.failed.marked(request, identity)
        if request.extra:
            given = request.extra
            request = narrowed(request, [plan.facts for plan in selected.runtime.plans])
            if len(request.extra) < len(given):
                self._tell_keys(request, given.keys() - request.extra.keys(), identity)
        buffered = buffered or not request.stream
        rates: RequestRates | None = None
        try:
            if self._limiter is not None:
                rates = await self._admitted(self._limiter, request, identity, selected)
            await check_asked_schema(request)  # it takes time, so it counts in the rates
            routed = await self._decided(request, identity, selected, started_ms, buffered=buffered)
            lookup = NOT_LOOKED_UP
            if routed.over_cap is not None:
                lookup = await self._cached.find(routed)
                if lookup.hit is None:
                    raise routed.over_cap
        except TiergateError as error:
            tell_refused(self._events, identity, error)
            if rates is not None:
                await settle(rates, ())
            raise
        return routed, Progress(rates=rates, lookup=lookup)

    async def _admitted(
        self, limiter: RateLimiter, request: ChatRequest, identity: Identity, selected: Selected
    ) -> RequestRates | None:
        """Counts the request in its rates, where there are any. Raises RateLimited."""
        runtime, budgets = selected.runtime, self._router.budgets
        if not budgets().any_rate:  # as on most servers: no bound of output is worked out
            return None
        name, most, tiers = runtime.policy.name, runtime.most_output(request), runtime.tiers
        split = self.splits.of(name)
        if split is not None:  # which side a request is on is known only once it has been read
            tiers = (*tiers, *split.candidate.tiers)
        rates = request_rates(limiter, budgets, identity, name, tiers, most)
        if rates is not None:
            await admit(rates, request)
        return rates

    async def _decided(
        self,
        request: ChatRequest,
        identity: Identity,
        selected: Selected,
        started_ms: float,
        *,
        buffered: bool,
    ) -> RoutedRequest:
        """Reads the request with what is known of its conversation, then decides."""
        runtime, pressure = selected.runtime, NO_PRESSURE
        conversation = await self._conversations.recall(request, identity, runtime)
        shown, unread = request, False
        if runtime.policy.triage.images == "read" and request.images:
            shown, unread = await with_image_texts(request, self._router.images)
        signals, compute_ms = await runtime.triage.measured(shown, conversation.named)
        if unread:  # nobody knows what is at stake in it
            signals = replace(signals, novelty=1.0, unread=True)
        signals = await _with_quotable(signals, runtime, request, identity)
        if self._gauge is not None:
            pressure = await self._gauge.pressure(identity, runtime.policy.name)
        if runtime.policy.privacy.residency:
            await read_ahead(self._router.reader, request)
        read = ReadRequest(signals, conversation, started_ms, compute_ms)
        routed = self._router.decided(
            request,
            identity,
            selected,
            read,
            pressure=pressure,
            buffered=buffered,
            recorded=not request.hints.dry_run,
        )
        split = self.splits.of(runtime.policy.name)
        if (
            split is not None
            and not request.hints.dry_run
            and not (routed.over_cap or routed.incapable or governed(routed))
        ):
            routed = await self._on_its_side(split, routed, selected, shown)
        routed = self._veiled(routed)
        if request.is_long or request.hints.session:
            routed = await self._conversations.began(routed)
        return routed

    def _veiled(self, routed: RoutedRequest) -> RoutedRequest:
        """Returns the request with what hides its personal details, where its policy wants it.

        Raises TooLongToHide.
        """
        section = routed.policy.privacy.pseudonyms
        return routed if section is None else self._veils.over(routed, section)

    async def _on_its_side(
        self, split: Split, routed: RoutedRequest, selected: Selected, shown: ChatRequest
    ) -> RoutedRequest:
        """Returns the request as its side of the split decides it, with a note of the side.

        What the candidate may not or cannot decide, the base decides. It stays in the candidate's
        estimate all the same: without it, easy requests would be compared with all.
        """
        note = note_of(split, routed)
        if split.shadow_share:
            shadowed = note.arm == Arm.CANDIDATE
            return replace(routed, rollout=replace(note, arm=Arm.BASE.value, shadowed=shadowed))
        if note.arm == Arm.BASE:
            return replace(routed, rollout=note)
        other = await self._by_candidate(split, routed, shown, selected)
        if other is None:
            return replace(routed, rollout=replace(note, kept=True))
        return replace(other, rollout=note)

    async def _by_candidate(
        self, split: Split, routed: RoutedRequest, shown: ChatRequest, selected: Selected
    ) -> RoutedRequest | None:
        """Returns the request as the candidate decides it; None where it may not, or cannot."""
        signals, compute_ms = routed.signals, routed.triage_compute_ms
        try:
            if split.rereads:
                reader = split.candidate.triage
                signals, more_ms = await reader.measured(shown, routed.conversation.named)
                compute_ms += more_ms
                if shown.images:  # the base alone may know that one could not be read
                    novelty = max(signals.novelty, routed.signals.novelty)
                    unread = signals.unread or routed.signals.unread
                    signals = replace(signals, novelty=novelty, unread=unread)
            # It may search first where the base does not, or other documents.
            signals = await _with_quotable(
                signals, split.candidate, routed.request, routed.identity
            )
            if split.candidate.policy.privacy.residency:
                await read_ahead(self._router.reader, routed.request)
            other = self._router.decided(
                routed.request,
                routed.identity,
                replace(selected, runtime=split.candidate),
                ReadRequest(signals, routed.conversation, routed.started_ms, compute_ms),
                pressure=routed.pressure,
                buffered=routed.buffered,
            )
        except TiergateError:
            return None
        return None if governed(other) else other

    async def tried(self, routed: RoutedRequest) -> RoutedRequest | None:
        """Returns a request that the base answered as the candidate in shadow decides it.

        None where the stage is over meanwhile, or where the candidate may not decide it.
        """
        split, note = self.splits.of(routed.policy.name), routed.rollout
        if split is None or note is None or split.version != note.version:
            return None
        other = await self._by_candidate(split, routed, routed.request, Selected(split.candidate))
        if other is None:
            return None
        try:
            other = self._veiled(other)
        except TooLongToHide:
            return None
        own = replace(note, arm=Arm.CANDIDATE.value, shadowed=False)
        return replace(other, request_id=routed.request_id, rollout=own)

    def _tell_keys(self, request: ChatRequest, keys: AbstractSet[str], identity: Identity) -> None:
        """Reports keys that no answerer receives, each name of an endpoint once.

        Such a key is misspelt, or its client sends it always.
        """
        fresh = named(sorted(key for key in keys if (request.endpoint, key) not in self._told_keys))
        if not fresh or self._told_of[identity.tenant] + len(fresh) > MOST_TOLD_KEYS:
            return
        self._told_of[identity.tenant] += len(fresh)
        self._told_keys |= {(request.endpoint, key) for key in fresh}
        unknown = [key for key in fresh if key not in SPELT_WELL]
        likely = [name for key in unknown if (name := alike(key, READ_HERE))]
        told = KeysLeftOut(request.endpoint, fresh, tuple(likely), identity.tenant, identity.key_id)
        self._events.happened(told)


async def _with_quotable(
    signals: Signals, runtime: PolicyRuntime, request: ChatRequest, identity: Identity
) -> Signals:
    """Returns the signals with the chance of this policy's own documents, None without a search."""
    chance = None if runtime.quotable is None else await runtime.quotable(request, identity)
    return signals if chance == signals.quotable else replace(signals, quotable=chance)


async def with_image_texts(
    request: ChatRequest, images: ImageReader | None
) -> tuple[ChatRequest, bool]:
    """Returns the request as triage reads it, and True where an image could not be read.

    The words of images stand behind those of the message that carries them.
    """
    left, unread, messages = MOST_IMAGES, False, []
    for message in request.messages:
        texts = [message.text]
        for part in message.parts if message.role == "user" else ():
            if part.kind != "image_url":
                continue
            words = await images.read(part) if images is not None and left > 0 else None
            left -= 1
            unread = unread or words is None
            texts += [words] if words else []
        joined = "\n".join(filter(None, texts))
        messages.append(message if len(texts) == 1 else replace(message, text=joined))
    return replace(request, messages=tuple(messages)), unread


def decided_outcome(router: Router, request: ChatRequest, identity: Identity) -> Outcome:
    """Returns the decision, and what a call would say. Calls no tier, writes and spends nothing.

    Raises NotCapable, ModelNotFound and the other errors of a request that may not begin.
    """
    return dry_outcome(router.route_now(request, identity), Progress(), router.clock)


async def check_asked_schema(request: ChatRequest) -> None:
    """Raises RequestError where the schema of the answer is none, or refers to a part it lacks.

    Each rung would get it in turn, and answers would go out that nobody can check.
    """
    schema = request.response_format.schema
    if schema is None:
        return
    mistake = await offloaded(partial(schema_mistake, schema), when=not is_read(schema))
    if mistake is not None:
        dialect = "JSON Schema 2020-12, or the dialect that `$schema` names"
        raise _wrong_schema(request, mistake, f"{mistake.expected} ({dialect})")
    mistake = reference_mistake(schema)
    if mistake is not None:
        raise _wrong_schema(request, mistake, mistake.expected)


def _wrong_schema(request: ChatRequest, mistake: SchemaMistake, expected: str) -> RequestError:
    """Returns the error that names the mistake's place in the client's body."""
    at = _SCHEMA_AT.get(request.endpoint, _SCHEMA_IN_CHAT)
    shown = mistake.place[-_LAST_PARTS:]
    cut = "..." if len(shown) < len(mistake.place) else ""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part[:_MOST_OF_PART]}" for part in shown]
    return wrong_value("".join([at, cut, *parts]), mistake.value, expected)
