"""Fits the heads of the shipped specialists again, for the present encoder, by one command.

    tiergate train specialists --data DIR --out policies/heads

The heads are department, priority, toxicity and category; spam and toxic belong to the triage
model. The dev part is cut by the hash of the text that `curate` uses, before anything is fitted, so
that rows on which the encoder was trained never judge. Uses numpy only, no torch.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.stats.heads import Embeddings, Encoded, Head
from router.stats.ngrams import Counted, Grams
from router.stats.softmax_regression import Labels
from router.training.data.curate import deduplicated, is_dev
from router.training.data.sources import (
    Example,
    LoadedFile,
    Row,
    SourceFile,
    find,
    read_file,
)
from router.training.heads.cross_validation import crossed_temperature
from router.training.heads.fit_one_head import (
    FittedHead,
    Recipe,
    TaughtRows,
    fit_head,
    measured,
    put_together,
    top_ece,
    unseen,
)
from router.training.heads.specialist_sources import SPECIALISTS, Specialist, Taught
from router.training.heads.train_head import THREADS, install_all, versions
from router.training.install import Figure, not_installed
from router.training.progress import track
from router.triage.encoder import sha256_of
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

CHUNK = 2_000
LEAST_DEV = 50
"""Fewer dev rows cannot fit a temperature; then that of the head's own folds stays."""

Reader = Callable[[Row], Iterator[Example]]
Read = tuple[Embeddings, Counted]
"""The vector and the n-grams of one text."""


def train_specialists(
    data: Path,
    out: Path,
    *,
    model_dir: Path | None,
    seed: int,
    command: str,
    shown: bool = True,
    only: str | None = None,
    force: bool = False,
) -> list[dict[str, object]]:
    """Fits and writes all heads with their cards and CARD.md into `out`; returns the cards.

    `only` names the one head to fit; the others and their cards in `out` stay as they are. Raises
    WorseModel where the macro-F1 of a head in `out` was better, without `force`; then the new heads
    go into a folder beside it. Raises TrainingDataError when a file is missing or malformed, or no
    specialist has that name.
    """
    wanted = [one for one in SPECIALISTS if only in (None, one.name)]
    if not wanted:
        names = ", ".join(one.name for one in SPECIALISTS)
        raise TrainingDataError(f"found the name {only}; expected one of {names}")
    model = TriageModel.load(model_dir or DEFAULT_FOLDER, threads=THREADS)
    # Specialists share files, so a text is encoded once for all of them.
    known: dict[str, Read] = {}
    cards: list[dict[str, object]] = []
    made: list[tuple[Head, dict[str, object]]] = []
    for specialist in wanted:
        examples, files = _read(data, specialist)
        encoded = _encode(model, [example.text for example in examples], known, specialist, shown)
        fitted, dev = _fit(specialist, examples, encoded, model, seed)
        card = _card(specialist, fitted, dev, files, examples, model, seed, command)
        made.append((fitted.head, card))
        cards.append(card)
    # All or none: heads of two encoders would not load together.
    place, faults = install_all(made, out, _figures, force=force)
    (place / "CARD.md").write_text(render(_all_cards(cards, place)), encoding="utf-8")
    if place != out:
        raise not_installed(out, faults)
    return cards


def _figures(card: Mapping[str, object]) -> dict[str, Figure]:
    """Returns the macro-F1 on dev, of given labels if there are any; nothing without dev rows."""
    dev = card.get("dev")
    row = dev.get("given", dev.get("weak")) if isinstance(dev, Mapping) else None
    if row is None:
        return {}
    return {"": Figure("macro-F1", float(row["macro_f1"]), int(row["rows"]))}


def _all_cards(made: Sequence[dict[str, object]], out: Path) -> list[dict[str, object]]:
    """Returns the cards that were just made and those that lie in the folder, in fixed order."""
    by_name = {str(card["name"]): card for card in made}
    cards: list[dict[str, object]] = []
    for specialist in SPECIALISTS:
        path = out / f"{specialist.name}.card.json"
        if specialist.name in by_name:
            cards.append(by_name[specialist.name])
        elif path.is_file():
            cards.append(json.loads(path.read_text(encoding="utf-8")))
    return cards


