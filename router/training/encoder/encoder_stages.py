"""Runs the stages from the data folder to an encoder: curate, teach, adapt, distil, prune, export.

Each stage reads the outputs of earlier ones in the work folder and writes into its own folder. Its
return value becomes the figures in its manifest. The stages after it, from vectors to a model, are
in `pipeline.py`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from router.errors import TrainingDataError
from router.training.card import Value
from router.training.data import curate, report, sources
from router.training.data.sources import Example
from router.training.work_folder import Run

if TYPE_CHECKING:
    from router.training.encoder import distil

DISTIL_SECONDS = 2_000.0
"""Wall time after which distillation stops; its learning rate has then run down."""
DISTIL_SCALE = 1.1
LEGS = "legs.json"
"""Steps of each training of the student, one after the other."""

QUICK_ROWS = 400
"""Rows per source in a quick run: enough for every stage to finish in seconds."""
QUICK_ADAPT_S = 2.0

TYPED_CHARS, TYPED_FORMS = 300, 3
"""Texts of up to so many characters are also trained with typing errors, in so many forms."""
REPORT = "report.md"
PIECES = "pieces.npy"
"""Ids of the word pieces that pruning leaves, ascending."""
WATCHED_ROWS = 400
"""Training texts on which pruning measures heads and neurons."""

Metrics = Mapping[str, Value]


def curated(run: Run) -> Metrics:
    """Reads and cleans the folder; writes both sides and the report about it."""
    files = sources.knowledge_files(run.knowledge)
    knowledge = [sources.read_knowledge(path) for path in files]
    made = curate.curate(
        run.data,
        run.seed,
        english_only=run.options.english_only,
        told=[example for rows, _ in knowledge for example in rows],
        progress=run.progress,
    )
    train = thinned(made.train, run.seed, {}, QUICK_ROWS) if run.quick else made.train
    folder = run.folder("curate")
    curate.save(folder / "train.jsonl.gz", train)
    curate.save(folder / "dev.jsonl.gz", made.dev)
    counts = report.report(made)
    assert not counts.texts_on_both_sides, "a text is in both train and dev"
    assert not counts.groups_on_both_sides, "a pair or template is in both train and dev"
    listed = report.as_json(counts, [file for _, file in knowledge], made)
    (folder / "report.json").write_text(json.dumps(listed, indent=1) + "\n")
    (folder / REPORT).write_text(report.render(counts), encoding="utf-8")
    dropped = sum(rows.count for file in counts.files for rows in file.dropped.values())
    return {"train": len(train), "dev": counts.dev, "dropped": dropped}


def thinned(
    examples: Sequence[Example], seed: int, caps: Mapping[str, int], most: int
) -> tuple[Example, ...]:
    """Returns at most `caps[source]`, by default `most`, rows of each source, in their old order.

    The rows are drawn under the seed.
    """
    order = random.Random(seed).sample(range(len(examples)), len(examples))
    count: dict[str, int] = {}
    kept = []
    for index in order:
        source = examples[index].source
        count[source] = count.get(source, 0) + 1
        if count[source] <= caps.get(source, most):
            kept.append(index)
    return tuple(examples[index] for index in sorted(kept))


def examples(run: Run) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Returns the training and the dev side as curation wrote them."""
    folder = run.folder("curate")
    return curate.load(folder / "train.jsonl.gz"), curate.load(folder / "dev.jsonl.gz")


def taught(run: Run) -> Metrics:
    """Embeds training texts with the teacher."""
    from router.training.encoder import teacher

    train, _ = examples(run)
    tokenise = teacher.tokeniser()
    rows = [tokenise(example.text) for example in train]
    chosen = teacher.taught(train, run.seed)
    targets = teacher.embed(
        [rows[index] for index in chosen], progress=run.progress, device=run.device
    )
    folder = run.folder("teach")
    np.save(folder / "teacher_rows.npy", np.asarray(chosen))
    np.save(folder / "teacher.npy", targets.astype(np.float16))
    return {"texts": len(chosen)}


def adapted(run: Run) -> Metrics:
    """Lets the student read the training texts, without labels, before it is taught."""
    from router.training.encoder import adapt, teacher

    train, _ = examples(run)
    tokenise = teacher.tokeniser()
    seconds = QUICK_ADAPT_S if run.quick else run.options.adapt_s or adapt.SECONDS
    shape = _plan(run).shape
    done = adapt.adapt(
        [tokenise(example.text) for example in train],
        adapt.Plan(run.seed, seconds, shape=shape),
        run.folder("adapt"),
        progress=run.progress,
    )
    return {"steps": done.steps, "loss_first": done.loss_first, "loss_last": done.loss_last}


