"""Measures stakes: the shipped chance of high stakes by source, and sums of money.

Labels are mostly a model's opinion (the shared file says so), and sources differ in kind, so
sources are never pooled: one figure over all would show little. Dollars have no labels here. The
figures are how often a sum is read, and how well the chance ranks with and without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from router.evaluation.kinds.labelled import More, Reading, report_of
from router.evaluation.options import Kind, Options, Report, Section, Subject
from router.evaluation.rows import Row
from router.evaluation.table import Line, Table, need_classes, read
from router.stats.calibration import Floats
from router.stats.heads import Encoded, Head
from router.stats.measures import Figure, auroc_figure, pairs_in_order
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold

GROUP_CHARS = 200
"""Bounds the letters that group texts without a pair, as in `router.training.data.sources`."""

DOLLARS = AmountReader({"USD": 1.0, "EUR": 1.1, "GBP": 1.3})
"""Reads sums by round rates, enough to see if there is a sum; a policy has its own dated table."""


def evaluate(subject: Subject, path: Path, options: Options) -> Report:
    """Returns the figures of a file of stakes. Raises TrainingDataError where it cannot be used."""

    def more(_: Subject, head: Head, rows: Sequence[Row], encoded: Encoded) -> More:
        return _apart(head(encoded), rows, options), (), ()

    reading = Reading(Kind.STAKES, "stakes", "high", read_stakes(path), more)
    return report_of(
        Kind.STAKES, subject, path, [reading], options, lambda train: [read_stakes(train)]
    )


def read_stakes(path: Path) -> Table[Row]:
    """Reads text, stakes, source; optional pair_id. Raises TrainingDataError as `read` does."""

    def parse(line: Line) -> Row | None:
        text, source = line.text("text"), line.text("source")
        label, pair = line.one_of("stakes", ("high", "low")), line.optional("pair_id")
        group = f"stakes_{source}/{pair or text[:GROUP_CHARS]}"
        return Row(line.number, text, label, source, group, pair=pair) if text else None

    table = read(path, (("text",), ("stakes",), ("source",)), parse)
    need_classes(path, [row.label for row in table.items], "stakes")
    return table


def _apart(chances: Floats, rows: Sequence[Row], options: Options) -> dict[str, Section]:
    """Returns sections of one source: minimal pairs in order, and ranking with and
    without a sum.
    """
    high = np.array([row.label == "high" for row in rows])
    sections: dict[str, Section] = {}
    share, pairs = pairs_in_order(chances, high, np.array([row.pair for row in rows]))
    if pairs:
        sections["minimal pairs"] = {"in_order": Figure(share, pairs)}
    # The same folding as in triage, so that the same sums are seen.
    money = np.array([bool(DOLLARS.read(fold(row.text))) for row in rows])
    texts = options.of_texts([row.text for row in rows])
    figures = {"share_with_a_sum": Figure(float(money.mean()), len(rows))}
    for name, part in (("auroc_with_a_sum", money), ("auroc_without_one", ~money)):
        if part.any():
            figures[name] = auroc_figure(
                chances[part],
                high[part],
                texts.part(part).draws,
            )
    return {**sections, "dollars": figures}
