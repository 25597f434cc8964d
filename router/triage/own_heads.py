"""Stacks a policy's heads with the model's own, so that one matrix product reads them all.

A head with a built-in name replaces the built-in head. It knows nothing about files or policies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.stats.calibration import Floats
from router.stats.heads import Head, HeadKind
from router.stats.stacks.head_stack import HeadStack
from router.triage.close_reading.matters import GraveChance
from router.triage.close_reading.reader import CloseReader, Seen
from router.triage.grave import GraveReading, Told
from router.types import HeadReading

MOST_CLASSES = 5
"""Classes of a head that signals and ledger rows keep: conditions ask for likely ones, and a head
of 150 intents would fill three kilobytes of every row."""
DIGITS = 6
CloseVectors = Mapping[str, npt.NDArray[np.float32]]


class Close(NamedTuple):
    """Holds what close readers say of one text, in place of heads and of the reader of grave
    matters. `vectors` are those of their larger encoders, by what `CloseReader.network` says."""

    heads: tuple[HeadReading, ...] = ()
    grave: GraveChance | None = None
    vectors: CloseVectors = MappingProxyType({})


class OwnHeads(Struct, frozen=True, eq=False, weakref=True):
    """Holds the stack of all heads that a policy reads, and the names of its own heads.

    `close` holds the readers of what a head is unsure of, by the name of the head.
    """

    stack: HeadStack
    names: tuple[str, ...]
    replaced: frozenset[str] = frozenset()  # built-in heads in whose place the policy has its own
    close: Mapping[str, CloseReader] = MappingProxyType({})

    @classmethod
    def of(
        cls,
        built_in: Mapping[str, Head],
        own: Sequence[Head],
        close: Mapping[str, CloseReader] = MappingProxyType({}),
    ) -> OwnHeads | None:
        """Returns both together; None where the policy has no heads of its own."""
        if not own:
            return None
        every = list({**built_in, **{head.name: head for head in own}}.values())
        names = tuple(head.name for head in own if head.name not in built_in)
        replaced = frozenset(built_in.keys() & {head.name for head in own})
        return cls(HeadStack(every), names, replaced, close)

    def read_closely(
        self,
        texts: Sequence[str],
        told: Sequence[Told],
        chances: Mapping[str, Floats],
        seen: Callable[[str], Seen],
        grave: Sequence[GraveReading],
        kept: Mapping[int, CloseVectors] = MappingProxyType({}),
    ) -> dict[int, Close]:
        """Returns by place what close readers say, where the heads or `grave` are unsure.

        `chances` are those of the followed heads; `seen` tells by head what is known of the texts;
        `kept` holds by place the vectors that need not be computed.
        """
        heads: dict[int, tuple[HeadReading, ...]] = {}
        graves: dict[int, GraveChance] = {}
        vectors: dict[int, dict[str, npt.NDArray[np.float32]]] = {}
        for name, reader in self.close.items():
            label = self.stack.heads[name].classes[0]
            network = reader.network
            mine = {place: of[network] for place, of in kept.items() if network in of}
            read = reader.read(texts, told, chances[name].tolist(), seen(name), grave, mine)
            graves |= read.grave
            for place, vector in read.vectors.items():
                vectors.setdefault(place, {})[network] = vector
            for place, chance in read.chances.items():
                reading = HeadReading(name, ((label, round(chance, DIGITS)),))
                heads[place] = (*heads.get(place, ()), reading)
        places = heads.keys() | graves.keys()
        return {
            place: Close(heads.get(place, ()), graves.get(place), vectors.get(place, {}))
            for place in places
        }

    def readings(self, outputs: Mapping[str, Floats]) -> list[tuple[HeadReading, ...]]:
        """Returns the readings of the policy's own heads for each row of this stack's outputs."""
        columns = [readings(self.stack.heads[name], outputs[name]) for name in self.names]
        return list(zip(*columns, strict=True))


def readings(head: Head, chances: Floats) -> list[HeadReading]:
    """Returns a head's reading of each row of its calibrated output: the likeliest classes."""
    name, classes = head.name, head.classes
    if head.kind is HeadKind.CHANCE:
        return [HeadReading(name, ((classes[0], round(p, DIGITS)),)) for p in chances.tolist()]
    order = (-chances).argsort(axis=1, kind="stable")[:, :MOST_CLASSES]  # (rows, at most five)
    return [
        HeadReading(name, tuple([(classes[k], round(row[k], DIGITS)) for k in likeliest]))
        for row, likeliest in zip(chances.tolist(), order.tolist(), strict=True)
    ]


def sharpened(
    heads: tuple[HeadReading, ...], close: tuple[HeadReading, ...]
) -> tuple[HeadReading, ...]:
    """Returns readings of heads, those in `close` in place of the heads' own."""
    if not close:
        return heads
    by_name = {reading.name: reading for reading in close}
    return tuple([by_name.get(reading.name, reading) for reading in heads])
