"""Chooses the rows on which matching is fitted: companies, their customers, and the world.

It knows nothing about vectors or fits.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from router.training.data.sources import Example

SETS = ("clinc150", "banking77", "hwu64", "hint3", "snips")
UNSEEN = ("it_help_desk", "retail_bank")
"""Knowledge files that taught neither the encoder nor any fit; they only judge, and set the cap."""
FAMILIES = {
    "clinc150": ("hint3", "tickets", "knowledge"),
    "banking77": ("hwu64", "snips", "hint3", "tickets", "knowledge"),
    "hwu64": ("banking77", "hint3", "tickets", "knowledge"),
    "hint3": ("clinc150", "banking77", "hwu64", "snips", "tickets"),
    "snips": ("banking77", "hint3", "tickets", "knowledge"),
    "it_help_desk": ("hint3", "banking77"),
    "retail_bank": ("hint3", "hwu64"),
}
"""Other companies whose requests no intent of a set can answer; the others overlap in subject."""

HARMFUL = ("advbench", "forbidden_questions", "moderation", "davidson")
GENERAL = (
    "arena_", "self_instruct", "user_oriented", "vicuna", "ifeval", "llmrouter_", "zeroeval_",
    "math_", "pairs_", "mmlu_pro", "tatqa",
)  # fmt: skip
"""General prompts, questions and code, by the beginning of their source."""
OTHER = (
    "xstest", "email", "sms", "medquad", "pubmedqa", "legalbench", "stakes_", "written_",
    "template_",
)  # fmt: skip

OUTSIDE = (*GENERAL, *HARMFUL, *OTHER)
ASKED = ("clinc150", "banking77", "hwu64", "hint3", "tickets")
"""Sources of what companies are asked; the other sets hold questions of general knowledge."""
ASKED_TOO = ("written_customer_support", "template_customer_support")

UTTERANCE_ROWS, REQUEST_ROWS, WORLD_ROWS = 40, 3000, 160
"""Most texts of one intent, requests of one set, and texts of one other source that are read: more
change no figure and only take time."""
ASKING = 4
FEW_REQUESTS = 300
"""Below so many dev requests, training rows that are no utterance of the file ask too. Of the
files that nothing was fitted on, one utterance in ASKING asks."""


class Row(NamedTuple):
    """Holds a text, where it comes from, and its intent where it asks a company."""

    text: str
    source: str
    intent: str | None
    dev: bool


def selected(
    train: Sequence[Example], dev: Sequence[Example], seed: int, unseen: Sequence[Example] = ()
) -> list[Row]:
    """Returns the rows that play operators, their customers and the rest of the world.

    `unseen` are the rows of UNSEEN: every fourth utterance of an intent asks, the others are the
    file; what is marked as not covered only asks.
    """
    rng = random.Random(seed)
    rows: list[Row] = []
    groups: dict[tuple[str, str, bool], list[Row]] = {}
    for examples, is_dev in ((train, False), (dev, True)):
        for example in examples:
            intent = example.labels.get(f"intent/{example.source}")
            row = Row(example.text, example.source, intent, is_dev)
            part = intent or "" if example.source in SETS and not is_dev else ""
            groups.setdefault((example.source, part, is_dev), []).append(row)
    wanted = (*SETS, "tickets", "knowledge", *HARMFUL, *GENERAL, *OTHER)
    for (source, part, is_dev), found in sorted(groups.items()):
        if not source.startswith(wanted):
            continue
        most = WORLD_ROWS
        if source in SETS:
            most = REQUEST_ROWS if is_dev else UTTERANCE_ROWS
            most = most if part != "oos" else WORLD_ROWS
        elif source.startswith(HARMFUL):
            most = 2 * WORLD_ROWS
        rows += rng.sample(found, min(most, len(found)))
    counts: Counter[str] = Counter()
    for example in unseen:
        intent = example.labels[f"intent/{example.source}"]
        counts[example.source + intent] += 1
        asks = intent == "oos" or counts[example.source + intent] % ASKING == 0
        rows.append(Row(example.text, example.source, intent, asks))
    return rows


def company_of(row: Row) -> str | None:
    if row.source not in (*SETS, *UNSEEN) or row.intent in (None, "oos"):
        return None
    bot = str(row.intent).partition(":")[0]  # HINT3 holds the bots of three companies
    return f"hint3/{bot}" if row.source == "hint3" else row.source


def judges(text: str) -> bool:
    """Returns True for half of the outside texts, which judge and never teach."""
    return hashlib.sha256(b"match|" + text.encode("utf-8", "replace")).digest()[0] < 128


def set_of(company: str) -> str:
    return company.split("/", maxsplit=1)[0]
