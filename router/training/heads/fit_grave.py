"""Fits the reader of grave matters on written sentences and on everyday ones of other people.

English, the other languages in Latin letters and those in other scripts have a fit each. Authors
are held out whole: the fit without an author reads the author's lines. The chance is calibrated on
these readings, and the card has its figures of them. What ships is fitted once more on all lines
but those of one author, who judges it. It runs on numpy alone, with the encoder of a finished
model.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, Platt, ece, fit_platt, logit, softmax
from router.stats.char_grams import counted_chars
from router.stats.heads import Embeddings
from router.stats.ngrams import BUCKETS, Grams, Table, rarity, summed
from router.stats.softmax_regression import NEVER, as_head, fit_grams, fit_softmax
from router.training.card import Card, Value, write_of_part
from router.training.data.authors import grave_texts
from router.training.data.authors.grave_rows import EVERYDAY_SOURCES, rows_of
from router.training.data.authors.grave_texts import COMPANY, GRAVE, SECTIONS, GraveText
from router.training.data.known_files import known_in
from router.training.install import unless_worse
from router.training.safety.compared import of_grave, worse_reader
from router.training.sparse_products import quick_design
from router.triage.grave import (
    ENGLISH,
    LATIN,
    NAME,
    TABLES,
    GraveReader,
    load,
    log_odds,
    save,
    table_of,
)
from router.triage.text.folding import fold
from router.triage.text.windows import is_question
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel, write_manifest

Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Characters = tuple[Table, npt.NDArray[np.float32]]
"""Table (BUCKETS, classes) and bias of a fit on characters."""
Vectors = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Weight (width, classes) and bias of a fit on the encoder's vectors."""

SEED = 7
CALM_WEIGHT = 2.0
"""Weight of a language's harmless texts to its grave ones, whatever their numbers: with few of them
the words of the language itself would speak for a grave matter."""
APART_WEIGHT = 0.5
"""Weight of a sentence of a harmless message to the message."""
COMPANY_WEIGHT = 0.3
"""Weight of a language's decisions about an organisation, likewise."""
COMPANY_SHARE = 0.05
"""Share of such decisions for which their chance is calibrated. At .5 it lets .5 % of the written
English lines through that are none, and finds .70 of those that are, of authors held out. With .1
twice as many come through, and .07 more are found."""
COMPANY_CLASS = SECTIONS.index(COMPANY)
FEWEST_AUTHORS = 2
PARTS = 3
"""Authors are held out in so many parts, since a part is a fit of each table."""
_TOGETHER = {
    "first": 0, "four": 0, "thirteenth": 0,
    "sixth": 1, "seventh": 1, "eighth": 1, "voices_of_mishaps": 1,
    "fifth": 2, "voices": 2, "fourteenth": 2, "sixteenth": 2,
    "seventeenth": 0, "eighteenth": 1, "nineteenth": 2,
    "twenty_first": 0, "twenty_second": 1, "twenty_third": 2,
    "twenty_fourth": 0, "twenty_fifth": 1, "twenty_sixth": 2, "voices_of_service": 2,
    "twenty_seventh": 0, "twenty_eighth": 1, "twenty_ninth": 2, "thirtieth": 0, "thirty_first": 1,
    "voices_of_private": 0, "thirty_second": 2, "thirty_third": 0, "thirty_fourth": 1,
    "thirty_fifth": 2, "voices_of_home": 1,
    "money_of_customers": 0, "money_of_households": 1, "thirty_sixth": 2, "thirty_seventh": 0,
    "thirty_eighth": 1,
    "voices_of_firms": 0, "voices_of_towns": 1, "voices_of_desks": 2,
    "voices_of_choices": 0, "fortieth": 1, "voices_of_staff": 2,
    "forty_second": 0, "forty_third": 1, "forty_fourth": 2, "forty_fifth": 1,
    "forty_seventh": 2,
}  # fmt: skip
"""Who is held out with whom, so that each fit still has enough lines of each language."""
VECTOR_SHARE = 1.0
"""Weight of the vectors' logits to the characters', as both know the same in part. With authors
held out .5 finds as much or less at 3 % false alarms (.902 to .896, .845 to .865), 1.5 as much."""
VECTOR_RIDGE = 1e-4
"""1e-5 gave the same figures."""
VECTOR_STEPS = 80
FALSE_ALARMS = 0.03
"""Share of harmless lines at which the card states the recall."""
TRADE_OFF = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08)
"""Shares of harmless lines of the card's curve."""


