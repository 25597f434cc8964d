"""Explains which number of a request makes its worst case exceed a limit, and what would fit.

Pure. It knows nothing about past spending.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.errors import BudgetExceeded, MaxCostTooLow, PriceUnknown
from router.money.cost import output_cap, output_that_fits, worst_case
from router.money.output_caps import with_least_cap
from router.types import AnswererFacts, ChatRequest, Message, Sampling, exact_usd

SHORT = (Message("user", "hi"),)
LEAST = ChatRequest(SHORT, "auto", Sampling(max_output_tokens=1))
"""Is the shortest request with the smallest limit on output."""
LEAST_OUTPUT = 16
"""Is the least limit on output worth advising: a shorter answer breaks off at once."""
NAMES = {
    "chat.completions": "max_tokens",
    "completions": "max_tokens",
    "messages": "max_tokens",
    "responses": "max_output_tokens",
    "responses.compact": "max_output_tokens",
}
"""Gives each endpoint's key for the output limit. Chat completions also accept
`max_completion_tokens`."""


def explained(
    error: BudgetExceeded,
    facts: AnswererFacts,
    request: ChatRequest,
    held_nano_usd: int,
    held: ChatRequest | None = None,
) -> BudgetExceeded:
    """Returns the refusal with the number that causes it, unchanged when the rest is unknown.

    `held` is the request with the cap of output at which the call was held, where it is lower.
    """
    if error.room_nano_usd is None:
        return error
    cause, param = _cause(facts, request, held or request, error.room_nano_usd, held_nano_usd)
    return BudgetExceeded(
        f"{error.message} {cause}",
        param=param,
        code=error.code,
        limit=error.limit,
        scope=error.scope,
        room_nano_usd=error.room_nano_usd,
        needed_nano_usd=held_nano_usd,
        hopeless=error.hopeless,
        retry_after_s=error.retry_after_s,
    )


def price_explained(
    error: PriceUnknown, request: ChatRequest, others: Sequence[str]
) -> PriceUnknown:
    """Returns the refusal with all that lack a price; `others` could answer, and lack one too."""
    if others:
        error.message += f" The same holds for {', '.join(others)}, which could answer as well."
    if request.served_dearer:
        error.message += (
            f" If it has one, that of `service_tier: {request.service_tier}` is missing: leave it "
            "out."
        )
    return error


def cost_explained(
    error: MaxCostTooLow, facts: AnswererFacts, request: ChatRequest, *, composite: bool
) -> MaxCostTooLow:
    """Returns the refusal with a value that fits the client's cap; `composite` means many calls."""
    cause, needed = "", error.needed_nano_usd
    if needed is None and request.served_dearer:
        cause = (
            f" That may be since `service_tier: {request.service_tier}` has no price: leave it out."
        )
    elif needed is not None and not composite:
        # The sum is that of the least cap, and a judge's verdict may be part of it.
        held = with_least_cap(facts, request)
        own = worst_case(facts, held)
        room = (request.hints.max_cost_nano_usd or 0) - max(0, needed - own)
        if own > room > 0:
            cause = f" {_cause(facts, request, held, room, needed)[0]}"
    return MaxCostTooLow(
        f"{error.message}{cause} Raise max_cost_usd, or leave it out.",
        answerer=error.answerer,
        needed_nano_usd=needed,
    )


def output_key(request: ChatRequest) -> str:
    """Returns the body key that limits the output: the sent one, or the endpoint's usual one."""
    return request.cap_key or NAMES.get(request.endpoint, "max_tokens")


def _cause(
    facts: AnswererFacts,
    request: ChatRequest,
    held: ChatRequest,
    room_nano_usd: int,
    held_nano_usd: int,
) -> tuple[str, str | None]:
    """Returns the sentence, and the body key that causes the refusal."""
    most = output_that_fits(facts, request, room_nano_usd)
    name, cap = output_key(request), output_cap(facts, held)
    reason = _reason(facts, request, cap)
    if request.sampling.n > 1:
        reason += f", for each of {request.sampling.n} choices"
    lowered = f"{reason}. " if cap < output_cap(facts, request) else ""
    if room_nano_usd <= 0:
        return f"{lowered}Nothing is left for any call.", None
    if most is None:
        usd = exact_usd(held_nano_usd)
        return f"A call to {facts.name} is held at ${usd}, whatever is asked for.", None
    told, param = "", None
    if most == 0:
        # Even an output of 0 tokens must fit before a lower limit can help.
        without_output = replace(request, sampling=replace(request.sampling, max_output_tokens=0))
        if worst_case(facts, LEAST) > room_nano_usd:
            told = f"Not even the shortest request to {facts.name} fits what is left."
        elif worst_case(facts, without_output) > room_nano_usd:
            told = "The input alone can cost more than what is left: shorten it."
            param = "messages"
        else:
            told = f"No `{name}` fits: what is left does not pay for one token of output."
    elif most < LEAST_OUTPUT:
        told = f"What is left pays for {most} tokens of output, too few for an answer."
    if told:
        return f"{lowered}{told}", param
    return f"{reason}. With `{name}` of at most {most} the call would fit.", name


def _reason(facts: AnswererFacts, request: ChatRequest, cap: int) -> str:
    """Returns where the cap of output comes from at which the call was held."""
    name, client_cap = output_key(request), request.sampling.max_output_tokens
    sent = f"No `{name}` was sent" if client_cap is None else f"`{name}` was {client_cap}"
    if cap < output_cap(facts, request):
        smallest = ", the smallest cap that is tried" if cap == facts.least_output_tokens else ""
        return f"{sent}, and a call to {facts.name} counts at {cap} tokens of output{smallest}"
    if client_cap is None:
        return f"{sent}, so the cap of {facts.name} counts, {cap}"
    if client_cap > cap:
        return f"{sent}; {facts.name} gives {cap} at most, and these are the cause"
    return f"The cause is `{name}`, which is {cap}"