def _read(data: Path, specialist: Specialist) -> tuple[list[Example], list[LoadedFile]]:
    """Returns the labelled examples of all files that teach a head, and the files."""
    task = specialist.name
    kept_examples: list[Example] = []
    files: list[LoadedFile] = []
    for taught in specialist.taught:
        path = find(data, taught.file)
        if path is None:
            raise TrainingDataError(
                f"{data} lacks {taught.file}, which teaches {task}; "
                "docs/guides/training.md lists the files"
            )
        source = SourceFile(taught.file, taught.columns, taught.licence, _reader(task, taught))
        examples, rows = read_file(path, source)
        # Labels that contradict each other are dropped here, hence the filter on the task below.
        examples, _, _ = deduplicated(examples)
        examples = [example for example in examples if task in example.labels]
        # By hash, so that a cap keeps the same rows on every run.
        examples.sort(key=lambda example: sha256(example.text.encode()).digest())
        kept = examples[: taught.most]
        kept_examples += kept
        files.append(LoadedFile(path.name, sha256_of(path), rows, len(kept), taught.licence))
    return _thinned(kept_examples, specialist), files


def _thinned(examples: list[Example], specialist: Specialist) -> list[Example]:
    """Returns at most as many rows of a class as the specialist allows: those of least hash."""
    seen: Counter[str] = Counter()
    kept = []
    for example in sorted(examples, key=lambda e: sha256(e.text.encode()).digest()):
        label = example.labels[specialist.name]
        seen[label] += 1
        if seen[label] <= specialist.most.get(label, len(examples)):
            kept.append(example)
    return kept


def _reader(task: str, taught: Taught) -> Reader:
    source = taught.file.split(".", 1)[0]

    def read(row: Row) -> Iterator[Example]:
        label = taught.label_of(row)
        if label is not None:
            weak = frozenset({task}) if taught.weak else frozenset[str]()
            yield Example(str(row["text"]).strip(), source, labels={task: label}, weak=weak)

    return read


def _encode(
    model: TriageModel,
    texts: Sequence[str],
    known: dict[str, Read],
    specialist: Specialist,
    shown: bool,
) -> Encoded:
    """Encodes texts; those of an earlier specialist are not read again."""
    # By length, so that a batch holds texts of similar length and needs little padding.
    new = sorted({text for text in texts if text not in known}, key=lambda text: (len(text), text))
    for start in track(range(0, len(new), CHUNK), f"embed {specialist.name}", shown):
        part = new[start : start + CHUNK]
        read = model.encode(part)
        known.update(zip(part, zip(read.vectors, read.grams.each(), strict=True), strict=True))
    return Encoded(
        np.stack([known[text][0] for text in texts]), Grams.of([known[text][1] for text in texts])
    )


def _fit(
    specialist: Specialist,
    examples: Sequence[Example],
    encoded: Encoded,
    model: TriageModel,
    seed: int,
) -> tuple[FittedHead, dict[str, object]]:
    """Returns the head of the rows outside dev, and its figures on dev, given labels apart.

    Dev decides its weights and its temperature, because on rows on which the encoder was trained
    the head would be too sure. So the figures are crossed: each half of dev is calibrated by the
    other half's temperature.
    """
    task, classes = specialist.name, specialist.classes
    # The cut is by text alone, so it agrees with the one of the encoder's training.
    judging = np.array([is_dev(example) for example in examples])
    train = [example for example in examples if not is_dev(example)]
    missing = set(classes) - {example.labels[task] for example in train}
    if missing:
        raise TrainingDataError(f"no row teaches {task} the classes {', '.join(sorted(missing))}")
    weak = sum(task in example.weak for example in train)
    source = "weak" if weak == len(train) else "mixed" if weak else "given"
    texts, labels = [example.text for example in train], _labels(train, task, classes)
    fitted = fit_head(
        Recipe(task, classes, model.encoder.sha256, model.rarity, label_source=source),
        TaughtRows(encoded[~judging], labels, texts, honest=np.zeros(len(train), bool)),
        seed,
    )
    dev = [example for example in examples if is_dev(example)]
    labels = _labels(dev, task, classes)
    if len(dev) >= LEAST_DEV:
        mix, judged = unseen(fitted.fitted, encoded[judging], labels)
        chances = crossed_temperature(judged.pool, labels)
        fitted = replace(fitted, head=put_together(fitted.fitted, mix, judged))
    else:
        chances = fitted.head(encoded[judging])
    figures: dict[str, object] = {}
    # Weak labels are judged apart: agreement with a rule is not correctness.
    is_weak = np.array([task in example.weak for example in dev])
    for kind, rows in (("given", ~is_weak), ("weak", is_weak)):
        if rows.any():
            reached = measured(chances[rows], labels[rows], classes)
            figures[kind] = {**reached, "ece": round(top_ece(chances[rows], labels[rows]), 4)}
    return fitted, figures


