"""Gives the close reader what it learns of grave matters, and weighs it with their reader.

The larger encoder learns grave matters beside requests to harm, in the same layers. The authors who
judge teach neither it nor the reader: their lines weigh both and calibrate the chance. English
only.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, auroc, fit_logistic, logit, sigmoid, softmax
from router.training.card import Value
from router.training.data.authors import grave_rows, grave_texts
from router.training.data.authors.grave_texts import JUDGES, SECTIONS, GraveText
from router.training.safety.figures import Mask, share_of
from router.triage.close_reading.matters import CloseGrave
from router.triage.grave import log_odds
from router.triage.triage_model import TriageModel

FILLINGS = 4
"""Fillings of a written line with alternatives; one without them is read once."""
HARMLESS_ROWS, GRAVE_ROWS = 4_500, 1_500
"""English texts of other people, of the reader's."""
CUSTOMER_ROWS = 9_000
"""Messages to companies, of 22,152: all of them would take longer to learn."""
OTHERS_JUDGE = 4
"""Of texts of other people, one in so many judges."""
WRAPPED = 0.12
"""Share of written lines that stand between other people's harmless sentences."""
CHATTER_WORDS = 18
"""Most words of a sentence that stands beside a line."""
MOST_READ = 0.1
"""Share of other people's harmless texts that is read closely. At .05, 7 of 414 grave messages of
strangers were passed over that are found now, and none of 1,427 everyday ones is taken for grave
by it."""
EVERYDAY_WEIGHT = 0.5
"""Weight of other people's harmless texts to the judges' own, whatever their numbers."""
AT = (0.8, 0.9, 0.95)
FALSE_ALARMS = (0.01, 0.02, 0.03, 0.05)
SEED = 7


def rows_of(data: Path, seed: int = SEED) -> list[GraveText]:
    """Returns English texts: of our authors, customers, other people, and the authors who judge."""
    rng = random.Random(seed)
    every = grave_rows.rows_of(data, seed)
    others = [row for row in every if row.language == "en" and not row.author]
    calm = [row for row in others if not row.grave]
    grave = [row for row in others if row.grave]
    chatter = [row.text for row in calm if len(row.text.split()) <= CHATTER_WORDS]
    customers = [row for row in grave_rows.of_companies() if not row.apart]
    customers = rng.sample(customers, min(CUSTOMER_ROWS, len(customers)))
    rows = [
        wrapped(row, chatter, rng) if rng.random() < WRAPPED else row
        for row in (*grave_texts.texts(seed, FILLINGS), *grave_rows.of_money(), *customers)
        if row.language == "en"
    ]
    rows += rng.sample(calm, min(HARMLESS_ROWS, len(calm)))
    rows += rng.sample(grave, min(GRAVE_ROWS, len(grave)))
    for author in JUDGES:
        rows += [row for row in grave_texts.held_out(author) if row.language == "en"]
    return rows


def wrapped(row: GraveText, chatter: Sequence[str], rng: random.Random) -> GraveText:
    """Returns a line between harmless sentences of other people, as somebody who chats writes."""
    before = [_sentence(text) for text in rng.sample(chatter, rng.randint(0, 2))]
    after = [_sentence(text) for text in rng.sample(chatter, rng.randint(0, 1) if before else 1)]
    text = " ".join([*before, _sentence(row.text), *after])
    return GraveText(text, row.section, row.language, row.group)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def sections_of(rows: Sequence[GraveText]) -> npt.NDArray[np.int64]:
    """Returns the place of each row's section, -1 for a grave line that nobody sorted."""
    return np.array(
        [SECTIONS.index(row.section) if row.section in SECTIONS else -1 for row in rows], np.int64
    )


def judges(rows: Sequence[GraveText]) -> Mask:
    """Returns the rows that teach nothing: the judges', and some of other people's."""
    return np.array(
        [
            row.author in JUDGES
            if row.written
            else zlib.crc32(row.text.encode()) % OTHERS_JUDGE == 0
            for row in rows
        ],
        bool,
    )


