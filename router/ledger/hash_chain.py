"""Defines the audit chain: the bytes of a row, the links between rows, and broken links.

Each writer of the ledger has one chain of finished rows, numbered from 1 without gaps:

    row_hash(n) = sha256(row_hash(n - 1) + sha256(canonical(row n)))      row_hash(0) = genesis

The canonical bytes cover the request row and its attempts. The row's own digest is taken first, so
that it can be computed before the writer's turn; only 64 bytes are hashed in the turn itself. An
anchor states the heads of all chains at one moment. It is linked to the anchor before it, and is
also written outside the database, so that `verify` finds a cut tail and a chain that was rebuilt. A
checkpoint states where a purge ended. Pure: no clock, no I/O, no database.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

import orjson
from msgspec import Struct

from router.ledger.columns import ATTEMPT_COLUMNS, FIRST_SCHEMA, REQUEST_COLUMNS, chained
from router.ledger.row_values import Value, writer
from router.types import RequestRow

CANONICAL_VERSION = 1
ADDED_LATER = tuple(
    Counter(c.since for c in reversed(chained(ATTEMPT_COLUMNS)) if c.since > FIRST_SCHEMA).values()
)
"""Numbers of columns that attempts got after the first rows were chained, by migration, the last
first: `hour_write_tokens`; `audio_input_tokens`; `images` and `cores`. The row's bytes end before
such columns if all of them are 0 or null, and all later ones are. So older rows keep their hash,
and nobody can remove a value unseen from a row that has it."""


class FindingKind(StrEnum):
    """Lists what `verify` can find; reports and tests count these."""

    EDITED = "edited"
    REMOVED = "removed"
    SWAPPED = "swapped"
    BROKEN_LINK = "broken_link"
    CUT_TAIL = "cut_tail"
    REWRITTEN = "rewritten"
    ANCHOR_EDITED = "anchor_edited"
    ANCHOR_REMOVED = "anchor_removed"
    CHECKPOINT_UNANCHORED = "checkpoint_unanchored"
    ATTEMPTS_DO_NOT_SUM = "attempts_do_not_sum"
    WINDOW_DOES_NOT_SUM = "window_does_not_sum"
    ROLLUP_DOES_NOT_SUM = "rollup_does_not_sum"
    CLOSED_MONTH_CHANGED = "closed_month_changed"
    TEXT_EDITED = "text_edited"


class Finding(Struct, frozen=True):
    kind: FindingKind
    detail: str
    writer_id: str = ""
    sequence: int = 0
    request_id: str = ""


class ChainRow(Struct, frozen=True):
    """Holds a finished row with its place in the chain; hashes are lower-case hex."""

    writer_id: str
    sequence: int
    prev_hash: str
    row_hash: str
    row: RequestRow


@dataclass(frozen=True, slots=True)
class Head:
    """Names the last row of a chain, or in a checkpoint the last row that was purged."""

    writer_id: str
    sequence: int
    row_hash: str


class Anchor(Struct, frozen=True):
    """Holds the heads of all chains, and the checkpoints, at one moment."""

    anchor_id: int
    created_at_ms: int
    heads: tuple[Head, ...]
    checkpoints: tuple[Head, ...]
    prev_hash: str
    anchor_hash: str


request_values = writer(chained(REQUEST_COLUMNS))
"""Lays out a request row in its chained columns, attempts left out."""
attempt_values = writer(chained(ATTEMPT_COLUMNS))
"""Lays out an attempt row in its chained columns."""


def canonical_values(request: tuple[Value, ...], attempts: Sequence[tuple[Value, ...]]) -> bytes:
    """Returns the canonical bytes of cells already laid out; attempts in the order of ordinals.

    Raises TypeError for integers beyond 64 bits and text that is not valid Unicode.
    """
    return orjson.dumps((CANONICAL_VERSION, request, [_covered(a) for a in attempts]))


def _covered(cells: tuple[Value, ...]) -> tuple[Value, ...]:
    for count in ADDED_LATER:
        if any(cells[-count:]):
            break
        cells = cells[:-count]
    return cells


def canonical(row: RequestRow) -> bytes:
    """Returns the bytes that the chain covers: a JSON array of the row's and attempts' cells."""
    attempts = sorted(row.attempts, key=lambda attempt: (attempt.ordinal, attempt.attempt_id))
    return canonical_values(request_values(row), [attempt_values(a) for a in attempts])


def genesis(writer_id: str) -> str:
    """Returns the hash before a writer's first row."""
    return hashlib.sha256(b"tiergate chain " + writer_id.encode()).hexdigest()


