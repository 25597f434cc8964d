"""Written prompts for what no public set labels: support, grave matters, strategy, nonsense.

The patterns stand in `templates.txt`: each block states its labels once; below it stand patterns
with `{slots}`. They are ours, varied on purpose (polite, terse, lower case), and their labels are
weak. All fillings of one pattern share a group, so that a dev figure is about patterns the model
never saw.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from router.training.sources import Example

FILE = Path(__file__).with_name("templates.txt")


@dataclass(frozen=True, slots=True)
class Block:
    """Patterns with the same labels; a task that is absent is one the block says nothing about."""

    labels: Mapping[str, str]
    patterns: tuple[str, ...]


@cache
def written() -> tuple[Mapping[str, tuple[str, ...]], tuple[Block, ...]]:
    """Returns the slots and the blocks of `templates.txt`."""
    slots: dict[str, tuple[str, ...]] = {}
    blocks: list[tuple[dict[str, str], list[str]]] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            name, _, fillings = line[1:].partition(" = ")
            slots[name] = tuple(fillings.split(" | "))
        elif line.startswith("## "):
            blocks.append((dict(pair.split("=") for pair in line[3:].split()), []))
        elif line and not line.startswith("# "):
            blocks[-1][1].append(line)
    return slots, tuple(Block(labels, tuple(patterns)) for labels, patterns in blocks)


_SLOT = re.compile(r"\{(\w+)\}")
FILLINGS = 14
"""Fillings tried per pattern: past about 14 the figures on unseen patterns no longer moved."""


def examples(seed: int, fillings: int = FILLINGS) -> Iterator[Example]:
    """Yields the written examples, each text once, the same under the same seed."""
    rng = random.Random(seed)
    slots, blocks = written()
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        labels = dict(block.labels)
        source = f"template_{labels['domain']}"
        for pattern in block.patterns:
            for _ in range(fillings if _SLOT.search(pattern) else 3):
                text = _vary(_SLOT.sub(lambda m: rng.choice(slots[m[1]]), pattern), rng)
                if text not in seen:
                    seen.add(text)
                    yield Example(
                        text=text,
                        source=source,
                        labels=labels,
                        group=f"template/{index}/{pattern}",
                        weak=frozenset(labels),
                    )


def _vary(text: str, rng: random.Random) -> str:
    """Case and final punctuation as people type them."""
    style = rng.random()
    if style < 0.25:
        text = text.lower()
    elif style < 0.45:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.25:
        text = text.rstrip("?.!") + rng.choice(("", "?", ".", "!", "??", " please"))
    return text


_SYLLABLES = "glo rp zib ble fra mo th dra vex qui plo nar wug sni tor bla kee zor fip gru mun tal"
_WORDS = (
    "purple lantern tuesday calculus moth frantic anvil whisper orbit teaspoon gravel violin "
    "mercury pancake ladder velvet thunder cactus algebra penguin sonata drawer nebula mustard"
)


def nonsense(seed: int, count: int = 1_000) -> tuple[list[str], list[int]]:
    """Texts unlike any request (invented words, word salad, key mashing, symbols) and their kinds.

    They are used to measure and calibrate novelty only and carry no other label.
    """
    rng = random.Random(seed)
    kinds = [index % len(_NONSENSE) for index in range(count)]
    return [_NONSENSE[kind](rng) for kind in kinds], kinds


def _invented(rng: random.Random) -> str:
    syllables = _SYLLABLES.split()
    count = range(rng.randint(2, 8))
    words = ("".join(rng.sample(syllables, rng.randint(1, 3))) for _ in count)
    return " ".join(words)


def _salad(rng: random.Random) -> str:
    words = rng.sample(_WORDS.split(), rng.randint(4, 9))
    words[rng.randrange(len(words))] = rng.choice(("of", "the", "under", "because", "seven"))
    return " ".join(words)


def _mashed(rng: random.Random) -> str:
    return "".join(rng.choice("asdfghjkl;qweruiopzxcvbnm  ") for _ in range(rng.randint(8, 40)))


def _symbols(rng: random.Random) -> str:
    return "".join(rng.choice("@#%&*~^<>|{}[]=+/\\01 ") for _ in range(rng.randint(6, 40)))


def _mixed(rng: random.Random) -> str:
    return f"{_invented(rng)} {_salad(rng)}"


_NONSENSE = (_invented, _salad, _mixed, _mashed, _symbols)
