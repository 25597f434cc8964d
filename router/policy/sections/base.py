"""Defines the base of all sections of a policy, patterns of texts, and values with bounds.

It knows nothing about the meaning of the sections.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError
from pydantic_core.core_schema import no_info_before_validator_function

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


Chance = Annotated[float, Field(ge=0.0, le=1.0)]
Usd = Annotated[float, Field(ge=0.0, le=1e9)]
SecretName = Annotated[str, Field(pattern=SECRET_NAME)]
Name = Annotated[str, Field(pattern=NAME)]
RowField = Annotated[str, Field(min_length=1, max_length=64)]
"""Names a field of a lookup's row."""
ModelName = Annotated[str, Field(min_length=1, max_length=256)]
"""Names a model of a server. It is bounded as clients' and upstreams' names are: each piece of a
stream has it."""


_NUMBER_TEXT = re.compile(r"[-+]?[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?")
"""Matches numbers in digits. It allows `1e3`, which YAML 1.1 reads as text and YAML 1.2 as 1000."""


def _no_boolean(value: object) -> object:
    """Refuses `yes` and `on`, which YAML takes for true and pydantic for 1. Refuses "1_000" too."""
    if isinstance(value, bool):
        raise PydanticKnownError("float_type")
    if isinstance(value, str) and not _NUMBER_TEXT.fullmatch(value):
        raise PydanticKnownError("float_parsing")
    return value


def _no_boolean_as_whole(value: object) -> object:
    """Refuses the same values with the errors of whole numbers."""
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    if isinstance(value, str) and not _NUMBER_TEXT.fullmatch(value):
        raise PydanticKnownError("int_parsing")
    return value


def _no_boolean_as_literal(value: object) -> object:
    """Refuses `yes` and `on` among fixed values. A text never equals a fixed number."""
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    return value


_NUMBERS = {
    "int": _no_boolean_as_whole, "float": _no_boolean, "literal": _no_boolean_as_literal,
}  # fmt: skip
_INSIDE = ("schema", "items_schema", "keys_schema", "values_schema")
"""Where pydantic keeps the schemas inside one."""


def _without_booleans(schema: dict[str, Any]) -> CoreSchema:
    """Returns a field's schema whose numbers take no boolean and no "1_000", in lists as well.

    Unions stay as they are: their errors name the branch, and none of ours takes 0 or 1.
    """
    kind = schema["type"]
    if kind in _NUMBERS and (kind != "literal" or any(one in (0, 1) for one in schema["expected"])):
        return no_info_before_validator_function(_NUMBERS[kind], cast(CoreSchema, schema))
    if kind.startswith("function-") and schema["function"]["function"] in _NUMBERS.values():
        return cast(CoreSchema, schema)  # wrapped already, when a section asked for it
    changed = {
        name: _without_booleans(schema[name])
        for name in _INSIDE
        if kind != "model" and isinstance(schema.get(name), dict)
    }
    return cast(CoreSchema, schema | changed)


class Section(BaseModel):
    """Bases all sections: they are frozen, and refuse unknown keys and booleans as numbers.

    A section inside another needs no validator of its own, so none is built before it is asked for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        fields = cast(dict[str, Any], handler.resolve_ref_schema(schema))
        while "fields" not in fields:
            fields = fields["schema"]
        for field in fields["fields"].values():
            field["schema"] = _without_booleans(field["schema"])
        return schema


MOST_PLACES = 17
"""Bounds the places of a chance: numbers of double precision from .1 to 1 differ within 17."""


def beside_bound(chance: float, bound: float, places: int = 2) -> tuple[str, str]:
    """Returns a chance and its bound as people read them: in `places`, or in as many as show on
    which side of the bound the chance is.

    >>> beside_bound(0.9, 0.5), beside_bound(0.4996, 0.5), beside_bound(0.5, 0.5)
    (('0.90', '0.50'), ('0.4996', '0.50'), ('0.50', '0.50'))
    """
    written = bound_text(bound)
    while places < MOST_PLACES:
        if (float(f"{chance:.{places}f}") >= float(written)) == (chance >= bound):
            break
        places += 1
        if places > 6:  # a computed bound has more places than are worth a line without need
            written = f"{bound:.{places}f}"
    return f"{chance:.{places}f}", written


def bound_text(bound: float) -> str:
    """Returns a bound in two places, or in as many as it has, up to six.

    >>> bound_text(0.5), bound_text(0.125)
    ('0.50', '0.125')
    """
    return f"{bound:.2f}" if round(bound, 2) == bound else f"{bound:g}"
