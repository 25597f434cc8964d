"""Fits the reader of grave matters on written sentences and on shared everyday English.

Written lines are held out whole: a tenth calibrates, a tenth judges, and the figures are of that
fit. What ships is fitted once more on all lines, with the calibration of the fit before. It runs on
numpy alone, with the encoder of a finished model.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Platt, fit_platt
from router.stats.char_grams import counted_chars
from router.stats.heads import Embeddings
from router.stats.ngrams import Grams, rarity
from router.stats.softmax_regression import as_head, fit_grams, fit_softmax
from router.training.card import Value
from router.training.data import grave_texts, templates
from router.training.data.grave_texts import GRAVE, SECTIONS, GraveText
from router.triage.grave import NAME, GraveReader, load, log_odds, save, softmax_of
from router.triage.text.folding import fold
from router.triage.triage_model import TriageModel, write_manifest

SEED = 7
CALIBRATED, JUDGED = 12, 25
"""Percent of the lines: below the first they calibrate, below the second they judge."""
VECTOR_RIDGE = 1e-4
"""1e-5 gave the same figures."""
MOST_CHARS = 400
FALSE_ALARMS = 0.02
"""Share of harmless lines at which the card states the recall."""

_EVERYDAY = (
    "intent_banking77", "intent_clinc150", "intent_hwu64", "intent_snips", "intent_hint3_support",
    "prompts_general", "tickets_it_service", "spam_sms",
)  # fmt: skip
EACH = 900
QUESTIONS = 1_200
"""Questions of MedQuAD, which ask for knowledge."""
_MAY_BE_GRAVE = re.compile(
    "fraud|compromis|stolen|lost|police|emergency|recogni|terminat|insurance|health|medical|"
    "vaccin|accident|death"
)
_SECTION_OF = {"medical": "medical", "legal": "legal", "engineering_safety": "engineering"}


@dataclass(frozen=True, slots=True)
class FittedGrave:
    """Holds the reader that ships and the figures of its held-out lines."""

    reader: GraveReader
    card: Mapping[str, Value]


def rows_of(data: Path, seed: int = SEED) -> list[GraveText]:
    """Returns all texts: the written ones, and English of `data` and of the templates."""
    rng = random.Random(seed)
    rows = list(grave_texts.texts(seed))
    for name in _EVERYDAY:
        rows += _sampled(_shared(data, name), "none", name, EACH, rng)
    questions = [row for row in _shared(data, "stakes_domain_questions") if _is_question(row)]
    rows += _sampled(questions, "knowledge", "medquad", QUESTIONS, rng)
    for example in templates.examples(seed, 6):
        domain, stakes = example.labels.get("domain", ""), example.labels.get("stakes", "")
        section = _SECTION_OF.get(domain)
        if stakes == "low":
            section = "none" if section is None else "knowledge"
        # Large money is at stake in the others, which is no grave matter of a person.
        if section is not None:
            rows.append(GraveText(example.text, section, "en", example.group))
    return rows


def _shared(data: Path, name: str) -> list[Mapping[str, object]]:
    path = data / f"{name}.jsonl.gz"
    if not path.is_file():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        row
        for row in rows
        if isinstance(row.get("text"), str)
        and row["text"]
        and not _MAY_BE_GRAVE.search(str(row.get("intent", "")).lower())
    ]


def _is_question(row: Mapping[str, object]) -> bool:
    return row.get("source") == "medquad"


def _sampled(
    rows: Sequence[Mapping[str, object]], section: str, name: str, most: int, rng: random.Random
) -> Iterator[GraveText]:
    for row in rng.sample(rows, min(most, len(rows))):
        text = str(row["text"])
        yield GraveText(text[:MOST_CHARS], section, "en", f"{name}/{text}")


def fit(model: TriageModel, rows: Sequence[GraveText]) -> FittedGrave:
    """Returns the reader with its card. Raises ValueError when a section has no row."""
    labels = np.array([SECTIONS.index(row.section) for row in rows])
    if len(np.unique(labels)) != len(SECTIONS):
        raise ValueError(f"rows of each section are needed: {', '.join(SECTIONS)}")
    vectors = np.concatenate(
        [model.vectors([r.text for r in rows[i : i + 256]]) for i in range(0, len(rows), 256)]
    )
    grams = Grams.of([counted_chars(fold(row.text).words) for row in rows])
    part = np.array([zlib.crc32(row.group.encode()) % 100 for row in rows])
    english = np.array([row.language == "en" for row in rows])
    held = _arrays(vectors, grams, labels, part >= JUDGED)
    odds = log_odds(softmax_of(grams, vectors, *held))
    grave = labels < len(GRAVE)
    calibrates = part < CALIBRATED
    first = _calibrated(odds, grave, calibrates & english)
    others = _calibrated(odds, grave, calibrates & ~english)
    chances = np.where(english, first(odds), others(odds))
    judged = (part >= CALIBRATED) & (part < JUDGED)
    languages = np.array([row.language for row in rows])
    card = _figures(chances, grave, languages, judged, calibrates)
    every = _arrays(vectors, grams, labels, np.ones(len(rows), bool))
    return FittedGrave(GraveReader(*every, first, others, model.encoder.sha256), card)


def _calibrated(
    odds: npt.NDArray[np.floating], grave: npt.NDArray[np.bool_], mask: npt.NDArray[np.bool_]
) -> Platt:
    """Returns the calibrator of the chosen rows at even odds: grave ones weigh as many others."""
    right = grave[mask].astype(float)
    weights = np.where(right > 0, 0.5 / max(right.mean(), 1e-9), 0.5 / max(1 - right.mean(), 1e-9))
    return fit_platt(odds[mask], right, weights)


def _arrays(
    vectors: Embeddings,
    grams: Grams,
    labels: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns table, weight and bias of a fit on the chosen rows: characters, then vectors."""
    wanted = labels[chosen].astype(np.int64)
    table, bias = fit_grams(grams[chosen], rarity(grams[chosen]), wanted, len(SECTIONS))
    weights = fit_softmax(vectors[chosen], wanted, len(SECTIONS), VECTOR_RIDGE)
    weight, vector_bias = as_head(weights)
    return table, weight, bias + vector_bias


