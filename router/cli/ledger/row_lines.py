"""Formats ledger rows as lines of text for `tiergate ledger rows`, in any width.

It prints nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.cli.periods import shown_time
from router.ledger.row_reading import price_unknown
from router.rendering.figures_in_words import clean, shown_model, usd
from router.types import RequestRow
from router.wire.public_ids import request_name

FIGURES = ("when (UTC)", "request", "cost", "ms")
WORDS = ("state", "tier", "why", "tenant", "model")
RIGHT = frozenset({"cost", "ms"})
GAP = "  "
ONE_LINE_FROM = 150
"""Sets the width from which figures and words of usual length share a line; else they take two."""


def row_lines(requests: Iterable[RequestRow], width: int) -> Iterator[str]:
    """Yields a heading and the rows: one line each or, below ONE_LINE_FROM columns, two.

    Request ids and figures are never cut. A line too long for `width` columns is cut at the end of
    the words, which is the model.
    """
    # Column widths depend on all rows; without --json there are few.
    rows = list(requests)
    figures = _aligned(FIGURES, [_figures(row) for row in rows])
    words = _aligned(WORDS, [_words(row) for row in rows])
    for first, second in zip(figures, words, strict=True):
        if width >= ONE_LINE_FROM:
            yield first + GAP + _cut(second, width - len(first) - len(GAP))
        else:
            yield first.rstrip()
            yield GAP + _cut(second, width - len(GAP))


def _figures(row: RequestRow) -> tuple[str, ...]:
    return (
        shown_time(row.created_at_ms),
        request_name(row.request_id),
        "unknown" if price_unknown(row) else usd(row.cost_nano_usd),
        f"{row.latency_ms:.1f}",
    )


def _words(row: RequestRow) -> tuple[str, ...]:
    tier = f"{row.tier_number} {row.tier}" if row.tier else "-"
    why = row.error_code or row.reason or "-"
    # An upstream says by which model it answered.
    return (
        row.state.value,
        tier,
        why,
        clean(row.tenant),
        shown_model(row.model) if row.model else "-",
    )


def _aligned(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    table = [names, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(names))]
    for row in table:
        cells = zip(names, row, widths, strict=True)
        yield GAP.join(
            cell.rjust(wide) if name in RIGHT else cell.ljust(wide) for name, cell, wide in cells
        )


def _cut(text: str, width: int) -> str:
    text = text.rstrip()
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
