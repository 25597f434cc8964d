"""Takes sayings out of a text before phrases and terms are looked for in it. Pure.

"So funny I can't breathe" has the words of somebody who cannot breathe, and "the deploy had a
seizure" those of an illness. Only the words of the saying go: "my son can't breathe" beside it is
found all the same. Sayings are looked for only where something was found, so that other texts pay
nothing. It knows nothing about what a phrase or a term means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from router.triage.text.folding import Folded, fold_all

MOST_BETWEEN = 4
"""Words of `between` that may stand between two parts of a saying."""

Parts = tuple[tuple[str, ...], ...]


class Saying(Struct, frozen=True):
    """Holds the parts of a saying, each with alternatives, and the words allowed between them."""

    parts: Parts
    between: tuple[str, ...] = ()


class Idioms:
    """Holds sayings; immutable.

    >>> from router.triage.text.folding import fold
    >>> idioms = Idioms([Saying((("deploy", "server"), ("had a seizure",)), ("just",))])
    >>> idioms.without(fold("The deploy just had a seizure, lol")).words
    ('the', 'lol')
    """

    def __init__(self, sayings: Sequence[Saying] = ()) -> None:
        self._sayings = tuple(sayings)

    @cached_property
    def _found(self) -> re.Pattern[str]:
        # Most processes need it seldom, and a start not at all.
        return re.compile(rf"(?<= )(?:{'|'.join(map(_form, self._sayings))})(?= )")

    def without(self, text: Folded) -> Folded:
        """Returns a text without the words of sayings; the same one where it has none."""
        if not self._sayings:
            return text
        rest, count = self._found.subn("", f" {' '.join(text.words)} ")
        return Folded(rest, tuple(rest.split()), text.cut) if count else text


def _form(saying: Saying) -> str:
    between = _any_of(saying.between)
    gap = f" (?:{between} ){{0,{MOST_BETWEEN}}}" if saying.between else " "
    return gap.join(map(_any_of, saying.parts))


def _any_of(terms: Sequence[str]) -> str:
    """Returns the expression for any of these; longer ones first, as one may begin another."""
    plain = sorted({" ".join(words) for words in fold_all(terms)}, key=len, reverse=True)
    return f"(?:{'|'.join(plain)})"


NO_IDIOMS = Idioms()
