"""Describes a finished request with its feedback and reviews: the raw material of learning.

Texts are those that the policy let the ledger keep and that have neither expired nor been erased.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from router.types import Feedback, FeedbackSource, RequestRow, ReviewCase

USER = "user: "  # stored prompts are transcripts: the role precedes each turn


def last_turn(transcript: str) -> str:
    """Returns the last turn of the user in a stored transcript: it is what was routed.

    >>> last_turn("user: Hello" + chr(10) * 2 + "assistant: Yes?" + chr(10) * 2 + "user: My order")
    'My order'
    """
    return f"\n\n{transcript}".rpartition(f"\n\n{USER}")[2].strip()


class KeptText(Struct, frozen=True):
    """Holds one stored text; `store` says in which form the policy let it be kept."""

    content: str
    store: str  # redacted | full
    expires_at_ms: int


class PastRequest(Struct, frozen=True):
    """Holds a finished row, its texts by kind, the newest word of each source, and its reviews.

    Words and labels that were set aside are in `withdrawn` alone.
    """

    row: RequestRow
    texts: Mapping[str, KeptText]
    words: Mapping[FeedbackSource, Feedback]
    reviews: tuple[ReviewCase, ...] = ()
    withdrawn: tuple[Feedback | ReviewCase, ...] = ()
