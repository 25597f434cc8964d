"""Stage 6b: the model card, once for machines (card.json) and once for people (CARD.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
Card = Mapping[str, Value]


def write(card: Card, folder: Path) -> None:
    """Writes card.json and CARD.md into `folder`."""
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "CARD.md").write_text(render(card), encoding="utf-8")


def render(card: Card) -> str:
    """Returns the card as Markdown.

    Missing parts are left out: a model trained on a subset of the files has a shorter card.
    """
    figures = _map(card, "figures")
    parts = [
        "# Triage model card",
        _opening(card),
        "## Heads on the dev part: labels given by data sets",
        "AUROC for chances; accuracy and ECE (15 equal-mass bins) for all. Calibrators were fitted on "
        "these dev rows; `crossed` is the ECE where each half is judged by the other half's fit. "
        "Stakes labels are nearly all a model's opinion and domain labels go by source: both are "
        "given by the data, neither by a panel of people. Rows are also shown by source, since pooled figures hide "
        "the hard ones.",
        _heads(_map(figures, "heads", "given"), _map(figures, "crossed_ece")),
        "## Heads on the dev part: weak labels",
        "From stated rules and written templates (`router/training/labels.py`, `templates.py`): they "
        "show that the head learned the rule, not that the rule is right. Fillings of one template "
        "are never on both sides.",
        _heads(_map(figures, "heads", "weak"), {}),
        "## What the embedding holds: linear probes, not shipped",
        _table(("set", "classes", "dev rows", "accuracy"), (
            (name, row["classes"], row["rows"], row["accuracy"])
            for name, row in _rows(_map(figures, "probes"))
        )),
        "## Difficulty and known models",
        f"P(right) = sigmoid(a (theta - d)), a = {_map(figures, 'difficulty').get('a')}; "
        f"{_map(figures, 'difficulty').get('models')} models in `known_models.json`. On dev questions:",
        _table(("benchmark", "graded answers", "AUROC", "ECE"), (
            (name, row["answers"], row["auroc"], row["ece"])
            for name, row in _rows(_map(figures, "difficulty", "dev"))
        )),
        "## Novelty: every score tried",
        "`clinc`: out-of-scope against in-scope dev requests of CLINC150 (few out-of-scope rows: see "
        "the count). `nonsense`: our own nonsense against all dev requests. Recall at 5 % of usual requests rejected.",
        _table(("score", "clinc AUROC", "clinc recall", "rows", "nonsense AUROC", "nonsense recall"), (
            (name, row.get("clinc_auroc"), row.get("clinc_recall_at_5"), row.get("clinc_novel"),
             row.get("nonsense_auroc"), row.get("nonsense_recall_at_5"))
            for name, row in _rows(_map(figures, "novelty", "trials"))
        )),
        f"Shipped: `combined`, a logistic model of `mahalanobis` and a reader of nonsense (judged on kinds of nonsense it was not fitted on). Calibrated figures: {_inline(_map(figures, 'novelty', 'shipped'))}.",
        "## Match confidence",
        "Simulated knowledge files from the intent sets, 30 % of requests outside the file. The "
        "encoder was trained on these intents, so a file of another kind does worse; the index "
        "adjusts itself to it. " + _inline(_map(figures, "match")) + ".",
        "## Latency and size",
        "One thread, a lone request, tokenising and all heads included, on a shared machine. 512 tokens are cut to "
        "the 128 that are read.",
        _table(("tokens", "p50 ms", "p99 ms"), (
            (name, row["p50_ms"], row["p99_ms"]) for name, row in _rows(_map(figures, "latency"))
        )),
        f"Bytes: {_inline(_map(figures, 'bytes'))}. INT8 against float: {_inline(_map(figures, 'parity'))}.",
        "## Data",
        _table(("file", "rows", "examples", "licence", "sha256"), (
            (row["name"], row["rows"], row["examples"], row["licence"], str(row["sha256"])[:16])
            for row in _list(card, "files")
        )),
        "## Files",
        _table(("file", "sha256"), (
            (name, str(digest)) for name, digest in _map(card, "artefacts").items()
        )),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(card: Card) -> str:
    split, training = _map(card, "split"), _map(card, "training")
    return (
        f"A {card['shape']}; distilled from all-MiniLM-L6-v2 (Apache-2.0) and trained on the files below "
        f"at once, then quantized to INT8. It reads at most 128 tokens of the last user turn.\n\n"
        f"- Made by: `{card['command']}` (seed {card['seed']})\n"
        f"- Split: {_inline(split)}; dev is cut by a hash of the text before anything is trained; pairs, "
        "templates and texts that share an opening stay together.\n"
        f"- Training: {_inline(training)}\n"
        f"- Versions: {_inline(_map(card, 'versions'))}"
    )


def _heads(heads: Mapping[str, Value], crossed: Mapping[str, Value]) -> str:
    return _table(("head / source", "dev rows", "accuracy", "AUROC", "ECE", "crossed"), (
        (name, row["rows"], row["accuracy"], row.get("auroc"), row["ece"], crossed.get(name))
        for name, row in sorted(_rows(heads))
    ))  # fmt: skip


def _map(card: Card, *keys: str) -> Mapping[str, Value]:
    value: Value = card
    for key in keys:
        value = value.get(key, {}) if isinstance(value, Mapping) else {}
    return value if isinstance(value, Mapping) else {}


def _list(card: Card, key: str) -> list[Mapping[str, Value]]:
    value = card.get(key, [])
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, Sequence) else []


def _rows(value: Mapping[str, Value]) -> list[tuple[str, Mapping[str, Value]]]:
    return [(name, row) for name, row in value.items() if isinstance(row, Mapping)]


def _inline(value: Mapping[str, Value]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {entry}" for name, entry in value.items())


def _table(head: Sequence[str], rows: object) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    assert hasattr(rows, "__iter__")
    for row in rows:
        lines.append(" | ".join("–" if cell is None else str(cell) for cell in row))
    return "\n".join(f"| {line} |" for line in lines)
