"""`tiergate train triage`: the stages in order, each resumable, from data to a model folder.

curate -> teach -> distil -> export -> embed -> fit -> card. Each stage keeps its outputs in a
folder of its own under the work directory, with a stamp of what it was made from; a stage whose
stamp still holds is skipped.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from router import heads
from router.errors import TrainingDataError
from router.heads import Embeddings, Encoded
from router.ngrams import rarity
from router.training import (
    card,
    curate,
    difficulty,
    evaluate,
    fit_heads,
    fit_match,
    fit_novelty,
    nonsense,
    sources,
)  # fmt: skip
from router.training.sources import Example
from router.triage import match, novelty, spelling
from router.triage.encoder import Encoder
from router.triage.triage_model import (
    ENCODER,
    HEADS_FOLDER,
    MATCH,
    RARITY,
    TOKENIZER,
    WORDS,
    TriageModel,
    grams_of,
    save_rarity,
    write_manifest,
)

STAGES = ("curate", "teach", "distil", "export", "embed", "fit", "card")
DISTIL_SECONDS = 2_000.0
"""Wall time after which distillation stops with its learning rate run down."""
DISTIL_SCALE = 1.1
STAMP = "stamp.json"
LEGS = "legs.json"
"""Steps of each training of the student, one after the other."""

VERSIONED = ("torch", "transformers", "onnxruntime", "numpy", "scipy")
FULL_SHAPE = "BERT of 3 layers, 192 wide, 6 heads, 768 hidden, 30,522 word pieces"
QUICK_SHAPE = "BERT of 1 layer, 192 wide (quick run)"
QUICK_ROWS = 400
"""Rows per source in a quick run: enough for every stage to do its work in seconds."""

FIT_CAPS = {"tickets": 5_000, "davidson": 8_000, "snips": 6_000}
"""Most training rows per source that heads are fitted on: past these, only the time grows."""

TYPED_CHARS, TYPED_FORMS = 300, 3
"""Texts up to this length are also trained with typing errors, in so many different forms."""


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a run did: seconds per stage that ran, the model's folder and version, its figures."""

    out: Path
    version: str
    seconds: dict[str, float]
    skipped: tuple[str, ...]
    figures: dict[str, card.Value]


@dataclass(frozen=True, slots=True)
class _Run:
    data: Path
    out: Path
    work: Path
    seed: int
    quick: bool
    progress: bool
    again: bool = False
    knowledge: Path | None = None

    def folder(self, stage: str) -> Path:
        path = self.work / stage
        path.mkdir(parents=True, exist_ok=True)
        return path


def train_triage(
    data: Path,
    out: Path,
    work: Path,
    seed: int = 7,
    stages: Sequence[str] | None = None,
    quick: bool = False,
    progress: bool = True,
    knowledge: Path | None = None,
) -> TrainReport:
    """Trains a triage model on the folder `data` and writes it to `out`.

    `stages` runs exactly those, again, over what earlier ones left in `work`; None runs what is
    missing or out of date. Naming `distil` where a student is already there trains that one
    further. `quick` makes a tiny model in seconds, for tests. `knowledge` is a folder of knowledge
    files whose utterances are trained on too, but for the fifth that judges matches. Raises
    TrainingDataError for data that cannot be used and for unknown or unready stages.
    """
    unknown = set(stages or ()) - set(STAGES)
    if unknown:
        raise TrainingDataError(
            f"unknown stage {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}"
        )
    run = _Run(data, out, work, seed, quick, progress, stages is not None, knowledge)
    seconds: dict[str, float] = {}
    skipped: list[str] = []
    stamp = _data_stamp(run)
    for stage in STAGES:
        stamp = hashlib.sha256(f"{stamp}|{stage}".encode()).hexdigest()
        kept = run.folder(stage) / STAMP
        fresh = kept.is_file() and json.loads(kept.read_text())["stamp"] == stamp
        if (stages is None and fresh) or (stages is not None and stage not in stages):
            if not kept.is_file():
                raise TrainingDataError(f"stage {stage} has no output in {work}; run it first")
            skipped.append(stage)
            continue
        began = time.monotonic()
        _STAGE[stage](run)
        seconds[stage] = round(time.monotonic() - began, 1)
        kept.write_text(json.dumps({"stamp": stamp, "seconds": seconds[stage]}) + "\n")
    figures = json.loads((out / "card.json").read_text(encoding="utf-8"))["figures"]
    version = write_manifest(out)
    return TrainReport(out, version, seconds, tuple(skipped), figures)


def _data_stamp(run: _Run) -> str:
    parts = [f"{run.seed}", f"{run.quick}"]
    for source in sources.FILES:
        path = sources.find(run.data, source.name)
        if path is not None:
            parts.append(sources.sha256_of(path))
    parts += [sources.sha256_of(path) for path in sources.knowledge_files(run.knowledge)]
    return "|".join(parts)


