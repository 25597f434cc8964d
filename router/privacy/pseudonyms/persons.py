"""Knows which names are forms of a fuller name that was mentioned before. Pure."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST_ALIKE = 8
"""Bounds the people of one word that are compared; of more, nobody is meant for sure."""


class Persons:
    """Links the names of one conversation in the order of their mention; a link stays.

    >>> persons = Persons()
    >>> for name in ("Maria Schmidt", "Schmidt", "Jo", "Jo Ray"):
    ...     persons.mention(name)
    >>> persons.whole("Schmidt"), persons.whole("SCHMIDT, Maria"), persons.whole("Jo")
    ('Maria Schmidt', 'Maria Schmidt', None)
    """

    def __init__(self) -> None:
        self._whole: dict[str, str | None] = {}
        self._by_word: dict[str, list[tuple[frozenset[str], str]]] = {}

    def mention(self, name: str) -> None:
        """Notes a name, and the fuller name that it is a form of."""
        if name in self._whole:
            return
        words = _words(name)
        whole = self._whole[name] = self._found(words)
        if whole is None and len(words) > 1:
            for word in words:
                people = self._by_word.setdefault(word, [])
                if len(people) <= _MOST_ALIKE:
                    people.append((words, name))

    def whole(self, name: str) -> str | None:
        """Returns the earlier name that this one is a form of; None without one."""
        if name not in self._whole:
            return self._found(_words(name))
        return self._whole[name]

    def _found(self, words: frozenset[str]) -> str | None:
        """Returns the only person whose name has these words, or has some and no others."""
        fits = {
            name
            for word in words
            for other, name in self._by_word.get(word, ())
            if words <= other or other < words
        }
        return fits.pop() if len(fits) == 1 else None


def _words(name: str) -> frozenset[str]:
    return frozenset([word.casefold() for word in _WORD.findall(name)])
