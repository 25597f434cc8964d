"""Makes texts of grave matters and of what only sounds like them, in fourteen languages.

The files `grave/<author>/<language>.txt` hold written sentences with `{a|b}` alternatives, by
section. Each line is filled several times, and about half of the fillings are spoilt as people
spoil them (`misspelling`), with abbreviations or a word of English in another language. A text
knows its author, so that a dev figure is about authors whom the model never read. The authors
HELD_OUT and JUDGES are never trained on, nor are the sentences of `tests/fixtures/grave`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from router.training.data.misspelling import misspelt
from router.triage.text.windows import sentences

FOLDER = Path(__file__).parents[1] / "grave"
SECTIONS = (
    "medical", "self_harm", "violence", "poison", "fraud", "legal", "engineering", "money",
    "company", "knowledge", "none",
)  # fmt: skip
GRAVE = SECTIONS[:8]
HARMLESS = "none"
"""Each sentence of such a message is harmless by itself too, as the gateway reads it."""
COMPANY = "company"
"""Decisions about a whole organisation. They are no grave matter of a person."""
FILLINGS = 12
"""Fillings of a line with alternatives: more repeat the same pieces."""
SPOILT = 0.45
HELD_OUT = "held_out"
"""The author who judges the reader of grave matters."""
JUDGES = (
    HELD_OUT, "eleventh", "twelfth", "fifteenth", "twentieth", "forty_sixth", "forty_eighth",
    "fifty_first", "fifty_second",
)  # fmt: skip
"""The authors who judge only. All but the first judge the close reader alone; `forty_eighth` also
says how true the reader's highest chances are."""
UNSORTED = "grave"
"""The section of grave lines that their author did not sort."""

_WRITTEN = re.compile("([a-z_]+)/[a-z]{2}/[0-9]+")
_CHOICE = re.compile(r"\{([^{}]*)\}")
_OPENINGS = (
    "please help", "hello", "help", "quick question", "urgent", "hi", "sorry to bother you",
    "sos", "not sure who to ask", "just wondering", "hey",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GraveText:
    """Holds one text, its section, its language and the written line that it comes from."""

    text: str
    section: str
    language: str
    group: str
    apart: bool = False  # one sentence of a harmless message

    @property
    def written(self) -> bool:
        """Returns True for a text of our own files, False for one of other people."""
        return self.author != ""

    @property
    def author(self) -> str:
        """Returns the author of a written text, "" for a text of other people."""
        match = _WRITTEN.fullmatch(self.group)
        return match[1] if match else ""

    @property
    def grave(self) -> bool:
        """Returns True for a grave matter."""
        return self.section in GRAVE or self.section == UNSORTED


def texts(
    seed: int, fillings: int = FILLINGS, folder: Path = FOLDER, spoilt: float = SPOILT
) -> Iterator[GraveText]:
    """Yields the texts of all authors but JUDGES, each once, the same under the same seed.

    `spoilt` is the share of them that is spoilt. What a judge wrote too, in the same words, is left
    out: "how does a smoke detector work" came to two people's minds.
    """
    rng = random.Random(seed)
    judged = {line.text.lower() for judge in JUDGES for line in held_out(judge)}
    seen: set[str] = set()
    for path in sorted(folder.glob("*/*.txt")):
        if path.parent.name in JUDGES:
            continue
        for number, (section, line) in enumerate(_lines(path)):
            group = f"{path.parent.name}/{path.stem}/{number}"
            for turn in range(_turns(line, fillings)):
                plain = " ".join(_filled(line, turn, rng).split())
                text = _spoilt(plain, path.stem, rng) if rng.random() < spoilt else plain
                for place, part in enumerate((text, *_apart(plain, section))):
                    if part not in seen and part.lower() not in judged:
                        seen.add(part)
                        yield GraveText(part, section, path.stem, group, apart=place > 0)


def held_out(author: str = HELD_OUT) -> Iterator[GraveText]:
    """Yields the lines of an author who judges, as they are written."""
    for path in sorted((FOLDER / author).glob("*.txt")):
        for number, (section, line) in enumerate(_lines(path)):
            yield GraveText(line, section, path.stem, f"{author}/{path.stem}/{number}")


def _apart(message: str, section: str) -> tuple[str, ...]:
    """Returns the sentences of a harmless message, () of another: which is its grave one, nobody
    wrote down."""
    return sentences(message) if section == HARMLESS else ()


def _turns(line: str, fillings: int) -> int:
    """Returns how often a line is filled: a quarter without alternatives, twice as a list."""
    if "{" not in line:
        return max(fillings // 4, 1)
    return 2 * fillings if line.count("{") == 1 and line[0] + line[-1] == "{}" else fillings


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    return sections_in(path, (*SECTIONS, UNSORTED) if path.parent.name in JUDGES else SECTIONS)


def sections_in(path: Path, allowed: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields the section of each line of a file, and the line. Raises ValueError for another."""
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
            if section not in allowed:
                raise ValueError(f"{path}: section {section!r}, expected one of {allowed}")
        elif line and not line.startswith("#"):
            yield section, line


def _filled(line: str, turn: int, rng: random.Random) -> str:
    """Returns a line with one of its words each; the first choice goes round with the turns."""

    def in_turn(match: re.Match[str]) -> str:
        choices = match[1].split("|")
        return choices[turn % len(choices)]

    line = _CHOICE.sub(in_turn, line, count=1)
    while "{" in line:
        line = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), line)
    return line


def _spoilt(text: str, language: str, rng: random.Random) -> str:
    """Returns a text as somebody in a hurry types it."""
    text = misspelt(text, language, rng)
    if rng.random() < 0.25:
        opening = rng.choice(_OPENINGS)
        text = f"{opening} {text}" if rng.random() < 0.6 else f"{text} {opening}"
    return text.upper() if rng.random() < 0.05 else text
