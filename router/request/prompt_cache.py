"""Estimates what providers' prompt caches hold of a conversation, and names its beginning. Pure.

Providers keep the beginning of a prompt for some minutes after a call and bill it at a fraction of
the price when it comes again. A switch to another model pays for the whole beginning again. The
estimate is likely, never certain: a provider says afterwards how much it found. A cache that was
expected and not found is not counted on again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from router.privacy.digest import digest
from router.types import (
    AttemptRow,
    AttemptState,
    ChatRequest,
    Message,
    Price,
    Role,
    SessionMemory,
    ToolSpec,
    WarmCache,
)


class Cacheable(Struct, frozen=True):
    """Describes an attempt's answerer as its provider's cache sees it."""

    attempt: AttemptRow
    model: str  # as the policy names it: the answer may name a version
    price: Price


def earlier_messages(request: ChatRequest) -> tuple[Message, ...]:
    """Returns the messages of the turn before: all before the last answer; () in a first turn."""
    messages = request.messages
    if len(messages) < 2:
        return ()
    answers = [i for i, message in enumerate(messages) if message.role == "assistant"]
    at = answers[-1] if answers else 0
    while at > 0 and messages[at - 1].role == "assistant":
        at -= 1
    return messages[:at]


def prefix_name(messages: Sequence[Message], tools: Sequence[ToolSpec], secret: bytes) -> str:
    """Returns the name of a conversation's beginning, "" for none; keyed, it reveals nothing.

    Tools are part of it, as they are of what providers cache.
    """
    if not messages:
        return ""
    pieces = [piece for message in messages for piece in _pieces(message)]
    pieces += [piece for tool in tools for piece in (tool.name, tool.description, tool.parameters)]
    lengths = ",".join([str(len(piece)) for piece in pieces])  # so that pieces can't run together
    return digest(secret, "\n".join([lengths, *pieces]))


def _pieces(message: Message) -> Iterable[str]:
    yield message.role
    yield message.text
    yield message.tool_call_id or ""
    for part in message.parts:
        if part.kind != "text":
            yield part.payload
    for call in message.tool_calls:
        yield from (call.id, call.name, call.arguments)


def alive(
    memory: SessionMemory | None, prefix: str, now_ms: int, ttl_s: int
) -> tuple[WarmCache, ...]:
    """Returns the caches that still hold this beginning; `prefix` names it, `ttl_s` is seconds."""
    if memory is None or not prefix or memory.prefix != prefix:
        return ()
    oldest = now_ms - 1000 * ttl_s
    return tuple(cache for cache in memory.warm if cache.at_ms >= oldest)


def warmed(
    tried: Sequence[Cacheable], caches: Sequence[WarmCache], least_tokens: int, now_ms: int
) -> tuple[WarmCache, ...]:
    """Returns what caches hold after a turn: those of the called answerers, and earlier ones.

    Counted are the input tokens that the provider reported, from `least_tokens` on. `caches` were
    alive when the turn began. What was written is there for the next turn, as what was found is.
    """
    by_answerer = {cache.answerer: cache for cache in caches}
    for one in tried:
        attempt, usage = one.attempt, one.attempt.usage
        counted = attempt.role is Role.ANSWER and attempt.state is AttemptState.SETTLED
        if not (counted and usage.reported and one.price.saves_by_caches):
            continue
        hit = usage.cached_input_tokens > 0 or usage.cache_write_tokens > 0
        due = attempt.answerer in by_answerer
        tokens = usage.input_tokens if usage.input_tokens >= least_tokens else 0
        # Where writes have a price, only what a request marks is kept, and reported as written.
        unasked = one.price.cache_write_nano_usd is None
        if tokens or due:
            held = tokens if hit or (unasked and not due) else 0
            by_answerer[attempt.answerer] = WarmCache(attempt.answerer, one.model, held, now_ms)
    return tuple(by_answerer.values())
