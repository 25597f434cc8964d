"""Reads texts by the model: what an operator wrote is looked up, and the rest read in one run.

It knows nothing about rules, requests or threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import repeat
from types import MappingProxyType
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats
from router.stats.heads import Embeddings, Encoded
from router.stats.ngrams import Grams
from router.triage.batches.asked import Asked, told_of_all
from router.triage.batches.config import TriageConfig
from router.triage.batches.templates import Templates, Vector, is_calm
from router.triage.close_reading.guess import NEAR, Bounds
from router.triage.close_reading.reader import Seen
from router.triage.encoder import SHORT_BATCH_TOKENS
from router.triage.grave import GraveReader, GraveReading, Told
from router.triage.own_heads import Close, OwnHeads, sharpened
from router.triage.reading import ModelRow
from router.triage.text.disguises import Knows
from router.triage.text.spelling import Mend
from router.triage.utterances import Described
from router.triage.verifier import readings_of
from router.types import RISK_DOMAINS, Domain, HeadReading, Match, RequestType

_Array = npt.NDArray[np.floating]
Closely = Mapping[int, Close]
"""Holds by place the readings of texts that were read closely."""
ANY_CHANCE = Bounds()
Vectors = Mapping[int, Vector]
NONE_KEPT: Vectors = MappingProxyType({})


MANY = 20
"""Texts from which a run is cut by length. Below, it holds one or a few requests, each perhaps with
its passages: what one request reads then does not depend on the cut."""


class Outputs(Protocol):
    """Holds the heads' readings of a batch: one row per text; every chance is calibrated."""

    @property
    def request_type(self) -> _Array: ...  # (texts, types)
    @property
    def domain(self) -> _Array: ...  # (texts, domains)
    @property
    def difficulty(self) -> _Array: ...  # (texts,), as all below
    @property
    def stakes_high(self) -> _Array: ...
    @property
    def multi_factor(self) -> _Array: ...
    @property
    def strategic(self) -> _Array: ...
    @property
    def novelty(self) -> _Array: ...
    @property
    def toxic(self) -> _Array: ...
    @property
    def spam(self) -> _Array: ...
    @property
    def own(self) -> Sequence[tuple[HeadReading, ...]]: ...  # where own heads were asked for
    @property
    def followed(self) -> Mapping[str, Floats]: ...  # by head, where close readers follow it


class Model(Protocol):
    """Describes what is needed of the triage model; safe to call from several threads."""

    @property
    def version(self) -> str: ...
    @property
    def request_types(self) -> Sequence[str]: ...
    @property
    def domains(self) -> Sequence[str]: ...
    def encode(self, texts: Sequence[str], budget: int = ...) -> Encoded: ...
    def grams(self, texts: Sequence[str]) -> Grams: ...
    def read(self, encoded: Encoded, own: OwnHeads | None = None) -> Outputs: ...
    @property
    def knows(self) -> Knows: ...
    @property
    def mended(self) -> Mend: ...
    @property
    def grave(self) -> GraveReader | None: ...


class Part(NamedTuple):
    """Holds what the heads of one policy say of texts, and the places of these."""

    own: OwnHeads | None
    places: list[int]
    vectors: Embeddings  # (places, width)
    outputs: Outputs


class HeadsRead(NamedTuple):
    """Holds what heads, the reader of grave matters and close readers say of texts."""

    vectors: Embeddings  # (texts, width)
    parts: list[Part]
    grave: list[GraveReading]  # empty without a reader
    close: Closely


