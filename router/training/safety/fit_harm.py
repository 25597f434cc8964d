"""Fits the head `harm`, which says if a request asks for harm, on authors held out whole.

The fit without an author reads that author's lines. These readings weigh the two readers, the
encoder's vector and the n-grams, and calibrate the chance at even odds. What ships is fitted once
more on all lines. It runs on numpy alone, with the encoder of a finished model.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.stats.calibration import Calibrator, Floats, fit_platt, fit_temperature
from router.stats.heads import Encoded, Head, HeadKind
from router.stats.ngrams import Grams, rarity
from router.stats.softmax_regression import as_head, fit_grams, fit_softmax
from router.training.card import Value
from router.training.data import sources
from router.training.data.authors import grave_texts
from router.training.data.everyday_languages import NAME as EVERYDAY_LANGUAGES
from router.training.data.known_files import known_in
from router.training.heads.mix_ngrams import Mix, Parts, fit_mix
from router.training.heads.specialist_sources import HARM, Taught
from router.training.heads.train_head import install, versions
from router.training.install import unless_worse
from router.training.safety.compared import of_harm, of_kind, worse_reader
from router.training.safety.figures import (
    ROUTINE,
    Mask,
    even,
    figures_of,
    parts_of,
    share_of,
    weights_of,
)
from router.training.safety.harm_texts import FOLDER, HARMFUL, IN_NEED, HarmText, texts
from router.training.sparse_products import quick_design
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

NAME, KIND = "harm", "harm_kind"
UNSORTED = "harmful"
"""The category of lines that their author did not sort."""
SEED = 7
OTHER_PEOPLE = "public"
"""The part of harmful requests of the public sets, held out together as one more author."""
MOST_CHARS = 600
FILLINGS = 2
"""Fillings of a written line about a grave matter: such lines are harmless here."""
RIDGE = 1e-4
STEPS = 120
EACH_LANGUAGE = 800
EACH_COMPANY = 1_500


def rows_of(data: Path, knowledge: Path, seed: int = SEED) -> list[HarmText]:
    """Returns our own lines, those about grave matters, the public sets in `data`, and what
    customers ask by the files of the folder `knowledge`."""
    rng = random.Random(seed)
    rows = list(texts())
    for grave in grave_texts.texts(seed, FILLINGS):
        rows.append(HarmText(grave.text, IN_NEED, grave.language, ""))
    for taught in HARM:
        rows += _public(data, taught, rng)
    rows += _everyday(data, rng)
    rows += _routine(knowledge, rng)
    return list({row.text: row for row in reversed(rows)}.values())[::-1]


def _public(data: Path, taught: Taught, rng: random.Random) -> list[HarmText]:
    """Returns a public set's rows, harmful ones first. Raises TrainingDataError for a lost file."""
    path = data / taught.file
    if not path.is_file():
        raise TrainingDataError(
            f"{data} lacks {taught.file}, which teaches {NAME}; docs/guides/training.md lists the "
            "files"
        )
    texts: list[HarmText] = []
    for row in _lines(path):
        text, label = row.get(taught.text), taught.label_of(row)
        if label is not None and isinstance(text, str) and text.strip():
            category = "harmful" if label == NAME else "harmless"
            author = OTHER_PEOPLE if label == NAME or "xstest" in taught.file else ""
            texts.append(HarmText(text.strip()[:MOST_CHARS], category, "en", author))
    rng.shuffle(texts)
    return texts[: taught.most]


def _everyday(data: Path, rng: random.Random) -> Iterator[HarmText]:
    """Yields harmless lines of other languages, where the folder has them."""
    path = data / EVERYDAY_LANGUAGES
    by_language: dict[str, list[str]] = {}
    for row in _lines(path) if path.is_file() else ():
        by_language.setdefault(str(row["language"]), []).append(str(row["text"]))
    for language, lines in sorted(by_language.items()):
        for text in rng.sample(lines, min(EACH_LANGUAGE, len(lines))):
            yield HarmText(text[:MOST_CHARS], "harmless", language, "")


