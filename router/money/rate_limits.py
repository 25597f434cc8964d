"""Rates on the request path: what a request and its calls count in, refused or corrected.

Tokens are estimated when a request comes, as their letters by four and the output it asks for, and
corrected to what its calls used when it is over. Pure; `metering` asks the limiter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from router.errors import RateLimited
from router.money.budgets import Budgets, Payer, RateLimit
from router.money.worst_case import output_key
from router.types import (
    AttemptRow,
    AttemptState,
    ChatRequest,
    Identity,
    RateAsk,
    RateLimiter,
    RateState,
    RateTaken,
    Role,
)

LETTERS_PER_TOKEN = 4


@dataclass(slots=True)
class RequestRates:
    """The rates that one request counts in; made only where there are any."""

    limiter: RateLimiter
    budgets: Budgets
    payer: Payer
    most_output: int | None = None  # tokens that any answerer of the policy gives; None: unknown
    states: tuple[RateState, ...] = ()
    taken: list[RateAsk] = field(default_factory=list)  # of tokens, to be corrected

    def asks(self, tier: str, request: ChatRequest) -> list[RateAsk]:
        """What the request itself (tier "") or a call to a tier takes of its rates."""
        payer, tokens = replace(self.payer, tier=tier), estimate(request, self.most_output)
        return [ask for limit in self.budgets.rates(payer) for ask in asks_of(limit, 1, tokens)]

    def took(self, asks: Sequence[RateAsk], taken: RateTaken, request: ChatRequest) -> None:
        """Remember what was taken. Raises RateLimited where it was refused."""
        if taken.refused is not None:
            raise _refusal(asks[taken.refused], taken.states, taken.retry_ms, request)
        self.taken += [ask for ask in asks if ask.unit == "tokens"]

    def corrections(self, attempts: Sequence[AttemptRow]) -> list[RateAsk]:
        """What corrects the estimates to the tokens that all calls used.

        Where nobody knows what a call used, since it broke or its client left, the estimate stands
        if it is more than what the others did.
        """
        asks = []
        for ask, tier in self._estimated():
            its = [a for a in attempts if tier in ("", a.tier) and a.role is not Role.CACHE]
            used = _tokens(its)
            if any(map(_use_is_unknown, its)):
                used = max(used, ask.amount)
            asks.append(replace(ask, amount=used - ask.amount))
        return asks

    def _estimated(self) -> list[tuple[RateAsk, str]]:
        """What was estimated of each bucket in all, and the tier that it is of, "" for all."""
        summed: dict[tuple[str, str], RateAsk] = {}
        for ask in self.taken:
            before = summed.get((ask.tenant, ask.name))
            amount = ask.amount + (before.amount if before else 0)
            summed[ask.tenant, ask.name] = replace(ask, amount=amount)
        return [(ask, ask.name.split("\0")[2]) for ask in summed.values()]


def request_rates(
    limiter: RateLimiter,
    budgets: Callable[[], Budgets],
    identity: Identity,
    policy: str,
    tiers: Sequence[str],
    most_output: int | None = None,
) -> RequestRates | None:
    """The rates of a request under a policy, None where there are none."""
    now = budgets()
    payer = Payer(identity.tenant, identity.key_id, policy)
    if not now.any_rate:
        return None
    payers = (payer, *(replace(payer, tier=tier) for tier in tiers))
    return (
        RequestRates(limiter, now, payer, most_output)
        if any(now.rates(one) for one in payers)
        else None
    )


def estimate(request: ChatRequest, most_output: int | None = None) -> int:
    """Tokens that a request is expected to use at most: its text by four, and the output's cap,
    never above `most_output`, which no answerer exceeds for a choice."""
    output = request.sampling.max_output_tokens or 0
    if most_output is not None:
        output = min(output, most_output)
    return _text_tokens(request) + output * request.sampling.n


def _text_tokens(request: ChatRequest) -> int:
    letters = sum(len(message.text) for message in request.messages)
    return -(-letters // LETTERS_PER_TOKEN)


def _tokens(attempts: Sequence[AttemptRow]) -> int:
    """Tokens of these calls; a deliberation's own line sums up its steps, which count already."""
    thought = {a.rung for a in attempts if a.role is Role.DELIBERATION}
    return sum(
        a.usage.total_tokens
        for a in attempts
        if not (a.role in (Role.ANSWER, Role.SHADOW) and a.rung in thought)
    )


def _use_is_unknown(attempt: AttemptRow) -> bool:
    """Whether a call was made that nobody told the tokens of."""
    open_ended = attempt.state in (AttemptState.UNKNOWN_COST, AttemptState.CANCELLED)
    return open_ended and not attempt.usage.total_tokens


def asks_of(limit: RateLimit, requests: int, tokens: int) -> list[RateAsk]:
    """Returns what so many requests and tokens take of a limit. 0 of both asks for its state."""
    scope = limit.scope
    asks = []
    for unit, per_minute, amount in (
        ("requests", limit.requests, requests),
        ("tokens", limit.tokens, tokens),
    ):
        if per_minute:
            name = "\0".join((scope.key_id, scope.policy, scope.tier, unit))
            asks.append(RateAsk(scope.tenant, name, unit, per_minute, amount))
    return asks


def _refusal(
    ask: RateAsk, states: Sequence[RateState], retry_ms: int, request: ChatRequest
) -> RateLimited:
    key_id, policy, tier, _ = ask.name.split("\0")
    named = (("tenant", ask.tenant), ("key", key_id), ("policy", policy), ("tier", tier))
    scope = ", ".join(f"{word} {name!r}" for word, name in named if name) or "all requests"
    if retry_ms < 0:
        text = (
            f"This request may use {ask.amount} {ask.unit}; {scope} may use {ask.limit} a minute. "
            f"{_shorter(ask, request)}, or raise {ask.unit}_per_minute in the policy."
        )
    else:
        text = (
            f"Rate limit reached for {scope}: {ask.limit} {ask.unit} a minute. Try again in "
            f"{retry_ms / 1000:.3g} s, or raise {ask.unit}_per_minute in the policy."
        )
    return RateLimited(
        text, unit=ask.unit, rates=tuple(states), retry_after_ms=retry_ms, scope=scope
    )


def _shorter(ask: RateAsk, request: ChatRequest) -> str:
    """The words for what makes the request fit: a lower cap of output where that is enough."""
    fits = (ask.limit - _text_tokens(request)) // request.sampling.n
    if fits > 0 and request.sampling.max_output_tokens:
        return f"Send `{output_key(request)}` of at most {fits}"
    return "Shorten it"
