"""Searches a store: words and vectors each name candidates, and a reranking judges them.

Rights are part of both searches: the full-text query names the scopes that the caller may read,
and the vectors of all others are masked. A question costs the same however many documents there
are, as far as possible: common words name no candidates where rarer ones do.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np

from router.documents.index.matrix import Floats, Matrix
from router.documents.index.ranking import Query, chance, features
from router.documents.index.schema import HEADING_WEIGHT
from router.documents.index.store import Store, scope_word
from router.documents.index.words import words_of
from router.documents.pieces import FAR
from router.types import EVERYBODY, DocumentPassage, Rights

BY_WORDS, BY_VECTORS = 30, 30
"""Candidates of each search. Of our questions the right chunk was never further down in both."""

MOST_WORDS = 24
"""Words of a question that are looked for: the rarest."""

MOST_HITS = 6_000
"""Chunks that the words of one query may touch: the rarest words first, as many as fit. A hit
costs about a microsecond, so a word that every document holds costs a tenth of a second."""

MOST_COUNTS = 50_000
"""Words whose number of chunks is remembered until the next change, about 5 MB."""


OUTSIDE = "embed:"
"""Begins the name of an upstream's model as the maker of vectors."""


def made_outside(model: str, dimensions: int | None) -> str:
    """Returns the name under which a store keeps who made its vectors.

    >>> made_outside("text-embedding-3-large", 256)
    'embed:text-embedding-3-large, 256 numbers'
    """
    return f"{OUTSIDE}{model}" + (f", {dimensions} numbers" if dimensions else "")


class Encoder(Protocol):
    """Makes unit vectors. The triage model is one."""

    def vectors(self, texts: Sequence[str]) -> Floats: ...