@dataclass(frozen=True, slots=True)
class FittedGrave:
    """Holds the reader that ships and the figures of its held-out lines."""

    reader: GraveReader
    card: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Texts:
    """Holds what is fitted: one entry of each array per text."""

    grams: Grams
    vectors: Embeddings  # zero outside English
    labels: Whole
    weights: Floats
    table: Whole  # the table that reads each text
    part: Whole  # the part in which each text is held out


def fit(model: TriageModel, rows: Sequence[GraveText]) -> FittedGrave:
    """Returns the reader with its card. Raises ValueError when a section has no row."""
    labels = np.array([SECTIONS.index(row.section) for row in rows])
    if len(np.unique(labels)) != len(SECTIONS):
        raise ValueError(f"rows of each section are needed: {', '.join(SECTIONS)}")
    grave = labels < len(GRAVE)
    words = [fold(row.text).words for row in rows]
    table = np.array([table_of(w, row.language) for w, row in zip(words, rows, strict=True)])
    english = table == ENGLISH
    texts = _Texts(
        Grams.of([counted_chars(one) for one in words]),
        _vectors(model, rows, english),
        labels,
        _weights(rows, grave),
        table,
        _parts(rows),
    )
    held_out = _held_out(texts)
    odds, of_company = log_odds(held_out), logit(held_out[:, COMPANY_CLASS])
    company = labels == COMPANY_CLASS
    first, others = (
        _calibrated(odds, grave, texts.weights, mask, 0.5) for mask in (english, ~english)
    )
    company_first, company_others = (
        _calibrated(of_company, company, texts.weights, mask, COMPANY_SHARE)
        for mask in (english, ~english)
    )
    card = {
        **_figures(np.where(english, first(odds), others(odds)), grave, rows),
        "company": _figures_of_company(
            np.where(english, company_first(of_company), company_others(of_company)), rows
        ),
    }
    characters = [_characters(texts, table == number) for number in range(TABLES)]
    spoken, spoken_bias = _spoken(texts)
    reader = GraveReader(
        np.concatenate([own for own, _ in characters]),
        np.stack([bias for _, bias in characters]),
        *_of_vectors(texts, english),
        spoken,
        spoken_bias,
        first,
        others,
        company_first,
        company_others,
        model.encoder.sha256,
    )
    return FittedGrave(reader, card)


def _held_out(texts: _Texts) -> Floats:
    """Returns the chances of each text, (texts, classes), by the fit of its table without its
    part."""
    chances = np.zeros((len(texts.labels), len(SECTIONS)))
    for number in range(TABLES):
        mine = texts.table == number
        for part in np.unique(texts.part[mine]):
            held, learnt = mine & (texts.part == part), mine & (texts.part != part)
            table, bias = _characters(texts, learnt)
            logits = summed(texts.grams[held], table) + bias
            if number == ENGLISH:
                weight, vector_bias = _of_vectors(texts, learnt)
                logits = logits + texts.vectors[held] @ weight + vector_bias
            chances[held] = softmax(logits.astype(np.float64))
    return chances


def _characters(texts: _Texts, chosen: Mask) -> Characters:
    """Returns the table of the chosen texts; without any nothing is grave."""
    classes = len(SECTIONS)
    if not chosen.any():
        bias = np.where(np.arange(classes) < len(GRAVE), NEVER, 0.0).astype(np.float32)
        return np.zeros((BUCKETS, classes), np.float32), bias
    read = texts.grams[chosen]
    return fit_grams(
        read,
        rarity(read),
        texts.labels[chosen],
        classes,
        row_weights=texts.weights[chosen],
        design_of=quick_design,
    )


def _of_vectors(texts: _Texts, chosen: Mask) -> Vectors:
    """Returns what reads the vectors of the chosen texts, at VECTOR_SHARE."""
    weight, bias = as_head(
        fit_softmax(
            texts.vectors[chosen],
            texts.labels[chosen],
            len(SECTIONS),
            VECTOR_RIDGE,
            row_weights=texts.weights[chosen],
            steps=VECTOR_STEPS,
        )
    )
    return weight * VECTOR_SHARE, bias * VECTOR_SHARE


