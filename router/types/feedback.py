"""What was learnt of an answer after it was given: feedback, and what a reviewer decided."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from router.types.surroundings import ReviewItem

CSAT_LOWEST, CSAT_HIGHEST = 1.0, 5.0
"""Customer satisfaction on the usual scale of five; means of several answers lie between."""


class FeedbackSource(StrEnum):
    """Who says so; each has one word on a decision, which a later one of its own replaces."""

    CLIENT = "client"
    REVIEW = "review"


class ReviewVerdict(StrEnum):
    """What a person says of the answer in question: the draft that was held back, if there is one,
    else what went out."""

    APPROVE = "approve"
    CORRECT = "correct"
    REJECT = "reject"


MAX_REVIEW_MINUTES = 7 * 24 * 60.0
"""The most that one review may take: a week. More is a slip of the pen, and costs money."""


class Feedback(Struct, frozen=True):
    """What one source says of one decision; None where it does not say."""

    request_id: str
    tenant: str
    source: FeedbackSource
    key_id: str
    created_at_ms: int
    correct: bool | None = None
    loss_nano_usd: int | None = None  # what a wrong answer cost in fact
    resolved_first_contact: bool | None = None
    csat: float | None = None  # CSAT_LOWEST to CSAT_HIGHEST
    handle_minutes: float | None = None
    corrected_digest: str = ""  # of the right answer, keyed by tenant; the text stands elsewhere

    def says(self) -> tuple[object, ...]:
        """What is said, without by whom and when: equal for a repeat."""
        return (
            self.correct,
            self.loss_nano_usd,
            self.resolved_first_contact,
            self.csat,
            self.handle_minutes,
            self.corrected_digest,
        )


class Heard(Struct, frozen=True):
    """The word of one source that counts now, and what is kept beside it."""

    feedback: Feedback
    sequence: int  # its place in the chain of feedback
    revisions: int  # how often this source has spoken on this decision
    corrected: str | None = None  # where `privacy.store` kept it and it has not expired


class TrueOutcome(Struct, frozen=True):
    """What came of one answered request, over all sources: a reviewer's word goes before the
    client's, field by field. What report, replay and tune learn from."""

    request_id: str
    correct: bool | None = None
    loss_nano_usd: int | None = None
    resolved_first_contact: bool | None = None
    csat: float | None = None
    handle_minutes: float | None = None
    level: int | None = None  # of the answer; None where the caller does not know
    confidence: float | None = None  # the same
    draft: bool = False  # approved words went out instead: what was judged reached nobody


class MinutePrice(Struct, frozen=True):
    """What a minute of a reviewer costs, and where that stands."""

    nano_usd: int
    version: str


class Reviewed(Struct, frozen=True):
    """What a person decided; `cost_nano_usd` is None where no price of a minute is known."""

    verdict: ReviewVerdict
    minutes: float
    by: str
    key_id: str
    decided_at_ms: int
    cost_nano_usd: int | None
    price_version: str


class ReviewCase(Struct, frozen=True):
    """A matter with all that is known of it. Texts are there where they are kept."""

    item: ReviewItem
    draft: str | None = None  # the answer that did not go out
    reviewed: Reviewed | None = None
    answer: str | None = None  # what stands since the verdict; None for a rejected one
    booked: bool = False  # whether the minutes are in the books


class FeedbackBook(Protocol):
    """Feedback, appended and never changed. Raises LedgerError."""

    async def add(self, feedback: Feedback, corrected: str = "") -> tuple[Heard, bool]:
        """What counts now, and whether it is new: the same again changes nothing.

        Raises FeedbackRefused when this source has spoken too often on this decision.
        """
        ...

    async def of(self, request_id: str) -> Sequence[Heard]:
        """What each source says now of one request."""
        ...


class ReviewDesk(Protocol):
    """Matters that wait for a person, and what became of them. Raises LedgerError."""

    async def cases(
        self, tenant: str | None, status: str | None, limit: int
    ) -> Sequence[ReviewCase]: ...

    async def case(self, review_id: str, tenant: str | None) -> ReviewCase | None: ...

    async def of_request(self, request_id: str) -> ReviewCase | None: ...

    async def decide(self, review_id: str, reviewed: Reviewed, corrected: str) -> bool:
        """Keep the verdict, its feedback and its text at once; False when somebody was first."""
        ...

    async def unbooked(self) -> Sequence[ReviewCase]:
        """Decided matters whose minutes are not in the books yet."""
        ...

    async def booked(self, review_id: str) -> None: ...