def _curate(run: _Run) -> None:
    made = curate.curate(run.data, run.seed)
    told = [sources.read_knowledge(path) for path in sources.knowledge_files(run.knowledge)]
    train, dev = (*made.train, *(example for rows, _ in told for example in rows)), made.dev
    if run.quick:
        train = _thinned(train, run.seed, {}, QUICK_ROWS)
    folder = run.folder("curate")
    curate.save(folder / "train.jsonl.gz", train)
    curate.save(folder / "dev.jsonl.gz", dev)
    report = {
        "files": [asdict(file) for file in (*made.files, *(file for _, file in told))],
        "train": len(train), "dev": len(dev), "duplicates": made.duplicates,
        "contradictions": made.contradictions,
        "labels": {task: dict(count) for task, count in curate.label_counts(made).items()},
    }  # fmt: skip
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")


def _thinned(
    examples: Sequence[Example], seed: int, caps: Mapping[str, int], most: int
) -> tuple[Example, ...]:
    """At most `caps[source]`, else `most`, rows of each source, drawn under the seed, in order."""
    order = random.Random(seed).sample(range(len(examples)), len(examples))
    count: dict[str, int] = {}
    kept = []
    for index in order:
        source = examples[index].source
        count[source] = count.get(source, 0) + 1
        if count[source] <= caps.get(source, most):
            kept.append(index)
    return tuple(examples[index] for index in sorted(kept))


def _examples(run: _Run) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    folder = run.folder("curate")
    return curate.load(folder / "train.jsonl.gz"), curate.load(folder / "dev.jsonl.gz")


def _fit_examples(run: _Run) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    train, dev = _examples(run)
    return _thinned(train, run.seed, FIT_CAPS, len(train)), dev


def _teach(run: _Run) -> None:
    from router.training import teacher

    train, _ = _examples(run)
    tokenise = teacher.tokeniser()
    rows = [tokenise(example.text) for example in train]
    chosen = teacher.taught(train, run.seed)
    targets = teacher.embed([rows[index] for index in chosen], progress=run.progress)
    folder = run.folder("teach")
    np.save(folder / "teacher_rows.npy", np.asarray(chosen))
    np.save(folder / "teacher.npy", targets.astype(np.float16))


def _distil(run: _Run) -> None:
    from router.training import distil, teacher

    train, _ = _examples(run)
    tokenise = teacher.tokeniser()
    rng = random.Random(run.seed)
    rows = [tokenise(example.text) for example in train]
    noisy = {
        index: [tokenise(distil.mistyped(example.text, rng)) for _ in range(TYPED_FORMS)]
        for index, example in enumerate(train)
        if len(example.text) < TYPED_CHARS
    }
    folder = run.folder("teach")
    corpus = distil.corpus(
        train, rows, noisy, np.load(folder / "teacher_rows.npy"), np.load(folder / "teacher.npy")
    )
    out = run.folder("distil")
    legs = out / LEGS
    done = json.loads(legs.read_text()) if run.again and legs.is_file() else []
    plan = distil.Plan(run.seed, scale=DISTIL_SCALE, max_seconds=DISTIL_SECONDS, leg=len(done) + 1)
    if run.quick:
        plan = distil.short_plan(plan)
    steps = distil.train(corpus, plan, out, progress=run.progress)
    legs.write_text(json.dumps([*done, steps]) + "\n")


def _export(run: _Run) -> None:
    import torch

    from router.training import distil, student
    from router.training.export import export

    plan = distil.Plan(run.seed)
    shape = (distil.short_plan(plan) if run.quick else plan).shape
    trained = student.build(shape, run.seed)
    trained.load_state_dict(torch.load(run.folder("distil") / "student.pt", weights_only=True))
    export(trained, run.folder("export"))


def _embed(run: _Run) -> None:
    train, dev = _fit_examples(run)
    exported, folder = run.folder("export"), run.folder("embed")
    spelling.save(curate.words_of(_examples(run)[0]), folder / WORDS)
    encoder = Encoder(exported / ENCODER, exported / TOKENIZER, folder / WORDS, threads=2)
    np.save(folder / "train.npy", _encoded(encoder, train, run, "train"))
    np.save(folder / "dev.npy", _encoded(encoder, dev, run, "dev"))


def _read(
    run: _Run, encoder: Encoder, train: Sequence[Example], dev: Sequence[Example]
) -> tuple[Encoded, Encoded]:
    """What is read of both sides: the kept embeddings, and n-grams, which take seconds."""
    sides = []
    for name, examples in (("train", train), ("dev", dev)):
        grams = grams_of([encoder.tokenise(example.text) for example in examples])
        sides.append(Encoded(np.load(run.folder("embed") / f"{name}.npy"), grams))
    return sides[0], sides[1]


