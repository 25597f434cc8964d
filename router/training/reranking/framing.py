"""Puts messages between sentences that ask for nothing, as customers write them.

"I bought a lamp from you on Monday. How long does delivery take? Best, Rashid": the sentences
around the question are of `fillers.txt`, which we wrote for it. One in five taught the network
nothing: with one half of these its chances are fitted, and the other half judges.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from router.training.data import sources
from router.training.data.companies import Company
from router.triage.matching.gate import MOST_CHARACTERS
from router.triage.reranking.cross_encoder import MESSAGE_TOKENS, Tokenise

FILE = Path(sources.__file__).parent / "fillers.txt"

FRAMED_SHARE = 0.33
"""Share of the messages that the network reads in a frame; which ones is drawn anew each epoch."""
SIDES, SIDE_SHARES = ((1, 0), (0, 1), (1, 1), (2, 0)), (35, 25, 30, 10)
"""Sentences before and after a message, and how often: most people begin with their story."""
TRIES = 4
"""Frames that are drawn for one message until one is short enough to be read whole."""
ENDS, END_MARKS = (".", "!", "?", ",", ":", ";"), ("?", "?", ".", "")
"""What ends a sentence, and what is put behind a message that nothing ends: most ask."""

TAUGHT_PLACES, FITTING_PLACES, JUDGING_PLACES = (0, 1, 2, 3, 5, 6, 7, 8), (4,), (9,)
"""Places of sentences in each ten of a kind: eight teach, one is for the fit, and one judges."""


class Fillers(NamedTuple):
    """Holds sentences that stand before a message, and those that stand after it."""

    before: tuple[str, ...]
    after: tuple[str, ...]


class Split(NamedTuple):
    """Holds the sentences by what they are for; none stands in two of them."""

    taught: Fillers
    fitting: Fillers
    judging: Fillers


def fillers(path: Path = FILE) -> Split:
    """Returns the sentences of a file. Raises ValueError for a line of no kind.

    `b` begins a sentence that stands before a message, `a` one that stands after it, `e` one that
    may stand on either side.
    """
    kinds: dict[str, list[str]] = {"b": [], "a": [], "e": []}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        kind, _, text = line.strip().partition(" ")
        if kind in kinds and text:
            kinds[kind].append(text)
        elif kind not in ("#", ""):
            raise ValueError(f"{path}:{number}: {line[:40]!r}, expected a line of #, b, a, e")
    return Split(
        *[_part(kinds, places) for places in (TAUGHT_PLACES, FITTING_PLACES, JUDGING_PLACES)]
    )


def _part(kinds: dict[str, list[str]], places: Sequence[int]) -> Fillers:
    """Returns the sentences whose place in ten of their kind is one of `places`."""
    chosen = {
        kind: [text for place, text in enumerate(lines) if place % 10 in places]
        for kind, lines in kinds.items()
    }
    return Fillers((*chosen["b"], *chosen["e"]), (*chosen["a"], *chosen["e"]))


class Framing:
    """Puts messages between sentences, as long as the network reads the whole."""

    def __init__(self, sentences: Fillers, tokenise: Tokenise) -> None:
        self._fillers, self._tokenise = sentences, tokenise

    def framed(self, text: str, rng: random.Random) -> str:
        """Returns a text in a frame, or as it is where it is too long for one."""
        for _ in range(TRIES):
            [(before, after)] = rng.choices(SIDES, SIDE_SHARES)
            parts = [
                *rng.sample(self._fillers.before, before),
                text,
                *rng.sample(self._fillers.after, after),
            ]
            if len(set(parts)) < len(parts):
                continue  # one sentence on both sides
            whole = " ".join([*[_ended(part, rng) for part in parts[:-1]], parts[-1]])
            if self._is_read(whole):
                return whole
        return text

    def some_framed(self, texts: Sequence[str], rng: random.Random) -> list[str]:
        """Returns texts, FRAMED_SHARE of them in frames."""
        return [self.framed(text, rng) if rng.random() < FRAMED_SHARE else text for text in texts]

    def of_company(self, company: Company, rng: random.Random) -> Company:
        """Returns a company with all its messages that have room for one in a frame, no others."""
        pairs = [(one, self.framed(one.text, rng)) for one in company.messages]
        messages = [replace(one, text=text) for one, text in pairs if text != one.text]
        return replace(company, messages=messages)

    def beside(self, company: Company, rng: random.Random) -> Company:
        """Returns a company with its messages as they stand, and again in frames."""
        framed = self.of_company(company, rng).messages
        return replace(company, messages=[*company.messages, *framed])

    def _is_read(self, text: str) -> bool:
        return len(text) <= MOST_CHARACTERS and len(self._tokenise(text)) - 2 <= MESSAGE_TOKENS


def _ended(text: str, rng: random.Random) -> str:
    return text if text.endswith(ENDS) else text + rng.choice(END_MARKS)