@dataclass(frozen=True, slots=True)
class WeighedGrave:
    """Holds what reads grave matters closely, and its figures."""

    reader: CloseGrave
    figures: dict[str, Value]


def weighed(
    model: TriageModel,
    rows: Sequence[GraveText],
    logits: Floats,
    directions: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
) -> WeighedGrave:
    """Weighs the encoder's `logits` (rows, classes) of rows that judge with the reader's chance.

    `directions` are the weights (width, classes) and biases that gave the logits. Raises ValueError
    for a model without a reader of grave matters.
    """
    if model.grave is None:
        raise ValueError("the model has no reader of grave matters; run `tiergate train grave`")
    texts = [row.text for row in rows]
    chances = np.array([one.grave for one in model.grave.read(texts, model.vectors(texts))])
    grave = np.array([row.grave for row in rows])
    written = np.array([row.written for row in rows])
    x = np.column_stack([log_odds(softmax(logits)), logit(chances), np.ones(len(rows))])
    # Other people's grave texts are of another kind, and the reader has read them.
    used = written | ~grave
    weights = fit_logistic(
        x[used],
        grave[used].astype(float),
        np.array([0.7, 0.3, 0.0]),
        np.array([1.0, 1.0, 0.1]),
        _weights(grave, written)[used],
    )
    by_encoder, by_reader, shift = [round(float(value), 4) for value in weights]
    calm = ~written & ~grave
    least = round(float(np.quantile(chances[calm], 1.0 - MOST_READ)), 4)
    reader = CloseGrave(*directions, by_encoder, by_reader, shift, least)
    closely = sigmoid(x @ weights)
    final = np.where(chances >= least, closely, chances)
    return WeighedGrave(reader, _figures(rows, chances, final, least))


def _weights(grave: Mask, written: Mask) -> Floats:
    """Returns weights at even odds, of the judges' lines and of others' harmless ones."""
    weights = np.zeros(len(grave))
    total = float((grave & written).sum())
    sides = (
        (grave & written, 1.0),
        (~grave & written, 1.0 - EVERYDAY_WEIGHT),
        (~grave & ~written, EVERYDAY_WEIGHT),
    )
    for side, share in sides:
        weights[side] = total * share / max(int(side.sum()), 1)
    return weights


def _figures(
    rows: Sequence[GraveText], before: Floats, after: Floats, least: float
) -> dict[str, Value]:
    """Returns what is found of each judge, by the reader alone and after the close reading."""
    grave = np.array([row.grave for row in rows])
    author = np.array([row.author for row in rows])
    calm = (author == "") & ~grave
    figures: dict[str, Value] = {
        "read_closely": {
            "everyday": share_of(before >= least, calm),
            "lookalikes": share_of(before >= least, (author != "") & ~grave),
            "grave": share_of(before >= least, (author != "") & grave),
        }
    }
    for name, chances in (("reader", before), ("closely", after)):
        figures[f"everyday_{name}"] = {
            str(threshold): share_of(chances >= threshold, calm) for threshold in AT
        }
        for judge in (*JUDGES, "all"):
            mine = (author == judge) if judge != "all" else author != ""
            if (mine & grave).any() and (mine & ~grave).any():
                figures[f"{judge}_{name}"] = _curve(chances[mine], grave[mine])
    return figures


def _curve(chances: Floats, grave: Mask) -> dict[str, Value]:
    """Returns what is found at chances, and at shares of harmless lines that come through."""
    curve: dict[str, Value] = {
        "grave_rows": int(grave.sum()),
        "harmless_rows": int((~grave).sum()),
        "auroc": round(auroc(chances, grave), 3),
    }
    for threshold in AT:
        curve[f"at_{threshold}"] = {
            "recall": share_of(chances >= threshold, grave),
            "false_alarms": share_of(chances >= threshold, ~grave),
        }
    for share in FALSE_ALARMS:
        threshold = float(np.quantile(chances[~grave], 1.0 - share))
        curve[str(share)] = {
            "at": round(threshold, 3),
            "recall": share_of(chances >= threshold, grave),
        }
    return curve
