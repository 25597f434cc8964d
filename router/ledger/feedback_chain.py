"""The chain of feedback: what a word on an answer is as bytes, and whether any was altered.

Feedback comes after the row that it speaks of is chained, so it has one chain of its own for the
whole ledger, numbered from 1 without gaps and linked as `audit` links rows. Anchors state its head
beside the writers' heads. Pure: no clock, no I/O, no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from msgspec import Struct

from router.ledger.chain import Anchor, Finding, FindingKind, Head, genesis, link
from router.ledger.row_values import Value
from router.types import Feedback

FEEDBACK_CHAIN = "feedback"
"""Its name among the heads of an anchor; writers are called w1, w2 and so on."""
CANONICAL_VERSION = 1


class FeedbackRecord(Struct, frozen=True):
    """A word with its place in the chain; hashes are lower-case hex."""

    sequence: int
    feedback: Feedback
    prev_hash: str
    row_hash: str


def feedback_values(sequence: int, said: Feedback) -> tuple[Value, ...]:
    """The columns of `feedback` that the chain covers, in the order of the table."""
    return (
        sequence,
        said.request_id,
        said.tenant,
        said.source.value,
        said.key_id,
        said.created_at_ms,
        _flag(said.correct),
        said.loss_nano_usd,
        _flag(said.resolved_first_contact),
        said.csat,
        said.handle_minutes,
        said.corrected_digest,
    )


def chained(head: Head, said: Feedback) -> FeedbackRecord:
    """The next record after `head`."""
    sequence = head.sequence + 1
    row_hash = link(head.row_hash, _canonical(sequence, said))
    return FeedbackRecord(sequence, said, head.row_hash, row_hash)


def start_of(checkpoints: Iterable[Head]) -> Head:
    """Where the chain begins: at genesis, or where a purge ended."""
    first = Head(FEEDBACK_CHAIN, 0, genesis(FEEDBACK_CHAIN))
    return next((one for one in checkpoints if one.writer_id == FEEDBACK_CHAIN), first)


def verify_feedback(
    records: Iterable[FeedbackRecord],
    anchors: Sequence[Anchor],
    outside: Sequence[Anchor],
    checkpoints: Sequence[Head],
) -> Iterator[Finding]:
    """What is wrong with the chain; `records` come in the order of their sequence."""
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
    at, request_id = record.sequence, record.feedback.request_id
    if at > expected:
        missing = f"feedback {expected} to {at - 1} is missing"
        yield _found(FindingKind.REMOVED, missing, expected, request_id)
    elif record.prev_hash != prev:
        detail = "the feedback before it was removed, added or rewritten with a new hash"
        yield _found(FindingKind.BROKEN_LINK, detail, at, request_id)
    if link(record.prev_hash, _canonical(at, record.feedback)) != record.row_hash:
        detail = "what the feedback says does not fit its hash"
        yield _found(FindingKind.EDITED, detail, at, request_id)
    elif any(claim != record.row_hash for claim in claims.get(at, set())):
        detail = "an anchor has another hash for this feedback"
        yield _found(FindingKind.REWRITTEN, detail, at, request_id)


def _canonical(sequence: int, said: Feedback) -> bytes:
    return orjson.dumps((CANONICAL_VERSION, feedback_values(sequence, said)))


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _found(kind: FindingKind, detail: str, sequence: int, request_id: str = "") -> Finding:
    return Finding(kind, detail, FEEDBACK_CHAIN, sequence, request_id)
