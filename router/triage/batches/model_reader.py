"""Reads texts by the model: what an operator wrote is looked up, and the rest read in batches.

It knows nothing about rules, requests or threads.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from router.stats.heads import Embeddings, Encoded
from router.triage.batches.asked import Asked, ReadingUse, told_of_all
from router.triage.batches.closely import Known, read_closely
from router.triage.batches.config import Rerank, TriageConfig
from router.triage.batches.put_together import BatchRead
from router.triage.batches.reranked import Reranked, to_rerank
from router.triage.batches.templates import Kept, Templates, is_calm
from router.triage.batches.triage_models import Model, Outputs
from router.triage.facts.languages import UNKNOWN
from router.triage.grave import GraveReading, Told
from router.triage.other_readings import GLOSSED_AT
from router.triage.own_heads import Close, OwnHeads, sharpened
from router.triage.reading import ModelRow
from router.triage.utterances import Described
from router.triage.verifier import readings_of
from router.types import RISK_DOMAINS, Domain, Match, RequestType

Closely = Mapping[int, Close]
"""Holds by place the readings of texts that were read closely."""
Graves = Mapping[int, GraveReading | None]
STRATEGIC = "strategic"
"""The head that the reader of grave matters helps, unless a policy has one of its own."""
UNREAD = (0.0, None, 0.0, UNKNOWN)
"""The chance of a grave matter, the matter, knowledge and the language of a text not read so."""
KeptTexts = Mapping[int, Kept]
NONE_KEPT: KeptTexts = MappingProxyType({})
NONE_READ: Closely = MappingProxyType({})


class Part(NamedTuple):
    """Holds what the heads of one policy say of texts, and the places of these."""

    own: OwnHeads | None
    places: list[int]
    vectors: Embeddings  # (places, width)
    outputs: Outputs


class TextsRead(NamedTuple):
    """Holds what is read in texts; grave matters and what is read closely by place."""

    vectors: Embeddings  # (texts, width)
    parts: list[Part]
    matches: list[Match | None]
    grave: Graves
    close: Closely


class ModelReader:
    """Reads texts of all policies by one model; one thread at a time reads a batch."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._types = [RequestType(name) for name in model.request_types]
        self._domains = [Domain(name) for name in model.domains]
        self._risky = [i for i, domain in enumerate(self._domains) if domain in RISK_DOMAINS]
        self.templates = Templates()
        # By configuration, so that those of a policy go with it: heads of its own are megabytes.
        self._kept = WeakKeyDictionary[TriageConfig, dict[str, ModelRow]]()

    def begin(self, asked: Sequence[Asked]) -> ModelBatch:
        """Looks up the texts that an operator wrote; the others are still to be encoded."""
        return ModelBatch(self, asked)

    def encode(self, asked: Sequence[Asked], kept: KeptTexts = NONE_KEPT) -> Encoded:
        """Returns what the encoder says of texts; on a CPU each has a run of its own.

        `kept` holds by place what is known already.
        """
        if not kept:
            return self._model.encode([text for text, *_ in asked])
        order = [place for place in range(len(asked)) if place not in kept] + list(kept)
        new, known = order[: -len(kept)], order[-len(kept) :]
        encoded = Encoded(
            np.array([kept[place].vector for place in known]),
            self._model.grams([asked[place].text for place in known]),
        )
        if new:
            encoded = self._model.encode([asked[place].text for place in new]) + encoded
        return encoded[np.argsort(order)]

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
                parts = self._parts(block, encoded)
                grave = self._grave(block, encoded.vectors, told_of_all(block))
                rows = self._rows(parts, dict(enumerate(grave)), NONE_READ)
                kept.update(zip(same.block, rows, strict=True))
                row = kept[same.text]
            readings[i] = row, same.match
        return readings

    def read(
        self, asked: Sequence[Asked], encoded: Encoded, kept: KeptTexts = NONE_KEPT
    ) -> TextsRead:
        """Returns what is used of texts, closely where a head is unsure; on any thread.

        `kept` holds by place what is known already.
        """
        vectors, parts = encoded.vectors, self._parts(asked, encoded)
        matches = _matches(_described(vectors, parts), asked)
        places = [i for i, one in enumerate(asked) if _counts(one, matches[i])]
        mine = [asked[place] for place in places]
        told = told_of_all(mine)
        read = self._grave(mine, vectors if len(mine) == len(asked) else vectors[places], told)
        graves = dict(zip(places, read, strict=True))
        known = {
            place: Known(asked[place], matches[place], words, graves[place])
            for place, words in zip(places, told, strict=True)
        }
        close: dict[int, Close] = {}
        for part in parts:
            close |= _read_closely(part, known, kept)
        return TextsRead(vectors, parts, matches, graves, close)

    def _parts(self, asked: Sequence[Asked], encoded: Encoded) -> list[Part]:
        """Returns what heads say of texts."""
        parts = []
        for own, places in _by_heads(asked).items():
            mine = encoded if len(places) == len(asked) else encoded[np.array(places)]
            outputs = self._model.read(mine) if own is None else self._model.read(mine, own)
            parts.append(Part(own, places, mine.vectors, outputs))
        return parts

    def _grave(
        self, asked: Sequence[Asked], vectors: Embeddings, told: Sequence[Told]
    ) -> Sequence[GraveReading | None]:
        """Returns what the reader of grave matters says of texts; None of each without one."""
        if self._model.grave is None or not asked:
            return [None] * len(asked)
        return self._model.grave.read([one.text for one in asked], vectors, told)

    def rows(self, read: TextsRead) -> list[ModelRow]:
        """Returns what is said of texts as one row each, in the order asked."""
        return self._rows(read.parts, read.grave, read.close)

    def _rows(self, parts: Sequence[Part], graves: Graves, close: Closely) -> list[ModelRow]:
        by_place: dict[int, ModelRow] = {}
        for part in parts:
            grave = [graves.get(place) for place in part.places]
            strategic = part.outputs.strategic.tolist()
            if part.own is None or STRATEGIC not in part.own.replaced:
                read = [0.0 if one is None else one.company for one in grave]
                strategic = list(map(max, strategic, read))
            made = self._model_rows(part.outputs, strategic, grave)
            by_place.update(zip(part.places, made, strict=True))
        rows = [by_place[place] for place in range(len(by_place))]
        for place, closer in close.items():
            row = rows[place]._replace(heads=sharpened(rows[place].heads, closer.heads))
            if closer.grave is not None:
                row = row._replace(grave=closer.grave.grave, matter=closer.grave.matter)
            rows[place] = row
        return rows

    def _model_rows(
        self, out: Outputs, strategic: Sequence[float], grave: Sequence[GraveReading | None]
    ) -> list[ModelRow]:
        """Returns the readings of heads and of grave matters as one row per text.

        `strategic` (texts,) are the chances of the head, or of the reader where it says more.
        """
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
            strategic,
            out.novelty.tolist(),
            out.toxic.tolist(),
            out.spam.tolist(),
            out.own or repeat(()),
        )
        of_grave = [
            UNREAD if one is None else (one.grave, one.matter, one.knowledge, one.language)
            for one in grave
        ]
        return list(map(ModelRow, *columns, *zip(*of_grave, strict=True)))


