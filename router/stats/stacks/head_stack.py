"""Reads an embedding with several heads at once: one matrix product, one sum of table rows.

Nothing here knows what a request is or how a head was trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, Platt, at_most, clipped, highest_said
from router.stats.heads import Early, Encoded, Head, HeadKind
from router.stats.ngrams import Grams, columns_of, joined, summed


class HeadStack:
    """Reads several heads with one matrix product and one sum of table rows.

    Its heads hold views into the joint table, so that each table of words is in memory once.
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        # (width, columns of all heads): one product instead of one per head.
        self._weight = np.ascontiguousarray(np.concatenate([head.weight for head in heads], axis=1))
        self._bias = np.concatenate([head.bias for head in heads])
        self._words = joined([(head.words, len(head.classes)) for head in heads])
        ends = np.cumsum([len(head.classes) for head in heads]).tolist()
        self._spans = {
            head.name: slice(end - len(head.classes), end)
            for head, end in zip(heads, ends, strict=True)
        }
        self.heads = {head.name: self._looking_in(head) for head in heads}
        self._like = {head.name: head.likeness for head in heads if head.likeness is not None}
        # The cosines of these heads are further columns, after those of all heads.
        self._like_at = {name: len(self._bias) + place for place, name in enumerate(self._like)}
        self._sigmoids = _Sigmoids.of(self.heads.values(), self._spans)
        # The heads that are read one by one.
        self._others = [
            (head, self._spans[name])
            for name, head in self.heads.items()
            if name not in self._sigmoids.names
        ]

    def _looking_in(self, head: Head) -> Head:
        if head.words is None or self._words is None:
            return head
        return replace(head, words=columns_of(self._words, self._spans[head.name]))

    def logits(self, encoded: Encoded) -> Floats:
        """Returns the raw outputs of all heads, and the cosines of those that doubt.

        The shape is (rows, columns of all heads and one for each that doubts).
        """
        joint: Floats = encoded.vectors @ self._weight + self._bias
        if self._words is not None:
            joint = joint + summed(encoded.grams, self._words)
        cosines = [like.cosines(encoded.vectors) for like in self._like.values()]
        return np.column_stack([joint, *cosines]) if cosines else joint

    def by_words(self, grams: Grams) -> Floats:
        """Returns raw outputs from n-grams and biases only, (rows, columns of all heads)."""
        alone = np.broadcast_to(self._bias, (len(grams), len(self._bias)))
        return alone if self._words is None else alone + summed(grams, self._words)

    def read(self, logits: Floats, name: str) -> Floats:
        """Returns the calibrated output of one head, taken out of `logits` of this stack."""
        return self._doubted(self.heads[name].read(logits[:, self._spans[name]]), logits, name)

    def read_all(self, logits: Floats) -> dict[str, Floats]:
        """Returns each head's calibrated output by name, of logits (rows, classes of all heads).

        An output is (rows,) or (rows, classes). Heads of one chance are calibrated in one call.
        """
        outputs = self._sigmoids(logits)
        for head, columns in self._others:
            outputs[head.name] = head.read(logits[:, columns])
        for name in self._like:
            outputs[name] = self._doubted(outputs[name], logits, name)
        return outputs

    def _doubted(self, output: Floats, logits: Floats, name: str) -> Floats:
        if name not in self._like:
            return output
        return self._like[name].doubted(output, logits[:, self._like_at[name]])


@dataclass(frozen=True, slots=True)
class _Sigmoids:
    """Reads all heads of one chance whose calibrator is Platt's."""

    names: tuple[str, ...]
    columns: npt.NDArray[np.intp]  # (names,), as all below
    # In single precision, as the logits are: so each chance is what its head alone says.
    # Slopes and shifts are halved, as `sigmoid` halves what it is given.
    slope: npt.NDArray[np.float32]
    shift: npt.NDArray[np.float32]
    least: npt.NDArray[np.float32]
    most: npt.NDArray[np.float32]

    @classmethod
    def of(cls, heads: Iterable[Head], spans: Mapping[str, slice]) -> _Sigmoids:
        """Returns the reader of those heads; `spans` has the columns of all."""
        curves = {
            head.name: head.calibrator
            for head in heads
            if head.kind is HeadKind.CHANCE and isinstance(head.calibrator, Platt)
        }
        columns = np.array([spans[name].start for name in curves], np.intp)
        numbers = [
            (0.5 * one.slope, 0.5 * one.shift, one.least, one.most) for one in curves.values()
        ]
        return cls(tuple(curves), columns, *np.array(numbers, np.float32).reshape(-1, 4).T.copy())

    def __call__(self, logits: Floats) -> dict[str, Floats]:
        """Returns the chances by head, (rows,) each."""
        half = logits.take(self.columns, axis=1) * self.slope + self.shift
        chances = 0.5 * (1.0 + np.tanh(half))
        return dict(zip(self.names, clipped(chances, self.least, self.most).T, strict=True))


class EarlyHeads:
    """Reads several heads from n-grams only, for texts that need no encoder."""

    def __init__(self, heads: Sequence[tuple[Head, Early]]) -> None:
        self.stack = HeadStack(
            [
                replace(h, bias=early.bias, calibrator=early.calibrator, likeness=None)
                for h, early in heads
            ]
        )
        self._sure = {head.name: early.sure for head, early in heads}
        self._most = {head.name: highest_said(head.calibrator) for head, _ in heads}

    @classmethod
    def of(cls, heads: Sequence[Head], *, alone: bool = False) -> EarlyHeads | None:
        """Returns None when one of the heads is never as good without the encoder.

        With `alone`, heads are taken at any accuracy and are sure of every text; then it returns
        None only when one of them was fitted without n-grams.
        """
        able = [
            (head, replace(head.early, sure=0.0) if alone else head.early)
            for head in heads
            if head.early is not None and (alone or head.early.sure <= 1.0)
        ]
        return cls(able) if len(able) == len(heads) > 0 else None

    def __call__(self, grams: Grams) -> tuple[Floats, Mapping[str, Floats], npt.NDArray[np.bool_]]:
        """Returns the logits, (rows, columns), each head's output, and the rows all are sure of.

        The last is a mask, (rows,).
        """
        logits = self.stack.by_words(grams)
        outputs = {name: self.stack.read(logits, name) for name in self._sure}
        sure = np.ones(len(grams), bool)
        for name, least in self._sure.items():
            chances = outputs[name]
            if chances.ndim == 2:
                sure &= chances.max(axis=1) >= least
            # A chance head answers yes or no, so its certainty is that of the likelier answer.
            elif self.stack.heads[name].kind is HeadKind.CHANCE:
                sure &= np.maximum(chances, 1.0 - chances) >= least
        return logits, {name: self._said(name, output) for name, output in outputs.items()}, sure

    def _said(self, name: str, output: Floats) -> Floats:
        """Returns a head's output, no surer than the whole head ever is."""
        most = self._most[name]
        if output.ndim == 2:
            return at_most(output, most)
        chance = self.stack.heads[name].kind is HeadKind.CHANCE
        return np.minimum(output, most) if chance else output
