"""Says what a client may do that asks at a path where nothing answers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

_NOT_STORED = "Nothing is stored here: send the whole conversation with each request, in `{}`."
_OTHERS = (
    "That is how clients of {} ask. Take a client of OpenAI or of Anthropic: its base URL ends in "
    "/v1 for OpenAI's, and a model is named in the body."
)
_OF_PROVIDERS = (
    "/v1/images",
    "/v1/audio",
    "/v1/videos",
    "/v1/realtime",
    "/v1/fine_tuning",
    "/v1/evals",
    "/v1/vector_stores",
    "/v1/uploads",
    "/v1/containers",
    "/v1/skills",
    "/v1/agents",
)
_TOLD: Sequence[tuple[tuple[str, ...], str]] = (
    (("/v1/responses/", "/v1/conversations"), _NOT_STORED.format("input")),
    (("/v1/chat/completions/", "/v1/threads", "/v1/assistants"), _NOT_STORED.format("messages")),
    (("/v1/messages/batches",), "Batches answer at /v1/batches, in OpenAI's form."),
    (_OF_PROVIDERS, "No tier does this: ask a provider directly."),
    (("/openai/deployments", "/deployments", "/v1/deployments"), _OTHERS.format("Azure")),
    (("/v1beta/",), _OTHERS.format("Gemini")),
    (("/api/chat", "/api/generate", "/api/tags", "/api/embed"), _OTHERS.format("Ollama")),
)
"""Says, by how a path begins, what to do where a provider serves more than this gateway."""
_NEAR, _VERY_NEAR = 0.8, 0.9
"""Similarity from which a known path is meant: `/models` lacks /v1 and has .82. A very near one, as
with a slash at its end, is meant whatever a provider has below it."""
_MOST = 200  # characters of a path that are shown, and compared


def nothing_at(path: str, known: Sequence[str]) -> str:
    """Returns the words for a path at which nothing answers.

    >>> nothing_at("/models", ["/v1/models", "/docs"])
    "There is nothing at '/models'. Did you mean /v1/models?"
    """
    shown = path[:_MOST]
    # Most often the address of a client lacks /v1, or has a part of it twice.
    twice = [one for one in known if shown == one + one.removeprefix("/v1")]
    meant = twice or difflib.get_close_matches(shown, known, n=1, cutoff=_VERY_NEAR)
    told = next((words for starts, words in _TOLD if shown.startswith(starts)), "")
    if not told:
        meant = meant or difflib.get_close_matches(shown, known, n=1, cutoff=_NEAR)
    if meant:
        told = f"Did you mean {meant[0]}?"
    told = told or f"Known are: {', '.join(known)}."
    return f"There is nothing at {shown!r}. {told}"