def _routine(folder: Path, rng: random.Random) -> Iterator[HarmText]:
    """Yields what customers ask, by files of approved answers that may teach."""
    for path in sources.knowledge_files(folder):
        lines = [example.text for example in sources.read_knowledge(path)[0]]
        for text in rng.sample(lines, min(EACH_COMPANY, len(lines))):
            yield HarmText(text, "harmless", "en", f"{ROUTINE}{path.stem}")


def _lines(path: Path) -> Iterator[Mapping[str, object]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def fit(model: TriageModel, rows: Sequence[HarmText]) -> tuple[Head, dict[str, Value]]:
    """Returns the head and its figures on authors held out. Raises ValueError with one author."""
    harmful = np.array([row.harmful for row in rows])
    part = parts_of(rows)
    if not part.max():
        raise ValueError("lines of two authors at least are needed, so that one can judge")
    encoded, weights = _encoded(model, rows), weights_of(rows, harmful)
    held = np.zeros((2, len(rows), 2))  # logits of vectors and of n-grams
    for number in range(int(part.max()) + 1):
        judged = part == number
        parts = _fitted(encoded[~judged], harmful[~judged], weights[~judged])
        held[0, judged] = parts.by_vectors(encoded[judged])
        held[1, judged] = _words(parts, encoded[judged])
    english = np.array([row.language == "en" for row in rows])
    labels, equal = harmful.astype(np.int64), even(weights, harmful)
    mix = fit_mix(held[0][english], held[1][english], labels[english], equal[english])
    odds = _odds(mix.vectors * held[0] + mix.words * held[1])
    calibrator = fit_platt(odds[english], harmful[english].astype(float), equal[english])
    parts = _fitted(encoded, harmful, weights)
    head = _head(parts, mix, model, calibrator)
    return head, figures_of(calibrator(odds), harmful, rows)


def _head(parts: Parts, mix: Mix, model: TriageModel, calibrator: Calibrator) -> Head:
    one = parts.column(1)
    assert one.table is not None
    assert one.table_bias is not None
    bias = mix.vectors * one.bias + mix.words * one.table_bias
    return Head(
        NAME,
        HeadKind.CHANCE,
        (NAME,),
        np.float32(mix.vectors) * one.weight,
        np.asarray(bias, np.float32),
        calibrator,
        model.encoder.sha256,
        "mixed",
        np.float32(mix.words) * one.table,
    )


def _encoded(model: TriageModel, rows: Sequence[HarmText]) -> Encoded:
    """Encodes texts in the order of their length, so that a run needs little padding."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].text))
    vectors, grams = [], []
    for start in range(0, len(order), 1_000):
        read = model.encode([rows[i].text for i in order[start : start + 1_000]])
        vectors.append(read.vectors)
        grams += read.grams.each()
    back = np.argsort(np.array(order))
    return Encoded(np.concatenate(vectors)[back], Grams.of([grams[i] for i in back]))


def _fitted(encoded: Encoded, harmful: Mask, weights: Floats) -> Parts:
    labels, share = harmful.astype(np.int64), weights / weights.mean()
    table, table_bias = fit_grams(
        encoded.grams,
        rarity(encoded.grams),
        labels,
        2,
        row_weights=share,
        design_of=quick_design,
    )
    weight, bias = as_head(
        fit_softmax(encoded.vectors, labels, 2, RIDGE, row_weights=share, steps=STEPS)
    )
    return Parts(weight, bias, table, table_bias)


def _words(parts: Parts, encoded: Encoded) -> Floats:
    logits = parts.by_words(encoded)
    assert logits is not None
    return logits


def _odds(logits: Floats) -> Floats:
    odds: Floats = (logits[:, 1] - logits[:, 0]).astype(float)
    return odds


def fit_kind(model: TriageModel, rows: Sequence[HarmText]) -> tuple[Head, dict[str, Value]]:
    """Returns the head that says which harm is asked for, and its accuracy on authors held out."""
    kinds = [kind for kind in HARMFUL if kind != UNSORTED]
    rows = [row for row in rows if row.category in kinds]
    encoded, part = _encoded(model, rows), parts_of(rows)
    labels = np.array([kinds.index(row.category) for row in rows])
    held = np.zeros((len(rows), len(kinds)))
    for number in np.unique(part):
        judged = part == number
        held[judged] = _kind_logits(_kind_parts(encoded[~judged], labels[~judged]), encoded[judged])
    calibrator = fit_temperature(held, labels)
    right = held.argmax(axis=1) == labels
    english = np.array([row.language == "en" for row in rows])
    parts = _kind_parts(encoded, labels)
    assert parts.table is not None
    assert parts.table_bias is not None
    head = Head(
        KIND,
        HeadKind.CLASSES,
        tuple(kinds),
        parts.weight,
        parts.bias + parts.table_bias,
        calibrator,
        model.encoder.sha256,
        "given",
        parts.table,
    )
    return head, {"rows": len(rows), "accuracy": share_of(right, english)}


def _kind_parts(encoded: Encoded, labels: npt.NDArray[np.int64]) -> Parts:
    count = int(labels.max()) + 1
    grams = encoded.grams
    table, table_bias = fit_grams(grams, rarity(grams), labels, count, design_of=quick_design)
    weight, bias = as_head(fit_softmax(encoded.vectors, labels, count, RIDGE * 10, steps=STEPS))
    return Parts(weight, bias, table, table_bias)


def _kind_logits(parts: Parts, encoded: Encoded) -> Floats:
    logits: Floats = parts.by_vectors(encoded) + _words(parts, encoded)
    return logits


def train_harm(
    data: Path,
    out: Path,
    knowledge: Path,
    command: str,
    model_dir: Path | None = None,
    *,
    force: bool = False,
) -> tuple[Head, Mapping[str, Value]]:
    """Fits the head for the model in `model_dir`, or the shipped one, and writes it into `out`.

    Returns it with its figures. Raises WorseModel where a figure of it or of the kinds of harm
    fell, without `force`; TrainingDataError for a folder without data.
    """
    known_in(data)
    model = TriageModel.load(model_dir or DEFAULT_FOLDER, threads=2)
    rows = rows_of(data, knowledge)
    head, figures = fit(model, rows)
    shared = card_of(model, command, data)
    card: dict[str, object] = {
        "note": "The chance that a request asks for harm, at even odds. Figures are of authors held"
        " out whole: each is read by the fit without that author.",
        "rows": {
            "harmful": sum(row.harmful for row in rows),
            "harmless": sum(not row.harmful for row in rows),
        },
        "figures": figures,
    }
    kind, accuracy = fit_kind(model, [row for row in rows if row.language == "en"])
    note = "Which harm a harmful request asks for; it says nothing of harmless ones."
    with unless_worse(out, _worse, force=force) as made:
        install(head, {"name": NAME, "kind": "chance", **card, **shared}, made)
        install(kind, {"name": KIND, "kind": "classes", "note": note, **accuracy, **shared}, made)
    return head, {**figures, KIND: accuracy}


def _worse(old: Path, new: Path) -> list[str]:
    """Returns which figures of the two heads in `new` fell."""
    cards = ((NAME, of_harm), (KIND, of_kind))
    return [
        sentence
        for name, figures_of in cards
        for sentence in worse_reader(f"{name}.card.json", figures_of)(old, new)
    ]


def card_of(
    model: TriageModel, command: str, data: Path, folders: Sequence[Path] = (FOLDER,)
) -> dict[str, object]:
    """Returns what the cards share; `folders` hold the lines of ours, `data` those of others."""
    others = [{"file": t.file, "licence": t.licence} for t in HARM]
    if (data / EVERYDAY_LANGUAGES).is_file():
        others.append({"file": EVERYDAY_LANGUAGES, "licence": "BSD-3-Clause / CC BY 4.0"})
    ours = [
        {
            "file": f"{folder.name}/{path.parent.name}/{path.name}",
            "sha256": sha256(path.read_bytes()).hexdigest(),
            "licence": "ours",
        }
        for folder in folders
        for path in sorted(folder.glob("*/*.txt"))
    ]
    return {
        "command": command,
        "seed": SEED,
        "data": [*others, *ours],
        "encoder_sha256": model.encoder.sha256,
        "model_version": model.version,
        "versions": versions(),
    }
