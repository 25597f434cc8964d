"""Runs the stages of `tiergate train triage` in order, from data to a model folder.

curate -> teach -> (adapt) -> distil -> (prune) -> export -> embed -> fit -> card; those in brackets
are off unless the caller asks for them. Each stage keeps its outputs in a folder of its own under
the work directory, with a manifest and a stamp of its inputs. A stage whose stamp still holds is
skipped, so a run can be resumed. The finished model is installed in `out` unless one of its heads
is worse than in the installed model.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.stats import heads
from router.stats.heads import Embeddings, Encoded
from router.stats.ngrams import rarity
from router.stats.stacks.head_stack import HeadStack
from router.training import card, dev_figures, held_out, install, unread_sources
from router.training.data import curate, sources
from router.training.data.sources import Example
from router.training.encoder import encoder_stages
from router.training.encoder.encoder_stages import DISTIL_SECONDS, LEGS, examples, thinned
from router.training.heads import difficulty, fit_heads, fit_match, fit_novelty, match_rows
from router.training.install import Installed
from router.training.options import INT8, Options
from router.training.torch_device import torch_device
from router.training.work_folder import Run, chained, versions
from router.triage import match_file, novelty
from router.triage.encoder import Encoder
from router.triage.text import spelling
from router.triage.triage_model import (
    DEFAULT_FOLDER,
    ENCODER,
    HEAD_NAMES,
    HEADS_FOLDER,
    MANIFEST,
    MATCH,
    RARITY,
    TOKENIZER,
    WORDS,
    TriageModel,
    grams_of,
    save_rarity,
    write_manifest,
)
from router.types import Device

# Order matters: the stamp of each stage depends on the stages before it.
STAGES = (
    "curate", "teach", "adapt", "distil", "prune", "export", "embed", "fit", "card",
)  # fmt: skip
FULL_SHAPE = "BERT of 3 layers, 192 wide, 6 heads, 768 hidden, 30,522 word pieces"
QUICK_SHAPE = "BERT of 1 layer, 192 wide (quick run)"

FILE_KEYS = ("name", "sha256", "rows", "examples", "licence")
"""Fields that the card copies from the data report."""

FIT_CAPS = {"tickets": 5_000, "davidson": 8_000, "snips": 6_000}
"""Most training rows per source on which heads are fitted: more rows only take more time."""

OF_ENCODER = ("teach", "adapt", "distil", "prune")
"""Stages that train an encoder; a run with an encoder of its own has none of them."""

OPTIONAL = {"adapt": "adapt_s", "prune": "pruning"}
"""Stages that are off unless their option, or their name, turns them on."""


@dataclass(frozen=True, slots=True)
class TrainReport:
    """Reports a run: seconds per stage that ran, stages that it skipped, the finished model.

    `model` is None when the last stage was not among those named.
    """

    seconds: dict[str, float]
    skipped: tuple[str, ...]
    data_report: Path
    model: Installed | None


def train_triage(
    data: Path,
    out: Path,
    work: Path,
    seed: int = 7,
    stages: Sequence[str] | None = None,
    quick: bool = False,
    progress: bool = True,
    knowledge: Path | None = None,
    options: Options | None = None,
    force: bool = False,
    device: Device = Device.CPU,
) -> TrainReport:
    """Trains a triage model on the folder `data` and installs it in `out`.

    `stages` runs exactly those, again, over the outputs of earlier ones in `work`. None runs what
    is missing or out of date. Naming `distil` when there is already a student trains that one
    further; naming `adapt` turns it on. `quick` makes a tiny model in seconds, for tests.
    `knowledge` is a folder of knowledge files whose utterances are trained on too, except for the
    fifth that judges matches. `force` installs a model that is worse than the installed one. Raises
    TrainingDataError for data that cannot be used and for unknown or unready stages, DeviceMissing
    where a GPU is asked for and there is none.
    """
    unknown = set(stages or ()) - set(STAGES)
    if unknown:
        raise TrainingDataError(
            f"unknown stage {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}"
        )
    again, options = stages is not None, options or Options()
    if options.encoder and (named := sorted(set(stages or ()) & set(OF_ENCODER))):
        raise TrainingDataError(f"--encoder takes the place of the stage {', '.join(named)}")
    where = torch_device(device)
    run = Run(data, out, work, seed, quick, progress, again, knowledge, options, where)
    # Stages after the last named one do not run, so their outputs stay out of date.
    last = max(map(STAGES.index, stages)) if stages else len(STAGES) - 1
    usual = [name for name in STAGES if not options.encoder or name not in OF_ENCODER]
    upto = [name for name in usual if STAGES.index(name) <= last]
    seconds, skipped = _run_stages(run, upto, stages)
    model = None
    if last == len(STAGES) - 1:
        # A quick model is for tests; it would be worse than the shipped one in every head.
        shipped = None if quick else DEFAULT_FOLDER
        model = install.settle(run.model, out, shipped, force=force)
    data_report = run.folder("curate") / encoder_stages.REPORT
    return TrainReport(seconds, skipped, data_report, model)


def _run_stages(
    run: Run, upto: Sequence[str], named: Sequence[str] | None
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Runs the stages `named`, or all that are on and out of date.

    Returns the seconds of each that ran, and the stages that were skipped.
    """
    seconds: dict[str, float] = {}
    skipped: list[str] = []
    stamp = run.data_stamp()
    for stage in upto:
        wanted = stage in named if named is not None else _is_on(stage, run.options)
        if named is None and not wanted:
            run.leave_out(stage)
        if not wanted and stage in OPTIONAL and not run.made(stage):
            skipped.append(stage)
            continue
        # The stamp chains over the stages: a change early in the run makes all later ones stale.
        made_from = chained(stamp, stage, run.options)
        if not wanted or (named is None and run.holds(stage, made_from)):
            if not run.made(stage):
                raise TrainingDataError(f"stage {stage} has no output in {run.work}; run it first")
            skipped.append(stage)
            stamp = run.stamp(stage)
            continue
        began = time.monotonic()
        metrics = _STAGE[stage](run)
        seconds[stage] = round(time.monotonic() - began, 1)
        run.close(stage, made_from, seconds[stage], metrics)
        stamp = made_from
    return seconds, tuple(skipped)