class Index:
    """Searches one store. Safe to call from one thread at a time; `close` it."""

    def __init__(self, path: Path, encoder: Encoder | None = None, version: str = "") -> None:
        """Opens the store; without an encoder only words are compared. Raises DocumentError.

        `version` names the encoder: vectors of another one are not compared with its own.
        """
        self._store = Store(path)
        self._encoder = encoder
        self._version = version
        self._lock = threading.Lock()
        self._generation = -1
        self._matrix: Matrix | None = None
        self._scopes: list[tuple[int, str, str, str]] = []
        self._total = 0
        self._counts: dict[str, int] = {}
        self._own = True  # the vectors are those of `encoder`
        self._made_by = ""

    def close(self) -> None:
        """Closes the store."""
        with self._lock:
            self._store.close()

    def vectors(self) -> tuple[str, int]:
        """Returns who made the vectors, and their width: ("", 0) where no chunk has one."""
        with self._lock:
            self._refresh()
            assert self._matrix is not None
            known = bool(self._matrix.known.any())
            return (self._made_by, self._matrix.width) if known else ("", 0)

    def find(
        self,
        question: str,
        rights: Rights,
        limit: int,
        today: date,
        vector: Floats | None = None,
        *,
        by_words: bool = False,
    ) -> tuple[DocumentPassage, ...]:
        """Returns the passages that fit best, best first, of those that the rights allow.

        `vector` is the question's, of length 1, by whoever made those of the store (`vectors`);
        None: by the encoder, unless words alone count.
        """
        with self._lock:
            self._refresh()
            scopes = [
                number
                for number, tenant, collection, label in self._scopes
                if tenant in (rights.tenant, EVERYBODY)
                and collection in rights.collections
                and (not label or label in rights.labels)
            ]
            if not scopes:
                return ()
            day = (today - date(1970, 1, 1)).days
            if vector is None and not by_words:
                vector = self._by_encoder(question)
            return self._ranked(question, scopes, limit, day, vector)

    def _by_encoder(self, question: str) -> Floats | None:
        """Returns the question's vector; None without an encoder whose vectors the store has."""
        assert self._matrix is not None
        known = self._own and self._matrix.known.any()
        if self._encoder is None or not known or not question.strip():
            return None
        vector: Floats = self._encoder.vectors([question])[0]
        return vector

    def _refresh(self) -> None:
        """Loads what changed since the last query."""
        generation = self._store.generation
        if generation == self._generation:
            return
        rows = self._store.run("SELECT id, tenant, collection, label FROM scopes")
        self._scopes = [tuple(row) for row in rows]  # type: ignore[misc]
        self._made_by = made_by = self._store.meta("encoder") or ""
        self._own = not made_by or not self._version or made_by == self._version
        self._matrix = _matrix(self._store, self._own or made_by.startswith(OUTSIDE))
        self._total = len(self._matrix)
        self._counts.clear()
        self._generation = generation

    def _ranked(
        self,
        question: str,
        scopes: Collection[int],
        limit: int,
        day: int,
        vector: Floats | None,
    ) -> tuple[DocumentPassage, ...]:
        assert self._matrix is not None
        matrix = self._matrix
        mask = matrix.allowed(scopes, day)
        query = self._query(question)
        by_words = self._by_words(query, scopes, mask)
        candidates = dict(by_words)
        if vector is not None:
            for row in matrix.nearest(vector, mask, BY_VECTORS):
                candidates.setdefault(int(matrix.ids[row]), 0.0)
        judged = self._judged(query, candidates, vector)
        judged.sort(key=lambda judgement: (-judgement[0], judgement[1]))
        passages = (self._passage(number, p) for p, number in judged[:limit])
        return tuple(passage for passage in passages if passage is not None)

    def _query(self, question: str) -> Query:
        """Returns the rarest words of a question, in their order, with their rarities."""
        asked = list(dict.fromkeys(words_of(question)))
        counts = self._counted(asked)
        rarity = {
            word: math.log(1.0 + (self._total + 0.5) / (counts[word] + 0.5)) for word in asked
        }
        kept = sorted(asked, key=lambda word: -rarity[word])[:MOST_WORDS]
        return Query(tuple(word for word in asked if word in kept), rarity)

    def _counted(self, asked: Sequence[str]) -> dict[str, int]:
        """Returns how many chunks hold each word. SQLite reads the whole list of a word for it."""
        known = self._counts
        new = [word for word in asked if word not in known]
        if len(known) + len(new) > MOST_COUNTS:
            known.clear()
            new = list(asked)
        if new:
            marks = ",".join("?" * len(new))
            sql = f"SELECT term, doc FROM word_counts WHERE term IN ({marks})"
            known.update(dict.fromkeys(new, 0))
            known.update((str(word), int(str(count))) for word, count in self._store.run(sql, new))
        return known

    def _by_words(
        self,
        query: Query,
        scopes: Collection[int],
        mask: np.ndarray[tuple[int], np.dtype[np.bool_]],
    ) -> dict[int, float]:
        """Returns the best chunks by BM25, each with its share of the best one's."""
        assert self._matrix is not None
        wanted: list[str] = []
        hits = 0
        for word in sorted(query.words, key=self._counts.__getitem__):
            count = self._counts[word]
            if not count:
                continue
            if wanted and hits + count > MOST_HITS:
                break
            wanted.append(word)
            hits += count
        if not wanted:
            return {}
        words = " OR ".join(f'"{word}"' for word in wanted)
        within = " OR ".join(f'"{scope_word(scope)}"' for scope in scopes)
        # One more candidate than is kept for each that a date may take away.
        rows = self._store.run(
            f"SELECT rowid, bm25(words, 0.0, {HEADING_WEIGHT}, 1.0) AS fit FROM words"
            f" WHERE words MATCH ? ORDER BY fit LIMIT {4 * BY_WORDS}",
            (f"{{scope}} : ({within}) AND {{heading body}} : ({words})",),
        )
        fits = {int(str(number)): -float(str(fit)) for number, fit in rows}
        ids = list(fits)
        allowed = {int(self._matrix.ids[row]) for row in self._matrix.rows_of(ids) if mask[row]}
        best = max((fits[number] for number in allowed), default=1.0) or 1.0
        kept = [number for number in ids if number in allowed][:BY_WORDS]
        return {number: fits[number] / best for number in kept}

    def _judged(
        self, query: Query, candidates: dict[int, float], vector: Floats | None
    ) -> list[tuple[float, int]]:
        """Returns the chance of each candidate that it helps with the question."""
        assert self._matrix is not None
        ids = sorted(candidates)
        if not ids:
            return []
        cosines: dict[int, float | None] = dict.fromkeys(ids)
        if vector is not None:
            rows = self._matrix.rows_of(ids)
            near = self._matrix.cosines(rows, self._matrix.turned(vector))
            for row, cosine in zip(rows, near, strict=True):
                if self._matrix.known[row]:
                    cosines[int(self._matrix.ids[row])] = float(cosine)
        marks = ",".join("?" * len(ids))
        texts = self._store.run(
            f"SELECT rowid, body, heading FROM words WHERE rowid IN ({marks})", ids
        )
        return [
            (
                chance(
                    features(
                        query,
                        str(body).split(),
                        str(heading).split(),
                        candidates[int(str(number))],
                        cosines[int(str(number))],
                    )
                ),
                int(str(number)),
            )
            for number, body, heading in texts
        ]

    def _passage(self, number: int, p: float) -> DocumentPassage | None:
        """Returns a passage, None where another process removed it a moment ago."""
        rows = self._store.run(
            "SELECT c.uid, c.text, d.title, d.source, d.collection, c.section, c.page"
            " FROM chunks c JOIN documents d ON d.id = c.document WHERE c.id = ?",
            (number,),
        )
        if not rows:
            return None
        uid, text, title, source, collection, section, page = map(str, rows[0])
        return DocumentPassage(uid, text, title, source, collection, section, int(page), p)


def _matrix(store: Store, used: bool) -> Matrix:
    """Returns the vectors of all chunks with their scopes and dates; zeros if none is compared."""
    rows = store.run(
        "SELECT c.id, d.scope, d.valid_from, d.valid_until, c.vector"
        " FROM chunks c JOIN documents d ON d.id = c.document ORDER BY c.id"
    )
    width = next((len(bytes(row[4])) // 2 for row in rows if isinstance(row[4], bytes)), 1)
    plain = np.array([row[:4] for row in rows], np.int64).reshape(-1, 4)
    none = bytes(2 * width)
    packed = b"".join(row[4] if isinstance(row[4], bytes) and len(row[4]) == 2 * width else none
                      for row in rows)  # fmt: skip
    vectors = np.frombuffer(packed, np.float16).reshape(-1, width).astype(np.float32)
    if not used:
        vectors = np.zeros((len(rows), 1), np.float32)
    until = np.minimum(plain[:, 3], FAR)
    return Matrix(plain[:, 0], plain[:, 1], plain[:, 2], until, vectors)
