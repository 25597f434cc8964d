"""Computes costs: usage times price, in whole nano-dollars. Only this module rounds, always up.

A list price per answered request wins over token prices. Own compute is added to token prices. It
is never added to a list price, which includes it. An unknown price is `None`, never 0.
`-(-a // b)` is a / b, rounded up.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from msgspec import Struct
from msgspec.structs import replace

from router.money.file_bound import file_bound
from router.types import (
    NANO_PER_USD,
    REMOTE,
    AnswerCalls,
    AnswererFacts,
    ChatRequest,
    ContentPart,
    CostBasis,
    Message,
    MinutePrice,
    Price,
    Usage,
    utf8_size,
)

MESSAGE_OVERHEAD_TOKENS = 8
"""Covers role marks and separators of a message. OpenAI's cookbook counts 3 to 4, other templates
more."""

TOOL_OVERHEAD_TOKENS = 16
"""Covers the marks around one tool's definition. Templates in use add about 10."""

SOUND_CHARACTERS = 40
"""Base64 of a token of sound, at least: 1,333 characters are a second of 8 kbit/s, the least of an
MP3 and less than a WAV has, and no vendor of 2026 counts more than 32 tokens a second (Gemini)."""

DEARER_SOUND = 16
"""Times the price of text that a token of sound costs, at most: $40 against $2.50 at OpenAI's
gpt-4o-audio, $1 against $0.30 at Gemini."""

MEGA = 1_000_000

ORIGINAL_IMAGE_TOKENS = 25_000
"""Tokens of an image with `detail: original`, at most: OpenAI reads up to 10,000 patches of it, at
up to 2.46 tokens."""

_ORIGINAL = re.compile(r'"detail"\s*:\s*"original"')
_SOUND = re.compile(r'"format"\s*:\s*"(wav|mp3)"')
_NEAR_ITS_END = 100  # characters of a part in which its format is read: the rest is base64

_THINKS_UNSEEN = ("gpt-5", "o1", "o3", "o4", "gemini-2.5", "gemini-3")
"""Begins the names of models whose vendors charge reasoning as output and show a summary at most,
by their documents of 2026. A policy's `hidden_reasoning` goes before it."""


class Cost(Struct, frozen=True):
    """Holds the cost of one call. `nano_usd` is 0 with basis `unknown` for an unknown price."""

    nano_usd: int
    basis: CostBasis

    def beside(self, other: Cost) -> Cost:
        """Returns the cost of two calls; it is unknown where one of them is."""
        unknown = CostBasis.UNKNOWN in (self.basis, other.basis)
        basis = CostBasis.UNKNOWN if unknown else self.basis
        return Cost(self.nano_usd + other.nano_usd, basis)


