"""Reads texts by the model: what an operator wrote is looked up, and the rest read in one run.

It knows nothing about rules, requests or threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import repeat
from types import MappingProxyType
from typing import Protocol
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
from router.triage.encoder import SHORT_BATCH_TOKENS
from router.triage.grave import GraveReader, GraveReading
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
NOT_CLOSE: Closely = MappingProxyType({})
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
        found: dict[int, tuple[ModelRow, Match | None]] = {}
        for i, (text, config, *_) in enumerate(asked):
            same = config.knowledge.written(text) if config.knowledge is not None else None
            if same is None:
                continue
            kept = self._kept.setdefault(config, {})  # at most as many as the operator wrote
            row = kept.get(same.text)
            if row is None:
                encoded = Encoded(same.vector[None], self._model.grams([same.text]))
                row = kept[same.text] = self._read([Asked(same.text, config)], encoded)[0][0]
            found[i] = row, same.match
        self.not_encoded += len(found)
        return found

    def read_grave(self, asked: Sequence[Asked], encoded: Encoded) -> list[GraveReading]:
        """Returns what the reader of grave matters makes of texts, () without one; any thread."""
        if self._model.grave is None:
            return []
        texts = [text for text, *_ in asked]
        return self._model.grave.read(texts, encoded.vectors, told_of_all(asked))

    def read_closely(
        self, asked: Sequence[Asked], encoded: Encoded, grave: Sequence[GraveReading] = ()
    ) -> Closely:
        """Returns by place the readings of texts of which a head or `grave` is unsure; on any
        thread."""
        found: dict[int, Close] = {}
        for own, indices in _by_heads(asked).items():
            if own is None or not own.close:
                continue
            mine = [asked[i] for i in indices]
            part = encoded if len(indices) == len(asked) else encoded[np.array(indices)]
            matters = [grave[i] for i in indices] if grave else ()
            may_change = partial(partial, _may_change, mine, part.vectors)
            texts = [one.text for one in mine]
            close = own.read_closely(texts, told_of_all(mine), part, may_change, matters)
            found |= {indices[place]: closer for place, closer in close.items()}
        return found

    def read(
        self,
        asked: Sequence[Asked],
        encoded: Encoded,
        grave: Sequence[GraveReading] | None = None,
        close: Closely = NOT_CLOSE,
    ) -> tuple[list[ModelRow], list[Match | None]]:
        """Returns what heads and approved answers make of texts that are encoded.

        `grave` has what `read_grave` says of them, where that is known, and `close` by place what
        was read closely.
        """
        rows, readings = self._read(asked, encoded, grave, close)
        return rows, _matches(Described(encoded.vectors, readings), asked)

    def _read(
        self,
        asked: Sequence[Asked],
        encoded: Encoded,
        grave: Sequence[GraveReading] | None = None,
        close: Closely = NOT_CLOSE,
    ) -> tuple[list[ModelRow], npt.NDArray[np.float32]]:
        """Returns what heads make of texts, and their readings that are compared."""
        rows: list[ModelRow] = []
        parts: list[npt.NDArray[np.float32]] = []
        order: list[int] = []
        for own, indices in _by_heads(asked).items():
            part = encoded if len(indices) == len(asked) else encoded[np.array(indices)]
            read = self._model.read(part) if own is None else self._model.read(part, own)
            rows += self._model_rows(read)
            parts.append(readings_of(read))
            order += indices
        readings = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if order != list(range(len(asked))):
            rows = [row for _, row in sorted(zip(order, rows, strict=True), key=_place)]
            readings = readings[np.argsort(order)]
        found = self.read_grave(asked, encoded) if grave is None else grave
        if found:
            rows = [
                row._replace(
                    grave=one.grave,
                    matter=one.matter,
                    knowledge=one.knowledge,
                    read_as=one.language,
                )
                for row, one in zip(rows, found, strict=True)
            ]
        for place, closer in close.items():
            row = rows[place]._replace(heads=sharpened(rows[place].heads, closer.heads))
            if closer.grave is not None:
                row = row._replace(grave=closer.grave.grave, matter=closer.grave.matter)
            rows[place] = row
        return rows, readings

    def _model_rows(self, out: Outputs) -> list[ModelRow]:
        """Returns the heads' readings as one row per text."""
        types, domains = np.asarray(out.request_type), np.asarray(out.domain)
        columns = (
            [self._types[i] for i in types.argmax(axis=1)],
            types.max(axis=1).tolist(),
            [self._domains[i] for i in domains.argmax(axis=1)],
            domains.max(axis=1).tolist(),
            [self._domains[self._risky[i]] for i in domains[:, self._risky].argmax(axis=1)],
            domains[:, self._risky].sum(axis=1).tolist(),
            out.difficulty.tolist(),
            out.stakes_high.tolist(),
            out.multi_factor.tolist(),
            out.strategic.tolist(),
            out.novelty.tolist(),
            out.toxic.tolist(),
            out.spam.tolist(),
            out.own or repeat(()),
        )
        return list(map(ModelRow, *columns))


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
        self._encoded: Encoded | None = None
        self._grave: list[GraveReading] = []
        self._close: Closely = NOT_CLOSE

    @property
    def encoded(self) -> int:
        """Returns how many texts are to be encoded."""
        return len(self._rest) - len(self._kept)

    def encode(self) -> None:
        """Encodes what is left, and reads closely where a head is unsure; on any thread."""
        if self._rest:
            self._encoded = self._reader.encode(self._rest, self._kept)
            self._grave, self._close = self._read_on(self._rest, self._encoded)

    def _read_on(
        self, asked: Sequence[Asked], encoded: Encoded
    ) -> tuple[list[GraveReading], Closely]:
        """Returns the readings of grave matters, and what is read closely."""
        grave = self._reader.read_grave(asked, encoded)
        close = self._reader.read_closely(asked, encoded, grave) if self._closely else NOT_CLOSE
        return grave, close

    def rows(self) -> tuple[list[ModelRow], list[Match | None]]:
        """Returns the readings and the matches, in the order asked."""
        rows, matches = list[ModelRow](), list[Match | None]()
        if self._encoded is not None:
            rows, matches = self._reader.read(self._rest, self._encoded, self._grave, self._close)
            self._settle(self._encoded, rows, matches)
        for i, (row, match) in sorted(self._known.items()):
            rows.insert(i, row)
            matches.insert(i, match)
        return rows, matches

    def _settle(self, encoded: Encoded, rows: list[ModelRow], matches: list[Match | None]) -> None:
        """Encodes after all what is not calm by a kept vector, and keeps the others' that are."""
        doubtful = []
        for place, key in enumerate(self._keys):
            if key is None:
                continue
            calm = is_calm(rows[place], matches[place], self._rest[place].config.momentary)
            if place not in self._kept and calm:
                self._reader.templates.put(key, encoded.vectors[place])
            elif place in self._kept and not calm:
                doubtful.append(place)
        if not doubtful:
            return
        again = [self._rest[place] for place in doubtful]
        read = self._reader.encode(again)
        found = self._reader.read(again, read, *self._read_on(again, read))
        for place, row, match in zip(doubtful, *found, strict=True):
            rows[place], matches[place] = row, match