class ModelBatch:
    """Reads texts in three steps, of which `encode` holds no interpreter lock for most of its time.

    A text that the operator wrote, apart from courtesies, needs no encoder, and neither does one
    that came with other numbers before.
    """

    def __init__(self, reader: ModelReader, asked: Sequence[Asked]) -> None:
        self._reader = reader
        self._known = reader.written(asked)
        self._places = [i for i in range(len(asked)) if i not in self._known]
        self._rest = [asked[place] for place in self._places]
        templates = reader.templates
        self._keys = [templates.key(one.text) for one in self._rest]
        kept = [None if key is None else templates.get(key) for key in self._keys]
        self._kept = {place: one for place, one in enumerate(kept) if one is not None}
        self._read: TextsRead | None = None
        self._rows: list[ModelRow] = []  # of the texts that were encoded
        self._unsettled = [place for place, key in enumerate(self._keys) if key is not None]
        self._to_rerank: dict[Rerank, list[int]] = {}

    @property
    def written(self) -> Collection[int]:
        """Returns the places of texts that an operator wrote, apart from courtesies."""
        return self._known.keys()

    @property
    def encoded(self) -> int:
        """Returns how many texts are to be encoded."""
        return len(self._rest) - len(self._kept)

    def encode(self) -> None:
        """Encodes what is left, and reads it. Any thread."""
        if self._rest:
            self._read = self._encoded(self._rest, self._kept)
            self._rows = self._reader.rows(self._read)
            self._to_rerank = to_rerank(self._rest, self._read.matches)

    @property
    def to_rerank(self) -> Collection[int]:
        """Returns the places of texts with which answers are still to be read, by `rerank`."""
        return [self._places[i] for unread in self._to_rerank.values() for i in unread]

    def leave_out(self, places: Collection[int]) -> None:
        """Leaves out texts whose readings nobody wants any more: nothing more is read of them."""
        left_out = {i for i, place in enumerate(self._places) if place in places}
        kept = {
            rerank: [i for i in unread if i not in left_out]
            for rerank, unread in self._to_rerank.items()
        }
        self._to_rerank = {rerank: unread for rerank, unread in kept.items() if unread}
        self._unsettled = [i for i in self._unsettled if i not in left_out]

    def begin_rerank(self) -> dict[Rerank, list[Reranked]]:
        """Returns the texts that are then to be read with answers, by what reads these."""
        taken, self._to_rerank = self._to_rerank, {}
        if self._read is None:
            return {}
        return {
            rerank: [
                Reranked(self._rest[i].text, self._read.vectors[i], self._read.matches, i)
                for i in places
            ]
            for rerank, places in taken.items()
        }

    def _encoded(self, asked: Sequence[Asked], kept: KeptTexts = NONE_KEPT) -> TextsRead:
        return self._reader.read(asked, self._reader.encode(asked, kept), kept)

    def rows(self) -> BatchRead:
        """Returns the readings and the matches, in the order asked. The lists are the caller's.

        Those of texts with which answers are still to be read are not final.
        """
        self._settle()
        rows = list(self._rows)
        matches = [] if self._read is None else list(self._read.matches)
        for i, (row, match) in sorted(self._known.items()):
            rows.insert(i, row)
            matches.insert(i, match)
        return BatchRead(rows, matches)

    def _settle(self) -> None:
        """Encodes after all what is not calm by a kept vector, and keeps the others' that are.

        A text with which answers are still to be read waits for them.
        """
        if self._read is None or not self._unsettled:
            return
        matches = self._read.matches
        unread = {place for places in self._to_rerank.values() for place in places}
        doubtful, waiting = list[int](), list[int]()
        for place in self._unsettled:
            if place in unread:
                waiting.append(place)
                continue
            config, key = self._rest[place].config, self._keys[place]
            calm = is_calm(self._rows[place], matches[place], config.momentary)
            if place in self._kept and not calm:
                doubtful.append(place)
            elif calm and key is not None:
                self._keep(place, key, self._read)
        self._unsettled = waiting
        if not doubtful:
            return
        again = self._encoded([self._rest[place] for place in doubtful])
        readings = zip(doubtful, self._reader.rows(again), again.matches, strict=True)
        for place, row, match in readings:
            before = matches[place]
            if before is None or not before.basis.read:  # else its own text was read
                matches[place] = match
            self._rows[place] = row

    def _keep(self, place: int, key: bytes, read: TextsRead) -> None:
        """Keeps the vectors of a text, where some are new."""
        close = read.close[place].vectors if place in read.close else {}
        kept = self._kept.get(place)
        if kept is None or close.keys() - kept.close.keys():
            before = {} if kept is None else kept.close
            self._reader.templates.put(key, Kept(read.vectors[place], {**before, **close}))


