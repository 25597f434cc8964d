"""Fits the close reader: it reads what the head `harm` or the reader of grave matters is unsure of.

For harm it adds two readings: a larger encoder whose upper layers are trained on requests to harm
and on grave matters, and the characters of a text. Two authors teach it no harm and judge it: their
lines weigh the readings and calibrate the chance. In other languages, where characters alone read,
each author is held out in turn, and what ships knows all.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from router.stats import heads
from router.stats.calibration import Calibrator, Floats, fit_logistic, fit_platt
from router.stats.char_grams import counted_chars_together
from router.stats.ngrams import BUCKETS, Grams, Table, rarity, summed
from router.stats.softmax_regression import fit_grams
from router.training.card import Value
from router.training.data.authors import grave_texts
from router.training.data.authors.grave_texts import SECTIONS, GraveText
from router.training.data.known_files import known_in
from router.training.encoder import export, onnx_graphs
from router.training.encoder.prune import UNKNOWN, most_seen
from router.training.install import unless_worse
from router.training.safety import close_grave, fit_harm, upper_layers
from router.training.safety.compared import of_close, worse_reader
from router.training.safety.figures import (
    ROUTINE,
    Mask,
    even,
    everyday_of,
    figures_of,
    share_of,
    weights_of,
)
from router.training.safety.fit_guess import with_guess
from router.training.safety.harm_texts import FOLDER, IN_NEED, HarmText
from router.training.safety.upper_layers import Plan, States, Upper
from router.training.sparse_products import quick_design
from router.triage.close_reading import file
from router.triage.close_reading.reader import CloseReader, Mixture
from router.triage.encoder import Encoder, cut
from router.triage.grave import ENGLISH, LATIN, TABLES, table_of, told_of
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

NAME = "harm_close"
JUDGES = ("seventh", "third")
"""Authors whose English lines teach the close reader nothing. The third one's are the hardest: they
tell a story."""
OTHERS_JUDGE = 4
"""Of lines of nobody, and of authors without harmful ones, one in so many judges."""
EVERYDAY_ROWS, ROUTINE_ROWS, IN_NEED_ROWS, IN_NEED_ABROAD = 9_000, 500, 1_500, 4_000
"""Most rows of other people. Lines in need are many, and all of them teach grave matters too."""
EVERYDAY_JUDGES = 4_000
STRENGTH = 8.0
"""Of the characters' fit; 1 lost a point and a half of AUROC on authors held out."""
SEED = 7
MOST_READ = 0.25
"""Share of everyday prompts that is read closely, which takes milliseconds. A head that did not
know two authors passed on 88 and 97 % of their harmful lines; at a tenth it was 70 and 91 %."""
PIECES = 16_000
"""Word pieces that the encoder keeps: those seen most often in the training texts. With all of them
its file would be five megabytes larger."""
NETWORK = "upper.pt"

Numbers = npt.NDArray[np.int64]


