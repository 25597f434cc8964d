"""Defines the chain of feedback: the bytes of a word on an answer, and their verification.

Feedback comes after its request's row is chained, so it has one chain of its own for the whole
ledger, numbered from 1 without gaps and linked as `chain` links rows. Anchors state its head with
the writers' heads. Pure: no clock, no I/O, no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from msgspec import Struct

from router.ledger.hash_chain import Anchor, Finding, FindingKind, Head, genesis, link
from router.ledger.row_values import Value
from router.types import Feedback

FEEDBACK_CHAIN = "feedback"
"""Name of this chain among the heads of an anchor; writers are called w1, w2 and so on."""
CANONICAL_VERSION = 1


class FeedbackRecord(Struct, frozen=True):
    """Holds a word with its place in the chain; hashes are lower-case hex."""

    sequence: int
    feedback: Feedback
    prev_hash: str
    row_hash: str


def feedback_values(sequence: int, feedback: Feedback) -> tuple[Value, ...]:
    """Returns the columns of `feedback` that the chain covers, in the order of the table."""
    return (
        sequence,
        feedback.request_id,
        feedback.tenant,
        feedback.source.value,
        feedback.key_id,
        feedback.created_at_ms,
        _flag(feedback.correct),
        feedback.loss_nano_usd,
        _flag(feedback.resolved_first_contact),
        feedback.csat,
        feedback.handle_minutes,
        feedback.corrected_digest,
    )


def chained(head: Head, feedback: Feedback) -> FeedbackRecord:
    """Returns the next record after `head`."""
    sequence = head.sequence + 1
    row_hash = link(head.row_hash, _canonical(sequence, feedback))
    return FeedbackRecord(sequence, feedback, head.row_hash, row_hash)


def start_of(checkpoints: Iterable[Head]) -> Head:
    """Returns the beginning of the chain: genesis, or the end of a purge."""
    first = Head(FEEDBACK_CHAIN, 0, genesis(FEEDBACK_CHAIN))
    return next(
        (checkpoint for checkpoint in checkpoints if checkpoint.writer_id == FEEDBACK_CHAIN), first
    )


def verify_feedback(
    records: Iterable[FeedbackRecord],
    anchors: Sequence[Anchor],
    outside: Sequence[Anchor],
    checkpoints: Sequence[Head],
) -> Iterator[Finding]:
    """Yields the faults of the chain; `records` come in the order of their sequence."""
    claims: dict[int, set[str]] = {}
    for anchor in (*anchors, *outside):
        for head in anchor.heads:
            if head.writer_id == FEEDBACK_CHAIN:
                claims.setdefault(head.sequence, set()).add(head.row_hash)
    start = start_of(checkpoints)
    expected, prev = start.sequence + 1, start.row_hash
    if any(claim != prev for claim in claims.get(start.sequence, set())):
        yield _found(
            FindingKind.REWRITTEN, "the checkpoint is not the anchored one", start.sequence
        )
    for record in records:
        yield from _verify_record(record, expected, prev, claims)
        expected, prev = record.sequence + 1, record.row_hash
    anchored = max(claims, default=0)
    if anchored >= expected:
        yield _found(
            FindingKind.CUT_TAIL,
            f"an anchor covers feedback up to {anchored}, the chain ends at {expected - 1}",
            expected,
        )


def _verify_record(
    record: FeedbackRecord, expected: int, prev: str, claims: Mapping[int, set[str]]
) -> Iterator[Finding]:
    sequence, request_id = record.sequence, record.feedback.request_id
    if sequence > expected:
        missing = f"feedback {expected} to {sequence - 1} is missing"
        yield _found(FindingKind.REMOVED, missing, expected, request_id)
    elif record.prev_hash != prev:
        detail = "the feedback before it was removed, added or rewritten with a new hash"
        yield _found(FindingKind.BROKEN_LINK, detail, sequence, request_id)
    if link(record.prev_hash, _canonical(sequence, record.feedback)) != record.row_hash:
        detail = "what the feedback says does not fit its hash"
        yield _found(FindingKind.EDITED, detail, sequence, request_id)
    elif any(claim != record.row_hash for claim in claims.get(sequence, set())):
        detail = "an anchor has another hash for this feedback"
        yield _found(FindingKind.REWRITTEN, detail, sequence, request_id)


def _canonical(sequence: int, feedback: Feedback) -> bytes:
    return orjson.dumps((CANONICAL_VERSION, feedback_values(sequence, feedback)))


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _found(kind: FindingKind, detail: str, sequence: int, request_id: str = "") -> Finding:
    return Finding(kind, detail, FEEDBACK_CHAIN, sequence, request_id)