def _by_heads(asked: Sequence[Asked]) -> dict[OwnHeads | None, list[int]]:
    """Returns the places of texts by the heads that read them; nearly always one entry."""
    places: dict[OwnHeads | None, list[int]] = {}
    for index, (_, config, *_) in enumerate(asked):
        places.setdefault(config.own, []).append(index)
    return places


def _described(vectors: Embeddings, parts: Sequence[Part]) -> Described:
    """Returns what matching needs, in the order asked."""
    readings = readings_of(parts[0].outputs)
    if len(parts) > 1:
        order = [place for part in parts for place in part.places]
        readings = np.concatenate([readings_of(part.outputs) for part in parts])
        readings = readings[np.argsort(order)]
    return Described(vectors, readings)


def _read_closely(part: Part, known: Mapping[int, Known], kept: KeptTexts) -> dict[int, Close]:
    """Returns by place what is read closely of the texts that are known."""
    rows = [row for row, place in enumerate(part.places) if place in known]
    if part.own is None or not part.own.close or not rows:
        return {}
    vectors, chances = part.vectors, part.outputs.followed
    if len(rows) < len(part.places):
        vectors = vectors[rows]
        chances = {name: of_head[rows] for name, of_head in chances.items()}
    places = [part.places[row] for row in rows]
    near = {i: kept[place].close for i, place in enumerate(places) if place in kept}
    close = read_closely(part.own, [known[place] for place in places], vectors, chances, near)
    return {places[row]: closer for row, closer in close.items()}


def _counts(asked: Asked, match: Match | None) -> bool:
    """Returns True for a text whose chances of harm and of grave matters are used too."""
    if asked.use is ReadingUse.IF_KNOWN:
        return match is not None and match.confidence >= GLOSSED_AT
    return asked.use in (ReadingUse.ALL, ReadingUse.HARM)


def _by_config(asked: Sequence[Asked]) -> dict[TriageConfig, list[int]]:
    """Returns the places of texts by the configuration that reads them."""
    places: dict[TriageConfig, list[int]] = {}
    for index, (_, config, *_) in enumerate(asked):
        places.setdefault(config, []).append(index)
    return places


def _matches(described: Described, asked: Sequence[Asked]) -> list[Match | None]:
    """Matches the texts whose match is used, one call per knowledge file."""
    result: list[Match | None] = [None] * len(asked)
    for config, places in _by_config(asked).items():
        indices = [i for i in places if asked[i].use not in (ReadingUse.HEADS, ReadingUse.HARM)]
        if config.knowledge is None or not indices:
            continue
        texts = [asked[i][0] for i in indices]
        mine = described
        if len(indices) != len(asked):
            mine = Described(described.vectors[indices], described.readings[indices])
        matches = config.knowledge.match(mine, texts)
        for index, match in zip(indices, matches, strict=True):
            result[index] = match
    return result
