"""Calibrates the heads of a finished model again: `tiergate train calibrate`.

The weights within each reader of a head stay, and so does every other file of the model.
"""

from __future__ import annotations

import json
from pathlib import Path

from router.errors import TrainingDataError
from router.training import card, dev_figures, held_out, model_folder
from router.training.data import sources
from router.training.data.curate import curate
from router.training.pipeline import fit_examples
from router.triage.triage_model import HEADS_FOLDER, MANIFEST, TriageModel, write_manifest


def recalibrate(
    data: Path, folder: Path, seed: int, knowledge: Path | None = None
) -> held_out.Figures:
    """Calibrates the model in `folder` and writes its card anew.

    Returns what each head says of each source that taught it nothing. Raises TrainingDataError and
    ModelFileError as training and loading do.
    """
    model = TriageModel.load(folder)
    if model.rarity is None:
        raise TrainingDataError(f"{folder} has no n-grams; expected a model with them")
    taught = [e for path in sources.knowledge_files(knowledge)
              for e in sources.read_knowledge(path)[0]]  # fmt: skip
    curated = curate(data, seed, told=taught, progress=True)
    train, dev = fit_examples(curated.train, curated.dev, seed)
    of_train, of_dev = (model.encode([row.text for row in rows]) for rows in (train, dev))
    lines = held_out.author_lines(seed)
    of_lines = model.encode([line.text for line in lines])
    material = held_out.Material((train, of_train), (dev, of_dev), (lines, of_lines), model.rarity)
    with model_folder.changed(folder) as made:
        beyond = held_out.recalibrate(made / HEADS_FOLDER, material, model.encoder.sha256)
        write_manifest(made)
        path = made / "card.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        measured = dev_figures.head_figures(TriageModel.load(made), dev, of_dev)
        for labels, figures in measured.items():
            for head, row in figures.items():
                if head.partition("/")[0] in held_out.HEADS:
                    told["figures"]["heads"][labels][head] = row
        told["figures"]["held_out"] = beyond
        told["artefacts"] = json.loads((made / MANIFEST).read_text(encoding="utf-8"))["files"]
        card.write(told, made)
    return beyond
