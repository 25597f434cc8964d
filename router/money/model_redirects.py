"""Finds out that another model answered than the requested one.

Providers answer for a retired name with a newer model, which may cost more. The books then use the
price of the model that answered, and the client is informed. A dated version of the requested model
counts as that model. A name in no price list belongs to the operator (a deployment, a file). Only
the operator knows its model, so the name in its answers tells nothing. Pure. It knows nothing about
price lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from router.types import Price

_DAY = r"latest|\d{4}-\d\d-\d\d|\d{8}|\d{4}"
_DATED = re.compile(rf"[-@]({_DAY})$")
# These suffixes name no other model: a day, or a version of Bedrock's or Google's.
_VERSION = re.compile(rf"[-@]({_DAY}|\d{{3}})(?=:|$)|-v\d+(?=:|$)")
_REGION = re.compile(
    r"^(?:[a-z]{2,6}\.)?(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen)\."
)


class Redirect(Struct, frozen=True):
    """Describes an answer by another model than the requested one. An unknown price is None."""

    asked: str
    answered: str
    price: Price | None


FindRedirect = Callable[[str, str], Redirect | None]
"""Takes the requested model and the one that answered. Returns None when they are the same."""


def no_redirect(_asked: str, _answered: str) -> Redirect | None:
    """Returns None, for policies without price lists."""
    return None


def same_model(requested: str, answered: str) -> bool:
    """Returns True when both name one model. A dated version counts as that model.

    >>> same_model("anthropic/claude-opus-5-5", "claude-opus-5-5-20260901")
    True
    >>> same_model("gpt-4o", "gpt-4o-mini-2024-07-18")
    False
    """
    return requested == answered or _plain(requested) == _plain(answered)


def undated(name: str) -> str:
    """Returns a model's name without provider and day, for lists with one line for each model.

    A version that is no day may be another model (`embed-v1`, `embed-v2`), so it stays.

    >>> undated("gpt-4o-mini-2024-07-18"), undated("openai/gpt-4o-mini"), undated("gpt-4o")
    ('gpt-4o-mini', 'gpt-4o-mini', 'gpt-4o')
    """
    return _DATED.sub("", name.rpartition("/")[2]) or name


def _plain(name: str) -> str:
    """Returns a model's name without provider, region, day and version, in lower case."""
    short = _REGION.sub("", name.lower().rpartition("/")[2])
    # A name may carry two of these suffixes.
    return _VERSION.sub("", _VERSION.sub("", short)).removesuffix(":0")