def _labels(examples: Sequence[Example], task: str, classes: Sequence[str]) -> Labels:
    place = {label: k for k, label in enumerate(classes)}
    return np.array([place[example.labels[task]] for example in examples], dtype=np.int64)


def _card(
    specialist: Specialist,
    fitted: FittedHead,
    dev: Mapping[str, object],
    files: Sequence[LoadedFile],
    examples: Sequence[Example],
    model: TriageModel,
    seed: int,
    command: str,
) -> dict[str, object]:
    task = specialist.name
    return {
        "name": task,
        "kind": str(fitted.head.kind),
        "classes": list(specialist.classes),
        "note": specialist.note,
        "label_source": fitted.head.label_source,
        "command": command,
        "seed": seed,
        "data": [
            {
                "file": f.name,
                "sha256": f.sha256,
                "rows_read": f.rows,
                "rows_used": f.examples,
                "licence": f.licence,
            }
            for f in files
        ],
        "rows_per_class": dict(Counter(e.labels[task] for e in examples).most_common()),
        "figures": dict(fitted.figures),
        "dev": dict(dev),
        "judged_on": "dev: cut by a hash of the text, on which neither head nor encoder was "
        "trained; figures: the head's own folds, on rows that the encoder knew",
        "encoder_sha256": fitted.head.encoder_sha256,
        "model_version": model.version,
        "versions": versions(),
    }


def render(cards: Sequence[Mapping[str, object]]) -> str:
    """Returns CARD.md of the specialists' heads."""
    first = cards[0]
    lines = [
        "# Heads of the shipped specialists",
        "",
        f"Made by `{first['command']}` (seed {first['seed']}) for the encoder "
        f"{str(first['encoder_sha256'])[:12]}, triage model {first['model_version']}. DATA is a "
        "folder with the public sets below; `docs/reference/data.md` says where each comes from. "
        "Figures are of the dev part, cut by a hash of the text before anything was fitted. Weak "
        "labels come from stated rules or from where a text was found, never from people; they are "
        "kept apart.",
        "",
        "| head | labels | dev rows | accuracy | largest class | macro-F1 | ECE |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for card in cards:
        dev = card["dev"]
        assert isinstance(dev, Mapping)
        for kind, row in dev.items():
            cells = [row[key] for key in ("rows", "accuracy", "majority", "macro_f1", "ece")]
            lines.append(f"| {card['name']} | {kind} | " + " | ".join(map(str, cells)) + " |")
    for card in cards:
        lines += ["", f"## {card['name']}", "", str(card["note"]), ""]
        lines += ["| class | rows in all | dev rows | precision | recall | F1 |"]
        lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
        lines += list(_class_lines(card))
        lines += ["", "| file | rows used | licence | sha256 |", "| --- | ---: | --- | --- |"]
        data = card["data"]
        assert isinstance(data, list)
        lines += [
            f"| {f['file']} | {f['rows_used']} | {f['licence']} | {str(f['sha256'])[:16]} |"
            for f in data
        ]
    return "\n".join(lines) + "\n"


def _class_lines(card: Mapping[str, object]) -> Iterator[str]:
    """Yields a line per class: dev figures of given labels, or of weak ones without given ones."""
    dev, counts = card["dev"], card["rows_per_class"]
    assert isinstance(dev, Mapping)
    assert isinstance(counts, Mapping)
    shown = dev.get("given") or dev.get("weak") or {}
    per_class = shown.get("per_class", {})
    for label, count in counts.items():
        row = per_class.get(label, {})
        cells = [row.get(key, "-") for key in ("precision", "recall", "f1")]
        yield (
            f"| {label} | {count} | {row.get('rows', 0):.0f} | "
            + " | ".join(map(str, cells))
            + " |"
        )
