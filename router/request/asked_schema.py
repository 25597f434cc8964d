"""Checks the JSON schema that a client wants its answer to fit.

A wrong one would be sent to each rung in turn, and answers would go out that nobody can check. It
knows nothing of answers: `answer_verification` checks those.
"""

from __future__ import annotations

from router.policy.parsing.json_schema import schema_mistake
from router.types import ChatRequest
from router.wire.checks import wrong_value

_AT = {"responses": "text.format.schema", "messages": "output_config.format.schema"}
"""Names the place of the schema in bodies of these endpoints, for an error."""
_AT_IN_CHAT = "response_format.json_schema.schema"
_MOST_OF_PART = 64
_LAST_PARTS = 12
"""Bound the place in an error: clients choose the names of properties, and how deep they lie."""


def check_asked_schema(request: ChatRequest) -> None:
    """Raises RequestError for a keyword with a value that JSON Schema (2020-12) forbids."""
    schema = request.response_format.schema
    mistake = None if schema is None else schema_mistake(schema)
    if mistake is None:
        return
    at = _AT.get(request.endpoint, _AT_IN_CHAT)
    shown = mistake.place[-_LAST_PARTS:]
    cut = "..." if len(shown) < len(mistake.place) else ""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part[:_MOST_OF_PART]}" for part in shown]
    dialect = "JSON Schema 2020-12, or the dialect that `$schema` names"
    raise wrong_value("".join([at, cut, *parts]), mistake.value, f"{mistake.expected} ({dialect})")
