"""Reads chances of grave matters, decisions about an organisation and questions for knowledge.

A softmax over eight grave matters, `company`, `knowledge` and `none` reads the characters of a text
in one of fourteen languages, and in English adds what the encoder's vector says. The characters
carry misspelt words and all languages; the vector carries what English says indirectly. English,
the other languages in Latin letters and those in other scripts have a table of pieces each, so that
they do not share its columns. A short text without a function word may be of any language in Latin
letters: its characters tell if it is English. Chances are calibrated for English and for other
languages apart, since the encoder reads English only. Ukrainian and Korean have the table of other
scripts, which learnt no line of either. It knows nothing about terms, tiers or policies.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.errors import ModelFileError
from router.stats import calibration, ngrams
from router.stats.calibration import Calibrator, Floats, chance_of, logit, softmax
from router.stats.char_grams import counted_chars, counted_chars_together
from router.stats.ngrams import BUCKETS, Counted, Grams, PackedTable, Words, in_floats, summed
from router.triage.facts.languages import OTHER_SCRIPTS, language_of
from router.triage.text.folding import fold
from router.types import READ_LANGUAGES, UNDETERMINED, Matter, measured_once

FORMAT = 3
CLASSES: tuple[str, ...] = (*(matter.value for matter in Matter), "company", "knowledge", "none")
MATTERS_READ = len(Matter)
COMPANY, KNOWLEDGE = CLASSES.index("company"), CLASSES.index("knowledge")
LEAST = 1e-9
"""Keeps the log-odds of a chance of 0 or 1 finite."""
_MATTERS = tuple(Matter)

ENGLISH, LATIN, SCRIPTS = range(3)
"""The tables: English, other languages in Latin letters, languages in other scripts."""
TABLES = 3
FINENESS = 1.0
"""Steps of a packed table, as a share of its column's deviation: as much is found with authors held
out as without packing. At 1.5 it is a point less, at a tenth a table is twice as large."""

LEAST_SHARE = 1e-3
"""Share of a softmax below which a text is no decision about an organisation: its chance would be a
tenth at most."""

_WORD_A_LETTER = frozenset({"ja", "zh"})
MOST_OF_LETTERS = 3  # windows of a message in these

WINDOW_WORDS, STEP_WORDS, MOST_WINDOWS = 45, 30, 8
"""A long text is read in windows, so that one grave sentence is not diluted; the first ones and the
last one are read, which bounds the work."""


class GraveReading(NamedTuple):
    """Holds what is read in one text: `grave` at even odds, `company` as if one text in twenty were
    such a decision, `knowledge` as a mere softmax share.

    `company` is 0 for a text of several windows: what people paste tells of firms, too.
    """

    grave: float
    matter: Matter
    knowledge: float
    language: str  # what the text was read as
    company: float = 0.0  # a decision about a whole organisation
    pieces: Counted | None = None  # of its words, for who reads the text again; None: of a long one


class GraveReader(Struct, frozen=True, eq=False, dict=True):
    """Holds the fitted arrays; safe to call from several threads."""

    table: Words  # (TABLES * BUCKETS, classes): the logit that each piece of a word adds
    bias: npt.NDArray[np.float32]  # (TABLES, classes), of the characters
    weight: npt.NDArray[np.float32]  # (width, classes), of the encoder's vectors
    vector_bias: npt.NDArray[np.float32]  # (classes,)
    spoken: npt.NDArray[np.float32]  # (BUCKETS,): the logit that each piece adds to English
    spoken_bias: float
    english: Calibrator  # of the log-odds of a grave matter
    others: Calibrator
    company_english: Calibrator  # of the log-odds of a decision about an organisation
    company_others: Calibrator
    encoder_sha256: str

    def read(
        self,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        told: Sequence[Told] | None = None,
    ) -> list[GraveReading]:
        """Returns a reading of each text; `vectors` (texts, width) are the encoder's.

        Words and languages are taken from `told` where the caller has them.
        """
        told = [told_of(text) for text in texts] if told is None else told
        if len(told) < 2:
            return [self._read(*one, vector) for one, vector in zip(told, vectors, strict=True)]
        by_text = [_windows(words) for words, _ in told]
        counts = [len(windows) for windows in by_text]
        owner = np.repeat(np.arange(len(told)), counts)  # whose each window is
        starts = np.cumsum([0, *counts[:-1]])
        grams = counted_chars_together([window for windows in by_text for window in windows])
        begins = grams[starts].each()
        languages = [self._language(one, begin) for one, begin in zip(told, begins, strict=True)]
        tables = np.array(
            [table_of(words, read) for (words, _), read in zip(told, languages, strict=True)]
        )
        english = tables == ENGLISH
        moved = np.repeat(tables[owner] * BUCKETS, grams.counts()).astype(np.int32)
        grams = Grams(grams.buckets + moved, grams.weights, grams.starts)
        by_vector = self.vector_bias + vectors @ self.weight  # (texts, classes)
        logits = (
            summed(grams, self.table) + (self.bias[tables] + by_vector * english[:, None])[owner]
        )
        chances = softmax(logits.astype(np.float64))  # (windows, classes)
        odds = log_odds(chances)
        worst = _gravest(odds, starts, counts)
        likely = np.where(english, self.english(odds[worst]), self.others(odds[worst]))
        grave = [
            tempered(chance, words, table)
            for chance, (words, _), table in zip(likely.tolist(), told, tables, strict=True)
        ]
        shares = np.maximum.reduceat(chances[:, COMPANY], starts).tolist()
        of_company = [
            self._company(share, count, words, table, read)
            for share, count, (words, _), table, read in zip(
                shares, counts, told, tables.tolist(), languages, strict=True
            )
        ]
        matters = chances[worst, :MATTERS_READ].argmax(axis=1)
        knowledge = np.minimum.reduceat(chances[:, KNOWLEDGE], starts)
        pieces = [one if count == 1 else None for one, count in zip(begins, counts, strict=True)]
        rows = zip(
            grave,
            matters.tolist(),
            knowledge.tolist(),
            languages,
            of_company,
            pieces,
            strict=True,
        )
        return [GraveReading(p, _MATTERS[matter], *rest) for p, matter, *rest in rows]

    def _read(
        self, words: Sequence[str], language: str, vector: npt.NDArray[np.float32]
    ) -> GraveReading:
        """Returns a text's gravest window, and the least knowledge of all."""
        counted = [counted_chars(window) for window in _windows(words)]
        language = self._language((words, language), counted[0])
        number = table_of(words, language)
        table, base = self._tables[number]
        if number == ENGLISH:
            base = base + vector @ self.weight
        windows = [_chances(weights @ table[buckets] + base) for buckets, weights in counted]
        odds = list(map(_odds, windows))
        highest = max(odds)
        worst = windows[odds.index(highest)]
        calibrator = self.english if number == ENGLISH else self.others
        grave = chance_of(calibrator, highest)
        return GraveReading(
            grave=tempered(grave, words, number),
            matter=_MATTERS[max(range(MATTERS_READ), key=worst.__getitem__)],
            knowledge=min([chances[KNOWLEDGE] for chances in windows]),
            language=language,
            company=self._company(
                max([chances[COMPANY] for chances in windows]),
                len(windows),
                words,
                number,
                language,
            ),
            pieces=counted[0] if len(counted) == 1 else None,
        )

    @measured_once
    def _tables(self) -> tuple[tuple[Words, npt.NDArray[np.float32]], ...]:
        """Returns each table with what is added to its sums, whatever the text."""
        added = [*self.bias]
        added[ENGLISH] = added[ENGLISH] + self.vector_bias
        return tuple([(ngrams.table_of(self.table, i), bias) for i, bias in enumerate(added)])

    def _company(
        self, share: float, windows: int, words: Sequence[str], table: int, language: str
    ) -> float:
        """Returns the chance of a decision about an organisation, by the highest of its shares."""
        if share < LEAST_SHARE or not _is_message(windows, language):  # nearly all texts
            return 0.0
        calibrator = self.company_english if table == ENGLISH else self.company_others
        return tempered(float(calibrator(logit(np.array([share])))[0]), words, table)

    def _language(self, told: Told, begin: Counted) -> str:
        """Returns the language to read a text as; `begin` holds the pieces of its first window."""
        if told[1] not in READ_LANGUAGES:
            return told[1]
        buckets, weights = begin
        english = float(weights @ self.spoken[buckets]) + self.spoken_bias
        return told[1] if english >= 0.0 else UNDETERMINED


