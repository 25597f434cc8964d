"""Reads messages of which somebody wrote down what is asked, about what, and how much it weighs.

The files `labelled/<author>.txt` have a section for each set of labels: `## type domain`, followed
by those of WEIGHTY that hold. A line is a message, or names a line of `grave/<author>/en.txt` that
was labelled in the same way: `forty_fifth/12`. Who labelled them saw no reading of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from router.types import Domain, RequestType

FOLDER = Path(__file__).parents[1] / "labelled"
WEIGHTY = {
    "many": ("multi_factor", "no", "yes"),
    "high": ("stakes", "low", "high"),
    "strategic": ("strategic", "no", "yes"),
}
"""The words that a section may have after its type and domain: the head that each of them teaches,
its class without the word, and its class with it."""

_NAMED = re.compile("[a-z_]+/[0-9]+")


@dataclass(frozen=True, slots=True)
class LabelledText:
    """Holds a message, or the name of a written line, and its class by head."""

    text: str
    author: str
    labels: Mapping[str, str]

    @property
    def named(self) -> bool:
        """Returns True where the text is the name of a line of `grave`."""
        return _NAMED.fullmatch(self.text) is not None


def texts(folder: Path = FOLDER) -> Iterator[LabelledText]:
    """Yields each line of each author once. Raises ValueError for a section of other words."""
    for path in sorted(folder.glob("*.txt")):
        labels: Mapping[str, str] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                labels = _labels(line, path)
            elif line and not line.startswith("#"):
                yield LabelledText(line, path.stem, labels)


def _labels(heading: str, path: Path) -> Mapping[str, str]:
    kind, domain, *words = heading.removeprefix("## ").split()
    try:
        labels = {"request_type": str(RequestType(kind)), "domain": str(Domain(domain))}
    except ValueError as error:
        raise ValueError(f"{path}: {heading!r}, expected `## type domain`: {error}") from None
    if unknown := sorted(set(words) - set(WEIGHTY)):
        raise ValueError(f"{path}: {unknown[0]!r} in {heading!r}, expected some of {[*WEIGHTY]}")
    said = {head: yes if word in words else no for word, (head, no, yes) in WEIGHTY.items()}
    return labels | said
