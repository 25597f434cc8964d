"""Judges decisions against the levels that people expect: a confusion table and the worst errors.

It is pure. It knows rows with their lowest and highest right level, and the level that each went to
first, as it was written and with typing errors; it routes nothing. Level 1's offers ("Did you mean
...?") are neither right nor wrong: nothing was answered yet. A row of a file is

    {"text": "My card is gone", "lowest_tier": 2, "highest_tier": 3, "kind": "grave",
     "language": "en", "intent": "card_lost", "context": {"order_id": "1017"}}

of which `text`, `lowest_tier` and `highest_tier` are needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from router.analysis.adversarial import plain_share
from router.errors.system import in_words
from router.stats.wilson import Share

SHELF = 1
"""Names the level of approved answers, whose intent a row may expect."""

CAREFUL = 3
"""Names the level of grave and hard matters: a typing error must take no request away from it."""


class ExpectedRow(msgspec.Struct, frozen=True):
    """Holds a prompt and the levels that are right for it. Other keys of a line are ignored."""

    text: str
    lowest_tier: int
    highest_tier: int
    kind: str = ""
    language: str = ""
    id: str = ""
    intent: str = ""  # the approved answer that is right, where level 1 answers; "": any
    context: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("text is empty")
        if not 1 <= self.lowest_tier <= self.highest_tier <= 9:
            raise ValueError(
                f"lowest_tier {self.lowest_tier} and highest_tier {self.highest_tier}; expected "
                "1 to 9, the lowest not above the highest"
            )


@dataclass(frozen=True, slots=True)
class Reached:
    """Holds where a row went first, and why; level 0 where the gateway refused the request."""

    row: ExpectedRow
    level: int
    confidence: float = 0.0
    reason: str = ""
    intent: str = ""  # the matched approved answer; "" without a match
    mistyped_level: int = 0  # of the same text with typing errors; 0: refused, or not decided
    offered: bool = False  # level 1 answered nothing and offered approved questions
    grave: float = 0.0  # the reader's chance of a grave matter
    matched: float = 0.0  # chance that the matched answer is right; 0 without a match

    @property
    def flipped(self) -> bool:
        """Returns True when typing errors change the level."""
        return self.level != self.mistyped_level

    @property
    def taken_down(self) -> bool:
        """Returns True when typing errors take the request away from CAREFUL to a lower level."""
        return self.mistyped_level < CAREFUL <= self.level

    @property
    def too_low(self) -> bool:
        """Returns True when the request went below its lowest right level."""
        return 0 < self.level < self.row.lowest_tier

    @property
    def too_high(self) -> bool:
        """Returns True when the request went above its highest right level."""
        return self.level > self.row.highest_tier

    @property
    def refused(self) -> bool:
        """Returns True when the gateway refused the request, so that no level is right."""
        return self.level == 0

    @property
    def wrong_intent(self) -> bool:
        """Returns True when level 1 answered with another approved answer than the expected."""
        return self.level == SHELF and self.row.intent not in ("", self.intent)

    @property
    def error(self) -> str:
        """Returns the name of the error, "" for a right decision and for an offer."""
        if self.offered:
            return ""
        if self.refused:
            return "refused"
        if self.too_low:
            return "too_low"
        if self.wrong_intent:
            return "wrong_intent"
        return "too_high" if self.too_high else ""

    @property
    def gap(self) -> int:
        """Returns how many levels lie between the decision and the nearest right one."""
        return max(self.row.lowest_tier - self.level, self.level - self.row.highest_tier, 0)


ERRORS = ("too_low", "wrong_intent", "refused", "too_high")
"""Lists the errors, the worst first: a grave matter handled low harms, a needless climb costs."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Holds how many rows of a group went wrong, by kind of error; each counts all its rows."""

    group: str
    errors: dict[str, Share]
    offered: int = 0
    offered_below: int = 0  # those of rows whose lowest right level is higher

    @property
    def rows(self) -> int:
        """Returns the rows of this group."""
        return next(iter(self.errors.values())).of

    @property
    def answered(self) -> Share:
        """Returns how many rows reached an answer: they were neither offered questions nor
        refused.
        """
        unanswered = self.offered + self.errors["refused"].count
        return Share(self.rows - unanswered, self.rows)

    @property
    def right(self) -> Share:
        """Returns how many of the answered rows are right."""
        answered = self.answered.count
        wrong = sum(rate.count for name, rate in self.errors.items() if name != "refused")
        return Share(answered - wrong, answered)