Told = tuple[Sequence[str], str]
"""The folded words of a text, and its language."""


def table_of(words: Sequence[str], language: str) -> int:
    """Returns the table that reads a text; Hindi is written in Latin letters, too."""
    if language in READ_LANGUAGES:
        return ENGLISH
    if language in OTHER_SCRIPTS and not "".join(words).isascii():
        return SCRIPTS
    return LATIN


SHORT_LETTERS = 16
SHORT_ODDS = 0.35
"""Factor of the odds of a short text: a follow-up of a few words is seldom a grave matter, and the
sentences that taught the reader are longer. Phrases by language find the short ones that are.
"Babam şimdi öldü" (my father has just died) has odds of 13 without it, "le rouge" of 3."""


_EMPTY = """
    a ahora allora alors also amanha and ayer ben bir bugun de demain depois der des do domani
    dopo dun dzis dzisiaj e ein eine el en ensuite entao et evet gestern gisteren gli hayir het
    heute hier hoje hoy i ich ieri ik il in io ja je jo jutro la las le les lo los luego manana
    me moi morgen na nao nee nein ni nie no non o of oggi ontem os ou oui poi puis si sim so tak
    the then to today tomorrow u um uma un una und une uno vandaag ve wczoraj y ya yarin yes
    yesterday yo you
"""
EMPTY_WORDS = frozenset(_EMPTY.split())
"""Folded words that say nothing of a matter, alone or a few together: "y", "et puis", "jutro"
(tomorrow). None is a verb, and none says how much: "non voglio piu" may be grave."""
MOST_EMPTY = 3


