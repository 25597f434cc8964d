"""Writes a small folder of training data, in our own words, in the format of such files."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

_ITEMS = "lamp chair bicycle kettle carpet mirror guitar tent drill scarf vase piano"
_ASKS = {
    "colour": ("which colours does the {} come in", "is the {} sold in green", "{} in red?"),
    "weight": ("how heavy is the {}", "what does the {} weigh", "weight of the {} in kilos"),
    "repair": ("can you mend my {}", "my {} broke, who repairs it", "repair for a {}"),
    "rent": ("may I rent a {}", "hire a {} for a day", "what does renting the {} cost"),
    "sell": ("I want to sell my {}", "do you buy used {}s", "offer for my old {}"),
    "clean": ("how do I clean a {}", "cleaning tips for the {}", "the {} has a stain"),
    "paint": ("paint for a {}", "can the {} be painted", "which varnish suits a {}"),
    "gift": ("wrap the {} as a gift", "is the {} a good present", "gift card with the {}"),
}


def write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    folder.mkdir(exist_ok=True)
    with gzip.open(folder / name, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def write_data(folder: Path) -> Path:
    """Writes intents and graded benchmark prompts, enough for every stage of a quick training."""
    rng = random.Random(1)
    write(
        folder,
        "intent_banking77.jsonl.gz",
        [
            {"text": pattern.format(item), "intent": intent}
            for intent, patterns in _ASKS.items()
            for pattern in patterns
            for item in _ITEMS.split()
        ],
    )
    write(
        folder,
        "routing_pairs.jsonl.gz",
        [
            {
                "prompt": f"What is {rng.randint(2, 99)} times {rng.randint(2, 99)}, and why?"
                + " Show each step and say what it is for."
                * (0 if i % 5 else 40),  # beyond 128 tokens
                "benchmark": "mmlu",
                "subject": "elementary_mathematics",
                "weak_correct": rng.randint(0, 1),
                "strong_correct": 1,
            }
            for i in range(500)
        ],
    )
    return folder