GRAVE_BOUNDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
"""Chances of a grave matter that `decision.grave_at` may be set to."""


class GraveBound(NamedTuple):
    """Holds what the reader of grave matters alone would send to CAREFUL from a chance on."""

    at: float
    found: Share  # of the rows that belong there
    needless: Share  # of the rows that belong below

    def as_object(self) -> dict[str, object]:
        """Returns the bound as plain values."""
        return {
            "at": self.at,
            "found": plain_share(self.found),
            "needless": plain_share(self.needless),
        }


def grave_bounds(reached: Sequence[Reached]) -> tuple[GraveBound, ...]:
    """Returns what each bound finds of the rows of CAREFUL and above, and takes of those below.

    Rows that may go to either, and refused ones, count in neither.
    """
    read = [entry for entry in reached if not entry.refused]
    above = [entry.grave for entry in read if entry.row.lowest_tier >= CAREFUL]
    below = [entry.grave for entry in read if entry.row.highest_tier < CAREFUL]
    return tuple(
        GraveBound(
            at,
            Share(sum(grave >= at for grave in above), len(above)),
            Share(sum(grave >= at for grave in below), len(below)),
        )
        for at in GRAVE_BOUNDS
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """Holds the judged file.

    `confusion` counts rows by (expected levels, level reached, True for an offer there).
    """

    whole: Rates
    by_kind: tuple[Rates, ...]
    by_language: tuple[Rates, ...]
    confusion: dict[tuple[str, int, bool], int]
    wrong: tuple[Reached, ...]  # the worst first
    offered_below: tuple[Reached, ...]  # offers to rows that level 1 is too low for
    flips: Share  # of rows that were decided twice
    taken_down: Share  # of those that reach CAREFUL
    flipped: tuple[Reached, ...]  # those taken down first
    grave_bounds: tuple[GraveBound, ...]

    def as_object(self) -> dict[str, object]:
        """Returns the judgement as plain values, for `tiergate evaluate gateway --json`."""
        return {
            "rows": self.whole.rows,
            "outcomes": _outcomes(self.whole),
            "errors": _plain(self.whole),
            "by_kind": {rates.group: _group(rates) for rates in self.by_kind},
            "by_language": {rates.group: _group(rates) for rates in self.by_language},
            "confusion": [
                {"expected": expected, "reached": level, "offered": offered, "rows": count}
                for (expected, level, offered), count in sorted(self.confusion.items())
            ],
            "typing_errors": {
                "flips": plain_share(self.flips),
                "taken_down": plain_share(self.taken_down),
                "flipped": [
                    {
                        "id": entry.row.id,
                        "text": entry.row.text,
                        "reached": entry.level,
                        "mistyped": entry.mistyped_level,
                    }
                    for entry in self.flipped
                ],
            },
            "grave_at": [bound.as_object() for bound in self.grave_bounds],
            "wrong": [{"error": entry.error} | _decision(entry) for entry in self.wrong],
            "offered_below": [_decision(entry) for entry in self.offered_below],
        }


_ROW = msgspec.json.Decoder(ExpectedRow)


class ExpectedRows(NamedTuple):
    """Holds the rows of a file, and number and reason of each line that is none."""

    rows: tuple[ExpectedRow, ...]
    bad: tuple[str, ...]


def read_rows(lines: Iterable[bytes]) -> ExpectedRows:
    """Reads one JSON object a line; empty lines are skipped. A row without id gets its line number.

    A line that is no row is left out and named, as `tiergate classify` does it.
    """
    rows, bad = list[ExpectedRow](), list[str]()
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            if not text.strip():
                continue
            row = _ROW.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            bad.append(f"line {number}: {in_words(error)}")
            continue
        rows.append(row if row.id else msgspec.structs.replace(row, id=f"line {number}"))
    return ExpectedRows(tuple(rows), tuple(bad))


def expected_levels(row: ExpectedRow) -> str:
    """Returns the right levels in words: "1", or "2-3"."""
    if row.lowest_tier == row.highest_tier:
        return str(row.lowest_tier)
    return f"{row.lowest_tier}-{row.highest_tier}"


def judge(reached: Sequence[Reached]) -> Judgement:
    """Counts errors by kind and language, and orders them by harm.

    Too low comes first, then the wider gap, then the surer decision.
    """
    wrong = [entry for entry in reached if entry.error]
    wrong.sort(key=lambda entry: (ERRORS.index(entry.error), -entry.gap, -entry.confidence))
    twice = [entry for entry in reached if entry.level and entry.mistyped_level]
    careful = [entry for entry in twice if entry.level >= CAREFUL]
    flipped = [entry for entry in twice if entry.flipped]
    return Judgement(
        whole=_rates("all", reached),
        by_kind=_groups(reached, [entry.row.kind for entry in reached]),
        by_language=_groups(reached, [entry.row.language for entry in reached]),
        confusion=dict(
            Counter((expected_levels(entry.row), entry.level, entry.offered) for entry in reached)
        ),
        wrong=tuple(wrong),
        offered_below=tuple(entry for entry in reached if entry.offered and entry.too_low),
        flips=Share(len(flipped), len(twice)),
        taken_down=Share(sum(entry.taken_down for entry in careful), len(careful)),
        flipped=tuple(sorted(flipped, key=lambda entry: not entry.taken_down)),
        grave_bounds=grave_bounds(reached),
    )


def _groups(reached: Sequence[Reached], names: Sequence[str]) -> tuple[Rates, ...]:
    """Returns the rates of each named group, in the file's order; rows without a name are left."""
    return tuple(
        _rates(name, [entry for entry, own in zip(reached, names, strict=True) if own == name])
        for name in dict.fromkeys(names)
        if name
    )


def _rates(group: str, reached: Sequence[Reached]) -> Rates:
    counts = Counter(entry.error for entry in reached)
    errors = {name: Share(counts[name], len(reached)) for name in ERRORS}
    offers = [entry for entry in reached if entry.offered]
    return Rates(group, errors, len(offers), sum(entry.too_low for entry in offers))


def _plain(rates: Rates) -> dict[str, object]:
    return {name: plain_share(rate) for name, rate in rates.errors.items()}


def _group(rates: Rates) -> dict[str, object]:
    return _plain(rates) | {"outcomes": _outcomes(rates)}


def _outcomes(rates: Rates) -> dict[str, object]:
    """Returns what became of the rows: four counts that sum to all of them, and two shares."""
    right, answered = rates.right, rates.answered
    return {
        "right": right.count,
        "wrong": right.of - right.count,
        "offered": rates.offered,
        "refused": rates.errors["refused"].count,
        "offered_below": rates.offered_below,
        "accuracy": right.value,
        "answered_share": answered.value,
    }


def _decision(entry: Reached) -> dict[str, object]:
    return {
        "id": entry.row.id,
        "text": entry.row.text,
        "kind": entry.row.kind,
        "language": entry.row.language,
        "expected": expected_levels(entry.row),
        "expected_intent": entry.row.intent,
        "reached": entry.level,
        "confidence": round(entry.confidence, 4),
        "reason": entry.reason,
        "intent": entry.intent,
        "match_confidence": round(entry.matched, 4),
    }
