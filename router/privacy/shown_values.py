"""What a mistake in a file may show of the value that was found: never what may be a credential.

Mistakes go to logs, to /readyz and to terminals. It knows nothing about YAML and lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from router.privacy.redact import redact

_SHOWN_CHARACTERS = 80
_SECRET_KEY = re.compile(r"(api_?key|secret|password|token)s?$", re.IGNORECASE)

# Keys whose text says how to route, never how to get in. The text of any other key stays unshown:
# a mistyped key may hold a credential, and addresses may carry a password.
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


def found_text(path: Sequence[str | int], value: object, *, harmless: bool = False) -> str:
    """A value as a mistake shows it: short, and only under a key that is known to be harmless.

    >>> found_text(("tiers", 0, "name"), "two words"), found_text(("api-key",), "sk-live-1")
    ("'two words'", 'text that is not shown')
    """
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)} keys"
    if isinstance(value, list):
        return f"a list of {len(value)} items"
    if value is None or isinstance(value, bool):
        return repr(value)
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    if _SECRET_KEY.search(key) or not (harmless or key in _HARMLESS):
        return f"{'text' if isinstance(value, str) else 'a value'} that is not shown"
    # A subclass of str may show itself without quotation marks; it keeps its type.
    shown = repr(type(value)(redact(value)) if isinstance(value, str) else value)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "..."
