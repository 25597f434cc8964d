"""Splits rows by time and by conversation: what is judged comes later than what taught. Pure.

Synthetic rows move no cut and only teach, beside the request that they were written from.

Two cuts in time make train, dev and test, each with its share of the judged rows. Weak rows go by
the same cuts and move none: hundreds of late hints would leave no row to judge with. A conversation
that crosses a cut is left out: its later turns repeat its earlier ones, and would be known
beforehand. A weak row never takes a judged one out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from router.learning.rows import WRITTEN_FROM, DatasetRow, Dropped, Source, Split, Weak

DEV_SHARE, TEST_SHARE = 0.1, 0.2


def split(
    rows: Sequence[DatasetRow], dev: float, test: float, dropped: Counter[Dropped]
) -> list[DatasetRow]:
    """Returns the rows with their split, in the order of time; shares are of judged rows, 0..1."""
    real = [row for row in rows if row.source is not Source.SYNTHETIC]
    ordered = sorted(real, key=lambda row: (row.created_at_ms, row.row_id))
    judged = [row for row in ordered if row.weak is Weak.NONE]
    cuts = [_cut(judged, 1.0 - dev - test), _cut(judged, 1.0 - test)]
    of_judged, of_all = _sides(judged, cuts), _sides(ordered, cuts)
    kept = [
        replace(row, split=_side(row.created_at_ms, cuts))
        for row in ordered
        if len((of_judged if row.weak is Weak.NONE else of_all)[row.conversation]) == 1
    ]
    dropped[Dropped.CROSSING] += len(ordered) - len(kept)
    taught = {f"{WRITTEN_FROM}{row.row_id}" for row in kept if row.split is Split.TRAIN}
    written = [row for row in rows if row.source is Source.SYNTHETIC]
    beside = [replace(row, split=Split.TRAIN) for row in written if row.conversation in taught]
    dropped[Dropped.SEED_JUDGES] += len(written) - len(beside)
    return sorted([*kept, *beside], key=lambda row: (row.created_at_ms, row.row_id))


def _sides(rows: Sequence[DatasetRow], cuts: Sequence[int | None]) -> defaultdict[str, set[Split]]:
    """Returns the splits that the rows of each conversation are in."""
    sides: defaultdict[str, set[Split]] = defaultdict(set)
    for row in rows:
        sides[row.conversation].add(_side(row.created_at_ms, cuts))
    return sides


def _cut(ordered: Sequence[DatasetRow], share: float) -> int | None:
    """Returns the time of the last row before the cut; later rows stand after the cut.

    Rows of one moment stay together, before the cut. None means that no row stands after it.
    """
    place = round(share * len(ordered))
    return ordered[place - 1].created_at_ms if 0 < place < len(ordered) else None


def _side(at_ms: int, cuts: Sequence[int | None]) -> Split:
    dev, test = cuts
    if test is not None and at_ms > test:
        return Split.TEST
    return Split.DEV if dev is not None and at_ms > dev else Split.TRAIN
