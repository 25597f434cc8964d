"""Reads written prompts for subjects that no public data set labels: support, grave, strategy.

The patterns are in `templates.txt`: a block states its labels once, and its patterns with `{slots}`
follow. They are ours, varied on purpose (polite, terse, lower case), and their labels are weak. All
fillings of one pattern share a group, so that a dev figure is about patterns that the model never
saw. The files `written_*.txt` have the same form and no slots: prompts as people type them, grave
ones and harmless ones that share their words. Their author had not seen the demo's prompts or the
adversarial suite, and prompts that resembled one of those were taken out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from router.training.data.sources import Example

TEMPLATES = "templates.txt"
WRITTEN = ("written_health_law.txt", "written_money_safety.txt", "written_strategy_support.txt")
SOURCES = ("template_", "written_")
"""Beginnings of source names: those of patterns, and those of prompts without slots."""


@dataclass(frozen=True, slots=True)
class Block:
    """Patterns with the same labels; a task that is absent is one the block says nothing about."""

    source: str
    labels: Mapping[str, str]
    patterns: tuple[str, ...]


@cache
def written() -> tuple[Mapping[str, tuple[str, ...]], tuple[Block, ...]]:
    """Returns the slots and the blocks of all files."""
    slots: dict[str, tuple[str, ...]] = {}
    blocks: list[tuple[str, dict[str, str], list[str]]] = []
    for name in (TEMPLATES, *WRITTEN):
        kind = SOURCES[name in WRITTEN]
        text = Path(__file__).with_name(name).read_text(encoding="utf-8")
        for line in text.splitlines():
            if line.startswith("@"):
                slot, _, fillings = line[1:].partition(" = ")
                slots[slot] = tuple(fillings.split(" | "))
            elif line.startswith("## "):
                labels = dict(pair.split("=") for pair in line[3:].split())
                blocks.append((f"{kind}{labels['domain']}", labels, []))
            elif line and not line.startswith("# "):
                blocks[-1][2].append(line)
    return slots, tuple(Block(source, labels, tuple(lines)) for source, labels, lines in blocks)


_SLOT = re.compile(r"\{(\w+)\}")
FILLINGS = 14
"""Fillings tried per pattern: above about 14 the figures on unseen patterns did not change."""


def examples(seed: int, fillings: int = FILLINGS) -> Iterator[Example]:
    """Yields the written examples, each text once, the same under the same seed."""
    rng = random.Random(seed)
    slots, blocks = written()
    # Different patterns may give the same text; it counts once, with the first one's labels.
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        labels = dict(block.labels)
        for pattern in block.patterns:
            for _ in range(fillings if _SLOT.search(pattern) else 3):
                text = _vary(_SLOT.sub(lambda m: rng.choice(slots[m[1]]), pattern), rng)
                if text not in seen:
                    seen.add(text)
                    yield Example(
                        text=text,
                        source=block.source,
                        labels=labels,
                        group=f"template/{index}/{pattern}",
                        weak=frozenset(labels),
                    )


def _vary(text: str, rng: random.Random) -> str:
    """Varies case and final punctuation as people type them."""
    style = rng.random()
    if style < 0.25:
        text = text.lower()
    elif style < 0.45:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.25:
        text = text.rstrip("?.!") + rng.choice(("", "?", ".", "!", "??", " please"))
    return text