def train_close(
    data: Path,
    out: Path,
    knowledge: Path,
    work: Path,
    command: str,
    model_dir: Path | None = None,
    device: str = "cpu",
    *,
    force: bool = False,
) -> dict[str, Value]:
    """Trains the close reader of the head `harm` in `out`, and writes it there with its card.

    A network that is in the work folder already is not trained again. `device` is torch's name of
    what trains it. Returns the figures. Raises WorseModel where a figure fell, without `force`;
    TrainingDataError for a folder without data.
    """
    known_in(data)
    model = TriageModel.load(model_dir or DEFAULT_FOLDER, threads=2)
    work.mkdir(parents=True, exist_ok=True)
    rows = fit_harm.rows_of(data, knowledge)
    head = heads.load(out, fit_harm.NAME, encoder_sha256=model.encoder.sha256)
    chances = _by_head(model, head, rows)
    kept = chosen(rows, chances)
    english = [rows[place] for place in kept]
    others = _others(rows)
    matters = close_grave.rows_of(data)
    by_encoder, of_matters, upper = _read_by_encoder(model, english, matters, work, device)
    judged = _judged([*english, *others], by_encoder, chances[kept])
    weight, bias = upper.directions
    judging = np.flatnonzero(close_grave.judges(matters))
    grave = close_grave.weighed(
        model,
        [matters[place] for place in judging.tolist()],
        of_matters[judging],
        (weight[:, 1:], bias[1:]),
    )
    tokens = _tokens(model, [*english, *matters])
    card = {
        "name": NAME,
        "kind": "close reader of harm",
        "note": "Reads what the head harm or the reader of grave matters is unsure of. English "
        f"lines of the authors {' and '.join(JUDGES)} of requests to harm, and of the authors "
        f"{', '.join(grave_texts.JUDGES)} of grave matters taught it nothing: the figures are of "
        "them, and of everyday lines that taught nothing.",
        "encoder": "all-MiniLM-L6-v2 (Apache-2.0), its two upper layers trained, INT8",
        "figures": judged.figures,
        "grave": grave.figures,
        **fit_harm.card_of(model, command, data, (FOLDER, grave_texts.FOLDER)),
    }
    with unless_worse(out, worse_reader(f"{NAME}{file.CARD}", of_close), force=force) as made:
        encoder = _exported(upper, tokens, model, work, made)
        reader = CloseReader(
            encoder.encode_rows,
            model.encoder.tokenise,
            weight[:, 0],
            float(bias[0]),
            *judged.fitted,
            judged.least,
            grave=grave.reader,
        )
        reader = with_guess(reader, model, head, english, judges(english))
        path = made / f"{NAME}.json"
        file.save(reader, path.with_suffix(file.ONNX), path, model.encoder.sha256)
        text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
        path.with_suffix(file.CARD).write_text(text, encoding="utf-8")
    return {**judged.figures, **{f"grave_{name}": part for name, part in grave.figures.items()}}


def _by_head(model: TriageModel, head: heads.Head, rows: Sequence[HarmText]) -> Floats:
    """Returns the head's chance of harm of English rows, 0 for others."""
    chances = np.zeros(len(rows))
    places = np.array([place for place, row in enumerate(rows) if row.language == "en"])
    for start in range(0, len(places), 1_000):
        some = places[start : start + 1_000]
        chances[some] = head(model.encode([rows[place].text for place in some.tolist()]))
    return chances


def chosen(rows: Sequence[HarmText], chances: Floats, everyday: int = EVERYDAY_ROWS) -> Numbers:
    """Returns the places of the English rows that train and judge: all of ours, and some others.

    So many `everyday` rows teach: those with the highest `chances` of harm by the head, since it
    passes on no others. Those that judge are drawn.
    """
    rng = random.Random(SEED)
    by_kind: dict[str, list[int]] = {kind: [] for kind in ("own", "in need", "everyday", "routine")}
    for place, row in enumerate(rows):
        if row.language == "en":
            by_kind[_kind(row)].append(place)
    kept = list(by_kind["own"])
    for kind, most in (("in need", IN_NEED_ROWS), ("routine", ROUTINE_ROWS)):
        kept += rng.sample(by_kind[kind], min(most, len(by_kind[kind])))
    places = np.array(by_kind["everyday"], np.int64)
    judging = judges([rows[place] for place in places.tolist()]).astype(bool)
    teach, judge = places[~judging], places[judging].tolist()
    kept += teach[np.argsort(-chances[teach])][:everyday].tolist()
    kept += rng.sample(judge, min(EVERYDAY_JUDGES, len(judge)))
    return np.array(sorted(kept))


def _others(rows: Sequence[HarmText]) -> list[HarmText]:
    """Returns the rows of other languages: all of ours, and some of nobody's."""
    rng, kept = random.Random(SEED), []
    for kind, most in (("own", None), ("everyday", EVERYDAY_ROWS), ("in need", IN_NEED_ABROAD)):
        mine = [row for row in rows if row.language != "en" and _kind(row) == kind]
        kept += mine if most is None else rng.sample(mine, min(most, len(mine)))
    return kept


