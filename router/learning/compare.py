"""Says what changed between two datasets: rows that came, went, or got another label. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from router.learning.rows import DatasetRow


class Changed(Struct, frozen=True):
    """Holds a row of both datasets that says something else now."""

    row_id: str
    decision: str
    before: str
    after: str


class Difference(Struct, frozen=True):
    """Holds what a second dataset has more, less and otherwise than a first."""

    came: tuple[DatasetRow, ...]
    went: tuple[DatasetRow, ...]
    relabelled: tuple[Changed, ...]
    moved: tuple[Changed, ...]  # to another split
    same: int


def difference(before: Sequence[DatasetRow], after: Sequence[DatasetRow]) -> Difference:
    """Returns the difference by the names of rows, in the order of each dataset."""
    old, new = ({row.row_id: row for row in rows} for rows in (before, after))
    both = [(old[row.row_id], row) for row in after if row.row_id in old]
    relabelled = [(a, b) for a, b in both if a.claim != b.claim]
    moved = [(a, b) for a, b in both if a.split is not b.split]
    return Difference(
        tuple(row for row in after if row.row_id not in old),
        tuple(row for row in before if row.row_id not in new),
        tuple(Changed(b.row_id, b.decisions[0], a.claim, b.claim) for a, b in relabelled),
        tuple(Changed(b.row_id, b.decisions[0], a.split, b.split) for a, b in moved),
        sum(a.claim == b.claim and a.split is b.split for a, b in both),
    )
