"""How often the semantic cache would answer, and how often wrongly.

    python -m benchmarks.bench_semantic_cache FILE

FILE has labelled texts (`text`, `intent`), as .jsonl or .jsonl.gz. A shuffled half of them was
answered before; each of the others asks once. A hit is false where the kept question has another
intent. That is a lower bound of what is wrong: two questions of one intent may still want other
answers (a fee for one card or another), which the gates, the minimal pairs of the tests and the
approval of nobody else guard. Texts that are equal but for case are exact repeats and left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from router.ledger.caches.semantic_gates import Gate, gate_between, meaning_of
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

THRESHOLDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
NEAREST = 8  # as the cache looks at


@dataclass(slots=True)
class Counts:
    """What came of all questions at one threshold."""

    near: int = 0  # a vector alone would have answered
    near_false: int = 0
    hits: int = 0  # and no gate forbids
    false: int = 0
    gates: Counter[Gate] = field(default_factory=Counter)


def read_rows(path: Path, most: int, seed: int) -> list[tuple[str, str]]:
    """Distinct texts with their intents, shuffled; those outside every intent are left out."""
    raw = path.read_bytes()
    found: dict[str, tuple[str, str]] = {}
    for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines():
        row = json.loads(line)
        if row["intent"] and not row.get("oos") and row["intent"] != "oos":
            found.setdefault(row["text"].strip().lower(), (row["text"], row["intent"]))
    rows = list(found.values())
    random.Random(seed).shuffle(rows)
    return rows[:most]


def count(rows: list[tuple[str, str]], model: TriageModel) -> dict[float, Counts]:
    """What the second half of the rows would have got from the first."""
    texts = [text for text, _ in rows]
    vectors = np.concatenate([model.encoder.encode([text]) for text in texts])  # each alone
    meanings = [meaning_of(text) for text in texts]
    half = len(rows) // 2
    counts = {threshold: Counts() for threshold in THRESHOLDS}
    for i in range(half, len(rows)):
        cosines = vectors[:half] @ vectors[i]
        nearest = np.argsort(-cosines)[:NEAREST].tolist()
        gates = [gate_between(meanings[j], meanings[i]) for j in nearest]
        for threshold, told in counts.items():
            near = [
                (j, gate) for j, gate in zip(nearest, gates, strict=True) if cosines[j] >= threshold
            ]
            if not near:
                continue
            told.near += 1
            told.near_false += rows[near[0][0]][1] != rows[i][1]
            hit = next((j for j, gate in near if gate is None), None)
            if hit is None:
                told.gates[near[0][1] or Gate.LENGTH] += 1
            else:
                told.hits += 1
                told.false += rows[hit][1] != rows[i][1]
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--most", type=int, default=6_000, help="rows that are read")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rows = read_rows(asked.file, asked.most, asked.seed)
    counts = count(rows, TriageModel.load(DEFAULT_FOLDER))
    asks = len(rows) - len(rows) // 2
    print(f"{asked.file.name}: {asks} questions, {len(rows) // 2} kept")
    print("cosine   vector alone: hits  false    behind the gates: hits  false")
    for threshold, told in counts.items():
        print(
            f"{threshold:6.2f} {told.near / asks:18.1%} {told.near_false:6}"
            f" {told.hits / asks:24.1%} {told.false:6}"
        )
    kept_apart = ", ".join(f"{gate.value} {n}" for gate, n in counts[0.8].gates.most_common())
    print(f"kept apart from .8 on: {kept_apart}")


if __name__ == "__main__":
    main()