def _kind(row: HarmText) -> str:
    if not row.author:
        return "in need" if row.category == IN_NEED else "everyday"
    return "routine" if row.author.startswith(ROUTINE) else "own"


def judges(rows: Sequence[HarmText]) -> Mask:
    """Returns the English rows that teach nothing: all of the judges, and some of those of others
    who wrote no harmful line."""
    authors = {row.author for row in rows if row.harmful and row.language == "en"}
    return np.array(
        [
            row.author in JUDGES
            if row.author in authors
            else zlib.crc32(row.text.encode()) % OTHERS_JUDGE == 0
            for row in rows
        ]
    )


def _read_by_encoder(
    model: TriageModel,
    rows: Sequence[HarmText],
    matters: Sequence[GraveText],
    work: Path,
    device: str,
) -> tuple[Floats, Floats, Upper]:
    """Returns the larger encoder's log-odds of harm of the rows that judge (0 for others), its
    logits of grave matters, likewise, and its layers."""
    states = States.of(_tokens(model, [*rows, *matters]), work, device, progress=True)
    judged = np.concatenate([judges(rows), close_grave.judges(matters)])
    upper = Upper()
    if (work / NETWORK).is_file():
        upper.load_state_dict(torch.load(work / NETWORK, weights_only=True))
        upper.eval()
    else:
        ours = np.array([_kind(row) == "own" for row in rows] + [row.written for row in matters])
        harmful = np.array([row.harmful for row in rows] + [False] * len(matters))
        routine = np.where(_routine(rows), SECTIONS.index("none"), -1)
        sections = np.concatenate([routine, close_grave.sections_of(matters)])
        own, everyday = [np.flatnonzero(side & ~judged).tolist() for side in (ours, ~ours)]
        upper = upper_layers.train(
            states, harmful, sections, own, everyday, Plan(), device, progress=True
        )
        torch.save(upper.state_dict(), work / NETWORK)
    logits, places = np.zeros((len(judged), 1 + len(SECTIONS))), np.flatnonzero(judged)
    logits[places] = upper_layers.read(upper, states, places.tolist())
    return logits[: len(rows), 0], logits[len(rows) :, 1:], upper


def _tokens(model: TriageModel, rows: Sequence[HarmText | GraveText]) -> list[list[int]]:
    return [cut(model.encoder.tokenise(row.text)) for row in rows]


@dataclass(frozen=True, slots=True)
class Judged:
    """Holds what the reader is fitted with (table, its bias, mixture, calibrators), and figures."""

    fitted: tuple[Table, npt.NDArray[np.float32], Mixture, tuple[Calibrator, ...]]
    least: float
    figures: dict[str, Value]


def _judged(rows: Sequence[HarmText], by_encoder: Floats, of_head: Floats) -> Judged:
    """Weighs the readings and calibrates them.

    The English rows come first, as many as there are readings.
    """
    english = np.arange(len(rows)) < len(by_encoder)
    harmful = np.array([row.harmful for row in rows])
    told = [told_of(row.text) for row in rows]
    # A line of another language is never read as English, whatever its language seems to be.
    tables = np.array(
        [ENGLISH if e else max(table_of(*t), LATIN) for e, t in zip(english, told, strict=True)]
    )
    part = np.where(english, np.where(judges(rows), 0, -1), _part_abroad(rows))
    weights = weights_of(rows, harmful)
    grams = counted_chars_together([words for words, _ in told])
    odds, table, bias = _characters(grams, tables, harmful, weights, part)
    equal, mine = even(weights, harmful), english & (part >= 0)
    x = np.stack([by_encoder[part[english] >= 0], odds[mine]], axis=1)
    mixture = _mixture(x, harmful[mine], equal[mine])
    odds[mine] = x @ np.array([mixture.encoder, mixture.characters])
    read, calibrators = np.zeros(len(rows)), []
    for number in range(TABLES):
        these = (part >= 0) & (tables == number)
        calibrators.append(fit_platt(odds[these], harmful[these].astype(float), equal[these]))
        read[these] = calibrators[-1](odds[these])
    chances = np.concatenate([of_head, np.zeros(len(rows) - len(of_head))])
    least = _least(chances, mine & everyday_of(rows))
    final = np.where(english & (chances < least), chances, read)
    judged = np.flatnonzero(part >= 0)
    figures = figures_of(final[judged], harmful[judged], [rows[i] for i in judged.tolist()])
    figures["read_closely"] = {
        "everyday": share_of(chances >= least, mine & everyday_of(rows)),
        "routine": share_of(chances >= least, mine & _routine(rows)),
        "harmful": share_of(chances >= least, mine & harmful),
    }
    return Judged((table, bias, mixture, tuple(calibrators)), least, figures)


