"""Computes the amounts that a request and its calls take of each rate, and their corrections.

A token estimate is made when a request arrives: a quarter of its letters (those of tools and
schemas too), what its images and files take, and the output it asks for. When the request is over,
the estimate is corrected to the tokens that its calls used. Pure: `request.calls.rate_charges`
calls the limiter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from router.errors import RateLimited
from router.money.budgets import Budgets, BudgetScope, Payer, RateLimit
from router.money.token_bound import texts_of
from router.money.token_estimate import part_tokens
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
    """Holds the rates that count one request. It exists only if there are any."""

    limiter: RateLimiter
    budgets: Budgets
    payer: Payer
    # The most tokens that any answerer of the policy gives; None: unknown.
    most_output: int | None = None
    states: tuple[RateState, ...] = ()
    taken: list[RateAsk] = field(default_factory=list)  # in tokens, to be corrected later

    def asks(self, tier: str, request: ChatRequest) -> list[RateAsk]:
        """Returns the amounts that the request itself (tier "") or a call to a tier takes."""
        payer, tokens = replace(self.payer, tier=tier), estimate(request, self.most_output)
        return [ask for limit in self.budgets.rates(payer) for ask in asks_of(limit, 1, tokens)]

    def took(self, asks: Sequence[RateAsk], taken: RateTaken, request: ChatRequest) -> None:
        """Records the taken amounts. Raises RateLimited when a rate refused."""
        if taken.refused is not None:
            raise _refusal(asks[taken.refused], taken.states, taken.retry_ms, request)
        self.taken += [ask for ask in asks if ask.unit == "tokens"]

    def corrections(self, attempts: Sequence[AttemptRow]) -> list[RateAsk]:
        """Returns the differences between the estimates and the tokens that all calls used.

        A call that broke, or whose client left, has an unknown use. The estimate then applies, if
        it is more than the use of the other calls.
        """
        asks = []
        for ask, tier in self._estimated():
            tier_attempts = [
                a for a in attempts if tier in ("", a.tier) and a.role is not Role.CACHE
            ]
            used = _tokens(tier_attempts)
            if any(map(_use_is_unknown, tier_attempts)):
                # The estimate covers the call whose use is unknown.
                used = max(used, ask.amount)
            asks.append(replace(ask, amount=used - ask.amount))
        return asks

    def _estimated(self) -> list[tuple[RateAsk, str]]:
        """Returns the total estimate of each bucket with its tier, "" for all tiers."""
        summed: dict[tuple[str, str], RateAsk] = {}
        for ask in self.taken:
            earlier = summed.get((ask.tenant, ask.name))
            amount = ask.amount + (earlier.amount if earlier else 0)
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
    """Returns the rates of a request under a policy, or None without any."""
    current = budgets()
    if not current.any_rate:
        return None
    payer = Payer(identity.tenant, identity.key_id, policy)
    payers = (payer, *(replace(payer, tier=tier) for tier in tiers))
    return (
        RequestRates(limiter, current, payer, most_output)
        if any(current.rates(each_payer) for each_payer in payers)
        else None
    )


def estimate(request: ChatRequest, most_output: int | None = None) -> int:
    """Returns the most tokens that a request is expected to use.

    This is its input plus the output limit per choice. The output is never above `most_output`,
    which no answerer exceeds for a choice.
    """
    output = request.sampling.max_output_tokens or 0
    if most_output is not None:
        output = min(output, most_output)
    return _input_tokens(request) + output * request.sampling.n


def _input_tokens(request: ChatRequest) -> int:
    """Returns a quarter of all that the request says in letters, and what its other parts take."""
    letters = sum(map(len, texts_of(request))) + sum(map(len, request.extra.values()))
    letters += sum(len(tool.native or "") for tool in request.tools)
    letters += sum(len(item.payload) for message in request.messages for item in message.sealed)
    return -(-letters // LETTERS_PER_TOKEN) + sum(map(part_tokens, request.parts))


def _tokens(attempts: Sequence[AttemptRow]) -> int:
    """Returns the tokens of these calls.

    A deliberation's own line sums up its steps. Those steps count already, so the line is left out.
    """
    deliberated = {a.rung for a in attempts if a.role is Role.DELIBERATION}
    return sum(
        a.usage.total_tokens
        for a in attempts
        if not (a.role in (Role.ANSWER, Role.SHADOW) and a.rung in deliberated)
    )


def _use_is_unknown(attempt: AttemptRow) -> bool:
    """Returns True for a call whose tokens are unknown."""
    open_ended = attempt.state in (AttemptState.UNKNOWN_COST, AttemptState.CANCELLED)
    return open_ended and not attempt.usage.total_tokens


def asks_of(limit: RateLimit, requests: int, tokens: int) -> list[RateAsk]:
    """Returns the amounts that these requests and tokens take. 0 of both asks the state."""
    scope = limit.scope
    asks = []
    for unit, per_minute, amount in (
        ("requests", limit.requests, requests),
        ("tokens", limit.tokens, tokens),
    ):
        if per_minute:
            # NUL occurs in no name, so the parts can be split again.
            name = "\0".join((scope.key_id, scope.policy, scope.tier, unit))
            asks.append(RateAsk(scope.tenant, name, unit, per_minute, amount))
    return asks


def _refusal(
    ask: RateAsk, states: Sequence[RateState], retry_ms: int, request: ChatRequest
) -> RateLimited:
    key_id, policy, tier, _ = ask.name.split("\0")
    scope = str(BudgetScope(ask.tenant, key_id, policy, tier))
    raised = f"Who keeps the gateway's policy may raise it (`{ask.unit}_per_minute`)."
    if retry_ms < 0:
        text = (
            f"This request may use {ask.amount} {ask.unit}; {scope} may use {ask.limit} a minute. "
            f"{_shorter(ask, request)}. {raised}"
        )
    else:
        text = (
            f"Rate limit reached for {scope}: {ask.limit} {ask.unit} a minute. Try again in "
            f"{retry_ms / 1000:.3g} s. {raised}"
        )
    return RateLimited(
        text, unit=ask.unit, rates=tuple(states), retry_after_ms=retry_ms, scope=scope
    )


def endpoint_refusal(path: str, most: int, taken: RateTaken) -> RateLimited:
    """Returns the error where the own rate of an endpoint, `most` texts a minute, refused."""
    scope = f"the endpoint {path!r}"
    advice = (
        f"Try again in {taken.retry_ms / 1000:.3g} s."
        if taken.retry_ms >= 0
        else "Send fewer texts in one batch."
    )
    return RateLimited(
        f"Rate limit reached for {scope}: {most} texts a minute. {advice}",
        unit="requests",
        rates=taken.states,
        retry_after_ms=taken.retry_ms,
        scope=scope,
    )


def _shorter(ask: RateAsk, request: ChatRequest) -> str:
    """Returns advice for a request that is too large: a lower output limit when that is enough."""
    fits = (ask.limit - _input_tokens(request)) // request.sampling.n
    if fits > 0 and request.sampling.max_output_tokens:
        return f"Send `{output_key(request)}` of at most {fits}"
    return "Shorten it"