def _is_on(stage: str, options: Options) -> bool:
    return stage not in OPTIONAL or bool(getattr(options, OPTIONAL[stage]))


def fit_examples(
    train: Sequence[Example], dev: Sequence[Example], seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Returns the rows on which heads are fitted, and the dev rows."""
    return thinned(train, seed, FIT_CAPS, len(train)), tuple(dev)


def _embed(run: Run) -> encoder_stages.Metrics:
    train, dev = fit_examples(*examples(run), run.seed)
    exported, folder = run.folder("export"), run.folder("embed")
    spelling.save(curate.words_of(examples(run)[0]), folder / WORDS)
    encoder = Encoder(exported / ENCODER, exported / TOKENIZER, folder / WORDS, threads=2)
    np.save(folder / "train.npy", embedded(encoder, train, "train", run.progress))
    np.save(folder / "dev.npy", embedded(encoder, dev, "dev", run.progress))
    return {"train": len(train), "dev": len(dev)}


def _read(
    run: Run, encoder: Encoder, train: Sequence[Example], dev: Sequence[Example]
) -> tuple[Encoded, Encoded]:
    """Returns the stored embeddings of both sides, and n-grams, which take seconds to count."""
    sides = []
    for name, rows in (("train", train), ("dev", dev)):
        grams = grams_of([encoder.tokenise(example.text) for example in rows])
        sides.append(Encoded(np.load(run.folder("embed") / f"{name}.npy"), grams))
    return sides[0], sides[1]


def _fit(run: Run) -> encoder_stages.Metrics:
    train, dev = fit_examples(*examples(run), run.seed)
    exported, folder = run.folder("export"), run.folder("fit")
    words = run.folder("embed") / WORDS
    encoder = Encoder(exported / ENCODER, exported / TOKENIZER, words)
    of_train, of_dev = _read(run, encoder, train, dev)
    # Fitted on training rows only: document frequencies of dev rows would leak into the heads.
    rare = rarity(of_train.grams)
    save_rarity(rare, folder)
    sha = encoder.sha256
    (folder / HEADS_FOLDER).mkdir(exist_ok=True)
    for name, classes in fit_heads.CLASS_HEADS.items():
        parts = [fit_heads.part(examples, name, classes) for examples in (train, dev)]
        head = fit_heads.class_head(
            name, (of_train, parts[0]), (of_dev, parts[1]), classes, sha, rare
        )
        heads.save(head, folder / HEADS_FOLDER)
    for name in fit_heads.CHANCE_HEADS:
        parts = [
            fit_heads.part(examples, name, dev_figures.both(name)) for examples in (train, dev)
        ]
        head = fit_heads.chance_head(name, (of_train, parts[0]), (of_dev, parts[1]), sha, rare)
        heads.save(head, folder / HEADS_FOLDER)
    lines = unread_sources.author_lines(run.seed, run.quick)
    rows = [encoder.tokenise(line.text) for line in lines]
    of_lines = Encoded(encoder.encode([line.text for line in lines]), grams_of(rows))
    material = unread_sources.Material((train, of_train), (dev, of_dev), (lines, of_lines), rare)
    beyond = held_out.recalibrate(folder / HEADS_FOLDER, material, sha)
    fitted = difficulty.fit((train, of_train), (dev, of_dev), sha, rare)
    heads.save(fitted.head, folder / HEADS_FOLDER)
    (folder / "known_models.json").write_text(json.dumps(_known(fitted, sha), indent=1) + "\n")
    vectors = (train, of_train.vectors), (dev, of_dev.vectors)
    unseen = fit_novelty.fit(*vectors, encoder.encode, run.seed)
    novelty.save(unseen.novelty, folder, sha)
    stack = HeadStack(
        [heads.load(folder / HEADS_FOLDER, name, encoder_sha256=sha) for name in HEAD_NAMES]
    )
    reader = TriageModel(encoder, stack, unseen.novelty, fit_match.hand_set(0), "")
    unseen_rows = sources.never_taught(run.knowledge)
    chosen = match_rows.selected(*examples(run), run.seed, unseen_rows)
    matched = fit_match.fit(chosen, reader.described, reader.lexicon, run.seed)
    match_file.save(matched.model, folder / MATCH, sha)
    figures: dict[str, card.Value] = {
        "difficulty": {"a": round(fitted.a, 3), "models": len(fitted.models), "dev": fitted.dev},
        "match": matched.figures,
        "novelty": unseen.as_card(),
        "held_out": beyond,
    }
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def embedded(
    encoder: Encoder, examples: Sequence[Example], what: str, progress: bool
) -> Embeddings:
    """Returns the vectors on which heads are fitted, (examples, width).

    A quantised encoder reads a text a little differently beside other texts, so that each fit must
    put the same ones together.
    """
    from router.training.progress import track

    step = 512  # texts between two moves of the progress bar
    starts = range(0, len(examples), step)
    texts = [example.text for example in examples]
    parts = [encoder.encode(texts[start : start + step]) for start in track(starts, what, progress)]
    return np.concatenate(parts)


def _known(fitted: difficulty.Fitted, sha: str) -> dict[str, card.Value]:
    return {
        "format": 1,
        "encoder_sha256": sha,
        "a": round(fitted.a, 4),
        "models": {
            name: {
                "theta": known.theta,
                "n": known.answers,
                "per_domain": {d: {"theta": t, "n": n} for d, (t, n) in known.per_domain.items()},
            }
            for name, known in fitted.models.items()
        },
    }


def _card(run: Run) -> encoder_stages.Metrics:
    train, dev = fit_examples(*examples(run), run.seed)
    exported, fitted, out = run.folder("export"), run.folder("fit"), run.model
    out.mkdir(parents=True, exist_ok=True)
    # A head that is no longer fitted must not stay from an earlier run.
    if (out / HEADS_FOLDER).exists():
        shutil.rmtree(out / HEADS_FOLDER)
    shutil.copytree(fitted / HEADS_FOLDER, out / HEADS_FOLDER)
    for name in (MATCH, RARITY, "novelty.npz", "novelty.json", "known_models.json"):
        shutil.copyfile(fitted / name, out / name)
    for name in (ENCODER, TOKENIZER):
        shutil.copyfile(exported / name, out / name)
    words = run.folder("embed") / WORDS
    shutil.copyfile(words, out / WORDS)
    # Loading verifies the manifest, so it must exist before the figures are measured. What an older
    # one says of the encoder's vectors is not said of this model's heads.
    (out / MANIFEST).unlink(missing_ok=True)
    write_manifest(out)
    model = TriageModel.load(out)
    of_train, of_dev = _read(run, model.encoder, train, dev)
    # The float encoder is only the reference for the parity figures; it does not ship.
    full = Encoder(exported / "encoder.fp32.onnx", exported / TOKENIZER, words)
    texts = [example.text for example in random.Random(run.seed).sample(dev, min(2_000, len(dev)))]
    figures = {
        "heads": dev_figures.head_figures(model, dev, of_dev),
        "crossed_ece": dev_figures.crossed_ece(model, dev, of_dev),
        "probes": dev_figures.probes((train, of_train.vectors), (dev, of_dev.vectors)),
        "parity": dev_figures.parity(model.encoder, full, model, texts),
        "latency": dev_figures.latency(
            model, sources.context_lengths(run.data), repeats=60 if run.quick else 500
        ),
        "bytes": dev_figures.folder_bytes(out),
        **json.loads((fitted / "figures.json").read_text()),
    }
    card.write(_described(run, figures), out)
    return {"version": model.version, **figures}


def _described(run: Run, figures: dict[str, card.Value]) -> card.Card:
    report = json.loads((run.folder("curate") / "report.json").read_text())
    listed = json.loads((run.model / "manifest.json").read_text())["files"]
    flags = run.options.command() + (" --quick" if run.quick else "")
    return {
        "shape": _shape(run),
        "bits": run.metrics("export").get("bits", INT8),
        "command": f"tiergate train triage --data DATA --out MODEL --seed {run.seed}{flags}",
        "seed": run.seed,
        "split": {key: report[key] for key in ("train", "dev", "duplicates", "contradictions")},
        "training": _training(run),
        "versions": versions(),
        "files": [{key: file[key] for key in FILE_KEYS} for file in report["files"]],
        "artefacts": listed,
        "figures": figures,
    }


def _training(run: Run) -> card.Value:
    """Describes how the encoder was trained."""
    given = run.options.encoder
    if given is not None:
        return {"encoder": "given", "student_sha256": given.sha256}
    legs = json.loads((run.folder("distil") / LEGS).read_text())
    before = {"adapted": run.metrics("adapt")["steps"]} if run.made("adapt") else {}
    return {"steps_of_each_leg": legs, "seconds_at_most_each": DISTIL_SECONDS, **before}


def _shape(run: Run) -> str:
    """Describes the encoder in words, with what pruning left of it."""
    if run.options.encoder:
        return "an encoder that was tuned before (`--encoder`)"
    shape = QUICK_SHAPE if run.quick else FULL_SHAPE
    if not run.made("prune"):
        return shape
    left = run.metrics("prune")
    parts = ("layers", "heads", "neurons", "word_pieces")
    kept = ", ".join(f"{left[part]} {part.replace('_', ' ')}" for part in parts)
    return f"{shape}, of which pruning left {kept}"


_STAGE: Mapping[str, Callable[[Run], encoder_stages.Metrics]] = {
    "curate": encoder_stages.curated,
    "teach": encoder_stages.taught,
    "adapt": encoder_stages.adapted,
    "distil": encoder_stages.distilled,
    "prune": encoder_stages.pruned,
    "export": encoder_stages.exported,
    "embed": _embed,
    "fit": _fit,
    "card": _card,
}
