"""Finds the policy's word lists in a text, in one pass whatever their number.

All lists together are one tree of words. Reading a text costs one look-up per word, plus the steps
down the tree where a term begins: linear in the text, since a term's length is bounded by the
policy. Punctuation between the words of a term is not looked at, so that "wire-transfer" and "wire,
transfer" are found too: a hard rule would rather look once too often. It knows nothing about what
a list means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from router.triage.text.folding import Folded, fold_terms

FIRST_UNSPACED = "\u3040"
"""The first letter of kana, which Chinese characters follow."""


class _Node:
    """Holds a place in the tree: what may follow, and the lists that have a term ending here."""

    __slots__ = ("lists", "next")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.lists: set[int] = set()


class TermFinder:
    """Finds which of the named lists have a term in a text; immutable.

    >>> from router.triage.text.folding import fold
    >>> finder = TermFinder({"fraud": ["wire transfer", "scam"], "medical": ["chest pain"]})
    >>> finder.find(fold("My CHEST   pain began after the wire-transfer"))
    ('fraud', 'medical')
    """

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self.names = tuple(lists)
        self._root = _Node()
        for index, terms in enumerate(lists.values()):
            for words in fold_terms(terms):
                self._add(words, index)
        self._first = frozenset(self._root.next)

    def _add(self, words: Sequence[str], index: int) -> None:
        node = self._root
        for word in words:
            node = node.next.setdefault(word, _Node())
        node.lists.add(index)

    def find(self, text: Folded) -> tuple[str, ...]:
        """Returns the names of the lists found, in the policy's order; whole words, any case."""
        words = text.words
        if self._first.isdisjoint(words):
            return ()
        lists: set[int] = set()
        first, count = self._root.next, len(words)
        for start in [start for start, word in enumerate(words) if word in first]:
            node: _Node | None = first[words[start]]
            following = start + 1
            while node is not None:
                lists |= node.lists
                node = node.next.get(words[following]) if following < count else None
                following += 1
        return tuple(self.names[index] for index in sorted(lists))

    def said(self, text: Folded) -> list[tuple[str, str]]:
        """Returns each term found as its list's name and the words, in the order of the text.

        >>> from router.triage.text.folding import fold
        >>> TermFinder({"fraud": ["wire transfer"]}).said(fold("A wire-transfer, please"))
        [('fraud', 'wire transfer')]
        """
        words, found = text.words, list[tuple[str, str]]()
        for start in range(len(words)):
            node = self._root.next.get(words[start])
            end = start + 1
            while node is not None:
                pieces = words[start:end]
                # Chinese and Japanese, whose letters are words here, have no blanks.
                unspaced = all(len(one) == 1 and one >= FIRST_UNSPACED for one in pieces)
                term = ("" if unspaced else " ").join(pieces)
                found += [(self.names[index], term) for index in sorted(node.lists)]
                node = node.next.get(words[end]) if end < len(words) else None
                end += 1
        return found