def _fit(run: _Run) -> None:
    train, dev = _fit_examples(run)
    exported, folder = run.folder("export"), run.folder("fit")
    words = run.folder("embed") / WORDS
    encoder = Encoder(exported / ENCODER, exported / TOKENIZER, words)
    of_train, of_dev = _read(run, encoder, train, dev)
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
        parts = [fit_heads.part(examples, name, evaluate.both(name)) for examples in (train, dev)]
        head = fit_heads.chance_head(name, (of_train, parts[0]), (of_dev, parts[1]), sha, rare)
        heads.save(head, folder / HEADS_FOLDER)
    fitted = difficulty.fit((train, of_train), (dev, of_dev), sha, rare)
    heads.save(fitted.head, folder / HEADS_FOLDER)
    (folder / "known_models.json").write_text(json.dumps(_known(fitted, sha), indent=1) + "\n")
    vectors = (train, of_train.vectors), (dev, of_dev.vectors)
    matched = fit_match.fit(*vectors, run.seed)
    match.save(matched.coefficients, folder / MATCH, sha)
    texts, kinds = nonsense.nonsense(run.seed)
    strange = (encoder.encode(texts), np.asarray(kinds))
    unseen = fit_novelty.fit(*vectors, strange, run.seed)
    novelty.save(unseen.novelty, folder, sha)
    figures = {
        "difficulty": {"a": round(fitted.a, 3), "models": len(fitted.models), "dev": fitted.dev},
        "match": dict(matched.figures),
        "novelty": {"trials": unseen.trials, "shipped": unseen.figures},
    }
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")


def _encoded(encoder: Encoder, examples: Sequence[Example], run: _Run, what: str) -> Embeddings:
    from router.training.progress import track

    step = 512
    starts = range(0, len(examples), step)
    texts = [example.text for example in examples]
    parts = [
        encoder.encode(texts[start : start + step]) for start in track(starts, what, run.progress)
    ]
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


def _card(run: _Run) -> None:
    train, dev = _fit_examples(run)
    exported, fitted, out = run.folder("export"), run.folder("fit"), run.out
    out.mkdir(parents=True, exist_ok=True)
    if (out / HEADS_FOLDER).exists():
        shutil.rmtree(out / HEADS_FOLDER)
    shutil.copytree(fitted / HEADS_FOLDER, out / HEADS_FOLDER)
    for name in (MATCH, RARITY, "novelty.npz", "novelty.json", "known_models.json"):
        shutil.copyfile(fitted / name, out / name)
    for name in (ENCODER, TOKENIZER):
        shutil.copyfile(exported / name, out / name)
    words = run.folder("embed") / WORDS
    shutil.copyfile(words, out / WORDS)
    write_manifest(out)
    model = TriageModel.load(out)
    of_train, of_dev = _read(run, model.encoder, train, dev)
    full = Encoder(exported / "encoder.fp32.onnx", exported / TOKENIZER, words)
    texts = [example.text for example in random.Random(run.seed).sample(dev, min(2_000, len(dev)))]
    figures = {
        "heads": evaluate.head_figures(model, dev, of_dev),
        "crossed_ece": evaluate.crossed_ece(model, dev, of_dev),
        "probes": evaluate.probes((train, of_train.vectors), (dev, of_dev.vectors)),
        "parity": evaluate.parity(model.encoder, full, model, texts),
        "latency": evaluate.latency(
            model, sources.context_lengths(run.data), repeats=60 if run.quick else 500
        ),
        "bytes": evaluate.folder_bytes(out),
        **json.loads((fitted / "figures.json").read_text()),
    }
    card.write(_described(run, figures), out)


def _described(run: _Run, figures: dict[str, card.Value]) -> card.Card:
    report = json.loads((run.folder("curate") / "report.json").read_text())
    legs = json.loads((run.folder("distil") / LEGS).read_text())
    listed = json.loads((run.out / "manifest.json").read_text())["files"]
    quick = " --quick" if run.quick else ""
    return {
        "shape": QUICK_SHAPE if run.quick else FULL_SHAPE,
        "command": f"tiergate train triage --data DATA --out MODEL --seed {run.seed}{quick}",
        "seed": run.seed,
        "split": {key: report[key] for key in ("train", "dev", "duplicates", "contradictions")},
        "training": {"steps_of_each_leg": legs, "seconds_at_most_each": DISTIL_SECONDS},
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in VERSIONED},
        },
        "files": report["files"],
        "artefacts": listed,
        "figures": figures,
    }  # fmt: skip


_STAGE = {
    "curate": _curate, "teach": _teach, "distil": _distil, "export": _export,
    "embed": _embed, "fit": _fit, "card": _card,
}  # fmt: skip
