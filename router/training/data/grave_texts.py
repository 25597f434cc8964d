"""Makes texts of grave matters and of what only sounds like them, in fourteen languages.

The files `grave/<language>.txt` hold written sentences with `{a|b}` alternatives, by section. Each
line is filled several times, and about half of the fillings are spoilt as people spoil them: typing
errors, dropped letters, missing marks, abbreviations, a word of English in another language. All
fillings of a line share a group, so that a dev figure is about lines that the model never saw. The
held sentences of `tests/fixtures/grave` are never read here.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "grave"
SECTIONS = (
    "medical", "self_harm", "violence", "poison", "fraud", "legal", "engineering", "knowledge",
    "none",
)  # fmt: skip
GRAVE = SECTIONS[:7]
FILLINGS = 12
"""Fillings of a line: more repeat the same pieces."""
SPOILT = 0.45
UNSPACED = frozenset({"zh", "ja"})

_WRITTEN = re.compile("[a-z]{2}/[0-9]+")
_CHOICE = re.compile(r"\{([^{}]*)\}")
_SHORT = {
    "you": "u", "are": "r", "please": "pls", "because": "cuz", "people": "ppl", "tonight": "2nite",
    "before": "b4", "for": "4", "to": "2", "with": "w", "and": "n", "my": "me", "about": "abt",
    "should": "shd", "que": "q", "porque": "pq", "para": "pra", "pour": "pr", "nicht": "net",
    "und": "u", "een": "n", "что": "чо", "сейчас": "щас",
}  # fmt: skip
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

    @property
    def written(self) -> bool:
        """Returns True for a text of our own files, False for one of other people."""
        return _WRITTEN.fullmatch(self.group) is not None


def texts(seed: int, fillings: int = FILLINGS) -> Iterator[GraveText]:
    """Yields the texts of all files, each text once, the same under the same seed."""
    rng = random.Random(seed)
    seen: set[str] = set()
    for path in sorted(FOLDER.glob("*.txt")):
        for number, (section, line) in enumerate(_lines(path)):
            for turn in range(fillings):
                plain = " ".join(_filled(line, turn, rng).split())
                text = _spoilt(plain, path.stem, rng) if rng.random() < SPOILT else plain
                if text not in seen:
                    seen.add(text)
                    yield GraveText(text, section, path.stem, f"{path.stem}/{number}")


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
            if section not in SECTIONS:
                raise ValueError(f"{path}: section {section!r}, expected one of {SECTIONS}")
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
    words = text.split(" ")
    if language not in UNSPACED:
        if rng.random() < 0.3:
            words = [_SHORT.get(word.lower(), word) for word in words]
        if rng.random() < 0.3:
            words = [_without_marks(word) for word in words]
        for _ in range(rng.choice((1, 1, 2, 3))):
            words = _mistyped(words, rng)
    text = " ".join(words)
    if rng.random() < 0.3:
        text = "".join(char for char in text if char.isalnum() or char.isspace() or _mark(char))
    if rng.random() < 0.25:
        opening = rng.choice(_OPENINGS)
        text = f"{opening} {text}" if rng.random() < 0.6 else f"{text} {opening}"
    return text.upper() if rng.random() < 0.05 else text


def _mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _without_marks(word: str) -> str:
    if not word or unicodedata.name(word[0], "").split(" ")[0] != "LATIN":
        return word
    kept = (c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return "".join(kept)


def _mistyped(words: list[str], rng: random.Random) -> list[str]:
    """Returns the words with one of four letters or more spoilt in one letter."""
    long = [i for i, word in enumerate(words) if len(word) >= 4]
    if not long:
        return words
    chosen = rng.choice(long)
    word = words[chosen]
    i = rng.randrange(1, len(word) - 1)
    letters = [c for other in words for c in other if c.isalpha()] or [word[i]]
    spoilt = rng.choice(
        (
            word[:i] + word[i + 1 :],
            word[:i] + word[i] + word[i:],
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
            word[:i] + rng.choice(letters) + word[i + 1 :],
            word[:1] + "".join(c for c in word[1:] if c not in "aeiou"),
        )
    )
    return [*words[:chosen], spoilt, *words[chosen + 1 :]]