def distilled(run: Run) -> Metrics:
    """Trains the student by the teacher and by every label, from its last weights on."""
    from router.training.data import paraphrase
    from router.training.encoder import distil, teacher

    train, _ = examples(run)
    tokenise = teacher.tokeniser()
    # One generator for errors and paraphrases, so that a seed gives the same forms.
    rng = random.Random(run.seed)
    rows = [tokenise(example.text) for example in train]
    noisy = {
        index: [tokenise(distil.mistyped(example.text, rng)) for _ in range(TYPED_FORMS)]
        for index, example in enumerate(train)
        if len(example.text) < TYPED_CHARS
    }
    if run.options.paraphrase:
        # One form keeps its typing errors; the others become paraphrases.
        for index, forms in noisy.items():
            forms[1:] = [
                tokenise(paraphrase.paraphrased(train[index].text, rng)) for _ in forms[1:]
            ]
    folder = run.folder("teach")
    corpus = distil.corpus(
        train, rows, noisy, np.load(folder / "teacher_rows.npy"), np.load(folder / "teacher.npy")
    )
    out = run.folder("distil")
    legs = out / LEGS
    done = json.loads(legs.read_text()) if run.again and legs.is_file() else []
    # With adaptation the student begins from its weights, not from the teacher's projection.
    start = run.folder("adapt") / distil.STUDENT if run.made("adapt") else None
    plan = _plan(run, leg=len(done) + 1)
    steps = distil.train(corpus, plan, out, start=start, progress=run.progress)
    legs.write_text(json.dumps([*done, steps]) + "\n")
    return {"steps_of_each_leg": [*done, steps], "adapted": start is not None}


def _plan(run: Run, leg: int = 1) -> distil.Plan:
    from router.training.encoder import distil

    plan = distil.Plan(
        run.seed,
        scale=DISTIL_SCALE,
        max_seconds=DISTIL_SECONDS,
        leg=leg,
        curriculum=run.options.curriculum,
        adjustment=run.options.adjustment,
        device=run.device,
    )
    return distil.short_plan(plan) if run.quick else plan


def pruned(run: Run) -> Metrics:
    """Takes layers, heads and neurons out of the trained student, and chooses word pieces."""
    import torch

    from router.training.encoder import distil, prune, teacher

    left = run.options.pruning
    if not left:
        raise TrainingDataError("the stage prune needs --prune, which says what is left")
    train, dev = examples(run)
    tokenise = teacher.tokeniser()
    whole = prune.load_student(run.folder("distil") / distil.STUDENT)
    seen = random.Random(run.seed).sample(train, min(WATCHED_ROWS, len(train)))
    small = prune.smaller(whole, left, [tokenise(example.text) for example in seen])
    folder = run.folder("prune")
    torch.save(small.state_dict(), folder / distil.STUDENT)
    # A file of an earlier run with other options must not be exported.
    (folder / PIECES).unlink(missing_ok=True)
    if left.vocabulary:
        rows = [tokenise(example.text) for example in train]
        np.save(folder / PIECES, prune.most_seen(rows, whole.shape.vocabulary, left.vocabulary))
    # Judged on dev texts: pruning was chosen on training texts.
    judged = random.Random(run.seed).sample(dev, min(WATCHED_ROWS, len(dev)))
    cosine = prune.cosine(whole, small, [tokenise(example.text) for example in judged])
    return {
        "layers": len(small.layers),
        "heads": small.shape.heads,
        "neurons": small.shape.hidden,
        "word_pieces": left.vocabulary or small.shape.vocabulary,
        "cosine_to_whole": round(cosine, 4),
    }


def exported(run: Run) -> Metrics:
    """Writes the student as ONNX, in float and with INT8 or INT4 weights."""
    from router.training.encoder import distil, prune
    from router.training.encoder.export import export

    given = run.options.encoder
    made = "given" if given else "prune" if run.made("prune") else "distil"
    student = prune.load_student(given.student if given else run.folder(made) / distil.STUDENT)
    pieces = run.folder("prune") / PIECES
    kept = np.load(pieces).tolist() if made == "prune" and pieces.is_file() else None
    full, small = export(student, run.folder("export"), bits=run.options.bits, pieces=kept)
    return {
        "bits": run.options.bits,
        "student": made,
        "bytes_float": full.stat().st_size,
        "bytes": small.stat().st_size,
    }
