"""Writes the questions of a shop for docs/guides/story.md: two departments, then a third.

    python -m benchmarks.shop           (writes known.jsonl, usual.jsonl and new.jsonl)

`known.jsonl` has 200 questions with their department, as `tiergate train head` reads them. The
other two have bodies of requests: 120 further questions that the shop knows, and 200 on solar
modules. The same seeds give the same files.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

Kinds = Mapping[str, tuple[str, Sequence[str], Sequence[str]]]
"""Forms of questions, what they are on, and what else they name, by department."""
KNOWN: Kinds = {
    "billing": (
        "Why was my {0} charged twice in {1}?|The {0} invoice for {1} is wrong|I never got the "
        "{0} refund from {1}|Which payment do you take for a {0} in {1}?",
        ("mug", "lamp", "kettle", "teapot", "chair", "desk", "rug", "shelf", "vase", "clock"),
        ("May", "June", "July", "spring", "autumn", "March"),
    ),
    "shipping": (
        "Where is my {0}? It should have reached {1} by now|The courier left the {0} at {1}|How "
        "long does a {0} take to {1}?|My {0} was delivered to the wrong address in {1}",
        ("mug", "lamp", "kettle", "teapot", "chair", "desk", "rug", "shelf", "vase", "clock"),
        ("Leeds", "Graz", "Porto", "Turin", "Ghent", "Lund"),
    ),
}
NEW: Kinds = {
    "solar": (
        "The inverter of my {0} shows {1} and feeds nothing into the grid|How many {0} modules do "
        "I need for {1} kilowatt hours a year?|Who certifies a {0} roof mount at {1} degrees?|Does "
        "your {0} battery keep {1} watts over night?",
        ("balcony", "garage", "barn", "carport", "flat-roof", "garden", "canopy", "facade"),
        tuple(str(n) for n in range(210, 980, 35)),
    ),
}
Asked = tuple[str, str]
"""A question, and the department that a reviewer who reads it names."""


def asked(kinds: Kinds, seed: int) -> list[Asked]:
    """Returns all questions of these kinds, in an order that the seed gives."""
    questions = [
        (form.format(thing, where), name)
        for name, (forms, things, places) in kinds.items()
        for form in forms.split("|")
        for thing in things
        for where in places
    ]
    return random.Random(seed).sample(questions, len(questions))


def labelled(questions: Sequence[Asked]) -> str:
    """Returns questions and departments as JSON Lines."""
    return "".join(json.dumps({"text": text, "label": name}) + "\n" for text, name in questions)


def bodies(questions: Sequence[Asked]) -> str:
    """Returns the bodies of requests that ask these questions, one a line."""
    return "".join(
        json.dumps({"model": "auto", "messages": [{"role": "user", "content": text}]}) + "\n"
        for text, _ in questions
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(), help="folder of the files")
    folder = parser.parse_args().out
    usual, new = asked(KNOWN, 1), asked(NEW, 2)
    for name, lines in (
        ("known.jsonl", labelled(usual[:200])),
        ("usual.jsonl", bodies(usual[200:320])),
        ("new.jsonl", bodies(new[:200])),
    ):
        (folder / name).write_text(lines, "utf-8")
        print(f"wrote {folder / name}: {lines.count(chr(10))} lines")


if __name__ == "__main__":
    main()
