"""Holds the first sentences of a report by what they are about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentences:
    """Holds the first sentences by what they are about, in the order in which they are read."""

    paid: tuple[str, ...]
    saved: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    later: tuple[str, ...] = ()  # what bills of after the period say of it

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """Returns them by what they are about."""
        return (self.paid, self.saved, self.quality, self.faults, self.later)

    @property
    def all(self) -> tuple[str, ...]:
        """Returns all of them."""
        return tuple(sentence for part in self.parts for sentence in part)
