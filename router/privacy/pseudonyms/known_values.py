"""Finds known values in a text, all in one pass, however many there are. Pure.

A text is read word by word; the values make an automaton of words (Aho and Corasick, 1975), so the
time is linear in the text and in the values together. Words match whole, in any case, and any blank
space matches any other. A value of one word that has a capital matches only with one: "Will" is
a name, "will" is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_PIECE = 32_000


class Hit(Struct, frozen=True, gc=False):
    """Holds where a value stands: the characters [start, end)."""

    start: int
    end: int
    value: str


class KnownValues:
    """Finds the values it was made of.

    >>> known = KnownValues(["Anna Keller", "Keller", "a@b.io"])
    >>> [(hit.start, hit.value) for hit in known.hits("KELLER, Anna\\nKeller and xa@b.io")]
    [(0, 'Keller'), (8, 'Anna Keller')]
    """

    def __init__(self, values: Iterable[str]) -> None:
        # One table for all states: a dict for each of 100,000 would keep the collector busy.
        self._next: dict[tuple[int, str], int] = {}
        self._depth = [0]
        self._value: list[str | None] = [None]
        for value in values:
            self._add(value)
        self._fail = [0] * len(self._depth)
        self._longest = [0] * len(self._depth)  # the nearest state on the way back that is a value
        self._link()
        self._root = {word: after for (state, word), after in self._next.items() if not state}

    def _add(self, value: str) -> None:
        state = 0
        for depth, word in enumerate(_words(value), start=1):
            after = self._next.get((state, word))
            if after is None:
                after = self._next[state, word] = len(self._depth)
                self._depth.append(depth)
                self._value.append(None)
            state = after
        if state and self._value[state] is None:
            self._value[state] = value

    def _link(self) -> None:
        """Links each state with the longest one that ends alike, the shortest states first."""
        following, fail, depth = self._next, self._fail, self._depth
        for (state, word), after in sorted(following.items(), key=lambda edge: depth[edge[1]]):
            if state:
                back = fail[state]
                while back and (back, word) not in following:
                    back = fail[back]
                fail[after] = following.get((back, word), 0)
            known = self._value[after] is not None
            self._longest[after] = after if known else self._longest[fail[after]]

    def hits(self, text: str) -> list[Hit]:
        """Returns where values stand: the longest that ends at each place, in order of the ends."""
        tokens = _tokens(text)
        following, fail, longest = self._next, self._fail, self._longest
        root = self._root
        ends: list[tuple[int, int]] = []
        state = 0
        for i, word in enumerate(map(_alike, tokens)):
            if not state:
                if word in root:
                    state = root[word]
                    if longest[state]:
                        ends.append((i, longest[state]))
                continue
            after = following.get((state, word))
            while after is None and state:
                state = fail[state]
                after = following.get((state, word))
            state = after or 0
            if longest[state]:
                ends.append((i, longest[state]))
        return self._placed(text, tokens, ends)

    def _placed(
        self, text: str, tokens: Sequence[str], ends: Sequence[tuple[int, int]]
    ) -> list[Hit]:
        if not ends:
            return []
        starts = [0]
        for token in tokens:
            starts.append(starts[-1] + len(token))
        hits: list[Hit] = []
        for i, state in ends:
            node: int = state
            while node:
                value = self._value[node]
                start, end = starts[i + 1 - self._depth[node]], starts[i + 1]
                if value is not None and _counts(value, text[start:end], self._depth[node]):
                    hits.append(Hit(start, end, value))
                    break
                node = self._longest[self._fail[node]]
        return hits


def _tokens(text: str) -> list[str]:
    """Returns the words, signs and blanks of a text, all of it.

    A long text is cut at blanks, so that other threads get their turn.
    """
    tokens: list[str] = []
    begin = 0
    while len(text) - begin > _PIECE:
        end = text.find(" ", begin + _PIECE)
        if end < 0 or text[end - 1].isspace():
            break
        tokens += _TOKEN.findall(text, begin, end)
        begin = end
    return [*tokens, *_TOKEN.findall(text, begin)]


def _counts(value: str, surface: str, words: int) -> bool:
    """Returns True for a surface that is the value, not a common word written like it."""
    return words > 1 or surface == value or not value[0].isupper() or surface[0].isupper()


def _alike(token: str) -> str:
    return " " if token.isspace() else token.casefold()


def _words(value: str) -> list[str]:
    return [_alike(token) for token in _TOKEN.findall(value)]
