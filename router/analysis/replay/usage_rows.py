"""Reads a line of another gateway's usage log: OpenAI's names, LiteLLM's, plain ones.

It is pure: a mapping in, a row or a ValueError out. Tokens and model are required; cost, time, id
and prompt are optional. It guesses nothing: missing values stay None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from router.errors import RequestError
from router.types import NANO_PER_USD, Message, Usage
from router.wire.messages import read_messages

IDS = ("request_id", "id", "call_id", "litellm_call_id")
MODELS = ("model", "model_name", "model_group", "requested_model")
TIMES = ("created", "startTime", "start_time", "created_at", "timestamp")
INPUTS = ("input_tokens", "prompt_tokens")
OUTPUTS = ("output_tokens", "completion_tokens")
COSTS = ("cost", "cost_usd", "spend", "response_cost")
"""Lists names of a cost in dollars. Names are tried in order; tokens also inside `usage`."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Holds one request that another gateway answered."""

    request_id: str
    model: str
    usage: Usage
    cost_nano_usd: int | None  # as the log states it; None where it does not
    created_at_ms: int | None
    messages: tuple[Message, ...]  # empty: the log holds no prompt


def usage_row(raw: Mapping[str, object], line: int) -> UsageRow:
    """Returns the row. Raises ValueError that says what is missing or wrong."""
    model = _first(raw, MODELS)
    if not isinstance(model, str) or not model:
        raise ValueError(f"no model; expected one of {', '.join(MODELS)}")
    nested = raw.get("usage")
    # Keys of the line itself win over those inside `usage`.
    tokens = {**nested, **raw} if isinstance(nested, Mapping) else raw
    usage = Usage(
        input_tokens=_tokens(tokens, INPUTS),
        cached_input_tokens=_cached(tokens),
        output_tokens=_tokens(tokens, OUTPUTS),
        reported=True,
    )
    identifier = _first(raw, IDS)
    return UsageRow(
        request_id=str(identifier) if identifier is not None else f"line {line}",
        model=model,
        usage=usage,
        cost_nano_usd=_cost(_first(raw, COSTS)),
        created_at_ms=_time(_first(raw, TIMES)),
        messages=_messages(raw),
    )


def _first(raw: Mapping[str, object], names: Sequence[str]) -> object:
    return next((raw[name] for name in names if raw.get(name) not in (None, "")), None)


def _number(value: object, label: str) -> float:
    """Parses a number, or its text as CSV has it. Raises ValueError."""
    try:
        number = float(value) if isinstance(value, int | float | str) else float("nan")
    except ValueError:
        number = float("nan")
    # NaN fails this test too, since no comparison with it is true.
    if isinstance(value, bool) or not 0 <= number < 1e15:
        raise ValueError(f"{label} is {value!r}, expected a number from 0")
    return number


def _tokens(raw: Mapping[str, object], names: Sequence[str]) -> int:
    value = _first(raw, names)
    if value is None:
        raise ValueError(f"no tokens; expected {' or '.join(names)}")
    return round(_number(value, names[0]))


def _cached(raw: Mapping[str, object]) -> int:
    # OpenAI's two APIs name the same details differently.
    details = raw.get("prompt_tokens_details") or raw.get("input_tokens_details")
    value = details.get("cached_tokens") if isinstance(details, Mapping) else None
    value = raw.get("cached_input_tokens") if value is None else value
    return 0 if value in (None, "") else round(_number(value, "cached tokens"))


def _cost(value: object) -> int | None:
    return None if value is None else round(_number(value, "cost") * NANO_PER_USD)


def _time(value: object) -> int | None:
    """Parses seconds or milliseconds since the epoch, or an ISO time (UTC if it has no zone)."""
    if value is None:
        return None
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"created is {value!r}, expected a time") from error
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    number = _number(value, "created")
    # Seconds reach 1e11 only in the year 5138, so a larger number is milliseconds.
    return round(number if number > 1e11 else number * 1000)


def _messages(raw: Mapping[str, object]) -> tuple[Message, ...]:
    """Reads the conversation in `messages`, `prompt` or `input`; none where the log holds none."""
    conversation = _first(raw, ("messages", "prompt", "input"))
    if isinstance(conversation, str):
        return (Message("user", conversation),)
    if not isinstance(conversation, list) or not conversation:
        return ()
    try:
        return tuple(read_messages(conversation, "messages"))
    except RequestError as error:
        raise ValueError(error.message) from error
