"""Finds phrases of many languages in a text, with one typing error per word, in one pass.

A phrase has one or more parts that stand near each other in any order; a part has alternatives of
one or more words in a row. All phrases of all languages are one structure: a text costs one look-up
per word, since nearly no word of it is in any phrase, and a language more costs memory alone. A
phrase is looked at where all of its parts are met, by its rarest one: many have "my son". A word of
FUZZY_FROM letters and more is found with one letter dropped, added, swapped or wrong (Damerau
1964), its first one only swapped: fingers slip later in a word, and another first letter makes
another word of it (a kitten is not bitten). Two such words share a beginning, perhaps less one
letter (after Garbe 2012), and few words share one. What a word may stand for is kept.
It knows nothing about what a phrase means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from msgspec import Struct

from router.regexes.edits import is_one_edit
from router.triage.text.folding import Folded, fold, fold_all
from router.triage.text.hangul import in_syllables

FUZZY_FROM = 5
"""Letters of a word from which one typing error is forgiven: of four, another word is too near."""
SHORTEST_STEM = 5
LONGEST = 24
"""Letters of a word that are looked at."""
BEGINNING = 4
"""Letters by which words are looked up that may be one typing error away: most share them with no
word of a phrase, and none with more than 23."""
WINDOW = 10
"""Words between which the parts of a phrase lie, about a sentence of speech."""
WINDOW_UNSPACED = 24
"""Characters, for scripts without spaces."""
MOST_KEPT = 50_000
"""Words whose meaning is kept: about 5 MB at most."""

_ARABIC_PREFIXES = ("وال", "بال", "فال", "لل", "ال", "و", "ف", "ب", "ل")
_ARABIC = str.maketrans("ىةؤئ", "يهوي")
_STEM = "*"
_NUMBER = "#"
_CAPITAL_EN, _SMALL_EN = "h", "н"
"""A Russian capital looks like H and is folded so; the small letter is not."""


class Phrase(Struct, frozen=True):
    """Holds a phrase: its name for reports, and its parts, each with alternatives in words.

    A word that ends in `*` stands for all words that begin so, and `#` for any number.
    """

    name: str
    parts: tuple[tuple[str, ...], ...]
    unspaced: bool = False
    unless: tuple[str, ...] = ()  # words that make another thing of it, anywhere, as written


class _Node:
    """Holds a place in the tree of words: what may follow, and the parts that end here."""

    __slots__ = ("next", "parts")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = _NO_WORDS
        self.parts: tuple[int, ...] = ()

    def add(self, words: Sequence[str], part: int) -> None:
        """Adds a term, whose first word leads here, as one of a part."""
        node = self
        for word in words[1:]:
            after = node.next.get(word)
            if after is None:
                if node.next is _NO_WORDS:
                    node.next = {}
                after = node.next[word] = _Node()
            node = after
        node.parts += (part,)


_NO_WORDS: dict[str, _Node] = {}
"""Follows the last word of a phrase. Most nodes are one: they share it, and none is added to it."""


class _Alike:
    """Holds words by their beginnings, which are made for a first letter that a text has."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[str, list[str]] = {}  # by first letter
        self._by: dict[str, dict[str, list[str]]] = {}  # by first letter, then by beginning
        for word in words:
            if len(word) >= FUZZY_FROM:
                self._words.setdefault(word[0], []).append(word)

    def near(self, word: str) -> Iterator[str]:
        """Yields the words that share a beginning with this one, and may begin alike."""
        for letter in {word[0], word[1]}:  # another first letter makes another word
            index = self._by.get(letter)
            if index is None:
                index = self._indexed(letter)
            for beginning in _beginnings(word) if index else ():
                yield from index.get(beginning, ())

    def _indexed(self, letter: str) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for word in self._words.get(letter, ()):
            for beginning in _beginnings(word):
                index.setdefault(beginning, []).append(word)
        self._by[letter] = index  # whole: another thread may be looking
        return index


class _Meaning(NamedTuple):
    """Holds what a word of a text may stand for, and where that leads from the root."""

    words: tuple[str, ...]
    begin: tuple[_Node, ...]
    parts: frozenset[int] = frozenset()  # those that end with this very word
    following: frozenset[str] = frozenset()  # words that a part may go on with


