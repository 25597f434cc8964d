"""Fits parts of a finished model again: `tiergate train calibrate` and `tiergate train novelty`.

Every other file of the model stays.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from router.errors import TrainingDataError
from router.training import card, dev_figures, held_out, unread_sources
from router.training.data import sources
from router.training.data.curate import Curated, curate
from router.training.heads import fit_novelty
from router.training.install import CARD, refitted
from router.training.pipeline import embedded, fit_examples
from router.triage import novelty
from router.triage.triage_model import HEADS_FOLDER, MANIFEST, TriageModel, write_manifest

Row = dict[str, float]
"""The figures of one head on one source, by name."""


def curated(data: Path, seed: int, knowledge: Path | None) -> Curated:
    """Returns the rows of a data folder as training reads them. Raises TrainingDataError."""
    taught = [e for path in sources.knowledge_files(knowledge)
              for e in sources.read_knowledge(path)[0]]  # fmt: skip
    return curate(data, seed, told=taught, progress=True)


def write_card(folder: Path, figures: Mapping[str, card.Value]) -> None:
    """Writes the manifest and the card of a model of which a file changed, with these figures."""
    write_manifest(folder)
    described = json.loads((folder / CARD).read_text(encoding="utf-8"))
    described["figures"] |= figures
    described["artefacts"] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    card.write(described, folder)


def recalibrate(
    data: Path,
    folder: Path,
    seed: int,
    knowledge: Path | None = None,
    names: Collection[str] = held_out.HEADS,
    quick: bool = False,
    *,
    force: bool = False,
) -> held_out.Figures:
    """Calibrates heads of the model in `folder`, some of `held_out.HEADS`; writes its card anew.

    Returns what each says of each source that taught it nothing; the card's rows of the others
    stay. `quick` reads the lines of few authors, as a quick training does. Raises WorseModel where
    a figure fell, without `force`; TrainingDataError and ModelFileError as training and loading do.
    """
    model = TriageModel.load(folder)
    if model.rarity is None:
        raise TrainingDataError(f"{folder} has no n-grams; expected a model with them")
    rows = curated(data, seed, knowledge)
    train, dev = fit_examples(rows.train, rows.dev, seed)
    of_train, of_dev = (model.encode([row.text for row in rows]) for rows in (train, dev))
    lines = unread_sources.author_lines(seed, quick)
    of_lines = model.encode([line.text for line in lines])
    material = unread_sources.Material(
        (train, of_train), (dev, of_dev), (lines, of_lines), model.rarity
    )
    with refitted(folder, force=force) as made:
        sha256 = model.encoder.sha256
        beyond = held_out.recalibrate(made / HEADS_FOLDER, material, sha256, names)
        write_manifest(made)  # a model is only loaded where its files agree with it
        figures = json.loads((made / CARD).read_text(encoding="utf-8"))["figures"]
        measured = dev_figures.head_figures(TriageModel.load(made), dev, of_dev)
        for labels, by_head in measured.items():
            figures["heads"][labels] |= _of(names, by_head)
        kept = _of(
            [name for name in held_out.HEADS if name not in names], figures.get("held_out", {})
        )
        write_card(made, {"heads": figures["heads"], "held_out": kept | beyond})
    return beyond


def _of(names: Collection[str], figures: Mapping[str, Row]) -> dict[str, Row]:
    """Returns the rows `<head>/<source>` of some heads."""
    return {row: of for row, of in figures.items() if row.partition("/")[0] in names}


def refit_novelty(
    data: Path, folder: Path, seed: int, knowledge: Path | None = None, *, force: bool = False
) -> Mapping[str, float]:
    """Fits novelty of the model in `folder`, and writes its card anew.

    Returns the figures of what ships. Raises WorseModel where a figure fell, without `force`;
    TrainingDataError and ModelFileError as training and loading do.
    """
    encoder = TriageModel.load(folder).encoder
    rows = curated(data, seed, knowledge)
    train, dev = fit_examples(rows.train, rows.dev, seed)
    of_train, of_dev = (
        embedded(encoder, side, name, True) for name, side in (("train", train), ("dev", dev))
    )
    fitted = fit_novelty.fit((train, of_train), (dev, of_dev), encoder.encode, seed)
    with refitted(folder, force=force) as made:
        novelty.save(fitted.novelty, made, encoder.sha256)
        write_card(made, {"novelty": fitted.as_card()})
    return fitted.figures
