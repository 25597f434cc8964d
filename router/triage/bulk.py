"""Reads many texts by heads: encodes each alone, or in batches on a GPU, on several threads.

A first pass reads n-grams; a text of which all heads are sure by them needs no encoder. For files
of texts, where no one waits for a single answer. It knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from router.errors import ClassifyError
from router.policy.head_conditions import NONE_FOUND, Chances, lists_of
from router.stats.calibration import Floats
from router.stats.heads import Embeddings, Encoded, Head
from router.stats.stacks.head_stack import EarlyHeads, HeadStack
from router.triage.batches.config import TriageConfig
from router.triage.encoder import cut
from router.triage.facts.turn_facts import lists_in
from router.triage.own_heads import readings
from router.triage.text.folding import fold
from router.triage.triage_model import TriageModel, grams_of
from router.types import EncoderUse

READ_TOGETHER = 32
"""Texts whose characters are counted together: of a thousand mails at once they took a gigabyte."""
NOVELTY = "novelty"
TERMS = "terms"
WHOLE = (NOVELTY, "grave", "matter", "knowledge")
"""Heads that need the encoder and have no first pass."""
TOP_ONLY = ("request_type", "domain")
"""Of these the likeliest class alone, as in the signals of a request."""


class BulkReader:
    """Texts in, what the named heads say out; a context manager that owns its threads."""

    def __init__(
        self, model: TriageModel, config: TriageConfig, names: Collection[str], threads: int,
        *, encoder: EncoderUse = EncoderUse.WHEN_NEEDED,
    ) -> None:  # fmt: skip
        """Takes the heads to read; those of WHOLE always need the encoder.

        Raises ClassifyError where it may not be used and a head cannot do without.
        """
        self._model = model
        self.early = 0  # texts that needed no encoder
        self._config = config
        self._stack = model.stack if config.own is None else config.own.stack
        self._names = sorted(set(names) - {*WHOLE, TERMS})
        self._terms = TERMS in names
        self._whole = frozenset(names).intersection(WHOLE)
        asked = [self._stack.heads[name] for name in self._names]
        self._early = None
        if encoder is EncoderUse.NEVER:
            self._early = self._by_words_alone(asked)
        elif encoder is EncoderUse.WHEN_NEEDED and not self._whole:
            self._early = EarlyHeads.of(asked)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")

    def __enter__(self) -> BulkReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def read(self, texts: Sequence[str]) -> list[dict[str, Chances]]:
        """Returns the reading of every head for each text, in the order given."""
        rows = [self._model.encoder.tokenise(text) for text in texts]
        grams = grams_of(rows)
        chances: list[dict[str, Chances]] = [{} for _ in texts]
        if self._terms:
            config = self._config
            for row, text in zip(chances, texts, strict=True):
                found = lists_in(fold(text), config.terms, config.phrases, config.idioms)
                row[TERMS] = lists_of(found)
        rest = np.arange(len(texts))
        if self._early is not None:
            logits, _, sure = self._early(grams)
            places = np.flatnonzero(sure)
            self._fill(self._early.stack, logits[places], [chances[i] for i in places])
            rest = np.flatnonzero(~sure)
            self.early += len(places)
        if not len(rest):
            return chances
        encoded = Encoded(self._encode([cut(rows[i]) for i in rest]), grams[rest])
        left = [chances[i] for i in rest]
        self._fill(self._stack, self._stack.logits(encoded), left)
        if NOVELTY in self._whole:
            for row, p in zip(left, self._model.novelty(encoded.vectors).tolist(), strict=True):
                row[NOVELTY] = (("novel", p),)
        if self._whole - {NOVELTY}:
            self._read_matters([texts[i] for i in rest.tolist()], encoded.vectors, left)
        return chances

    def _read_matters(
        self, texts: Sequence[str], vectors: Embeddings, rows: Sequence[dict[str, Chances]]
    ) -> None:
        """Puts grave matters into rows; none where the model has no reader of them.

        A request is read by its sentences besides, which takes ten times as long.
        """
        reader = self._model.grave
        if reader is None:
            for row in rows:
                row.update(dict.fromkeys(("grave", "matter", "knowledge"), NONE_FOUND))
            return
        for start in range(0, len(texts), READ_TOGETHER):
            some = slice(start, start + READ_TOGETHER)
            for row, one in zip(rows[some], reader.read(texts[some], vectors[some]), strict=True):
                row["grave"] = (("grave", one.grave),)
                row["matter"] = ((one.matter.value, one.grave),)
                row["knowledge"] = (("knowledge", one.knowledge),)

    def _by_words_alone(self, asked: Sequence[Head]) -> EarlyHeads:
        able = EarlyHeads.of(asked, alone=True)
        unable = [head.name for head in asked if head.early is None]
        unable += sorted(self._whole)
        if able is None or unable:
            raise ClassifyError(
                f"found {', '.join(unable)} among the heads that "
                "are read, which need the encoder; expected heads fitted with n-grams: train them "
                "again by `tiergate train head`, let the encoder read what it must, or ask for one "
                "field (`--task`)"
            )
        return able

    def _fill(self, stack: HeadStack, logits: Floats, rows: Sequence[dict[str, Chances]]) -> None:
        """Puts what the heads of a stack say into rows."""
        for name in self._names:
            read = readings(stack.heads[name], stack.read(logits, name))
            for row, reading in zip(rows, read, strict=True):
                row[name] = reading.classes[:1] if name in TOP_ONLY else reading.classes

    def _encode(self, rows: Sequence[Sequence[int]]) -> Embeddings:
        """Returns one unit vector per row.

        Runs on the pool, which holds no interpreter lock meanwhile.
        """
        encoder = self._model.encoder
        out = np.empty((len(rows), encoder.width), dtype=np.float32)
        groups = encoder.runs(rows)

        def run(group: list[int]) -> None:
            out[group] = encoder.encode_ids([rows[index] for index in group])

        # The longest first, so that no thread waits long for the other at the end.
        for _ in self._pool.map(run, reversed(groups)):
            pass
        return out
