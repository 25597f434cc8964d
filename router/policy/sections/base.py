"""Defines the base of all sections of a policy, patterns of texts, and values with bounds.

It knows nothing about the meaning of the sections.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticKnownError

SECRET_NAME = r"^\$\{[A-Z_][A-Z0-9_]*\}$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
BODY_KEY = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
LABEL_NAME = r"^[a-z][a-z0-9_]{0,63}$"
BASE_URL = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"  # without user info: credentials belong in api_key
RECEIVER_URL = BASE_URL + r"|^\$\{[A-Z_][A-Z0-9_]*\}(/[^\s?#]*)?$"
LOOKUP_URL = r"^(https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]).*\{key\}"
DAY = r"^\d{4}-\d{2}-\d{2}$"
CURRENCY = r"^[A-Z]{3}$"

WORDS = {
    SECRET_NAME: "a variable of the environment as ${OPENAI_API_KEY}, never the key itself",
    NAME: "a name of at most 64 letters, digits, '.', '_' and '-', that begins with one of the "
    "first two",
    BODY_KEY: "a key's name of at most 64 letters, digits, '.', '_' and '-', that begins with a "
    "letter",
    LABEL_NAME: "a name of at most 64 small letters, digits and '_', that begins with a letter",
    BASE_URL: "an address as https://host:port/v1, without query, user or password",
    RECEIVER_URL: "an address as https://host/path, or a variable of the environment that holds "
    "one, as ${SLACK_HOOK}",
    LOOKUP_URL: "an https address with {key} in it; http only on this machine",
    DAY: "a day as 2026-11-01",
    CURRENCY: "a currency of three capital letters, as EUR",
}
"""Describes each form, as the error messages of a policy show it."""


def _number(value: object) -> object:
    """Refuses `yes` and `on`, which YAML takes for true and pydantic for 1."""
    if isinstance(value, bool):
        raise PydanticKnownError("float_type")
    return value


Chance = Annotated[float, Field(ge=0.0, le=1.0), BeforeValidator(_number)]
Usd = Annotated[float, Field(ge=0.0, le=1e9), BeforeValidator(_number)]
SecretName = Annotated[str, Field(pattern=SECRET_NAME)]
Name = Annotated[str, Field(pattern=NAME)]
RowField = Annotated[str, Field(min_length=1, max_length=64)]
"""Names a field of a lookup's row."""


class Section(BaseModel):
    """Bases all sections: they are frozen and refuse unknown keys.

    A section inside another needs no validator of its own, so none is built before it is asked for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False, defer_build=True)
