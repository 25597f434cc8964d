"""Writes the model card of stage 6b, once for machines (card.json) and once for people
(CARD.md), and the cards of parts that are trained by themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from router.training.heads.fit_novelty import NOVEL_SHARE
from router.triage.encoder import sha256_of

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
Card = Mapping[str, Value]


GIVEN = (
    "AUROC for chances; accuracy and ECE (15 equal-mass bins) for all. Calibrators were fitted on "
    "these dev rows; `crossed` is the ECE where each half is judged by the other half's fit. The "
    "heads of the table below were made less sure afterwards, so that here they say too little. "
    "Stakes labels are nearly all a model's opinion and domain labels go by source: both come "
    "with the data, neither from a panel of people. Rows are also shown by source, since pooled "
    "figures hide the hard ones."
)
WEAK = (
    "From stated rules and written templates (`router/training/data/labels.py`, `templates.txt`): "
    "they show that the head learned the rule, not that the rule is right. Fillings of one "
    "template are never on both sides."
)
HELD_OUT = (
    "What a head says from 0.9 on, and what is right of it, on texts whose source or author taught "
    "it nothing. A source of messages is left out whole: the head is fitted again without it and "
    "reads it, and temperature, cap and curve are those of the other sources. The encoder has "
    "read these sources. It has read none of the authors of grave and everyday lines "
    "(`router/training/data/grave`; `domain`: their lines about health, law and engineering "
    "safety). `held_out`, `eleventh`, `twelfth` and `fifteenth` fitted nothing and judge only."
)
NOVELTY = (
    "`clinc`: out-of-scope against in-scope dev requests of CLINC150 (few out-of-scope rows: see "
    "the count). `nonsense`: our own nonsense against all dev requests. Recall where 5 % of usual "
    "requests are rejected. Shipped: `combined`, a logistic model of `mahalanobis` and a reader "
    "of nonsense, judged on kinds of nonsense that it was not fitted on; the encoder has seen "
    "other texts of every kind, so that kinds of your own do worse."
)
MATCH = (
    "Simulated knowledge files from the intent sets, 30 % of requests outside the file: 12 % akin "
    "to its intents, 8 % asked of other companies, 10 % of everything else. Each company is judged "
    "by what was fitted on the others. `claimed` is the mean chance of what is taken at 0.85, "
    "`right` the share of it that is right; the last four columns are shares or counts of outside "
    "requests that were taken. The encoder was trained on these intents, so a file of another kind "
    "does worse: `it_help_desk` and `retail_bank` taught neither encoder nor fit. The mean of "
    "their `right`, but at most 0.9, is the cap in `match.json`: until a file has outcomes of its "
    "own, its chances are shown no higher (the surest rank within a thousandth above it)."
)
LATENCY = (
    "One thread, a lone request, tokenising and all heads included. The machine was shared while "
    "this was measured: wall times include waiting for others, processor times do not. 512 tokens "
    "are cut to the 128 that are read."
)
TABLES = {
    "probes": ("set", "classes", "dev rows", "accuracy"),
    "difficulty": ("benchmark", "graded answers", "AUROC", "ECE"),
    "novelty": (
        "score",
        "clinc AUROC",
        "clinc recall",
        "clinc rows",
        "nonsense AUROC",
        "nonsense recall",
    ),
    "latency": ("tokens", "p50 ms", "p99 ms", "processor p50 ms", "processor p99 ms"),
    "heads": ("head / source", "dev rows", "accuracy", "AUROC", "ECE", "crossed"),
    "held_out": ("head / source or author", "rows", "accuracy", "said", "right", "n from 0.9 on"),
    "match": (
        *("company held out", "requests", "AUROC", "ECE", "claimed", "right", "of its own taken"),
        *("akin taken", "others taken", "general taken", "harmful taken"),
    ),
    "files": ("file", "rows", "examples", "licence", "sha256"),
}


def write(card: Card, folder: Path) -> None:
    """Writes card.json and CARD.md into `folder`."""
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (folder / "card.json").write_text(text, encoding="utf-8")
    (folder / "CARD.md").write_text(render(card), encoding="utf-8")


def write_of_part(card: Card, name: str, files: Sequence[Path]) -> Card:
    """Writes `<name>.card.json` of one part of a model beside its `files`.

    Returns the card with their digests, by the name of the file.
    """
    whole = {**card, "sha256": {file.name: sha256_of(file) for file in files}}
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    files[0].with_name(f"{name}.card.json").write_text(text, encoding="utf-8")
    return whole


def render(card: Card) -> str:
    """Returns the card as Markdown.

    Parts without figures stay empty tables: a model trained on a subset of the files has them.
    """
    # A model trained on a subset of the files lacks some figures; their tables stay empty.
    figures = part_of(card, "figures")
    fitted = part_of(figures, "difficulty")
    novelty = part_of(figures, "novelty")
    parts = [
        "# Triage model card",
        _opening(card),
        "## Heads on the dev part: labels given by data sets",
        GIVEN,
        _heads(part_of(figures, "heads", "given"), part_of(figures, "crossed_ece")),
        "## Heads on the dev part: weak labels",
        WEAK,
        _heads(part_of(figures, "heads", "weak"), {}),
        "## Heads on sources and authors that taught them nothing",
        HELD_OUT,
        _columns(
            "held_out", part_of(figures, "held_out"), "rows", "accuracy", "said", "right", "sure",
        ),
        "## What the embedding holds: linear probes, not shipped",
        _columns("probes", part_of(figures, "probes"), "classes", "rows", "accuracy"),
        "## Difficulty and known models",
        f"P(right) = sigmoid(a (theta - d)), a = {fitted.get('a')}; {fitted.get('models')} models "
        "in `known_models.json`. On dev questions:",
        _columns("difficulty", part_of(fitted, "dev"), "answers", "auroc", "ece"),
        "## Novelty: every score tried",
        NOVELTY,
        _columns(
            "novelty", part_of(novelty, "trials"), "clinc_auroc", "clinc_recall_at_5",
            "clinc_novel", "nonsense_auroc", "nonsense_recall_at_5",
        ),
        f"Calibrated, at {NOVEL_SHARE:.0%} novel requests: {_inline(part_of(novelty, 'shipped'))}.",
        "## Match confidence",
        MATCH,
        _columns(
            "match", part_of(figures, "match"), "requests", "auroc", "ece", "claimed_among_taken",
            "right_among_taken", "taken_of_right_intents", "near_taken", "others_taken",
            "general_taken", "harmful_taken",
        ),
        "## Latency and size",
        LATENCY,
        _columns(
            "latency", part_of(figures, "latency"), "p50_ms", "p99_ms", "cpu_p50_ms", "cpu_p99_ms",
        ),
        f"Bytes: {_inline(part_of(figures, 'bytes'))}.",
        f"INT8 against float: {_inline(part_of(figures, 'parity'))}.",
        "## Data",
        _files(card),
        "## Files",
        table(("file", "sha256"), [(k, str(v)) for k, v in part_of(card, "artefacts").items()]),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(card: Card) -> str:
    return (
        f"A {card['shape']}; distilled from all-MiniLM-L6-v2 (Apache-2.0) and trained on the files "
        f"below at once, then quantized to INT{card.get('bits', 8)}. The encoder reads at most 128 "
        "tokens of the last user turn; n-grams, the other half of each head, at most 512."
        "\n\n"
        f"- Made by: `{card['command']}` (seed {card['seed']})\n"
        f"- Split: {_inline(part_of(card, 'split'))}; dev is cut by a hash of the text before "
        "anything is trained; pairs, templates and texts that share an opening stay together.\n"
        f"- Training: {_inline(part_of(card, 'training'))}\n"
        f"- Versions: {_inline(part_of(card, 'versions'))}"
    )


def _columns(kind: str, value: Mapping[str, Value], *keys: str) -> str:
    rows = [(name, *(row.get(key) for key in keys)) for name, row in _rows(value)]
    return table(TABLES[kind], rows)


def _heads(heads: Mapping[str, Value], crossed: Mapping[str, Value]) -> str:
    keys = ("rows", "accuracy", "auroc", "ece")
    rows = [
        (name, *(row.get(key) for key in keys), crossed.get(name))
        for name, row in sorted(_rows(heads))
    ]
    return table(TABLES["heads"], rows)


def _files(card: Card) -> str:
    listed = card.get("files", [])
    rows = [row for row in listed if isinstance(row, Mapping)] if isinstance(listed, list) else []
    keys = ("name", "rows", "examples", "licence")
    return table(
        TABLES["files"], [(*(row[key] for key in keys), str(row["sha256"])[:16]) for row in rows]
    )


def part_of(card: Card, *keys: str) -> Mapping[str, Value]:
    """Returns the object at a path of keys, an empty one where the card has none there."""
    value: Value = card
    for key in keys:
        value = value.get(key, {}) if isinstance(value, Mapping) else {}
    return value if isinstance(value, Mapping) else {}


def _rows(value: Mapping[str, Value]) -> list[tuple[str, Mapping[str, Value]]]:
    return [(name, row) for name, row in value.items() if isinstance(row, Mapping)]


def _inline(value: Mapping[str, Value]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {entry}" for name, entry in value.items())


def table(head: Sequence[str], rows: Sequence[Sequence[Value]]) -> str:
    """Returns a Markdown table; a missing cell shows as "-"."""
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join("-" if cell is None else str(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)