class ModelReader:
    """Reads texts of all policies by one model; one thread at a time."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._types = [RequestType(name) for name in model.request_types]
        self._domains = [Domain(name) for name in model.domains]
        self._risky = [i for i, domain in enumerate(self._domains) if domain in RISK_DOMAINS]
        self.not_encoded = 0  # texts that were taken for what an operator wrote
        self.templates = Templates()
        # By configuration, so that those of a policy go with it: heads of its own are megabytes.
        self._kept = WeakKeyDictionary[TriageConfig, dict[str, ModelRow]]()

    def rows(self, asked: Sequence[Asked]) -> tuple[list[ModelRow], list[Match | None]]:
        """Returns the model's reading of texts, and what each matches in its policy's knowledge."""
        batch = self.begin(asked)
        batch.encode()
        return batch.rows()

    def begin(self, asked: Sequence[Asked], *, closely: bool = True) -> ModelBatch:
        """Looks up the texts that an operator wrote; the others are still to be encoded.

        `closely`: False reads nothing closely, for texts of which only the model's heads count.
        """
        return ModelBatch(self, asked, closely)

    def encode(self, asked: Sequence[Asked], kept: Vectors = NONE_KEPT) -> Encoded:
        """Returns what the encoder says of texts, all of them together.

        `kept` holds by place the vectors that are known already.
        """
        if not kept:
            return self._encode([text for text, *_ in asked])
        order = [place for place in range(len(asked)) if place not in kept] + list(kept)
        new, known = order[: -len(kept)], order[-len(kept) :]
        encoded = Encoded(
            np.array([kept[place] for place in known]),
            self._model.grams([asked[place].text for place in known]),
        )
        if new:
            encoded = self._encode([asked[place].text for place in new]) + encoded
        return encoded[np.argsort(order)]

    def _encode(self, texts: Sequence[str]) -> Encoded:
        if len(texts) < MANY:
            return self._model.encode(texts)
        return self._model.encode(texts, SHORT_BATCH_TOKENS)

    def written(self, asked: Sequence[Asked]) -> dict[int, tuple[ModelRow, Match | None]]:
        """Returns by place the texts that an operator wrote: their reading and their match.

        Such a text is read as the operator wrote it, once, by the vector of the knowledge file.
        """
        readings: dict[int, tuple[ModelRow, Match | None]] = {}
        for i, (text, config, *_) in enumerate(asked):
            same = config.knowledge.written(text) if config.knowledge is not None else None
            if same is None:
                continue
            kept = self._kept.setdefault(config, {})  # at most as many as the operator wrote
            row = kept.get(same.text)
            if row is None:
                encoded = Encoded(same.vectors, self._model.grams(same.block))
                block = [Asked(one, config) for one in same.block]
                read = self.read_heads(block, encoded, closely=False)
                kept.update(zip(same.block, self._rows(read), strict=True))
                row = kept[same.text]
            readings[i] = row, same.match
        self.not_encoded += len(readings)
        return readings

    def read_heads(self, asked: Sequence[Asked], encoded: Encoded, *, closely: bool) -> HeadsRead:
        """Returns what all but approved answers make of texts; on any thread."""
        parts = []
        for own, places in _by_heads(asked).items():
            mine = encoded if len(places) == len(asked) else encoded[np.array(places)]
            outputs = self._model.read(mine) if own is None else self._model.read(mine, own)
            parts.append(Part(own, places, mine.vectors, outputs))
        grave: list[GraveReading] = []
        close: dict[int, Close] = {}
        following = [part for part in parts if closely and part.own is not None and part.own.close]
        told = told_of_all(asked) if following or self._model.grave is not None else []
        if self._model.grave is not None:
            texts = [text for text, *_ in asked]
            grave = self._model.grave.read(texts, encoded.vectors, told)
        for part in following:
            close |= _read_closely(part, asked, told, grave)
        return HeadsRead(encoded.vectors, parts, grave, close)

    def read(
        self, asked: Sequence[Asked], read: HeadsRead
    ) -> tuple[list[ModelRow], list[Match | None]]:
        """Returns the rows of texts, and what they match."""
        readings = readings_of(read.parts[0].outputs)
        if len(read.parts) > 1:
            order = [place for part in read.parts for place in part.places]
            readings = np.concatenate([readings_of(part.outputs) for part in read.parts])
            readings = readings[np.argsort(order)]
        return self._rows(read), _matches(Described(read.vectors, readings), asked)

    def _rows(self, read: HeadsRead) -> list[ModelRow]:
        """Returns what is said of texts as one row each, in the order asked."""
        by_place: dict[int, ModelRow] = {}
        for part in read.parts:
            grave = [read.grave[place] for place in part.places] if read.grave else []
            by_place.update(zip(part.places, self._model_rows(part.outputs, grave), strict=True))
        rows = [by_place[place] for place in range(len(by_place))]
        for place, closer in read.close.items():
            row = rows[place]._replace(heads=sharpened(rows[place].heads, closer.heads))
            if closer.grave is not None:
                row = row._replace(grave=closer.grave.grave, matter=closer.grave.matter)
            rows[place] = row
        return rows

    def _model_rows(self, out: Outputs, grave: Sequence[GraveReading]) -> list[ModelRow]:
        """Returns the heads' readings as one row per text, with those of grave matters, if any."""
        types, domains = out.request_type.tolist(), out.domain.tolist()
        risks = [[row[i] for i in self._risky] for row in domains]
        columns = (
            [self._types[row.index(max(row))] for row in types],
            map(max, types),
            [self._domains[row.index(max(row))] for row in domains],
            map(max, domains),
            [self._domains[self._risky[row.index(max(row))]] for row in risks],
            map(sum, risks),
            out.difficulty.tolist(),
            out.stakes_high.tolist(),
            out.multi_factor.tolist(),
            out.strategic.tolist(),
            out.novelty.tolist(),
            out.toxic.tolist(),
            out.spam.tolist(),
            out.own or repeat(()),
        )
        of_grave = (
            [one.grave for one in grave],
            [one.matter for one in grave],
            [one.knowledge for one in grave],
            [one.language for one in grave],
        )
        return list(map(ModelRow, *columns, *(of_grave if grave else ())))