def _figures(
    chances: npt.NDArray[np.floating],
    grave: npt.NDArray[np.bool_],
    languages: npt.NDArray[np.str_],
    judged: npt.NDArray[np.bool_],
    calibrates: npt.NDArray[np.bool_],
) -> Mapping[str, Value]:
    """Returns recall and false alarms of held lines, per language, at a threshold that others set.

    The threshold of English and that of the other languages are set on the calibrating lines.
    """
    at: dict[bool, float] = {}
    for is_english in (True, False):
        of_group = calibrates & ~grave & ((languages == "en") == is_english)
        at[is_english] = float(np.quantile(chances[of_group], 1.0 - FALSE_ALARMS))
    figures: dict[str, Value] = {
        "at_english": round(at[True], 3),
        "at_others": round(at[False], 3),
    }
    for language in sorted(set(languages.tolist())):
        mine = judged & (languages == language)
        above = chances >= at[language == "en"]
        figures[language] = {
            "grave_rows": int((mine & grave).sum()),
            "recall": _share(above, mine & grave),
            "harmless_rows": int((mine & ~grave).sum()),
            "false_alarms": _share(above, mine & ~grave),
        }
    return figures


def _share(above: npt.NDArray[np.bool_], mask: npt.NDArray[np.bool_]) -> float:
    return round(float(above[mask].mean()), 3) if mask.any() else 0.0


def train_grave(data: Path, folder: Path) -> Mapping[str, Value]:
    """Fits the reader for the model in `folder` and writes it there; returns its card."""
    model = TriageModel.load(folder)
    rows = rows_of(data)
    fitted = fit(model, rows)
    save(fitted.reader, folder)
    counts = {section: sum(row.section == section for row in rows) for section in SECTIONS}
    card: dict[str, Value] = {
        "command": "tiergate train grave",
        "rows": dict(counts),
        "split": f"by line: {JUDGED - CALIBRATED} % judge, {CALIBRATED} % calibrate",
        "seed": SEED,
        "figures": dict(fitted.card),
        "sha256": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (folder / f"{NAME}.npz", folder / f"{NAME}.json")
        },
    }
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{NAME}.card.json").write_text(text, encoding="utf-8")
    write_manifest(folder)
    assert load(folder, model.encoder.sha256) is not None
    return card
