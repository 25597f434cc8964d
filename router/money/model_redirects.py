"""Models that answer under another name than the one that was asked for.

Providers answer a retired name by a newer model, which may cost more. What is booked is the price
of the model that answered, and it is told. A dated version of the asked model is that model. A name
that no price list knows is the operator's own (a deployment, a file): what it stands for is theirs
to say, and nothing follows from the name in its answers. Pure; it knows nothing about price lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from router.types import Price

# What may follow a name without naming another model: a day, a version of Bedrock's or Google's.
_VERSION = re.compile(r"[-@](latest|\d{4}-\d\d-\d\d|\d{8}|\d{4}|\d{3})(?=:|$)|-v\d+(?=:|$)")
_REGION = re.compile(
    r"^(?:[a-z]{2,6}\.)?(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen)\."
)


class Redirect(Struct, frozen=True):
    """An answer by another model than the one asked for; no price where nobody states it."""

    asked: str
    answered: str
    price: Price | None


FindRedirect = Callable[[str, str], Redirect | None]
"""From the model asked for and the one that answered; None where they are the same."""


def no_redirect(_asked: str, _answered: str) -> Redirect | None:
    """For policies without price lists."""
    return None


def same_model(asked: str, answered: str) -> bool:
    """True where both name one model, a dated version of it counting as that model.

    >>> same_model("anthropic/claude-opus-5-5", "claude-opus-5-5-20260901")
    True
    >>> same_model("gpt-4o", "gpt-4o-mini-2024-07-18")
    False
    """
    return asked == answered or _plain(asked) == _plain(answered)


def _plain(name: str) -> str:
    """A model's name without provider, region, day and version, in lower case."""
    short = _REGION.sub("", name.lower().rpartition("/")[2])
    return _VERSION.sub("", _VERSION.sub("", short)).removesuffix(":0")
