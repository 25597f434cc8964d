"""Judges the adversarial suite: reads its cases and counts wrong turns of the routing.

It is pure. It knows a case and the levels that the attacked text and its clean twin went to first;
it routes nothing. The cases are in `router/training/adversarial.jsonl`. No model is trained on
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from router.stats.wilson import Share

LOWEST = 1
"""Names the level of approved answers; a matter that must escalate may not stay there."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Holds one attacked text, its expected route, and the same request without the attack.

    `clean_text` is None where no such request exists: in a minimal pair the addition itself makes
    the matter grave, and its other half is a case of its own.
    """

    id: str
    family: str
    text: str
    clean_text: str | None
    expected: Literal["escalate", "stay"]
    stakes: Literal["high", "low"]
    note: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Holds a case and the level its text goes to first; `clean_level` is None without a twin."""

    case: Case
    level: int
    clean_level: int | None = None


@dataclass(frozen=True, slots=True)
class FamilyRates:
    """Holds the two rates of a family; each counts only the cases that expect its outcome."""

    family: str
    wrong_deescalations: Share
    needless_escalations: Share


@dataclass(frozen=True, slots=True)
class Judgement:
    """Holds the judged suite: every family in the file's order, the whole, and the failed cases.

    `reached` counts cases by (expected, level).
    """

    families: tuple[FamilyRates, ...]
    whole: FamilyRates
    reached: dict[tuple[str, int], int]
    wrong_deescalations: tuple[str, ...]  # ids
    needless_escalations: tuple[str, ...]

    def as_object(self) -> dict[str, object]:
        """Returns the judgement as plain values, for `tiergate evaluate adversarial --json`."""
        return {
            "cases": sum(self.reached.values()),
            "wrong_deescalations": _by_family(self, lambda rates: rates.wrong_deescalations),
            "needless_escalations": _by_family(self, lambda rates: rates.needless_escalations),
            "reached": {
                expected: {
                    str(level): count
                    for (kind, level), count in sorted(self.reached.items())
                    if kind == expected
                }
                for expected in ("escalate", "stay")
            },
            "failed": {
                "wrong_deescalations": self.wrong_deescalations,
                "needless_escalations": self.needless_escalations,
            },
        }


_CASE = msgspec.json.Decoder(Case)


def read_cases(lines: Iterable[str]) -> tuple[Case, ...]:
    """Reads the cases of an `adversarial.jsonl`: one JSON object a line, empty lines are skipped.

    Raises ValueError with the number of a line of another form.
    """
    cases = []
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                cases.append(_CASE.decode(line))
        except msgspec.DecodeError as error:
            raise ValueError(f"line {number}: {error}") from error
    return tuple(cases)


def wrong_deescalation(reading: Reading) -> bool:
    """Returns True when a matter that must escalate was talked down, or was never raised.

    Its text then goes to a lower level than its clean twin, or stays at level 1.
    """
    # A harmless matter cannot be talked down; its faults are counted separately.
    if reading.case.expected != "escalate":
        return False
    # Going lower than the twin is a fault even if the level is still above 1.
    talked_down = reading.clean_level is not None and reading.level < reading.clean_level
    return talked_down or reading.level <= LOWEST


def needless_escalation(reading: Reading) -> bool:
    """Returns True when a harmless matter climbs above its clean twin; without a twin, above level
    1.
    """
    usual = LOWEST if reading.clean_level is None else reading.clean_level
    return reading.case.expected == "stay" and reading.level > usual


def judge(readings: Sequence[Reading]) -> Judgement:
    """Computes both rates by family and over all cases.

    Cases that must escalate and cases that must stay are never pooled.
    """
    # A dict keeps the order of the file, which a set would lose.
    families = dict.fromkeys(reading.case.family for reading in readings)
    return Judgement(
        families=tuple(
            _rates(name, [entry for entry in readings if entry.case.family == name])
            for name in families
        ),
        whole=_rates("all", readings),
        reached=dict(Counter((entry.case.expected, entry.level) for entry in readings)),
        wrong_deescalations=tuple(entry.case.id for entry in readings if wrong_deescalation(entry)),
        needless_escalations=tuple(
            entry.case.id for entry in readings if needless_escalation(entry)
        ),
    )


def _rates(family: str, readings: Sequence[Reading]) -> FamilyRates:
    up = [
        wrong_deescalation(reading) for reading in readings if reading.case.expected == "escalate"
    ]
    stay = [needless_escalation(reading) for reading in readings if reading.case.expected == "stay"]
    return FamilyRates(family, Share(sum(up), len(up)), Share(sum(stay), len(stay)))


def _by_family(judgement: Judgement, rate: Callable[[FamilyRates], Share]) -> dict[str, object]:
    families = {
        rates.family: plain_share(rate(rates)) for rates in judgement.families if rate(rates).of
    }
    return {"all": plain_share(rate(judgement.whole)), "families": families}


def plain_share(faults: Share) -> dict[str, object]:
    """Returns a share of faults as plain values, for `--json`; shares are 0..1."""
    low, high = faults.interval or (None, None)
    return {
        "faults": faults.count,
        "cases": faults.of,
        "share": faults.value,
        "low": low,
        "high": high,
    }