def link(prev_hash: str, row_bytes: bytes) -> str:
    """Returns the hash (hex) of a row with these canonical bytes after `prev_hash` (hex)."""
    return link_digest(prev_hash, hashlib.sha256(row_bytes).digest())


def link_digest(prev_hash: str, row_digest: bytes) -> str:
    """Returns what `link` returns, for a row whose digest (32 bytes) is already known."""
    return hashlib.sha256(bytes.fromhex(prev_hash) + row_digest).hexdigest()


def make_anchor(
    anchor_id: int,
    created_at_ms: int,
    heads: Iterable[Head],
    checkpoints: Iterable[Head],
    prev_hash: str,
) -> Anchor:
    """Returns an anchor over these heads, linked to the anchor before it ("" for the first)."""
    ordered = tuple(sorted(heads, key=lambda head: head.writer_id))
    purged = tuple(sorted(checkpoints, key=lambda head: head.writer_id))
    digest = hashlib.sha256(
        orjson.dumps(
            (anchor_id, created_at_ms, _head_lists(ordered), _head_lists(purged), prev_hash)
        )
    ).hexdigest()
    return Anchor(anchor_id, created_at_ms, ordered, purged, prev_hash, digest)


def _head_lists(heads: Iterable[Head]) -> list[tuple[str, int, str]]:
    return [(head.writer_id, head.sequence, head.row_hash) for head in heads]


def heads_to_json(heads: Iterable[Head]) -> str:
    """Returns heads as JSON text: [[writer_id, sequence, row_hash], ...]."""
    return orjson.dumps(_head_lists(heads)).decode()


def heads_from_json(text: str | bytes) -> tuple[Head, ...]:
    """Reads the text of `heads_to_json`. Raises ValueError for any other text."""
    try:
        return _heads(orjson.loads(text))
    except TypeError as error:
        raise ValueError(f"not a list of chain heads: {error}") from error


def _heads(lists: Iterable[tuple[str, int, str]]) -> tuple[Head, ...]:
    return tuple(Head(str(w), int(n), str(h)) for w, n, h in lists)


