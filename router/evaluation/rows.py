"""Divides labelled texts into the rows that a head is fitted on and the rows that judge it.

The dev cut is that of `router.training.data.curate`: the encoder and the shipped heads never
trained on the dev rows of a shared file. The encoder was trained on a file that the model's card
names by its sha256, so only its dev rows judge unless the caller insists.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.evaluation.table import Table
from router.stats.measures import Labels
from router.training.data.curate import is_dev, normalised
from router.training.data.sources import Example
from router.training.heads.labelled_rows import named
from router.training.heads.train_head import text_digest


@dataclass(frozen=True, slots=True)
class Row:
    """Describes one labelled text of a file.

    `group` keeps rows on one side of the cut, as in curation. `outside` marks a request that no
    class fits. `scope` limits the possible classes (one bot's intents). `pair` names the other half
    of a minimal pair. `category` and `language` are of requests to harm.
    """

    line: int
    text: str
    label: str
    source: str = ""
    group: str = ""
    outside: bool = False
    scope: str = ""
    pair: str = ""
    category: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """Holds the rows that teach and the rows that judge, and notes on the rows that
    were left out.
    """

    train: tuple[Row, ...]
    judged: tuple[Row, ...]
    notes: tuple[str, ...]


def in_dev(text: str, group: str = "") -> bool:
    """Returns True when curation puts this text, or its group, on the dev side."""
    return is_dev(Example(text=text, source="", group=group))


def trained_on(folder: Path) -> frozenset[str]:
    """Returns the sha256 of the files that the model in `folder` was made from.

    The result is empty without a card.
    """
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        return frozenset(str(row["sha256"]) for row in card.get("files", []))
    # A model without a readable card is measured on all rows; nothing is known of its files.
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


def taught_by(card: Path) -> frozenset[str]:
    """Returns the sha256 of the files that a head was fitted on, by its card."""
    try:
        rows = json.loads(card.read_text(encoding="utf-8"))["data"]
        return frozenset(str(row["sha256"]) for row in rows)
    # As with the model's card: nothing is known of its files.
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


UNKNOWN_FILE = (
    "the model's card does not name this file, so all its rows judge; rows of it that taught the "
    "model, as rows of public sets may have, flatter"
)


def judged_side(table: Table[Row], known: frozenset[str], dev: bool | None) -> Sides:
    """Returns the rows that judge a shipped head: all, or the dev rows of a file it trained on."""
    if dev or (dev is None and table.sha256 in known):
        judged, told = _dev_rows(table, by_card=dev is None)
        return Sides((), judged, (*told, *_repeats_note(judged)))
    notes = (
        ("judged on all rows of a file that the model was trained on: figures flatter",)
        if table.sha256 in known
        else (UNKNOWN_FILE,)
    )
    repeats = _repeats_note(table.items)
    return Sides((), table.items, (*_skipped_note(table), *notes, *repeats))


def never_taught(sides: Sides, seen: Collection[bytes], head: str, path: Path) -> Sides:
    """Returns the sides without judged rows whose text taught the head, by digests of its card.

    Raises TrainingDataError where no row is left.
    """
    again = [row.line for row in sides.judged if text_digest(row.text) in seen]
    if not again:
        return sides
    judged = tuple(row for row in sides.judged if text_digest(row.text) not in seen)
    if not judged:
        raise TrainingDataError(
            f"{path}: all {len(again)} rows that would judge taught the head {head}; expected "
            f"others. What it reached on rows held out from it stands in {head}.card.json"
        )
    note = f"{len(again)} rows left out, whose text taught the head {head} (lines {named(again)})"
    return Sides(sides.train, judged, (*sides.notes, note))


def every_side(table: Table[Row]) -> Sides:
    """Returns all rows on both sides: they judge by several fits, each without its own rows."""
    kept, repaired = _consistent(table.items)
    return Sides(kept, kept, (*_skipped_note(table), *repaired))


def both_sides(
    table: Table[Row], train: Table[Row] | None, known: frozenset[str], dev: bool | None
) -> Sides:
    """Returns the rows that a head is fitted on and those that judge it.

    Without `train`, the file's rows outside the dev cut teach and those within judge. With `train`,
    all its rows teach, and judged rows with the same text are left out. Raises TrainingDataError
    where a side is left without rows.
    """
    if train is None:
        if dev is False:
            raise TrainingDataError(
                f"{table.path}: found --no-dev without --train; expected rows to fit the head on: "
                "give --train FILE, or leave --no-dev out to split this file"
            )
        teaching = [row for row in table.items if not in_dev(row.text, row.group)]
        judged, notes = _dev_rows(table, by_card=False)
    else:
        # The same file as both would judge rows by themselves, so it is cut in two.
        same = train.sha256 == table.sha256
        alone = judged_side(table, known, True if same else dev)
        judged = alone.judged
        notes = tuple(note for note in alone.notes if note not in _repeats_note(judged))
        teaching = [row for row in train.items if not (same and in_dev(row.text, row.group))]
    kept, repaired = _consistent(teaching)
    # A row that was taught would be judged too kindly.
    seen = {_key(row) for row in kept}
    again = [row.line for row in judged if _key(row) in seen]
    judged = tuple(row for row in judged if _key(row) not in seen)
    if again:
        notes += (f"{len(again)} rows left out, whose text is also taught (lines {named(again)})",)
    if not kept or not judged:
        side = "to fit on" if not kept else "to judge by"
        raise TrainingDataError(
            f"{table.path}: found no rows {side} among {len(table.items)}; expected some on both "
            "sides of the cut: give a larger file, or --train FILE"
        )
    return Sides(kept, judged, (*notes, *_repeats_note(judged), *repaired))


def distinct(texts: Iterable[str]) -> int:
    """Returns how many texts differ in more than case, spaces and punctuation.

    >>> distinct(["Where is it?", "where is it", "Where was it?"])
    2
    """
    return len({normalised(text) or text for text in texts})


def text_numbers(texts: Sequence[str]) -> Labels:
    """Returns a number for each text, the same for texts that `distinct` counts once.

    >>> text_numbers(["Where is it?", "Where was it?", "where is it"]).tolist()
    [0, 1, 0]
    """
    numbers = dict[str, int]()
    return np.array(
        [numbers.setdefault(normalised(text) or text, len(numbers)) for text in texts], np.int64
    )


def _repeats_note(judged: Sequence[Row]) -> tuple[str, ...]:
    """Returns how many distinct texts judge, where some judge several times."""
    texts = len({_key(row) for row in judged})
    if texts == len(judged):
        return ()
    return (
        f"{len(judged)} rows judge, of {texts} distinct texts: repeats count each time, and "
        "intervals draw the rows of one text together",
    )


def _dev_rows(table: Table[Row], *, by_card: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    judged = tuple(row for row in table.items if in_dev(row.text, row.group))
    if not judged:
        raise TrainingDataError(
            f"{table.path}: found no dev row among {len(table.items)} rows; expected about a "
            "tenth: give a larger file, or --no-dev"
        )
    why = "the model's card names this file; " if by_card else ""
    note = f"{why}judged on its {len(judged)} dev rows of {len(table.items)}"
    return judged, (*_skipped_note(table), note)


def _skipped_note(table: Table[Row]) -> tuple[str, ...]:
    if not table.skipped:
        return ()
    return (
        f"{len(table.skipped)} rows without text or label left out (lines {named(table.skipped)})",
    )


def _key(row: Row) -> tuple[str, str]:
    # Texts that differ only in case or spaces count as the same text.
    return row.scope, normalised(row.text) or row.text


def _consistent(rows: Sequence[Row]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Returns rows without repeats and without texts that carry two labels, and notes
    on the rest.
    """
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[_key(row)].append(row)
    kept, torn = [], []
    repeats = 0
    for same in groups.values():
        # No head can be right on both, so such a text teaches nothing.
        if len({row.label for row in same}) > 1:
            torn += [row.line for row in same]
        else:
            kept.append(same[0])
            repeats += len(same) - 1
    notes = []
    if repeats:
        notes.append(f"{repeats} taught rows merged with another of the same text")
    if torn:
        notes.append(
            f"{len(torn)} taught rows left out, whose text has two labels (lines "
            f"{named(sorted(torn))})"
        )
    return tuple(kept), tuple(notes)