def _spoken(texts: _Texts) -> tuple[npt.NDArray[np.float32], float]:
    """Returns what tells English from the other languages in Latin letters, by characters."""
    english, latin = texts.table == ENGLISH, texts.table == LATIN
    chosen = english | latin
    if not latin.any():
        return np.zeros(BUCKETS, np.float32), 0.0
    read = texts.grams[chosen]
    even = np.where(english, 1.0 / max(int(english.sum()), 1), 1.0 / int(latin.sum()))
    table, bias = fit_grams(
        read,
        rarity(read),
        english[chosen].astype(np.int64),
        2,
        row_weights=even[chosen],
        design_of=quick_design,
    )
    return table[:, 1] - table[:, 0], float(bias[1] - bias[0])


def _parts(rows: Sequence[GraveText]) -> Whole:
    """Returns the part of each row: those of an author are in one, texts of other people in all.

    So are those of an author who wrote nothing grave. With the texts of one author alone, each line
    is in a part by itself.
    """
    authors = sorted({row.author for row in rows if row.section in GRAVE} - {""})
    if len(authors) < FEWEST_AUTHORS:
        authors = []
    part = {name: _TOGETHER.get(name, place % PARTS) for place, name in enumerate(authors)}
    if len(set(part.values())) < FEWEST_AUTHORS:
        part = {name: place % PARTS for place, name in enumerate(authors)}
    return np.array([part.get(row.author, zlib.crc32(row.group.encode()) % PARTS) for row in rows])


def _vectors(model: TriageModel, rows: Sequence[GraveText], english: Mask) -> Embeddings:
    """Returns the encoder's vectors of English rows; those of the others are zero and unused."""
    chosen = np.flatnonzero(english)
    parts = [model.vectors([rows[i].text for i in part]) for part in np.array_split(chosen, 200)]
    vectors = np.zeros((len(rows), parts[0].shape[1]), dtype=np.float32)
    vectors[chosen] = np.concatenate(parts)
    return vectors


def _weights(rows: Sequence[GraveText], grave: Mask) -> Floats:
    """Returns weights under which each language weighs the same, and so do its grave texts."""
    languages = np.array([row.language for row in rows])
    company = np.array([row.section == COMPANY for row in rows])
    kinds = ((grave, 1.0), (company, COMPANY_WEIGHT), (~grave & ~company, CALM_WEIGHT))
    weights = np.zeros(len(rows))
    for language in np.unique(languages):
        for kind, total in kinds:
            mine = (languages == language) & kind
            weights[mine] = total / max(int(mine.sum()), 1)
    weights[np.array([row.apart for row in rows])] *= APART_WEIGHT
    even: Floats = weights / weights.mean()
    return even


def _calibrated(odds: Floats, kind: Mask, weights: Floats, mask: Mask, share: float) -> Platt:
    """Returns the calibrator of the chosen rows as if this share of them were of a kind."""
    right, given = kind[mask].astype(float), weights[mask]
    was = float(given[right > 0].sum() / given.sum())
    as_if = given * np.where(right > 0, share / was, (1.0 - share) / (1.0 - was))
    return fit_platt(odds[mask], right, as_if * len(as_if) / as_if.sum())


def _figures(chances: Floats, grave: Mask, rows: Sequence[GraveText]) -> dict[str, Value]:
    """Returns recall and false alarms of written lines whose author the fit had not seen.

    Per language they are at the chance that lets FALSE_ALARMS of the harmless lines through. The
    everyday lines of other people are easier, and left out.
    """
    languages = np.array([row.language for row in rows])
    written = np.array([row.written for row in rows])
    english = languages == "en"
    figures: dict[str, Value] = {}
    for name, group in (("en", written & english), ("others", written & ~english)):
        if not (group & ~grave).any():
            continue
        figures[f"at_{name}"] = _at(chances[group & ~grave], FALSE_ALARMS)
        figures[f"trade_off_{name}"] = trade_off(chances[group], grave[group])
        figures[f"ece_{name}"] = _error_at_even_odds(chances[group], grave[group])
    for language in sorted(set(languages[written].tolist())):
        mine = written & (languages == language)
        threshold = figures["at_en" if language == "en" else "at_others"]
        assert isinstance(threshold, float)
        figures[language] = {
            "grave_rows": int((mine & grave).sum()),
            "recall": _share(chances >= threshold, mine & grave),
            "harmless_rows": int((mine & ~grave).sum()),
            "false_alarms": _share(chances >= threshold, mine & ~grave),
        }
    return figures


