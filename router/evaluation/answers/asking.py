"""Describes how answers are asked for; whoever measures passes in a function that does it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from router.types import Message


class ModelReply(Struct, frozen=True):
    """Holds an answer, who gave it, and what it cost; `fault` says why there is none."""

    text: str
    answerer: str = ""
    model: str = ""
    cost_nano_usd: int = 0
    cost_known: bool = True
    request_id: str = ""
    fault: str = ""


Ask = Callable[[tuple[Message, ...]], ModelReply]
"""Asks a policy's gateway for one answer; may be called from several threads."""
