"""Stacks a policy's heads with the model's own, so that one matrix product reads them all.

A head with a built-in name replaces the built-in head. It knows nothing about files or policies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from router.stats.calibration import Floats
from router.stats.heads import Head, HeadKind, HeadStack
from router.triage.close_reading.matters import GraveChance
from router.triage.close_reading.reader import CloseReader, Seen
from router.triage.grave import GraveReading, Told
from router.types import HeadReading

MOST_CLASSES = 5
"""Classes of a head that signals and ledger rows keep: conditions ask for likely ones, and a head
of 150 intents would fill three kilobytes of every row."""
DIGITS = 6


class Close(NamedTuple):
    """Holds what close readers say of one text, in place of heads and of the reader of grave
    matters."""

    heads: tuple[HeadReading, ...] = ()
    grave: GraveChance | None = None


class OwnHeads(Struct, frozen=True, eq=False, weakref=True):
    """The stack of all heads that a policy reads, and the names of those beyond the built-in.

    `close` holds the readers of what a head is unsure of, by the name of the head.
    """

    stack: HeadStack
    names: tuple[str, ...]
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
        return cls(HeadStack(every), names, close)

    def followed(self, logits: Floats) -> dict[str, Floats]:
        """Returns the chances that the close readers follow, by head; (rows,) each."""
        return {name: self.stack.read(logits, name) for name in self.close}

    def read_closely(
        self,
        texts: Sequence[str],
        told: Sequence[Told],
        chances: Mapping[str, Floats],
        seen: Callable[[str], Seen],
        grave: Sequence[GraveReading],
    ) -> dict[int, Close]:
        """Returns by place what close readers say, where the heads or `grave` are unsure.

        `chances` are those of `followed`; `seen` tells by head what is known of the texts.
        """
        heads: dict[int, tuple[HeadReading, ...]] = {}
        graves: dict[int, GraveChance] = {}
        for name, reader in self.close.items():
            label = self.stack.heads[name].classes[0]
            read = reader.read(texts, told, chances[name].tolist(), seen(name), grave)
            graves |= read.grave
            for place, chance in read.chances.items():
                reading = HeadReading(name, ((label, round(chance, DIGITS)),))
                heads[place] = (*heads.get(place, ()), reading)
        places = heads.keys() | graves.keys()
        return {place: Close(heads.get(place, ()), graves.get(place)) for place in places}

    def readings(self, logits: Floats) -> list[tuple[HeadReading, ...]]:
        """Returns the readings of the policy's own heads for each row of this stack's logits."""
        columns = [readings(self.stack, logits, name) for name in self.names]
        if not columns:
            return [()] * len(logits)
        return list(zip(*columns, strict=True))


def readings(stack: HeadStack, logits: Floats, name: str) -> list[HeadReading]:
    """Returns one head's reading of each row of its logits: the likeliest classes."""
    head, chances = stack.heads[name], stack.read(logits, name)
    if head.kind is HeadKind.CHANCE:
        label = head.classes[0]
        return [HeadReading(name, ((label, round(p, DIGITS)),)) for p in chances.tolist()]
    order = np.argsort(-chances, axis=1, kind="stable")[:, :MOST_CLASSES]  # (rows, at most five)
    top = np.take_along_axis(chances, order, axis=1)
    return [
        HeadReading(
            name,
            tuple((head.classes[k], round(p, DIGITS)) for k, p in zip(which, values, strict=True)),
        )
        for which, values in zip(order.tolist(), top.tolist(), strict=True)
    ]


def sharpened(
    heads: tuple[HeadReading, ...], close: tuple[HeadReading, ...]
) -> tuple[HeadReading, ...]:
    """Returns readings of heads, those in `close` in place of the heads' own."""
    if not close:
        return heads
    by_name = {reading.name: reading for reading in close}
    return tuple([by_name.get(reading.name, reading) for reading in heads])
