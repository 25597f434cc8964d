"""OpenAI's chat completions as one name: what the server and the upstream tier import.

Client side: `parse_chat_request` in, `render_*` out. Upstream side: `upstream_body` out,
`parse_completion`, `EventDecoder` and `ChunkFolder` in.
"""

from __future__ import annotations

from router.wire.openai.completion import (
    bound_usage,
    parse_completion,
    parse_usage,
    shown_code_in,
    upstream_body,
)
from router.wire.openai.events import ChunkFolder, EventDecoder
from router.wire.openai.parse import parse_chat_request
from router.wire.openai.render import (
    StreamRenderer,
    deltas_of,
    render_completion,
    render_error,
    render_error_event,
    render_model,
    render_models,
)

__all__ = [
    "ChunkFolder",
    "EventDecoder",
    "StreamRenderer",
    "bound_usage",
    "deltas_of",
    "parse_chat_request",
    "parse_completion",
    "parse_usage",
    "render_completion",
    "render_error",
    "render_error_event",
    "render_model",
    "render_models",
    "shown_code_in",
    "upstream_body",
]