class ModelBatch:
    """Reads texts in three steps, of which `encode` holds no interpreter lock for most of its time.

    A text that the operator wrote, apart from courtesies, needs no encoder, and neither does one
    that came with other numbers before.
    """

    def __init__(self, reader: ModelReader, asked: Sequence[Asked], closely: bool) -> None:
        self._reader, self._closely = reader, closely
        self._known = reader.written(asked)
        self._rest = [one for i, one in enumerate(asked) if i not in self._known]
        templates = reader.templates
        self._keys = [templates.key(one.text) for one in self._rest]
        kept = [None if key is None else templates.get(key) for key in self._keys]
        self._kept = {place: vector for place, vector in enumerate(kept) if vector is not None}
        self._read: HeadsRead | None = None

    @property
    def encoded(self) -> int:
        """Returns how many texts are to be encoded."""
        return len(self._rest) - len(self._kept)

    def encode(self) -> None:
        """Encodes what is left, and reads it by heads; closely where one is unsure. Any thread."""
        if self._rest:
            self._read = self._by_heads(self._rest, self._kept)

    def _by_heads(self, asked: Sequence[Asked], kept: Vectors = NONE_KEPT) -> HeadsRead:
        encoded = self._reader.encode(asked, kept)
        return self._reader.read_heads(asked, encoded, closely=self._closely)

    def rows(self) -> tuple[list[ModelRow], list[Match | None]]:
        """Returns the readings and the matches, in the order asked."""
        rows, matches = list[ModelRow](), list[Match | None]()
        if self._read is not None:
            rows, matches = self._reader.read(self._rest, self._read)
            self._settle(self._read.vectors, rows, matches)
        for i, (row, match) in sorted(self._known.items()):
            rows.insert(i, row)
            matches.insert(i, match)
        return rows, matches

    def _settle(
        self, vectors: Embeddings, rows: list[ModelRow], matches: list[Match | None]
    ) -> None:
        """Encodes after all what is not calm by a kept vector, and keeps the others' that are."""
        doubtful = []
        for place, key in enumerate(self._keys):
            if key is None:
                continue
            calm = is_calm(rows[place], matches[place], self._rest[place].config.momentary)
            if place not in self._kept and calm:
                self._reader.templates.put(key, vectors[place])
            elif place in self._kept and not calm:
                doubtful.append(place)
        if not doubtful:
            return
        again = [self._rest[place] for place in doubtful]
        readings = self._reader.read(again, self._by_heads(again))
        for place, row, match in zip(doubtful, *readings, strict=True):
            rows[place], matches[place] = row, match


def _by_heads(asked: Sequence[Asked]) -> dict[OwnHeads | None, list[int]]:
    """Returns the places of texts by the heads that read them; nearly always one entry."""
    places: dict[OwnHeads | None, list[int]] = {}
    for index, (_, config, *_) in enumerate(asked):
        places.setdefault(config.own, []).append(index)
    return places


def _read_closely(
    part: Part, asked: Sequence[Asked], told: Sequence[Told], grave: Sequence[GraveReading]
) -> dict[int, Close]:
    """Returns by place the readings of texts of which a head or `grave` is unsure."""
    if part.own is None:
        return {}
    mine = [asked[place] for place in part.places]

    def seen(name: str) -> Seen:
        return Seen(part.vectors, partial(_may_change, mine, part.vectors, name))

    texts, words = [one.text for one in mine], [told[place] for place in part.places]
    matters = [grave[place] for place in part.places] if grave else ()
    close = part.own.read_closely(texts, words, part.outputs.followed, seen, matters)
    return {part.places[place]: closer for place, closer in close.items()}


def _may_change(
    asked: Sequence[Asked],
    vectors: Embeddings,
    name: str,
    places: Sequence[int],
    highest: Floats,
) -> npt.NDArray[np.bool_]:
    """Returns where a head may change what is done with the texts at some places, by the highest
    chances that it may have there."""
    changes = np.zeros(len(places), bool)
    for config, indices in _by_config([asked[place] for place in places]).items():
        bounds, mine = config.bounds.get(name, ANY_CHANCE), np.array(indices)
        changes[mine] = highest[mine] >= bounds.apart
        # Only of these it counts how near an approved question is.
        between = mine[~changes[mine] & (highest[mine] >= bounds.near)]
        if config.knowledge is not None and between.size:
            changes[between] = config.knowledge.nearest(vectors[np.array(places)[between]]) >= NEAR
    return changes


def _by_config(asked: Sequence[Asked]) -> dict[TriageConfig, list[int]]:
    """Returns the places of texts by the configuration that reads them."""
    places: dict[TriageConfig, list[int]] = {}
    for index, (_, config, *_) in enumerate(asked):
        places.setdefault(config, []).append(index)
    return places


def _matches(described: Described, asked: Sequence[Asked]) -> list[Match | None]:
    """Matches all texts, one call per knowledge file."""
    result: list[Match | None] = [None] * len(asked)
    for config, indices in _by_config(asked).items():
        if config.knowledge is None:
            continue
        texts = [asked[i][0] for i in indices]
        mine = described
        if len(indices) != len(asked):
            mine = Described(described.vectors[indices], described.readings[indices])
        matches = config.knowledge.match(mine, texts)
        for index, match in zip(indices, matches, strict=True):
            result[index] = match
    return result