def attempt_cost(price: Price, usage: Usage, compute_ms: float, images: int = 0) -> Cost:
    """Returns the cost of one call: its `token_parts`, rounded up once, plus own compute.

    1,000 input tokens (200 cached) and 50 output tokens at $1, $0.10 and $4 per million:
    800 x 1,000 + 200 x 100 + 50 x 4,000 = 1,020,000 nano-dollars.
    """
    basis = price.basis
    if price.per_request_nano_usd is not None:
        return Cost(price.per_request_nano_usd, basis)
    # Own compute is added below only: a list price already includes it.
    own = own_compute(price, compute_ms) if price.per_second_nano_usd else 0
    if basis is not CostBasis.TOKEN_PRICE:
        return Cost(own, basis)
    tokens = -(-sum(token_parts(price, usage, images).values()) // MEGA)
    return Cost(tokens + own, basis)


def token_parts(price: Price, usage: Usage, images: int = 0) -> dict[str, int]:
    """Returns the cost of each token class and of the images, in millionths of a nano-dollar.

    The values are exact. A class without its own price has the price of the class that contains it:
    cache reads and writes are input, reasoning is output; a write for an hour costs twice the
    input. Sound that was cached too counts as sound. `price` must have prices of input and output.
    """
    input_price, output_price = price.input_nano_usd or 0, price.output_nano_usd or 0
    reasoning = min(usage.reasoning_tokens, usage.output_tokens)
    heard = price.audio_input_nano_usd
    sound = 0 if heard is None else min(usage.audio_input_tokens, usage.input_tokens)
    text = usage.input_tokens - sound
    cache_write = min(usage.cache_write_tokens, text)
    cache_read = min(usage.cached_input_tokens, text - cache_write)
    kept_long = min(usage.hour_write_tokens or 0, cache_write)
    cached, written = price.cached_input_nano_usd, price.cache_write_nano_usd
    thought = price.reasoning_nano_usd
    return {
        "input": (text - cache_write - cache_read) * input_price,
        "cache_read": cache_read * (input_price if cached is None else cached),
        "cache_write": (cache_write - kept_long) * (input_price if written is None else written),
        "hour_write": kept_long * (price.hour_write or 0),
        "sound": sound * (heard or 0),
        "output": (usage.output_tokens - reasoning) * output_price,
        "reasoning": reasoning * (output_price if thought is None else thought),
        "images": images * (price.image_nano_usd or 0) * MEGA,
    }


def at_dearest(price: Price, usage: Usage, *, hours: bool = False) -> Usage:
    """Returns the tokens in the classes where they cost most: nobody said in which they are.

    Input that may have been written to a cache at a higher price, `hours` for an hour, and output
    that may have been reasoning, so that an estimate is never too low.
    """
    hours = hours and (price.hour_write or 0) > price.dearest_input
    fresh = not hours and price.dearest_input == (price.input_nano_usd or 0)
    written = hours or (not fresh and price.dearest_input == price.cache_write_nano_usd)
    thought = price.dearest_output > (price.output_nano_usd or 0)
    return replace(
        usage,
        cached_input_tokens=0 if fresh or written else usage.input_tokens,
        cache_write_tokens=usage.input_tokens if written else 0,
        hour_write_tokens=usage.input_tokens if hours else None,
        reasoning_tokens=usage.output_tokens if thought else 0,
    )


def one_call(steps: Usage, input_tokens: int) -> Usage:
    """Returns the tokens of one call that says what a deliberation said.

    `steps` counts all its calls, where whatever is not the last step's output is reasoning. Another
    model would have read the question once: `input_tokens`.
    """
    answer_tokens = max(0, steps.output_tokens - steps.reasoning_tokens)
    return Usage(input_tokens=input_tokens, output_tokens=answer_tokens)


def own_compute(price: Price, compute_ms: float) -> int:
    """Returns own compute in nano-dollars: milliseconds times the price of a second, rounded up."""
    if not price.per_second_nano_usd:
        return 0
    return -(-round(compute_ms * 1000) * price.per_second_nano_usd // MEGA)


def review_cost(price: MinutePrice, minutes: float) -> int:
    """Returns the cost of a reviewer's minutes in nano-dollars, to the millisecond, rounded up.

    2.5 minutes at $1 per minute cost 2,500,000,000.
    """
    return -(-round(minutes * 60_000) * price.nano_usd // 60_000)


def worst_case(facts: AnswererFacts, request: ChatRequest) -> int:
    """Returns the highest cost of one call in nano-dollars. This is the hold.

    It counts input bytes as tokens. It adds overheads for messages, images and tools, the tokens
    that the answerer adds, and the output limit for every choice. Each counts at its highest price.
    Images with a price of their own are added.
    """
    output = output_cap(facts, request) * request.sampling.n
    return worst_of_calls(facts, request, AnswerCalls(1, 0, output))


def worst_of_calls(facts: AnswererFacts, request: ChatRequest, calls: AnswerCalls) -> int:
    """Returns the highest cost of these calls in nano-dollars, where each reads the request."""
    price = facts.price
    if price.per_request_nano_usd is not None:
        return calls.calls * price.per_request_nano_usd
    inputs, extras = _but_output(facts, request)
    tokens = calls.calls * inputs + calls.added_input_tokens * price.dearest_input
    tokens += calls.output_tokens * price.dearest_output
    return -(-tokens // MEGA) + calls.calls * extras


def output_that_fits(facts: AnswererFacts, request: ChatRequest, room_nano_usd: int) -> int | None:
    """Returns the largest output limit, per choice, with which `worst_case` fits the room.

    0: the input by itself is too much. None: the output is free, so no limit helps. At $1 and $4
    per million, with at most 1,000 input tokens and room for 3,000,000 nano-dollars: 500.
    """
    dearest = facts.price.dearest_output
    if facts.price.per_request_nano_usd is not None or not dearest:
        return None
    inputs, extras = _but_output(facts, request)
    left = (room_nano_usd - extras) * MEGA - inputs
    return max(0, left // (dearest * request.sampling.n))


def _but_output(facts: AnswererFacts, request: ChatRequest) -> tuple[int, int]:
    """Returns the worst case without output, in two parts.

    The first part is the input in millionths of a nano-dollar. The second part is the images and
    own compute, in nano-dollars.
    """
    price = facts.price
    tokens = sent_bound(facts, request)
    dearest = price.dearest_input
    if writes_for_hours(facts, request):
        dearest = max(dearest, price.hour_write or 0)
    inputs = tokens * dearest
    if request.holds_sound:
        heard = price.audio_input_nano_usd
        if heard is None:
            heard = price.dearest_input * (1 if price.covers_sound else DEARER_SOUND)
        inputs += most_sound(request) * max(0, heard - dearest)
    images = request.images * (price.image_nano_usd or 0)
    own = -(-facts.deadline_ms * 1000 * price.per_second_nano_usd // MEGA)
    return inputs, images + own


def sent_bound(facts: AnswererFacts, request: ChatRequest) -> int:
    """Returns more input tokens than a call of this answerer has.

    They are those of the request, what the answerer puts before it, and the open thoughts of
    earlier turns where it gets them back.
    """
    total = input_bound(request, facts.image_tokens) + facts.added_input_tokens
    if facts.reasoning_key:
        total += sum([utf8_size(message.reasoning) + 1 for message in request.messages])
    return total


def input_bound(request: ChatRequest, image_tokens: int) -> int:
    """Returns more input tokens than any tokenizer makes of this request: bytes and overheads.

    Open thoughts of earlier turns are not counted, since few answerers get them: see `sent_bound`.

    Each image counts `image_tokens`, or ORIGINAL_IMAGE_TOKENS where it is asked to be read in its
    own size. Sound counts by `sound_bound` and a file by `file_bound`.
    """
    total = request.images * image_tokens
    if request.images:
        total += max(0, ORIGINAL_IMAGE_TOKENS - image_tokens) * _originals(request)
    for message in request.messages:
        total += message_bound(message)
    for tool in request.tools:
        total += utf8_size(tool.name) + utf8_size(tool.description) + utf8_size(tool.parameters)
        total += TOOL_OVERHEAD_TOKENS
        if tool.native is not None:
            total += utf8_size(tool.native) + NATIVE_TOOL_TOKENS
    if request.response_format.schema:
        total += utf8_size(request.response_format.schema)
    for key, value in request.extra.items():
        total += utf8_size(key) + utf8_size(value)
    return total


def message_bound(message: Message) -> int:
    """Returns more tokens than any tokenizer makes of one message, without its images."""
    total = utf8_size(message.text) + MESSAGE_OVERHEAD_TOKENS
    for word in (message.name, message.tool_call_id):
        total += utf8_size(word) if word else 0
    for part in message.parts:
        # The message's text already contains text parts, and images count separately.
        if part.kind == "input_audio":
            total += sound_bound(part)
        elif part.kind == "file":
            total += file_bound(part)
        elif part.kind not in ("text", "image_url"):
            total += utf8_size(part.payload)
    for call in message.tool_calls:
        total += utf8_size(call.name) + utf8_size(call.arguments) + MESSAGE_OVERHEAD_TOKENS
    # A sealed item has more characters than its thoughts have tokens.
    for item in message.sealed:
        total += utf8_size(item.payload)
    return total


def most_sound(request: ChatRequest) -> int:
    """Returns more tokens than the sound of this request has, 0 without any."""
    return sum(map(sound_bound, request.parts)) if request.holds_sound else 0


def all_sound(price: Price, usage: Usage) -> Usage:
    """Returns the tokens of a call that held sound where nobody said how many were sound.

    Where sound has a price of its own, and costs more, all input counts as sound.
    """
    dearer = (price.audio_input_nano_usd or 0) > price.dearest_input
    return replace(usage, audio_input_tokens=usage.input_tokens) if dearer else usage


def writes_for_hours(facts: AnswererFacts, request: ChatRequest) -> bool:
    """Returns True where a call may write to a cache for an hour, since its client asks for it."""
    return request.asks_hours and facts.speaks_anthropic and facts.takes_cache_points


def all_for_hours(usage: Usage) -> Usage:
    """Returns the tokens of a call that asked for hours where nobody said how many were so kept.

    All that were written count so.
    """
    untold = usage.hour_write_tokens is None and usage.cache_write_tokens
    return replace(usage, hour_write_tokens=usage.cache_write_tokens) if untold else usage


def prices_sound(price: Price, usage: Usage) -> bool:
    """Returns True where a price says what a call costs that held sound and used these tokens.

    A list without a price of sound has that of text, and a price of sound says nothing where nobody
    said how many tokens were sound.
    """
    if price.per_request_nano_usd is not None:
        return True
    told = bool(usage.audio_input_tokens)
    return price.covers_sound and (told or all_sound(price, usage) is usage)


def sound_bound(part: ContentPart) -> int:
    """Returns more tokens than a part of sound has, 0 for another part.

    40,000 characters of WAV or MP3 are at most 1,000 tokens. Other formats may hold long silence in
    few bytes, so each byte counts.
    """
    if part.kind != "input_audio":
        return 0
    payload, ends = part.payload, _NEAR_ITS_END
    if _SOUND.search(payload, 0, ends) or _SOUND.search(payload, max(0, len(payload) - ends)):
        return -(-len(payload) // SOUND_CHARACTERS)
    return utf8_size(payload)


def most_image_tokens(model: str) -> int:
    """Returns the most tokens of one image, by the model's name with or without its provider.

    OpenAI counts 2,833 plus 5,667 for each of at most 8 tiles at gpt-4o-mini, which is 48,169. For
    other models it counts at most 1,536 patches at up to 2.46 tokens, which is 3,779. Claude counts
    about 1,600, and its newer models up to 4,784.
    """
    name = model.rpartition("/")[2]
    if name.startswith("gpt-4o-mini"):
        return 50_000
    return 5_000 if "claude" in name else 4_000


def _originals(request: ChatRequest) -> int:
    """Returns how many images are asked to be read in their own size."""
    images = [part for part in request.parts if part.kind == "image_url"]
    return sum([_ORIGINAL.search(image.payload) is not None for image in images])


def hides_reasoning(model: str) -> bool:
    """Returns True for a model, with or without its provider, that bills thoughts unseen.

    Its streams show a part of the output that is charged, so their bytes bound nothing.
    """
    name = model.rpartition("/")[2]
    return "claude" in name or name.startswith(_THINKS_UNSEEN)


NATIVE_TOOL_TOKENS = 1_000
"""Bounds what Anthropic puts into a prompt for a tool of its own that the client runs: its
documents say 245 for bash, 700 for an editor, 735 for a computer (November 2026)."""

THINKING_CAP = 32_000
"""The most tokens to which a budget of thoughts lifts our usual cap. All of Claude's models that
think give so many, and Claude Code asks for them."""


def own_cap(facts: AnswererFacts, request: ChatRequest) -> int:
    """Returns the answerer's own cap in tokens for this request.

    A cap that the policy does not state gives way to a budget of thoughts that does not fit below
    it. A quarter of the context window stays its bound.
    """
    own, original = facts.max_output_tokens, request.original
    if original is None or original.thinking_tokens < own or facts.least_output_tokens is None:
        return own
    if not facts.speaks_anthropic:
        return own
    return max(own, min(THINKING_CAP, facts.context_tokens // 4))


def output_cap(facts: AnswererFacts, request: ChatRequest) -> int:
    """Returns the requested output tokens: the client's limit, never above the answerer's own.

    It is never below what the answerer's wire format takes.
    """
    client_cap, own = request.sampling.max_output_tokens, own_cap(facts, request)
    return max(own if client_cap is None else min(client_cap, own), facts.fewest_output_tokens)


_TIMED = ("local", *REMOTE)
"""Kinds whose calls cost their time, where a price of own compute is stated."""


def calls_cost(
    facts: AnswererFacts,
    calls: AnswerCalls,
    input_tokens: int,
    images: int = 0,
    *,
    cached_tokens: int = 0,
    each_ms: float | None = None,
) -> Cost:
    """Returns the cost of the calls of one answer, for `decide`.

    Each reads the question (`input_tokens`, `images`); `cached_tokens` of it are warm once. A call
    at a price of own compute takes `each_ms`, without it as long as usual. Three calls with 100
    input tokens each, 400 more and 600 output tokens at $1 and $4 per million: 3,100,000
    nano-dollars.
    """
    if facts.price.per_request_nano_usd is not None:
        return Cost(calls.calls * facts.price.per_request_nano_usd, CostBasis.LIST_PRICE)
    usage = Usage(
        input_tokens=calls.calls * input_tokens + calls.added_input_tokens,
        cached_input_tokens=min(cached_tokens, input_tokens),
        output_tokens=calls.output_tokens,
    )
    if each_ms is None:
        each_ms = facts.latency_ms if facts.kind in _TIMED else 0.0
    return attempt_cost(facts.price, usage, calls.calls * each_ms, calls.calls * images)


def bill_amount(text: str) -> Decimal:
    """Reads an amount of a bill; a float would lose parts of a nano-dollar.

    Raises InvalidOperation, also for what Python reads and no bill has: "1_000", other digits.
    """
    if "_" in text or not text.isascii():
        raise InvalidOperation
    return Decimal(text)


def billed_nano_usd(text: str) -> int:
    """Returns an amount in dollars from a bill: "0.0123" -> 12_300_000. Fractions round up.

    Raises ValueError for a text that is no finite amount, is below 0 or above a billion dollars.
    """
    try:
        amount = bill_amount(text.strip().removeprefix("$"))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount in dollars; expected one like 0.0123") from None
    if not amount.is_finite() or not 0 <= amount <= MEGA * 1000:
        raise ValueError(f"{text!r} is not what a call costs; expected 0 to 1000000000 dollars")
    return int((amount * NANO_PER_USD).to_integral_value(rounding=ROUND_CEILING))