_NOTHING = _Meaning((), ())


class _Meanings(dict[str, _Meaning]):
    """Holds the meanings of words that texts had; that of another word is asked for."""

    def __init__(self, ask: Callable[[str], _Meaning]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, word: str) -> _Meaning:
        return self._ask(word)


class PhraseFinder:
    """Finds phrases; threads may share it. Only what it keeps of words changes.

    >>> child = ("my son", "the baby")
    >>> finder = PhraseFinder([Phrase("poison", (child, ("swallowed",), ("bleach",)))])
    >>> finder.find(fold("Bleach! My son swalowed some"))
    ('poison',)
    """

    def __init__(self, phrases: Iterable[Phrase], not_meant: Iterable[str] = ()) -> None:
        """Takes the phrases, and in `not_meant` words one letter away that mean something else."""
        numbers: dict[tuple[str, ...], int] = {}  # of parts
        needs: list[tuple[str, tuple[int, ...], int]] = []  # name, parts, window
        self._unless: dict[int, int] = {}  # by the place of a phrase
        for place, phrase in enumerate(phrases):
            needed = tuple([numbers.setdefault(part, len(numbers)) for part in phrase.parts])
            if phrase.unless:
                self._unless[place] = numbers.setdefault(phrase.unless, len(numbers))
            window = WINDOW_UNSPACED if phrase.unspaced else WINDOW
            needs.append((phrase.name, needed, window))
        self._phrases = needs
        needed_by = Counter([number for _, needed, _ in needs for number in needed])
        self._by_rarest: dict[int, list[int]] = {}  # phrases by the part that the fewest need
        for place, (_, needed, _) in enumerate(needs):
            if needed:
                rarest = min(needed, key=needed_by.__getitem__)
                self._by_rarest.setdefault(rarest, []).append(place)
        self._texts = [text for part in numbers for text in part]
        self._part_of = [number for part, number in numbers.items() for _ in part]  # of each text
        pieces = _words_by_piece(self._texts)
        words = {word for found in pieces.values() for word in found}
        self._stems = {word[:-1] for word in words if word.endswith(_STEM)}
        self._words = {word for word in words if not word.endswith(_STEM)}
        self._words_by, self._stems_by = _Alike(self._words), _Alike(self._stems)
        self._root: dict[str, _Node] = {}  # by first words that a text had
        self._terms: dict[str, list[int]] = {}  # places of texts by first word: most are never met
        for place, text in enumerate(self._texts):
            found = pieces.get(text.partition(" ")[0]) or _words_in(text, pieces)
            if found:
                self._terms.setdefault(found[0], []).append(place)
        self._meanings = _Meanings(self._meaning)
        self._not_meant = {word for text in not_meant for word in fold(text).words}
        # A text's number may then be a mistyped one of a phrase.
        self._near_numbers = any(word[0].isdigit() and len(word) >= FUZZY_FROM for word in words)

    def _first(self, word: str) -> _Node | None:
        """Returns the place behind the first word of terms, None where none begins so."""
        node = self._root.get(word)
        if node is None and word in self._terms:
            node = _Node()
            texts = [self._texts[place] for place in self._terms[word]]
            pieces = _words_by_piece(texts)
            for place, text in zip(self._terms[word], texts, strict=True):
                node.add(_words_in(text, pieces), self._part_of[place])
            self._root[word] = node  # whole: another thread may be looking
        return node

    def find(self, text: Folded) -> tuple[str, ...]:
        """Returns the names of the phrases found, each once, in the order of the phrases."""
        return tuple(dict.fromkeys([self._phrases[index][0] for index in self.places(text)]))

    def places(self, text: Folded) -> Sequence[int]:
        """Returns the places of the phrases found among all phrases, in their order."""
        words = text.words if text.text.isascii() else in_syllables(text.words)
        meanings = [*map(self._meanings.__getitem__, words), _NOTHING]
        met: list[tuple[int, Set[int]]] = []
        seen: set[int] = set()
        for start, one in enumerate(meanings):
            # Many common words begin a part, and few go on as one of their parts does.
            if one.begin:  # so it is not the last one, which is nothing
                alone = one.following.isdisjoint(meanings[start + 1].words)
                parts = one.parts if alone else _parts_from(start, meanings)
                if parts:
                    met.append((start, parts))
                    seen |= parts
        whole = [
            place
            for part in seen & self._by_rarest.keys()
            for place in self._by_rarest[part]
            if seen.issuperset(self._phrases[place][1])
        ]
        if not seen.isdisjoint([self._unless.get(place) for place in whole]):
            written = self._written(words)
            whole = [place for place in whole if self._unless.get(place) not in written]
        return sorted(self._together(whole, met)) if whole else ()

    def _written(self, words: Sequence[str]) -> set[int]:
        """Returns the parts whose words stand in a text as they are, with no typing error forgiven.

        A mistyped word may tell of a danger, and takes none away: "pain" is no "paint" there.
        """
        meanings = [self._as(tuple(dict.fromkeys(self._spelled(word[:LONGEST])))) for word in words]
        meanings.append(_NOTHING)
        return set().union(*[_parts_from(start, meanings) for start in range(len(words))])

    def _together(self, whole: Sequence[int], met: Sequence[tuple[int, Set[int]]]) -> set[int]:
        """Returns those of the phrases whose parts are met near each other; all are met."""
        by_part: dict[int, list[int]] = {}
        for place in whole:
            for part in self._phrases[place][1]:
                by_part.setdefault(part, []).append(place)
        last: dict[int, int] = {}  # where each part was seen last, before the word at hand
        found: set[int] = set()
        for i, (start, parts) in enumerate(met):
            for part in parts:
                for place in by_part.get(part, ()):
                    _, needed, window = self._phrases[place]
                    starts = [start if other == part else last.get(other, -1) for other in needed]
                    if not 0 <= min(starts) >= start - window:
                        continue
                    # A word that may be a mistyped one of two parts is at most one of them.
                    if len({*starts}) == len(starts) or _apart(needed, met, i, window):
                        found.add(place)
            last.update(dict.fromkeys(parts, start))
        return found

    def _meaning(self, word: str) -> _Meaning:
        """Returns the words and stems of phrases that a word of the text may stand for."""
        if word.isdigit() and not self._near_numbers and word not in self._words:
            word = _NUMBER  # as any other: each text has numbers of its own
        word = word[:LONGEST]  # a longer one would fill the memory, and is no word of a phrase
        meaning = self._meanings.get(word)
        if meaning is None:
            if len(self._meanings) >= MOST_KEPT:
                self._meanings.clear()
            meaning = self._as(tuple(dict.fromkeys(self._meant(word))))
            self._meanings[word] = meaning
        return meaning

    def _as(self, meant: tuple[str, ...]) -> _Meaning:
        """Returns where words and stems of phrases lead that a word of a text stands for."""
        begin = tuple(node for one in meant if (node := self._first(one)) is not None)
        parts = frozenset().union(*[node.parts for node in begin])
        following = frozenset().union(*[node.next for node in begin])
        return _Meaning(meant, begin, parts, following) if meant else _NOTHING

    def _meant(self, word: str) -> Iterator[str]:
        yield from self._spelled(word)
        if word not in self._not_meant:
            for spelled in _spellings(word):
                yield from self._nearly(spelled)

    def _spelled(self, word: str) -> Iterator[str]:
        for spelled in _spellings(word):
            if spelled in self._words:
                yield spelled
            if spelled.isdigit():
                yield _NUMBER
            for end in range(SHORTEST_STEM, len(spelled) + 1):
                if spelled[:end] in self._stems:
                    yield spelled[:end] + _STEM
        if _CAPITAL_EN in word and (small := word.replace(_CAPITAL_EN, _SMALL_EN)) in self._words:
            yield small

    def _nearly(self, word: str) -> Iterator[str]:
        if len(word) < FUZZY_FROM - 1:
            return
        for candidate in self._words_by.near(word):
            if _begin_alike(word, candidate) and is_one_edit(word, candidate):
                yield candidate
        for stem in self._stems_by.near(word):
            if not _begin_alike(word, stem):
                continue
            # The word's own beginning may be a letter shorter or longer than the stem.
            if any(is_one_edit(word[: len(stem) + more], stem) for more in (-1, 0, 1)):
                yield stem + _STEM


