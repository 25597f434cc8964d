"""Describes feedback on past answers, and the decisions of reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from router.types.answers import JudgeNote
from router.types.enums import PSource
from router.types.stores import ReviewItem

CSAT_LOWEST, CSAT_HIGHEST = 1.0, 5.0
"""Bounds customer satisfaction on the usual scale of five. Means of several answers lie between."""


class FeedbackSource(StrEnum):
    """Names the source of feedback. A source has one word per decision; a later one replaces it."""

    CLIENT = "client"
    REVIEW = "review"
    ERASURE = "erasure"  # the texts of this request were deleted for the person they are about


class ReviewVerdict(StrEnum):
    """Holds a person's verdict on the answer in question.

    The answer in question is the draft that was held back, if there is one; otherwise the answer
    that went out.
    """

    APPROVE = "approve"
    CORRECT = "correct"
    REJECT = "reject"


MAX_REVIEW_MINUTES = 7 * 24 * 60.0
"""Limits the minutes of one review to a week. A higher number is a typing error and costs money."""


class Feedback(Struct, frozen=True):
    """Holds the feedback of one source on one decision.

    None means that the source gave no value.
    """

    request_id: str
    tenant: str
    source: FeedbackSource
    key_id: str
    created_at_ms: int
    correct: bool | None = None
    loss_nano_usd: int | None = None  # the real cost of a wrong answer
    resolved_first_contact: bool | None = None
    csat: float | None = None  # CSAT_LOWEST to CSAT_HIGHEST
    handle_minutes: float | None = None
    corrected_digest: str = ""  # of the right answer, keyed by tenant; the text is kept elsewhere

    def says(self) -> tuple[object, ...]:
        """Returns the content without source and time. It is equal for a repeat."""
        return (
            self.correct,
            self.loss_nano_usd,
            self.resolved_first_contact,
            self.csat,
            self.handle_minutes,
            self.corrected_digest,
        )


class Heard(Struct, frozen=True):
    """Holds the feedback of one source that counts now, with the values kept next to it."""

    feedback: Feedback
    sequence: int  # its place in the feedback chain
    revisions: int  # the number of times this source gave feedback on this decision
    corrected: str | None = None  # set if `privacy.store` kept it and it has not expired
    comment: str | None = None  # likewise


class Deliberated(Struct, frozen=True):
    """Holds what a deliberation said of its decision, and what was at stake."""

    stated_confidence: float | None
    at_stake_nano_usd: int  # the largest sum in the request; 0: none was read
    cost_nano_usd: int


class TrueOutcome(Struct, frozen=True):
    """Merges the feedback of all sources on one answered request.

    A reviewer's value wins over the client's, field by field. Report, replay and tune learn from
    it. A client that got approved words judges those, and no draft behind them.
    """

    request_id: str
    correct: bool | None = None
    loss_nano_usd: int | None = None
    resolved_first_contact: bool | None = None
    csat: float | None = None
    handle_minutes: float | None = None
    level: int | None = None  # of the answer; None when the caller does not know it
    confidence: float | None = None  # of the answer; None when the caller does not know it
    # Approved words went out instead: nobody received the answer that was judged.
    draft: bool = False
    # The same, also where no answer stood behind them, and what the client said of the words.
    words: bool = False
    words_correct: bool | None = None
    reply: str = ""  # what the client got (`ReplyKind`); "" when the caller does not know it
    deliberated: Deliberated | None = None  # set for an answer of a deliberation
    judged: JudgeNote | None = None  # another model's verdict on the same answer
    policy: str = ""  # of the answer; "" when the caller does not know it
    confidence_source: str = ""  # what the confidence rests on; "" when the caller does not know it

    @property
    def on_prior(self) -> bool:
        """Returns True where the confidence is the policy's assumption: nobody measured it."""
        return self.confidence_source == PSource.PRIOR


ASSUMED = "assumed"
"""The `source` of a price book's rate that nobody stated; it ends the version of that price."""


def is_assumed(price_version: str) -> bool:
    """Returns True for the version of a price that a price book only assumes."""
    return price_version.endswith(f" {ASSUMED}")


class MinutePrice(Struct, frozen=True):
    """Holds the price of a reviewer's minute, and the version of the list it comes from."""

    nano_usd: int
    version: str


class Reviewed(Struct, frozen=True):
    """Holds a person's decision. `cost_nano_usd` is None when the price of a minute is unknown."""

    verdict: ReviewVerdict
    minutes: float
    by: str
    key_id: str
    decided_at_ms: int
    cost_nano_usd: int | None
    price_version: str
    reason: str = ""  # as it is given; afterwards it is among the texts, if the policy keeps texts


class ReviewCase(Struct, frozen=True):
    """Holds a review item with all that is known of it. Texts are present where they are kept."""

    item: ReviewItem
    draft: str | None = None  # the answer that did not go out
    reviewed: Reviewed | None = None
    answer: str | None = None  # the answer after the verdict; None for a rejected one
    booked: bool = False  # the minutes are in the books
    undrafted: bool = False  # no answer can be judged: approved words alone went out, or an error

    @property
    def no_draft(self) -> str | None:
        """Explains why there is no draft to judge; None where there is one or a label is asked."""
        if self.draft is not None or self.item.head:
            return None
        if self.undrafted:
            return "no model wrote one that could be judged: approved words went out, or an error"
        gone = "" if self.item.status == "pending" else "it was deleted with the verdict, "
        return (
            f"it is not kept ({gone}its time is over, it was erased, or the policy keeps no text), "
            "or it was tool calls alone"
        )


class FeedbackBook(Protocol):
    """Appends feedback and never changes it. Raises LedgerError."""

    async def add(
        self, feedback: Feedback, corrected: str = "", comment: str = ""
    ) -> tuple[Heard, bool]:
        """Returns the feedback that counts now, and True when it is new. A repeat changes
        nothing but the comment, which a new one replaces.

        Raises FeedbackRefused when this source gave feedback too often on this decision.
        """
        ...

    async def of(self, request_id: str) -> Sequence[Heard]:
        """Returns the current feedback of each source on one request."""
        ...


class ReviewDesk(Protocol):
    """Keeps the review items and their decisions. Raises LedgerError."""

    async def cases(
        self, tenant: str | None, status: str | None, limit: int
    ) -> Sequence[ReviewCase]:
        """Returns at most `limit` items of that status (None: any): of those that wait the most
        urgent first, then the oldest."""
        ...

    async def case(self, review_id: str, tenant: str | None) -> ReviewCase | None:
        """Returns one item of that tenant (None: any), or None."""
        ...

    async def of_request(self, request_id: str) -> ReviewCase | None:
        """Returns the item of a request, or None."""
        ...

    async def decide(self, review_id: str, reviewed: Reviewed, corrected: str) -> bool:
        """Keeps the verdict, its feedback and its text in one step.

        Returns False when another reviewer was first.
        """
        ...

    async def unbooked(self) -> Sequence[ReviewCase]:
        """Returns decided items whose minutes are not in the books yet."""
        ...

    async def booked(self, review_id: str) -> None:
        """Marks the minutes of an item as booked."""
        ...