def anchor_to_line(anchor: Anchor) -> bytes:
    """Returns one line of the anchors file (JSON, newline at the end)."""
    return orjson.dumps(
        {
            "anchor_id": anchor.anchor_id,
            "created_at_ms": anchor.created_at_ms,
            "heads": _head_lists(anchor.heads),
            "checkpoints": _head_lists(anchor.checkpoints),
            "prev_hash": anchor.prev_hash,
            "anchor_hash": anchor.anchor_hash,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def anchor_from_line(line: bytes) -> Anchor:
    """Reads the line of `anchor_to_line`. Raises ValueError for a line that is no anchor."""
    try:
        fields = orjson.loads(line)
        return Anchor(
            int(fields["anchor_id"]),
            int(fields["created_at_ms"]),
            _heads(fields["heads"]),
            _heads(fields["checkpoints"]),
            str(fields["prev_hash"]),
            str(fields["anchor_hash"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an anchor: {error}") from error


def verify_chain(
    rows: Iterable[ChainRow],
    anchors: Sequence[Anchor] = (),
    outside: Sequence[Anchor] = (),
    checkpoints: Sequence[Head] = (),
    others: Collection[str] = (),
) -> list[Finding]:
    """Returns the faults of the chains; an empty list when there is none.

    `rows` come ordered by writer and sequence; `anchors` are the database's, in order; `outside`
    those of the anchors file, in any order. `others` are chains that anchors name and another
    function verifies. Streams: holds one row and the broken links at a time.
    """
    findings = list(_verify_anchors(anchors, outside, checkpoints))
    claims: dict[str, dict[int, set[str]]] = {}
    for anchor in (*anchors, *outside):
        for head in anchor.heads:
            if head.writer_id not in others:
                claims.setdefault(head.writer_id, {}).setdefault(head.sequence, set()).add(
                    head.row_hash
                )
    purged = {head.writer_id: head for head in checkpoints}
    seen: set[str] = set()
    for writer_id, chain in groupby(rows, key=lambda row: row.writer_id):
        seen.add(writer_id)
        start = purged.get(writer_id) or Head(writer_id, 0, genesis(writer_id))
        findings += _verify_writer(start, chain, claims.get(writer_id, {}))
    for writer_id in claims.keys() - seen:
        start = purged.get(writer_id) or Head(writer_id, 0, genesis(writer_id))
        findings += _verify_writer(start, iter(()), claims[writer_id])
    return findings


def _verify_writer(
    start: Head, rows: Iterator[ChainRow], claims: Mapping[int, set[str]]
) -> Iterator[Finding]:
    """Yields the findings in one chain that continues after `start`."""
    expected, prev = start.sequence + 1, start.row_hash
    broken: list[ChainRow] = []  # rows that do not follow the row before them
    if any(claim != start.row_hash for claim in claims.get(start.sequence, set())):
        yield Finding(
            FindingKind.REWRITTEN,
            "the checkpoint's hash is not the anchored one",
            start.writer_id,
            start.sequence,
        )
    for row in rows:
        if row.sequence > expected:
            yield Finding(
                FindingKind.REMOVED,
                f"rows {expected} to {row.sequence - 1} are missing",
                start.writer_id,
                expected,
            )
        elif row.prev_hash != prev:
            broken.append(row)
        if link(row.prev_hash, canonical(row.row)) != row.row_hash:
            yield _of(row, FindingKind.EDITED, "the row's content does not fit its hash")
        elif any(claim != row.row_hash for claim in claims.get(row.sequence, set())):
            yield _of(row, FindingKind.REWRITTEN, "an anchor has another hash for this row")
        expected, prev = row.sequence + 1, row.row_hash
    yield from _name_broken(broken)
    anchored = max(claims, default=0)
    if anchored >= expected:
        yield Finding(
            FindingKind.CUT_TAIL,
            f"an anchor covers rows up to {anchored}, the chain ends at {expected - 1}",
            start.writer_id,
            expected,
        )


def _name_broken(broken: list[ChainRow]) -> Iterator[Finding]:
    """Separates exchanged rows from other broken links.

    When rows i and j are exchanged, the links at i, i+1, j and j+1 break. The rows that truly
    follow i and j still name their hashes. So a row with a broken link is in the wrong place when
    another row with a broken link names its hash.
    """
    by_hash = {row.row_hash: row for row in broken}
    swapped = {by_hash[row.prev_hash].sequence for row in broken if row.prev_hash in by_hash}
    for row in broken:
        if row.sequence in swapped:
            yield _of(row, FindingKind.SWAPPED, "the row stands in another row's place")
        elif row.sequence - 1 not in swapped:
            yield _of(
                row,
                FindingKind.BROKEN_LINK,
                "the row before it was removed, added or rewritten with a new hash",
            )


def _of(row: ChainRow, kind: FindingKind, detail: str) -> Finding:
    return Finding(kind, detail, row.writer_id, row.sequence, row.row.request_id)


def _verify_anchors(
    anchors: Sequence[Anchor], outside: Sequence[Anchor], checkpoints: Sequence[Head]
) -> Iterator[Finding]:
    """Yields the anchors that were edited or removed, and the purges that no anchor names."""
    prev = ""
    for position, anchor in enumerate(anchors, start=1):
        rebuilt = make_anchor(
            anchor.anchor_id,
            anchor.created_at_ms,
            anchor.heads,
            anchor.checkpoints,
            anchor.prev_hash,
        )
        if rebuilt.anchor_hash != anchor.anchor_hash or anchor.prev_hash != prev:
            yield Finding(FindingKind.ANCHOR_EDITED, f"anchor {position} does not follow its hash")
        prev = anchor.anchor_hash
    inside = {anchor.anchor_hash for anchor in anchors}
    for anchor in outside:
        if anchor.anchor_hash not in inside:
            yield Finding(
                FindingKind.ANCHOR_REMOVED,
                f"anchor {anchor.anchor_id} of the anchors file is not in the database",
            )
    named = {head for anchor in (*anchors, *outside) for head in anchor.checkpoints}
    for head in checkpoints:
        if head not in named:
            yield Finding(
                FindingKind.CHECKPOINT_UNANCHORED,
                "rows were purged, but no anchor names this checkpoint",
                head.writer_id,
                head.sequence,
            )
