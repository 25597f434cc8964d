"""Fits matching anew for a finished model: `tiergate train match`.

Encoder, heads and all other files stay. The rows that it reads and what the model says of them are
kept in the work folder, so that a second fit takes a minute.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from router.training.data import sources
from router.training.finished_model import curated, write_card
from router.training.heads import fit_match, match_rows
from router.training.install import refitted
from router.training.progress import track
from router.training.work_folder import Run
from router.triage import match_file
from router.triage.triage_model import MANIFEST, MATCH, TriageModel
from router.triage.utterances import Described

AT_ONCE = 64
"""Texts of like length in one run: padding costs nothing, and the bar moves."""


def refit(
    data: Path,
    folder: Path,
    work: Path,
    seed: int,
    knowledge: Path | None = None,
    *,
    force: bool = False,
) -> fit_match.FittedMatch:
    """Fits `match.json` of the model in `folder` on the data, and writes its card anew.

    Raises WorseModel where a figure fell, without `force`; TrainingDataError and ModelFileError as
    training and loading do.
    """
    work.mkdir(parents=True, exist_ok=True)
    model = TriageModel.load(folder, matching=fit_match.hand_set(0))
    rows = _rows(Run(data, folder, work, seed, False, True, knowledge=knowledge))
    described = _described(rows, model, folder, work)
    fitted = fit_match.fit(rows, lambda _: described, model.lexicon, seed)
    with refitted(folder, force=force) as made:
        match_file.save(fitted.model, made / MATCH, model.encoder.sha256)
        write_card(made, {"match": fitted.figures})
    return fitted


def _rows(run: Run) -> list[match_rows.Row]:
    """Returns the rows that are fitted on; curation is repeated where the data changed."""
    kept = run.work / f"rows-{run.data_stamp()[:16]}.jsonl.gz"
    if not kept.is_file():
        read = curated(run.data, run.seed, run.knowledge)
        unseen = sources.never_taught(run.knowledge)
        rows = match_rows.selected(read.train, read.dev, run.seed, unseen)
        with gzip.open(kept, "wt", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in rows)
    return [match_rows.Row(*json.loads(line)) for line in sources.lines(kept)]


def _described(
    rows: Sequence[match_rows.Row], model: TriageModel, folder: Path, work: Path
) -> Described:
    """Returns what the model says of the rows; kept as long as model and rows are the same."""
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    rest = sorted((name, digest) for name, digest in files.items() if name != MATCH)
    texts = [row.text for row in rows]
    key = hashlib.sha256(json.dumps([rest, texts]).encode()).hexdigest()[:16]
    kept = work / f"described-{key}.npz"
    if not kept.is_file():
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors: list[np.ndarray] = [np.empty(0)] * len(texts)
        readings = list(vectors)
        for start in track(range(0, len(order), AT_ONCE), "describe", True):
            places = order[start : start + AT_ONCE]
            described = model.described([texts[i] for i in places])
            for row, place in enumerate(places):
                vectors[place], readings[place] = described.vectors[row], described.readings[row]
        np.savez(kept, vectors=np.stack(vectors), readings=np.stack(readings))
    with np.load(kept, allow_pickle=False) as arrays:
        return Described(arrays["vectors"], arrays["readings"])
