"""Remembers a conversation from one turn to the next, under a name.

A client names its session by `routing.session` or a header such as `x-session-id`; then all that
triage saw is remembered. A conversation itself is known by its own start: a keyed hash of the
messages that the turn before had sent. That says which level began a tool loop and which prompt
caches are warm; the messages themselves hold what was read in earlier turns. A hash of less,
such as only the first question, would give two people who both began with "hi" one memory.

It knows nothing about decisions; it is given the store, the tenants' keys and the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from router.request.calls.attempt_list import Attempts
from router.request.conclusions.told_failure import is_passing
from router.request.ledger_row import prompt_digest
from router.request.progress import Candidate
from router.request.prompt_cache import (
    Cacheable,
    alive,
    earlier_messages,
    prefix_name,
    warmed,
)
from router.routing.policy_runtime import PolicyRuntime
from router.routing.routed_request import RoutedRequest
from router.types import (
    NOTHING_REMEMBERED,
    ChatRequest,
    Clock,
    Identity,
    Message,
    Reason,
    RememberedConversation,
    Role,
    SessionMemory,
    SessionStore,
    WarmCache,
)


class Conversations:
    """Reads and writes session memories, of named sessions and of unnamed ones alike."""

    def __init__(
        self, sessions: SessionStore, secret_of: Callable[[str], bytes], clock: Clock
    ) -> None:
        self._sessions = sessions
        self._secret_of = secret_of
        self._clock = clock

    async def recall(
        self, request: ChatRequest, identity: Identity, runtime: PolicyRuntime
    ) -> RememberedConversation:
        """Returns what is known of the conversation before this turn."""
        section, session = runtime.policy.sessions, request.hints.session
        earlier = earlier_messages(request)
        if not earlier and not session:
            return NOTHING_REMEMBERED
        before = await self._name(identity.tenant, request, earlier)
        name = session or _unnamed(before)
        memory = await self._sessions.get(identity.tenant, name) if name else None
        named = memory if session else None
        if before and named is not None and named.prefix != before:
            # Another conversation of the session, a title perhaps, was answered in between.
            memory = await self._sessions.get(identity.tenant, _unnamed(before)) or named
        caches = alive(memory, before, self._clock.now_ms(), section.cache_ttl_s)
        return RememberedConversation(memory, named, caches if section.sticky else ())

    async def began(self, routed: RoutedRequest) -> RoutedRequest:
        """Keeps what a named session has shown, whatever the result of this turn.

        Returns the request, with its digest where the prompt is long. A long prompt's digest is
        made here, off the event loop; made with the row, it would hold up others.
        """
        if routed.request.is_long:
            secret = self._secret_of(routed.identity.tenant)
            digest = await asyncio.to_thread(prompt_digest, routed.request, secret)
            routed = replace(routed, prompt_digest=digest)
        memory = routed.conversation.named
        session = routed.request.hints.session
        if session and not routed.request.hints.dry_run:
            level = memory.last_tier_number if memory else 0
            latest = await self._latest(routed, session, level)
            await self._sessions.put(routed.identity.tenant, [session], latest)
        return routed

    async def answered(
        self, routed: RoutedRequest, attempts: Attempts, candidate: Candidate
    ) -> None:
        """Keeps the level that answered and which prompt caches hold this turn's messages.

        Under its own start a conversation is kept only where something hangs on it: a warm cache,
        or a tool call whose result comes next. One of a named session is, too, since agents ask
        other things between its turns.
        """
        request, tenant = routed.request, routed.identity.tenant
        caches = self._caches(routed, attempts)
        calls = candidate.answer is not None and candidate.answer.calls_tools
        session = request.hints.session
        if not (session or caches or calls):
            return
        now = await self._name(tenant, request, request.messages)
        memory = await self._latest(routed, session, candidate.rung.level)
        came_from = moved_from(routed, attempts, candidate)
        memory = replace(memory, prefix=now, warm=caches, loop_from=came_from)
        names = [_unnamed(now)] if caches or calls else []
        names += [session] if session else []
        await self._sessions.put(tenant, names, memory)

    async def _latest(
        self, routed: RoutedRequest, session: str | None, level: int
    ) -> SessionMemory:
        """Returns a memory with the highest of this turn and of what its session keeps now.

        Turns of one session may run at the same time, so it is read again.
        """
        latest = await self._sessions.get(routed.identity.tenant, session) if session else None
        memory = routed.runtime.remember(routed.signals, latest, level)
        if latest is None:
            return memory
        kept = latest.loop_from
        return replace(memory, prefix=latest.prefix, warm=latest.warm, loop_from=kept)

    def _caches(self, routed: RoutedRequest, attempts: Attempts) -> tuple[WarmCache, ...]:
        section, earlier = routed.runtime.policy.sessions, routed.conversation.caches
        if not section.sticky or not (earlier or routed.runtime.saves_by_caches):
            return ()
        tried = []
        for attempt in attempts.rows:
            if attempt.role is Role.TRIAGE:
                continue
            facts = routed.plan(attempt.answerer).facts
            tried.append(Cacheable(attempt, facts.model, facts.price))
        return warmed(tried, earlier, section.least_tokens, self._clock.now_ms())

    async def _name(self, tenant: str, request: ChatRequest, messages: tuple[Message, ...]) -> str:
        """Returns the name of a beginning among this tenant's, "" for none."""
        if not messages:
            return ""
        secret = self._secret_of(tenant)
        if request.is_long:
            return await asyncio.to_thread(prefix_name, messages, request.tools, secret)
        return prefix_name(messages, request.tools, secret)


def moved_from(routed: RoutedRequest, attempts: Attempts, candidate: Candidate) -> int:
    """Returns the level that an outage moved this conversation away from, 0 where none did.

    An answer of a lower level that was not good enough is no outage, and neither is a refusal of
    the request: the next turn would meet it again.
    """
    decision, memory, level = routed.decision, routed.conversation.memory, candidate.rung.level
    before = memory.loop_from if memory and routed.request.in_tool_loop else 0
    failed = {attempts.rows[i].rung for i, error in attempts.troubles if is_passing(error)}
    called = {a.rung for a in attempts.rows if a.role is Role.ANSWER and a.rung >= 0}
    lower = {i for i in called if decision.rungs[i].level < level}
    levels = [decision.rungs[i].level for i in lower] if lower <= failed else []
    if Reason.OUTAGE_HIGHER in decision.first_rung.reasons:
        levels += [r.level for r in decision.rungs if Reason.NOT_READY in r.reasons]
    if before and lower <= failed:
        levels.append(before)
    least = min(levels, default=level)
    return least if least < level else 0


def _unnamed(prefix: str) -> str:
    """Returns the session of an unnamed conversation; no client can guess one."""
    return f"prefix:{prefix}" if prefix else ""