def _part_abroad(rows: Sequence[HarmText]) -> Numbers:
    """Returns the part of lines of other languages: one for each author, and others' in all."""
    authors = sorted({row.author for row in rows if row.harmful and row.language != "en"})
    return np.array(
        [
            authors.index(row.author)
            if row.author in authors
            else zlib.crc32(row.text.encode()) % max(len(authors), 1)
            for row in rows
        ]
    )


def _routine(rows: Sequence[HarmText]) -> Mask:
    return np.array([row.author.startswith(ROUTINE) for row in rows])


def _mixture(x: Floats, harmful: Mask, weights: Floats) -> Mixture:
    """Returns the weights of both readings, none of them negative; x is (rows, 2)."""
    coefficients = fit_logistic(
        np.column_stack([x, np.ones(len(x))]),
        harmful.astype(float),
        np.array([0.5, 0.5, 0.0]),
        np.array([1.0, 1.0, 0.1]),
        weights,
    )
    return Mixture(*np.maximum(coefficients[:2], 0.0).round(4).tolist())


def _least(chances: Floats, everyday: Mask) -> float:
    """Returns the head's chance from which a text is read closely."""
    return round(float(np.quantile(chances[everyday], 1.0 - MOST_READ)), 3)


def _characters(
    grams: Grams, tables: Numbers, harmful: Mask, weights: Floats, part: Numbers
) -> tuple[Floats, Table, npt.NDArray[np.float32]]:
    """Returns log-odds by a fit without the row's part, and the tables and biases that ship.

    Rows of part -1 only teach. English is shipped as it was judged: its mixture is weighed on it.
    """
    held = np.zeros(len(harmful))
    whole, bias = np.zeros((TABLES * BUCKETS, 1), np.float32), np.zeros(TABLES, np.float32)
    for number in range(TABLES):
        mine = tables == number
        for out in sorted(set(part[mine & (part >= 0)].tolist())):
            these = mine & (part == out)
            table, shift = _fit(grams, mine & ~these, harmful, weights)
            held[these] = summed(grams[these], table)[:, 0] + shift
        if number != ENGLISH:
            table, shift = _fit(grams, mine, harmful, weights)
        whole[number * BUCKETS : (number + 1) * BUCKETS], bias[number] = table, shift
    return held, whole, bias


def _fit(grams: Grams, rows: Mask, harmful: Mask, weights: Floats) -> tuple[Table, float]:
    """Returns the table and bias of the log-odds, of a fit on some rows."""
    mine = grams[rows]
    table, bias = fit_grams(
        mine,
        rarity(mine),
        harmful[rows].astype(np.int64),
        2,
        row_weights=weights[rows] / weights[rows].mean(),
        strength=STRENGTH,
        design_of=quick_design,
    )
    return table[:, 1:] - table[:, :1], float(bias[1] - bias[0])


def _exported(
    upper: Upper, rows: Sequence[Sequence[int]], model: TriageModel, work: Path, out: Path
) -> Encoder:
    """Writes the trained network as INT8 into `out`, and returns it."""
    full, small = work / export.FULL, out / f"{NAME}{file.ONNX}"
    export.to_onnx(upper.whole(), full)
    pieces = most_seen(rows, int(max(map(max, rows))) + 1, PIECES)
    onnx_graphs.keep_pieces(full, pieces.tolist(), UNKNOWN, full)
    export.to_int8(full, small)
    return Encoder(small, model.encoder.tokenise)