def _figures_of_company(chances: Floats, rows: Sequence[GraveText]) -> dict[str, Value]:
    """Returns what is found of decisions about an organisation, of lines that are written, by the
    share of the written harmless ones that come through."""
    company = np.array([row.section == COMPANY for row in rows])
    written = np.array([row.written for row in rows])
    calm = np.array([row.section not in (*GRAVE, COMPANY) for row in rows])
    english = np.array([row.language == "en" for row in rows])
    figures: dict[str, Value] = {}
    for name, group in (("en", written & english), ("others", written & ~english)):
        chosen = group & (company | calm)
        if (chosen & calm).any():
            figures[name] = trade_off(chances[chosen], company[chosen])
    return figures


def _at(harmless: Floats, share: float) -> float:
    """Returns the chance that lets this share of harmless lines through."""
    return round(float(np.quantile(harmless, 1.0 - share)), 3)


def trade_off(chances: Floats, grave: Mask) -> dict[str, Value]:
    """Returns the chance and the recall at which shares of the harmless lines come through."""
    curve: dict[str, Value] = {}
    for share in TRADE_OFF:
        threshold = _at(chances[~grave], share)
        curve[str(share)] = {"at": threshold, "recall": _share(chances >= threshold, grave)}
    return curve


def _error_at_even_odds(chances: Floats, grave: Mask) -> float:
    """Returns the calibration error where half of the lines are grave, as the chances mean it."""
    rng = np.random.default_rng(SEED)
    few = min(int(grave.sum()), int((~grave).sum()))
    chosen = np.concatenate(
        [rng.choice(np.flatnonzero(side), few, replace=False) for side in (grave, ~grave)]
    )
    return round(ece(chances[chosen], grave[chosen].astype(float)), 3)


def judged(reader: GraveReader, model: TriageModel, rows: Sequence[GraveText]) -> dict[str, Value]:
    """Returns the trade-off on lines of an author whom the reader never read."""
    texts = [row.text for row in rows]
    grave_readings = reader.read(texts, model.vectors(texts))
    chances = np.array([reading.grave for reading in grave_readings])
    grave = np.array([row.section in GRAVE for row in rows])
    english = np.array([row.language == "en" for row in rows])
    return {
        name: {
            "grave_rows": int(grave[group].sum()),
            "harmless_rows": int((~grave[group]).sum()),
            "trade_off": trade_off(chances[group], grave[group]),
        }
        for name, group in (("en", english), ("others", ~english))
    }


def _share(above: Mask, mask: Mask) -> float:
    return round(float(above[mask].mean()), 3) if mask.any() else 0.0


def train_grave(data: Path, folder: Path | None = None, *, force: bool = False) -> Card:
    """Fits the reader for the model in `folder`, or the shipped one, and writes it there.

    Returns its card. Raises WorseModel where a figure fell, without `force`; TrainingDataError for
    a folder without data.
    """
    known_in(data)
    folder = folder or DEFAULT_FOLDER
    model = TriageModel.load(folder, grave_reader=False, reranked=False)
    # A question by itself may ask for knowledge, which is a class here.
    rows = [row for row in rows_of(data, SEED) if not (row.apart and is_question(row.text))]
    fitted = fit(model, rows)
    counts = {section: sum(row.section == section for row in rows) for section in SECTIONS}
    card: Card = {
        "command": "tiergate train grave",
        "rows": dict(counts),
        "split": "by author: the lines of each are read by the fit without that author",
        "seed": SEED,
        "everyday_languages": EVERYDAY_SOURCES,
        "figures": dict(fitted.card),
        "held_out_author": judged(fitted.reader, model, list(grave_texts.held_out())),
    }
    judge = worse_reader(f"{NAME}.card.json", of_grave)
    with unless_worse(folder, judge, force=force) as made:
        card = write_of_part(card, NAME, save(fitted.reader, made))
        write_manifest(made)
        assert load(made, model.encoder.sha256) is not None
    return card
