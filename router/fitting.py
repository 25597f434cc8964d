"""Says which number of a request makes its worst case too large for a limit, and what would fit.

Pure; it knows nothing about what was spent.
"""

from __future__ import annotations

from router.cost import exact_usd, output_cap, output_that_fits
from router.errors import BudgetExceeded
from router.types import AnswererFacts, ChatRequest

NAMES = {
    "chat.completions": "max_tokens",
    "completions": "max_tokens",
    "messages": "max_tokens",
    "responses": "max_output_tokens",
    "responses.compact": "max_output_tokens",
}
"""What each endpoint calls its cap on output; chat completions take `max_completion_tokens` too."""


def explained(
    error: BudgetExceeded, facts: AnswererFacts, request: ChatRequest, held_nano_usd: int
) -> BudgetExceeded:
    """The refusal with the number that causes it. As it is where nobody says what is left."""
    if error.room_nano_usd is None:
        return error
    cause, param = _cause(facts, request, error.room_nano_usd, held_nano_usd)
    return BudgetExceeded(
        f"{error.message}. {cause}",
        param=param,
        code=error.code,
        limit=error.limit,
        scope=error.scope,
        room_nano_usd=error.room_nano_usd,
        needed_nano_usd=held_nano_usd,
        hopeless=error.hopeless,
    )


def _cause(
    facts: AnswererFacts, request: ChatRequest, room_nano_usd: int, held_nano_usd: int
) -> tuple[str, str | None]:
    """The sentence, and the key of the body that it is about."""
    most = output_that_fits(facts, request, room_nano_usd)
    if room_nano_usd <= 0:
        return "Nothing is left for any call.", None
    if most is None:
        held = exact_usd(held_nano_usd)
        return f"A call to {facts.name} is held at ${held}, whatever is asked for.", None
    if most == 0:
        return "The input alone can cost more than what is left: shorten it.", "messages"
    name, cap = NAMES.get(request.endpoint, "max_tokens"), output_cap(facts, request)
    stated = f"The cause is `{name}`, which is {cap}"
    if request.sampling.max_output_tokens is None:
        stated = f"No `{name}` was sent, so the cap of {facts.name} counts, {cap}"
    if request.sampling.n > 1:
        stated += f", for each of {request.sampling.n} choices"
    return f"{stated}. With `{name}` of at most {most} the call would fit.", name
