"""Says what a client may do that asks at a path where nothing answers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

_NOT_STORED = "Nothing is stored here: send the whole conversation with each request, in `{}`."
_ELSEWHERE = "No tier does this: ask a provider directly."
_TOLD: Sequence[tuple[tuple[str, ...], str]] = (
    (("/v1/responses/", "/v1/conversations"), _NOT_STORED.format("input")),
    (("/v1/chat/completions/", "/v1/threads", "/v1/assistants"), _NOT_STORED.format("messages")),
    (("/v1/messages/batches",), "Batches answer at /v1/batches, in OpenAI's form."),
    (
        ("/v1/images", "/v1/audio", "/v1/videos", "/v1/realtime", "/v1/fine_tuning", "/v1/evals"),
        _ELSEWHERE,
    ),
    (
        ("/v1/vector_stores", "/v1/uploads", "/v1/containers", "/v1/skills", "/v1/agents"),
        _ELSEWHERE,
    ),
)
"""Says, by how a path begins, what to do where a provider serves more than this gateway."""
_NEAR = 0.8
"""Similarity from which a known path is meant: `/models` lacks /v1 and has .82."""
_MOST = 200  # characters of a path that are shown, and compared


def nothing_at(path: str, known: Sequence[str]) -> str:
    """Returns the words for a path at which nothing answers.

    >>> nothing_at("/models", ["/v1/models", "/docs"])
    "There is nothing at '/models'. Did you mean /v1/models?"
    """
    shown = path[:_MOST]
    told = next((words for starts, words in _TOLD if shown.startswith(starts)), "")
    if not told:
        # Most often the address of a client lacks /v1, or has it twice.
        near = difflib.get_close_matches(shown, known, n=1, cutoff=_NEAR)
        told = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
    return f"There is nothing at {shown!r}. {told}"
