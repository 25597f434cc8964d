"""Decides which part of a wrong value an error message may show. It never shows a credential.

Error messages go to logs, to /readyz and to terminals. This module knows nothing about YAML and
lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from router.privacy.redact import redact

_SHOWN_CHARACTERS = 80
_SECRET_KEY = re.compile(r"(api_?key|secret|password|token)s?$", re.IGNORECASE)

# The text under these keys tells how to route and grants no access. The text of any other key stays
# hidden: a mistyped key may hold a credential, and addresses may carry a password.
_HARMLESS = frozenset(
    {
        "answerer",
        "certificate",
        "classes",
        "domain",
        "domains",
        "head",
        "id",
        "kind",
        "knowledge",
        "known_model",
        "level_2",
        "level_3",
        "lookups",
        "model",
        "name",
        "over",
        "pass_through",
        "policy",
        "prices",
        "safe_answers",
        "task",
        "templates",
        "terms",
        "tier",
        "to",
        "valid_from",
        "zone",
    }
)


def shown_value(path: Sequence[str | int], value: object, *, harmless: bool = False) -> str:
    """Returns a value for an error message: short, and only under a key known to be harmless.

    >>> shown_value(("tiers", 0, "name"), "two words"), shown_value(("api-key",), "sk-live-1")
    ("'two words'", 'text that is not shown')
    """
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)} key{'' if len(value) == 1 else 's'}"
    if isinstance(value, list):
        return f"a list of {len(value)} item{'' if len(value) == 1 else 's'}"
    if value is None or isinstance(value, bool):
        return repr(value)
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    if _SECRET_KEY.search(key) or not (harmless or key in _HARMLESS):
        return f"{'text' if isinstance(value, str) else 'a value'} that is not shown"
    # A subclass of str may print itself without quotation marks; the same type keeps that.
    shown = repr(type(value)(redact(value)) if isinstance(value, str) else value)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "..."