def _parts_from(start: int, meanings: Sequence[_Meaning]) -> Set[int]:
    """Returns the parts that begin at a word; nothing is the last of the meanings."""
    parts = set(meanings[start].parts)
    nodes: Sequence[_Node] = meanings[start].begin
    at = start + 1
    while nodes:
        words = meanings[at].words
        nodes = [n for node in nodes for w in words if (n := node.next.get(w)) is not None]
        for node in nodes:
            parts.update(node.parts)
        at += 1
    return parts


def _beginnings(word: str) -> set[str]:
    """Returns how a word begins, also when one of its first letters is one too many."""
    if len(word) <= BEGINNING:
        return {word} if len(word) == BEGINNING else set()
    a, b, c, d, e = tuple(word[: BEGINNING + 1])  # spelled out: a start asks for thousands
    return {a + b + c + d, a + b + c + e, a + b + d + e, a + c + d + e, b + c + d + e}


def _begin_alike(one: str, other: str) -> bool:
    """Returns True for the same first letter, or the same first two swapped.

    Of misspelt grave lines that a phrase finds, 1.6 % have a first letter that is wrong; nearly all
    of them the reader of grave matters finds too. Of harmless lines it is 9 %.
    """
    return one[0] == other[0] or one[:2] == other[1::-1]


