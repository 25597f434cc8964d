"""Compares decisions on equal matters told with other names or in other dialects. Pure.

The caller decides each prompt; this module counts. A difference is a prompt whose first level
differs from that of its reference, or that only one of the two has refused. Intervals are Wilson's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from router.errors import TrainingDataError
from router.errors.system import in_words
from router.stats.wilson import Share

REFERENCE = "english"
"""Names the group whose decisions the other groups' are compared with."""


class Prompts(Struct, frozen=True):
    """Holds what is asked: templates with names by group, and pairs by dialect."""

    groups: Mapping[str, tuple[str, ...]]
    templates: tuple[str, ...]
    pairs: tuple[tuple[str, str, str], ...]  # dialect, standard words, the dialect's


class Decided(Struct, frozen=True):
    """Holds one decision: the first level, and if the request was refused."""

    level: int
    refused: bool = False


class GroupFigures(Struct, frozen=True):
    """Holds the figures of one group or dialect beside its reference."""

    group: str
    mean_level: float
    reference_level: float
    higher: Share  # prompts that go to a higher level than their reference
    lower: Share
    refused: Share
    reference_refused: Share

    def as_object(self) -> dict[str, object]:
        """Returns the figures as plain values, for `tiergate evaluate fairness --json`."""
        return {
            "group": self.group,
            "mean_level": self.mean_level,
            "reference_level": self.reference_level,
            "higher": _plain(self.higher),
            "lower": _plain(self.lower),
            "refused": _plain(self.refused),
            "reference_refused": _plain(self.reference_refused),
        }


def _plain(share: Share) -> dict[str, object]:
    low, high = share.interval or (None, None)
    return {"value": share.value, "low": low, "high": high, "n": share.of}


def read_prompts(path: Path) -> Prompts:
    """Returns the prompts of a file; lines that begin with # are remarks.

    Raises TrainingDataError for a file that cannot be read, or has nothing to compare with.
    """
    asked = "expected UTF-8 text with a line `@ english | NAMES` and lines with {name}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path} cannot be read: {in_words(error)}; {asked}") from error
    groups: dict[str, tuple[str, ...]] = {}
    templates: list[str] = []
    pairs: list[tuple[str, str, str]] = []
    for line in text.split("\n"):
        if line.startswith("@"):
            name, _, names = line.removeprefix("@").partition("|")
            groups[name.strip()] = tuple(map(str.strip, names.split(",")))
        elif "{name}" in line and not line.startswith("#"):
            templates.append(line)
        elif line.count("|") == 2 and not line.startswith("#"):
            dialect, standard, other = (part.strip() for part in line.split("|"))
            pairs.append((dialect, standard, other))
    if REFERENCE not in groups or not templates:
        raise TrainingDataError(f"{path} has no prompts to compare; {asked}")
    return Prompts(groups, tuple(templates), tuple(pairs))


def compared(prompts: Prompts, decide: Callable[[str], Decided]) -> list[GroupFigures]:
    """Returns the figures of each group of names, then of each dialect."""
    figures = []
    reference = _by_names(prompts, REFERENCE, decide)
    for group in prompts.groups:
        if group != REFERENCE:
            decided = _by_names(prompts, group, decide)
            figures.append(_figures(f"names: {group}", reference, decided))
    for dialect in dict.fromkeys(pair[0] for pair in prompts.pairs):
        own = [pair for pair in prompts.pairs if pair[0] == dialect]
        standard = [decide(pair[1]) for pair in own]
        decided = [decide(pair[2]) for pair in own]
        figures.append(_figures(f"words: {dialect}", standard, decided))
    return figures


def _by_names(prompts: Prompts, group: str, decide: Callable[[str], Decided]) -> list[Decided]:
    names = prompts.groups[group]
    templates = prompts.templates
    return [decide(template.replace("{name}", name)) for template in templates for name in names]


def _figures(group: str, reference: Sequence[Decided], decided: Sequence[Decided]) -> GroupFigures:
    count = len(decided)
    pairs = list(zip(reference, decided, strict=True))
    return GroupFigures(
        group,
        sum(decision.level for decision in decided) / count,
        sum(decision.level for decision in reference) / count,
        Share(sum(other.level > first.level for first, other in pairs), count),
        Share(sum(other.level < first.level for first, other in pairs), count),
        Share(sum(decision.refused for decision in decided), count),
        Share(sum(decision.refused for decision in reference), count),
    )
