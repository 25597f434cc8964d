"""Writes JSON documents of figures as CSV: section, key, metric, value; one figure a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Lists starts that make a spreadsheet run a cell, the last four in East Asian ones, where they are
as wide as a letter; OWASP (CSV injection) advises a quote."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Finds what a terminal would act on: control characters, and changes of direction."""

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
"""Matches a whole value that is a number and nothing else, as JSON writes exact amounts: below zero
it begins like a formula and is none, and with a quote it would be in no sum."""


def tidy_csv(document: Mapping[str, object], keyed_by: Mapping[str, tuple[str, ...]]) -> str:
    """Returns a JSON document of sections as CSV: section, key, metric, value; one figure a line.

    Money is written as `*_nano_usd` (exact integer) and `*_usd` (exact decimal). Texts that a
    spreadsheet would take for a formula get a leading apostrophe; numbers never do.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("section", "key", "metric", "value"))
    for section, value in document.items():
        for key, metric, figure in _figures(section, value, keyed_by):
            writer.writerow((section, _cell(key), _cell(metric), _cell(figure)))
    return text.getvalue()


def _figures(
    section: str, value: object, keyed_by: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, Mapping):
        yield from (("", str(metric), figure) for metric, figure in _flat(value))
    elif isinstance(value, list) and section in keyed_by:
        named = keyed_by[section]
        for entry in value:
            key = " / ".join(str(entry[name]) for name in named)
            rest = {name: figure for name, figure in entry.items() if name not in named}
            yield from ((key, metric, figure) for metric, figure in _flat(rest))
    elif isinstance(value, list):
        # Lists of sentences have no key of their own, so their number is the key.
        for number, entry in enumerate(value, start=1):
            figures = entry if isinstance(entry, Mapping) else {"text": entry}
            yield from ((str(number), metric, figure) for metric, figure in _flat(figures))
    else:
        yield "", section, value


def _flat(entry: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yields one metric a line: `_low` and `_high` of an interval, one line for each name.

    The figures of an inner object are lines of their own: `afterwards_review`.
    """
    for name, figure in entry.items():
        if isinstance(figure, Mapping):
            yield from ((f"{name}_{inner}", part) for inner, part in _flat(figure))
        elif isinstance(figure, list):
            # Two numbers are an interval; any other list holds names, or objects.
            numbers = len(figure) == 2 and all(isinstance(end, int | float) for end in figure)
            ends = ("low", "high") if numbers else tuple(str(i + 1) for i in range(len(figure)))
            yield from _flat(dict(zip((f"{name}_{end}" for end in ends), figure, strict=True)))
        # An unknown interval keeps its two lines, so that a file has the same lines every time.
        elif figure is None and name.endswith(("interval", "interval_nano_usd")):
            yield from ((f"{name}_{end}", None) for end in ("low", "high"))
        else:
            yield name, figure


def _cell(figure: object) -> str:
    if figure is None:
        return ""
    if isinstance(figure, str):
        text = figure.startswith(FORMULA_STARTS) and not _DECIMAL.fullmatch(figure)
        figure = CONTROL.sub("\N{REPLACEMENT CHARACTER}", figure)
        return f"'{figure}" if text else figure
    return repr(figure) if isinstance(figure, float) else str(figure)