def _apart(
    needed: Sequence[int], met: Sequence[tuple[int, Set[int]]], end: int, window: int
) -> bool:
    """Returns True where each part needed has a word of its own, near the last of them.

    `met` are the places of words, with the parts that begin there; the word at `end` of it is the
    last one. Kuhn's augmenting paths match parts and words: a part without a free word takes one
    from a part that has another.

    >>> _apart([1, 2], [(0, {1, 2})], 0, 10), _apart([1, 2], [(0, {1}), (1, {1, 2})], 1, 10)
    (False, True)
    """
    begin = met[end][0] - window
    words = [parts for start, parts in met[max(0, end - window) : end + 1] if start >= begin]
    owners: dict[int, int] = {}  # the part that has a word, by the word's place

    def has_word(part: int, tried: set[int]) -> bool:
        for place, parts in enumerate(words):
            if part in parts and place not in tried:
                tried.add(place)
                if place not in owners or has_word(owners[place], tried):
                    owners[place] = part
                    return True
        return False

    return all([has_word(part, set()) for part in needed])


def _words_in(term: str, pieces: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns the words by which a term is found."""
    return [word for piece in term.split() for word in pieces[piece]]


def _words_by_piece(terms: Sequence[str]) -> dict[str, Sequence[str]]:
    """Returns the words by which terms' pieces between blanks are found; a stem keeps its star.

    There are three of each piece in the terms, and all are folded in one run.
    """
    pieces = {*" ".join(terms).split()}
    # Most of thousands are ASCII letters: nothing to fold.
    found: dict[str, Sequence[str]] = {
        piece: (piece.lower(),) for piece in pieces if piece.isascii() and piece.isalpha()
    }
    if _NUMBER in pieces:
        found[_NUMBER] = (_NUMBER,)
    strange = [piece for piece in pieces if piece not in found]
    for piece, folded in zip(strange, fold_all(strange), strict=True):
        words = folded
        if not piece.isascii():
            words = tuple([word.translate(_ARABIC) for word in in_syllables(folded)])
        if words and piece.endswith(_STEM) and len(words[-1]) >= SHORTEST_STEM:
            words = (*words[:-1], words[-1] + _STEM)
        found[piece] = words
    return found


def _spellings(word: str) -> Iterator[str]:
    """Yields a word in one spelling; an Arabic one also without the particles before it."""
    if not "\u0600" <= word[0] <= "\u06ff":
        yield word
        return
    word = word.translate(_ARABIC)
    yield word
    for prefix in _ARABIC_PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            yield word[len(prefix) :]
