"""Finds orders that cannot be taken back, or reach far, in many languages.

"Delete all customer records" is one. "How do I delete all records?", "I deleted all records" and
"write a script that deletes all records" are none: an order begins with its verb (in some languages
it may end with it), after words such as "please". Each sentence is read by itself, in time
proportional to its length. A clause of condition in front of an order ("When you are done, ...")
orders nothing itself, and is left out. It knows nothing about tools, tiers or policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, dropwhile

from router.policy.content.term_files import LanguageActions
from router.regexes.late import late_regex
from router.triage.text.folding import Folded, fold, words_of

MOST_WORDS = 150
"""Words of a text that may be an order. A longer one, such as a document, may only mention one."""
_SENTENCE = late_regex(r"[^.?!\n]+[.?!\n]?")
_CLAUSE = late_regex(r"[,;:]")
_STEM = "*"

Words = tuple[str, ...]
Others = Sequence[Sequence[Words]]
"""Holds the alternatives of each part of a phrase but its verb."""


class OrderFinder:
    """Finds orders of some languages. Immutable: threads may share it.

    >>> from router.triage.text.folding import fold
    >>> wipe = ((("wipe",), ("disks",)),)
    >>> orders = LanguageActions("en", ("please",), ("how",), (), False, wipe, ("if",), ("fine",))
    >>> finder = OrderFinder([orders])
    >>> texts = ("Please wipe the disks", "How to wipe disks", "If all is fine wipe the disks")
    >>> [finder.find(fold(text)) for text in texts]
    [('actions:en',), (), ('actions:en',)]
    """

    def __init__(self, languages: Iterable[LanguageActions]) -> None:
        """Takes the orders of each language."""
        self._languages = [_Language(one) for one in languages]
        self._verbs = frozenset[str]().union(*[one.verbs for one in self._languages])

    def find(self, text: Folded) -> tuple[str, ...]:
        """Returns the name of each language in which a text gives such an order."""
        if len(text.words) > MOST_WORDS or self._verbs.isdisjoint(text.words):
            return ()
        own = [one for one in self._languages if not one.verbs.isdisjoint(text.words)]
        sentences = _SENTENCE.findall(text.text)
        return tuple([one.name for one in own if any(map(one.orders, sentences))])


class _Language:
    """Holds one language's orders, in folded words."""

    def __init__(self, actions: LanguageActions) -> None:
        self.name = actions.name
        self._polite = _by_first(actions.polite)
        self._asks = _by_first(actions.asks)
        self._conditions = _by_first(actions.conditions)
        self._joins = _each_word(actions.joins)
        self._condition_ends = _each_word(actions.condition_ends)
        self._verb_last = actions.verb_last
        phrases = [tuple(map(_alternatives, parts)) for parts in actions.phrases]
        self._by_verb: dict[str, list[tuple[Words, Others]]] = {}
        for verbs, *others in phrases:
            for verb in verbs:
                ends = {verb[0], verb[-1]} if self._verb_last else {verb[0]}
                for word in ends:
                    self._by_verb.setdefault(word, []).append((verb, others))
        self.verbs = frozenset(self._by_verb)

    def orders(self, sentence: str) -> bool:
        """Returns True where a sentence gives an order."""
        if self.verbs.isdisjoint(words_of(sentence)):
            return False
        pieces = [words for words in map(words_of, _CLAUSE.split(sentence)) if words]
        while self._begins_with_condition(pieces):
            pieces = self._behind_condition(pieces)
        whole = _joined(pieces)
        words = self._without_polite(whole)
        if _begun(words, self._asks):
            return False
        if sentence.rstrip().endswith("?") and len(words) == len(whole):
            return False
        return any(map(self._is_order, self._clauses(pieces)))

    def _begins_with_condition(self, pieces: Sequence[Words]) -> bool:
        return bool(_begun(self._without_polite(_joined(pieces)), self._conditions))

    def _behind_condition(self, pieces: Sequence[Words]) -> list[Words]:
        """Returns the clauses behind the first clause of condition.

        None are returned where that clause names an act itself: "if we delete all records, close
        all accounts and leave, ..." goes on with more of them.
        """
        first = next(i for i, words in enumerate(pieces) if self._without_polite(words))
        condition, rest = pieces[first], list(pieces[first + 1 :])
        end = next((i for i, word in enumerate(condition) if word in self._condition_ends), None)
        if end is not None:
            behind = tuple(dropwhile(self._condition_ends.__contains__, condition[end:]))
            condition, rest = condition[:end], [behind, *rest] if behind else rest
        starts = [i for i, word in enumerate(condition) if i == 0 or word in self._by_verb]
        acts = any(self._is_order(condition[i:]) for i in starts)
        return [] if acts else rest

    def _without_polite(self, words: Words) -> Words:
        while polite := _begun(words, self._polite):
            words = words[len(polite) :]
        return words

    def _clauses(self, pieces: Iterable[Words]) -> Iterator[Words]:
        for words in pieces:
            joins = [i for i, word in enumerate(words) if word in self._joins]
            for start, end in zip([0, *[i + 1 for i in joins]], [*joins, len(words)], strict=True):
                yield self._without_polite(words[start:end])

    def _is_order(self, clause: Words) -> bool:
        if not clause:
            return False
        begun = self._by_verb.get(clause[0], ())
        if any([_follow(clause, verb, others) for verb, others in begun]):
            return True
        ended = self._by_verb.get(clause[-1], ()) if self._verb_last else ()
        return any([_precede(clause, verb, others) for verb, others in ended])


def _follow(clause: Words, verb: Words, others: Others) -> bool:
    rest = clause[len(verb) :]
    return clause[: len(verb)] == verb and all([_holds(rest, part) for part in others])


def _precede(clause: Words, verb: Words, others: Others) -> bool:
    rest = clause[: -len(verb)]
    return clause[-len(verb) :] == verb and all([_holds(rest, part) for part in others])


def _words(term: str) -> Words:
    return fold(term).words


def _joined(pieces: Iterable[Words]) -> Words:
    return tuple(chain.from_iterable(pieces))


def _each_word(terms: Iterable[str]) -> frozenset[str]:
    return frozenset(_joined(map(_words, terms)))


def _alternatives(part: Sequence[str]) -> list[Words]:
    return [tuple(_word_or_stem(term)) for term in part]


def _word_or_stem(term: str) -> Iterator[str]:
    for piece in term.split():
        words = _words(piece)
        yield from words[:-1]
        yield from [word + _STEM if piece.endswith(_STEM) else word for word in words[-1:]]


def _by_first(terms: Iterable[str]) -> dict[str, list[Words]]:
    """Returns the words of terms by their first one, the longest first."""
    rows: dict[str, list[Words]] = {}
    for words in sorted(filter(None, map(_words, terms)), key=len, reverse=True):
        rows.setdefault(words[0], []).append(words)
    return rows


def _begun(words: Words, rows: Mapping[str, Sequence[Words]]) -> Words:
    """Returns the longest of the rows that some words begin with; () for none."""
    beginnings = rows.get(words[0], ()) if words else ()
    return next((row for row in beginnings if words[: len(row)] == row), ())


def _holds(words: Words, alternatives: Sequence[Words]) -> bool:
    return any([_is_at(words, i, one) for one in alternatives for i in range(len(words))])


def _is_at(words: Words, start: int, row: Words) -> bool:
    here = words[start : start + len(row)]
    return len(here) == len(row) and all(
        [
            word.startswith(wanted[:-1]) if wanted.endswith(_STEM) else word == wanted
            for word, wanted in zip(here, row, strict=True)
        ]
    )