def tempered(chance: float, words: Sequence[str], table: int) -> float:
    """Returns the chance of a grave matter: none for empty words, less for few Latin letters.

    >>> [round(tempered(0.9, text.split(), LATIN), 2) for text in ("et puis", "il meurt", "y" * 20)]
    [0.0, 0.76, 0.9]
    >>> tempered(0.9, ["s"], ENGLISH), tempered(0.9, ["死"], SCRIPTS)
    (0.0, 0.9)
    """
    if len(words) <= MOST_EMPTY and EMPTY_WORDS.issuperset(words):
        return 0.0
    letters = sum(map(len, words))
    if letters == 1 and words[0].isascii():  # "s" and "j" are short for yes
        return 0.0
    if table != LATIN or letters >= SHORT_LETTERS:
        return chance
    odds = chance * SHORT_ODDS
    return odds / (odds + 1.0 - chance) if chance < 1.0 else 1.0


def told_of(text: str) -> Told:
    """Returns a text's folded words and its language."""
    words = fold(text).words
    return words, language_of(text, words)


def _gravest(
    odds: Floats, starts: npt.NDArray[np.int64], counts: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Returns the place of each text's gravest window, the first where several are."""
    places = zip(starts.tolist(), counts, strict=True)
    return np.array([begin + int(odds[begin : begin + count].argmax()) for begin, count in places])


# A lone request has one window or a few. Plain numbers are then three times as fast as arrays.


def _chances(logits: npt.NDArray[np.float32]) -> list[float]:
    """Returns the softmax of one row."""
    numbers: list[float] = logits.tolist()
    most = max(numbers)
    powers = [math.exp(number - most) for number in numbers]
    total = sum(powers)
    return [power / total for power in powers]


def _odds(chances: Sequence[float]) -> float:
    """Returns the log-odds of any grave matter; `log_odds` is the same for many rows."""
    grave, calm = sum(chances[:MATTERS_READ]), sum(chances[MATTERS_READ:])
    return math.log(grave + LEAST) - math.log(calm + LEAST)


def log_odds(chances: Floats) -> Floats:
    """Returns the log-odds of any grave matter, (rows,)."""
    grave = chances[:, :MATTERS_READ].sum(axis=1)
    calm = chances[:, MATTERS_READ:].sum(axis=1)
    odds: Floats = np.log(grave + LEAST) - np.log(calm + LEAST)
    return odds


def _is_message(windows: int, language: str) -> bool:
    """Returns True for a text that somebody typed. Chinese and Japanese have a word a letter."""
    return windows == 1 or (windows <= MOST_OF_LETTERS and language in _WORD_A_LETTER)


def _windows(words: Sequence[str]) -> list[Sequence[str]]:
    """Returns the windows of a text; one where it is short."""
    if len(words) <= WINDOW_WORDS:
        return [words]
    starts = list(range(0, len(words) - (WINDOW_WORDS - STEP_WORDS), STEP_WORDS))
    if len(starts) > MOST_WINDOWS:
        starts = [*starts[: MOST_WINDOWS - 1], len(words) - WINDOW_WORDS]
    return [words[start : start + WINDOW_WORDS] for start in starts]


NAME = "grave"


def _packed(
    name: str, tables: npt.NDArray[np.float32]
) -> dict[str, npt.NDArray[np.float32] | npt.NDArray[np.int8]]:
    """Returns tables (tables, BUCKETS, columns) as whole steps: most are few, so they pack well."""
    columns = tables.transpose(0, 2, 1)
    most = np.abs(columns).max(axis=2, keepdims=True) / 127.0
    # A column of zeros would have a step of 0; the small floor avoids the division by it.
    step = np.maximum(np.maximum(columns.std(axis=2, keepdims=True) * FINENESS, most), 1e-9)
    return {
        name: np.round(columns / step).astype(np.int8),
        f"{name}_step": step.astype(np.float32),
    }


def _unpacked(arrays: Mapping[str, npt.NDArray[np.generic]], name: str) -> PackedTable:
    """Returns the tables that `_packed` packed, one below the other."""
    columns, step = arrays[name].astype(np.int8), arrays[f"{name}_step"].astype(np.float32)
    steps = np.ascontiguousarray(columns.transpose(0, 2, 1)).reshape(-1, columns.shape[1])
    return PackedTable(steps, step[:, :, 0])


def save(reader: GraveReader, folder: Path) -> tuple[Path, Path]:
    """Writes grave.npz and grave.json into `folder`; returns both paths."""
    buffer = io.BytesIO()
    arrays: Mapping[str, npt.NDArray[np.generic]] = {
        **_packed("table", in_floats(reader.table).reshape(TABLES, BUCKETS, -1)),
        **_packed("spoken", reader.spoken.reshape(1, BUCKETS, 1)),
        "bias": reader.bias.astype(np.float32),
        "weight": reader.weight.astype(np.float16),
        "vector_bias": reader.vector_bias.astype(np.float32),
        "spoken_bias": np.array(reader.spoken_bias, np.float32),
    }
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # the stub takes no dict
    (folder / f"{NAME}.npz").write_bytes(buffer.getvalue())
    described = {
        "format": FORMAT,
        "classes": list(CLASSES),
        "english": reader.english.to_json(),
        "others": reader.others.to_json(),
        "company_english": reader.company_english.to_json(),
        "company_others": reader.company_others.to_json(),
        "encoder_sha256": reader.encoder_sha256,
        "arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    text = json.dumps(described, indent=1) + "\n"
    (folder / f"{NAME}.json").write_text(text, encoding="utf-8")
    return folder / f"{NAME}.npz", folder / f"{NAME}.json"


def load(folder: Path, encoder_sha256: str) -> GraveReader | None:
    """Reads what `save` wrote; None in a model without it.

    Raises ModelFileError when a file is malformed, altered, or fitted on another encoder.
    """
    path = folder / f"{NAME}.json"
    if not path.is_file():
        return None
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        raw = (folder / f"{NAME}.npz").read_bytes()
        if hashlib.sha256(raw).hexdigest() != described["arrays_sha256"]:
            raise ModelFileError(f"{folder / NAME}.npz is corrupt: its sha256 is not in {path}")
        if described["format"] != FORMAT:
            raise ModelFileError(
                f"{path} has format {described['format']}, expected {FORMAT}; run `tiergate train "
                "grave` again"
            )
        if described["encoder_sha256"] != encoder_sha256:
            raise ModelFileError("the grave head was fitted on another encoder; refit it")
        if tuple(described["classes"]) != CLASSES:
            raise ModelFileError(f"{path} has other classes than {', '.join(CLASSES)}; refit it")
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            table, spoken = _unpacked(arrays, "table"), _unpacked(arrays, "spoken")
            weight, bias = arrays["weight"].astype(np.float32), arrays["bias"]
            vector_bias, spoken_bias = arrays["vector_bias"], float(arrays["spoken_bias"])
        widths = {len(CLASSES), table.shape[1], weight.shape[1], len(vector_bias)}
        rows = (table.shape[0], spoken.shape[0], bias.shape)
        if rows != (TABLES * BUCKETS, BUCKETS, (TABLES, len(CLASSES))) or len(widths) != 1:
            raise ModelFileError(f"{folder / NAME}.npz does not fit its classes; refit it")
        return GraveReader(
            table,
            bias,
            weight,
            vector_bias,
            spoken.floats()[:, 0],
            spoken_bias,
            calibration.from_json(described["english"]),
            calibration.from_json(described["others"]),
            calibration.from_json(described["company_english"]),
            calibration.from_json(described["company_others"]),
            encoder_sha256,
        )
    except OSError as error:
        raise ModelFileError(f"{folder / NAME}.npz cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"the grave head in {folder} is malformed: {error}") from error