def _by_heads(asked: Sequence[Asked]) -> dict[OwnHeads | None, list[int]]:
    """Returns the places of texts by the heads that read them; nearly always one entry."""
    found: dict[OwnHeads | None, list[int]] = {}
    for index, (_, config, *_) in enumerate(asked):
        found.setdefault(config.own, []).append(index)
    return found


def _may_change(
    asked: Sequence[Asked],
    vectors: Embeddings,
    name: str,
    places: Sequence[int],
    highest: Floats,
) -> npt.NDArray[np.bool_]:
    """Returns where a head may change what is done with the texts at some places, by the highest
    chances that it may have there."""
    found = np.zeros(len(places), bool)
    for config, indices in _by_config([asked[place] for place in places]).items():
        bounds, mine = config.bounds.get(name, ANY_CHANCE), np.array(indices)
        found[mine] = highest[mine] >= bounds.apart
        # Only of these it counts how near an approved question is.
        between = mine[~found[mine] & (highest[mine] >= bounds.near)]
        if config.knowledge is not None and between.size:
            found[between] = config.knowledge.nearest(vectors[np.array(places)[between]]) >= NEAR
    return found


def _by_config(asked: Sequence[Asked]) -> dict[TriageConfig, list[int]]:
    """Returns the places of texts by the configuration that reads them."""
    found: dict[TriageConfig, list[int]] = {}
    for index, (_, config, *_) in enumerate(asked):
        found.setdefault(config, []).append(index)
    return found


def _place(placed: tuple[int, ModelRow]) -> int:
    return placed[0]


def _matches(described: Described, asked: Sequence[Asked]) -> list[Match | None]:
    """Matches all texts, one call per knowledge file."""
    found: list[Match | None] = [None] * len(asked)
    for config, indices in _by_config(asked).items():
        if config.knowledge is None:
            continue
        texts = [asked[i][0] for i in indices]
        mine = described
        if len(indices) != len(asked):
            mine = Described(described.vectors[indices], described.readings[indices])
        matches = config.knowledge.match(mine, texts)
        for index, match in zip(indices, matches, strict=True):
            found[index] = match
    return found
