"""Measures how often the semantic cache would answer, and how often it would be wrong.

    python -m benchmarks.bench_semantic_cache FILE

FILE has labelled texts (`text`, `intent`), as .jsonl or .jsonl.gz. A shuffled half of them counts
as answered before; each of the others asks once. A hit is false when the stored question has
another intent. That is a lower bound of the errors: two questions of one intent may still want
different answers (a fee for one card or another), and only the gates, the minimal pairs of the
tests and a person's approval guard against that. Texts that differ only in case are exact repeats
and are left out.
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

from router.caches.semantic_gates import Gate, gate_between, meaning_of
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

THRESHOLDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
NEAREST = 8  # as many as the cache looks at


@dataclass(slots=True)
class Counts:
    """Counts the results of all questions at one threshold."""

    near: int = 0  # a vector alone would have given an answer
    near_false: int = 0
    hits: int = 0  # and no gate forbids it
    false: int = 0
    gates: Counter[Gate] = field(default_factory=Counter)


def read_rows(path: Path, most: int, seed: int) -> list[tuple[str, str]]:
    """Returns distinct texts with their intents, shuffled, without texts outside every intent."""
    raw = path.read_bytes()
    distinct: dict[str, tuple[str, str]] = {}
    for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines():
        row = json.loads(line)
        if row["intent"] and not row.get("oos") and row["intent"] != "oos":
            distinct.setdefault(row["text"].strip().lower(), (row["text"], row["intent"]))
    rows = list(distinct.values())
    random.Random(seed).shuffle(rows)
    return rows[:most]


def count(rows: list[tuple[str, str]], model: TriageModel) -> dict[float, Counts]:
    """Counts the answers that the second half of the rows would get from the first."""
    texts = [text for text, _ in rows]
    # Encoded one by one, as the cache does: batches change the last bits of a vector.
    vectors = np.concatenate([model.encoder.encode([text]) for text in texts])
    meanings = [meaning_of(text) for text in texts]
    half = len(rows) // 2
    counts = {threshold: Counts() for threshold in THRESHOLDS}
    for i in range(half, len(rows)):
        cosines = vectors[:half] @ vectors[i]
        nearest = np.argsort(-cosines)[:NEAREST].tolist()
        gates = [gate_between(meanings[j], meanings[i]) for j in nearest]
        for threshold, result in counts.items():
            near = [
                (j, gate) for j, gate in zip(nearest, gates, strict=True) if cosines[j] >= threshold
            ]
            if not near:
                continue
            result.near += 1
            result.near_false += rows[near[0][0]][1] != rows[i][1]
            hit = next((j for j, gate in near if gate is None), None)
            if hit is None:
                result.gates[near[0][1] or Gate.LENGTH] += 1
            else:
                result.hits += 1
                result.false += rows[hit][1] != rows[i][1]
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--most", type=int, default=6_000, help="rows that are read")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = read_rows(options.file, options.most, options.seed)
    counts = count(rows, TriageModel.load(DEFAULT_FOLDER))
    asks = len(rows) - len(rows) // 2
    print(f"{options.file.name}: {asks} questions, {len(rows) // 2} kept")
    print("cosine   vector alone: hits  false    behind the gates: hits  false")
    for threshold, result in counts.items():
        print(
            f"{threshold:6.2f} {result.near / asks:18.1%} {result.near_false:6}"
            f" {result.hits / asks:24.1%} {result.false:6}"
        )
    kept_apart = ", ".join(f"{gate.value} {n}" for gate, n in counts[0.8].gates.most_common())
    print(f"kept apart from .8 on: {kept_apart}")


if __name__ == "__main__":
    main()
