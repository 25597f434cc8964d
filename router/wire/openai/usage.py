"""Reads what an upstream says a call used and cost, and bounds it where it says nothing."""

from __future__ import annotations

import math

from router.types import Answer, Usage, usd_to_nano, utf8_size

MAX_TOKENS = 100_000_000  # per call; no context window is near it, so a higher count is an error

LENGTHS, HOUR = "cache_creation_token_details", "ephemeral_1h_input_tokens"
"""Names where LiteLLM's proxies say how many tokens were written to a cache for an hour."""

MOST_BYTES_PER_TOKEN = 16
"""No more bytes are in one token on average, in any language: English has 4 to 5, Thai up to 10."""

MOST_COST_USD = 1e9
"""Per call. A provider that states more is read as this: whoever books it believes far less."""


def parse_usage(value: object) -> Usage:
    """Returns the reported token counts, or `Usage()` (reported False) for impossible counts.

    No prompt has 0 tokens: servers that count nothing write that. Some servers do not include
    reasoning in completion_tokens, and Google's names it nowhere else. The total shows that. Here
    reasoning is always part of output: 10 + 5 with total 35 is output 25, of it 20 reasoning. Some
    proxies before Claude leave what a cache held out of prompt_tokens, as Anthropic does: 100 with
    9,000 cached is input 9,100. A total that is less says that it is no such proxy.
    """
    if type(value) is not dict:
        return Usage()
    prompt_details = value.get("prompt_tokens_details")
    completion_details = value.get("completion_tokens_details")
    lengths = prompt_details.get(LENGTHS) if type(prompt_details) is dict else None
    hours = lengths.get(HOUR) if type(lengths) is dict else None
    counts = []
    for details, key in (
        (value, "prompt_tokens"),
        (value, "completion_tokens"),
        (value, "total_tokens"),
        (prompt_details, "cached_tokens"),
        (value, "prompt_cache_hit_tokens"),  # the same, as DeepSeek names it
        (value, "cached_tokens"),  # the same, as Moonshot names it
        (prompt_details, "cache_write_tokens"),
        (prompt_details, "cache_creation_tokens"),  # the same, as LiteLLM's proxies name it
        (completion_details, "reasoning_tokens"),
        (prompt_details, "audio_tokens"),
    ):
        count = details.get(key) if type(details) is dict else None
        counts.append(0 if count is None else _count(count))
    if not value.get("prompt_tokens") or min(counts) < 0:
        return Usage()
    prompt, completion, total, *read, written, created, reasoning, sound = counts
    cached, written = max(read), max(written, created)
    if cached + written > prompt:
        prompt += cached + written
        if 0 < total < prompt + completion:
            return Usage()
    left_out = max(total - prompt - completion, reasoning if reasoning > completion else 0)
    if left_out > 0:
        # Without a count of its own, all of the output stands in the total alone.
        reasoning = (
            reasoning if value.get("completion_tokens") is None else max(reasoning, left_out)
        )
        completion += left_out
    if sound > prompt or prompt > MAX_TOKENS:
        return Usage()
    # A count that is none or more than all writes says nothing.
    told = None if hours is None or not 0 <= _count(hours) <= written else _count(hours)
    return Usage(prompt, cached, written, completion, reasoning, True, sound, told)


def _count(value: object) -> int:
    """Returns the count, -1 for an impossible one."""
    # Some servers write counts as floats.
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else -1


def parse_provider_cost(usage: object) -> int | None:
    """Returns the provider's own charge in nano-dollars, as it states it.

    OpenRouter sends it in dollars as `usage.cost`.
    """
    cost = usage.get("cost") if type(usage) is dict else None
    if type(cost) not in (int, float) or not isinstance(cost, int | float):
        return None
    cost = min(cost, MOST_COST_USD)  # a whole number may be larger than any float
    return usd_to_nano(cost) if math.isfinite(cost) and cost >= 0 else None


def bound_usage(input_tokens: int, output_cap: int, answer: Answer) -> Usage:
    """Returns a bound for an answer without reported usage: never too low, flagged unreported.

    `input_tokens` is the caller's bound (`cost.input_bound`). Output counts one token per byte of
    UTF-8, which no tokenizer exceeds, but never more than the requested limit. Example: 30 bytes of
    text and a call `f` with 9 bytes of arguments are 40 tokens.
    """
    size = sum(map(utf8_size, _pieces(answer)))
    return Usage(input_tokens=input_tokens, output_tokens=min(size, output_cap), reported=False)


def covers(usage: Usage, answer: Answer) -> bool:
    """Returns True where the output of a usage could be all that an answer says.

    A token is seldom more than a word. Where words have no blanks between them, bytes tell.
    """
    pieces = _pieces(answer)
    words = sum([len(piece.split()) for piece in pieces])
    size = sum(map(utf8_size, pieces))
    return max(words, size // MOST_BYTES_PER_TOKEN) <= usage.output_tokens


def _pieces(answer: Answer) -> list[str]:
    """Returns all that an answer says: texts, thoughts, refusals and calls."""
    pieces: list[str] = []
    for choice in answer.choices:
        pieces += [choice.text, choice.reasoning or "", choice.refusal or ""]
        pieces += [call.name + call.arguments for call in choice.tool_calls]
    return pieces
