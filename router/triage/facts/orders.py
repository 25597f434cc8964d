"""Finds orders that cannot be taken back, or reach far, in many languages.

"Delete all customer records" is one. "How do I delete all records?", "I deleted all records" and
"write a script that deletes all records" are none: an order begins with its verb (in some languages
it may end with it), after words such as "please". Each sentence is read by itself, and so is each
line, since a mail program breaks sentences and a list has no marks; a text has `MOST_WORDS` at
most, which bounds the time. A clause of condition in front of an order ("When you are done, ...")
orders nothing itself, and is left out. What is to be done may also be said of its object: "all
records must be deleted", "I want all records deleted". It knows nothing about tools, tiers or
policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain, groupby

from router.policy.content.term_files import LanguageActions
from router.regexes.late import late_regex
from router.triage.text.folding import Folded, fold, words_of

MOST_WORDS = 150
"""Words of a text that may be an order. A longer one, such as a document, may only mention one."""
MOST_BETWEEN = 3
"""Words between "must be" and what must be done: "must be permanently deleted"."""
MOST_BEGGED = 6
"""Words of an order behind "please" in the midst of a clause: a mail without marks goes on."""
MOST_INSIDE = 6
"""Words in a row that may stand inside of an object: "all of our old existing customer records"."""
_SENTENCE = late_regex(r"[^.?!\n]+[.?!\n]?")
_CLAUSE = late_regex(r"[,;:]")
_STEM = "*"

Words = tuple[str, ...]
Rows = Mapping[str, Sequence[Words]]
Others = Sequence[Rows]
"""Holds the alternatives of each part of a phrase but its verb; open beginnings under `_STEM`."""


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
        self._verbs = frozenset[str]().union(*[one.verbs | one.done for one in self._languages])

    def find(self, text: Folded) -> tuple[str, ...]:
        """Returns the name of each language in which a text gives such an order."""
        if len(text.words) > MOST_WORDS or self._verbs.isdisjoint(text.words):
            return ()
        words = frozenset(text.words)
        own = [one for one in self._languages if one.may_order(words)]
        sentences = _sentences(text.text)
        return tuple([one.name for one in own if any(map(one.orders, sentences))])

    def said(self, text: Folded) -> list[tuple[str, str]]:
        """Returns the name of each such language with the first sentence that orders."""
        names, sentences = self.find(text), _sentences(text.text)
        return [
            (one.name, next(" ".join(words_of(part)) for part in sentences if one.orders(part)))
            for one in self._languages
            if one.name in names
        ]


class _Language:
    """Holds one language's orders, in folded words."""

    def __init__(self, actions: LanguageActions) -> None:
        self.name = actions.name
        self._requests = _by_first((*actions.polite, *actions.begs))
        self._polite = _by_first((*actions.polite, *actions.begs, *actions.permits))
        self._begs = _by_first(actions.begs)
        self._asks = _by_first(actions.asks)
        self._rules = _by_first(actions.rules)
        self._conditions = _by_first(actions.conditions)
        self._joins = _each_word(actions.joins)
        self._condition_ends = _by_first(actions.condition_ends)
        self._musts = _by_first(actions.musts)
        self._wishes = _by_first(actions.wishes)
        self._apart = _each_word(actions.apart)
        self._names = _by_first(actions.names)
        self._inside = _each_word(actions.inside)
        self._may_be_yes = _each_word(actions.may_be_yes)
        self._verb_last = actions.verb_last
        self._by_verb = _by_verb(actions.phrases, ends=self._verb_last)
        self._done_to = [(_by_first(done), objects) for done, objects in map(_parted, actions.done)]
        self._erased = [objects for _, objects in self._done_to]
        self._wants = [frozenset(_words(term)) for term in (*actions.musts, *actions.wishes)]
        self.verbs = frozenset(self._by_verb)
        self.done = frozenset[str]().union(*[done for done, _ in self._done_to])

    def may_order(self, words: Set[str]) -> bool:
        """Returns True for words among which is a verb, or what is done and a wish or a must."""
        if not self.verbs.isdisjoint(words):
            return True
        return not self.done.isdisjoint(words) and any([want <= words for want in self._wants])

    def orders(self, sentence: str) -> bool:
        """Returns True where a sentence gives an order."""
        if not self.may_order(frozenset(words_of(sentence))):
            return False
        pieces = [words for words in map(words_of, _CLAUSE.split(sentence)) if words]
        while self._begins_with_condition(pieces):
            pieces = self._behind_condition(pieces)
        whole = _joined(pieces)
        asks = sentence.rstrip().endswith("?")
        # "So you may delete all records?" asks, "Can you delete all records?" does not.
        polite = self._requests if asks else self._polite
        words = self._without_polite(whole, polite)
        if not asks and self._is_wished(whole):
            return True
        if _begun(words, self._asks) or (asks and len(words) == len(whole)):
            return False
        if any(map(self._is_order, self._clauses(pieces, polite))):
            return True
        if asks or not any(map(self._must_be, self._clauses(pieces, polite))):
            return False
        return not any([_begun(words[i:], self._rules) for i in range(len(words))])

    def _begins_with_condition(self, pieces: Sequence[Words]) -> bool:
        return bool(_begun(self._without_polite(_joined(pieces)), self._conditions))

    def _behind_condition(self, pieces: Sequence[Words]) -> list[Words]:
        """Returns the clauses behind the first clause of condition.

        None are returned where that clause names an act itself: "if we delete all records, close
        all accounts and leave, ..." goes on with more of them.
        """
        first = next(i for i, words in enumerate(pieces) if self._without_polite(words))
        condition, rest = self._without_polite(pieces[first]), list(pieces[first + 1 :])
        if not rest and self._is_yes(condition):
            return [condition[1:]]
        end, behind = self._ended(condition)
        condition, rest = condition[:end], [behind, *rest] if behind else rest
        starts = [i for i, word in enumerate(condition) if i == 0 or word in self._by_verb]
        acts = any(self._is_order(condition[i:]) for i in starts)
        return [] if acts else rest

    def _is_yes(self, words: Words) -> bool:
        """Returns True where "si" can only be "sí": an order stands behind it, and nothing else."""
        order = words[1:]
        ends = [self._follow(order, *phrase) for phrase in self._begun_by(order)]
        alone = any([end and not self._without_polite(order[end:]) for end in ends])
        return alone and words[0] in self._may_be_yes

    def _begun_by(self, words: Words) -> Sequence[tuple[Words, Others]]:
        return self._by_verb.get(words[0], ()) if words else ()

    def _ended(self, condition: Words) -> tuple[int, Words]:
        """Returns where a condition without a comma ends, and the words behind it."""
        for i in range(len(condition)):
            behind = condition[i:]
            if row := _begun(behind, self._condition_ends):
                while row:
                    behind = behind[len(row) :]
                    row = _begun(behind, self._condition_ends)
                return i, behind[self._beg(behind) or 0 :]
        end = self._beg(condition)
        return (len(condition), ()) if end is None else (end, condition[end:])

    def _beg(self, words: Words) -> int | None:
        """Returns the place of a "please" that stands before a verb; None without one."""
        for i in range(len(words)):
            if _begun(words[i:], self._begs) and self._begun_by(self._without_polite(words[i:])):
                return i
        return None

    def _without_polite(
        self, words: Words, polite: Rows | None = None, until: Rows | None = None
    ) -> Words:
        """Returns the words behind "please" and its like; a condition or `until` ends these."""
        polite = self._polite if polite is None else polite
        until = self._conditions if until is None else until
        while (row := _begun(words, polite)) and not _begun(words, until):
            words = words[len(row) :]
        return words

    def _clauses(self, pieces: Iterable[Words], polite: Rows) -> Iterator[Words]:
        for words in pieces:
            joins = [i for i, word in enumerate(words) if word in self._joins]
            for start, end in zip([0, *[i + 1 for i in joins]], [*joins, len(words)], strict=True):
                clause = words[start:end]
                beg = self._beg(clause)
                yield self._without_polite(clause, polite)
                if beg:
                    yield self._without_polite(clause[beg:], polite)[:MOST_BEGGED]

    def _is_order(self, clause: Words) -> bool:
        if any([self._follow(clause, *phrase) for phrase in self._begun_by(clause)]):
            return True
        ended = self._by_verb.get(clause[-1], ()) if self._verb_last and clause else ()
        return any([self._precede(clause, *phrase) for phrase in ended])

    def _follow(self, clause: Words, verb: Words, others: Others) -> int:
        """Returns the place behind the objects of an order that a clause begins with; else 0."""
        if clause[: len(verb)] != verb:
            return 0
        ends = [self._end_of(clause, part, len(verb)) for part in others]
        last = max(ends, default=len(verb))
        return last if all(ends) and not self._is_name(clause[last:], others) else 0

    def _precede(self, clause: Words, verb: Words, others: Others) -> bool:
        rest = clause[: -len(verb)]
        ends = [self._end_of(rest, part) for part in others]
        named = self._is_name(rest[max(ends, default=0) :], others)
        return clause[-len(verb) :] == verb and all(ends) and not named

    def _is_name(self, behind: Words, others: Others) -> bool:
        """Returns True where the words behind an order make a button of it: "... is greyed out".

        Only orders to delete are such names, and only where these words follow at once: "delete
        all users who are inactive" is an order.
        """
        return bool(_begun(behind, self._names)) and list(others) in self._erased

    def _is_wished(self, words: Words) -> bool:
        """Returns True for "I want all records deleted"."""
        words = self._without_polite(words, until=self._wishes)
        wish = _begun(words, self._wishes)
        return bool(wish) and any(
            [self._apart.isdisjoint(between) for between, _ in self._done(words[len(wish) :])]
        )

    def _must_be(self, clause: Words) -> bool:
        """Returns True for "all records must be deleted"."""
        for between, behind in self._done(clause):
            must = next((i for i in range(len(between)) if _begun(between[i:], self._musts)), None)
            if must is None:
                continue
            more = between[must + len(_begun(between[must:], self._musts)) :]
            said = (*between[:must], *more, *behind[:1])
            if len(more) <= MOST_BETWEEN and self._apart.isdisjoint(said):
                return True
        return False

    def _done(self, words: Words) -> Iterator[tuple[Words, Words]]:
        """Yields the words between an object that words begin with and what is done, and those
        behind it."""
        starts = (0, 1) if words and words[0] in self._inside else (0,)
        for done, objects in self._done_to:
            places = [self._object_at(words, i, part) for part in objects for i in starts]
            end = max(places, default=0)
            for i in range(end, len(words)) if end else ():
                if row := _begun(words[i:], done):
                    yield words[end:i], words[i + len(row) :]

    def _end_of(self, words: Words, part: Rows, start: int = 0) -> int:
        """Returns the place behind the first object that words hold; 0 for none."""
        ends = (self._object_at(words, i, part) for i in range(start, len(words)))
        return next(filter(None, ends), 0)

    def _object_at(self, words: Words, start: int, part: Rows) -> int:
        """Returns the place behind the longest object that begins at a place; 0 for none."""
        rows = (*part.get(words[start], ()), *part.get(_STEM, ())) if start < len(words) else ()
        return max([self._end(words, start, row) for row in rows], default=0)

    def _end(self, words: Words, start: int, row: Words) -> int:
        """Returns the place behind a row that begins at a place; 0 where none does.

        "all records" is found in "all of our old records", too.
        """
        at = start
        for i, wanted in enumerate(row):
            last = min(at + MOST_INSIDE, len(words)) if i else at
            while at < last and words[at] in self._inside and words[at] != wanted:
                at += 1
            if at >= len(words) or not _is(words[at], wanted):
                return 0
            at += 1
        return at


def _sentences(text: str) -> list[str]:
    """Returns the sentences of each line, and those that go on in the next line.

    >>> _sentences("delete all\\nrecords. thanks")
    ['delete all\\n', 'records.', ' thanks', 'delete all records.']
    """
    sentences = _SENTENCE.findall(text)
    if "\n" in text:
        blocks = [
            " ".join(map(str.strip, lines))
            for is_blank, lines in groupby(text.split("\n"), lambda line: not line.strip())
            if not is_blank
        ]
        known = set(map(str.strip, sentences))
        whole = map(str.strip, _SENTENCE.findall("\n".join(blocks)))
        sentences += [sentence for sentence in whole if sentence not in known]
    return sentences


def _by_verb(
    phrases: Iterable[Sequence[Sequence[str]]], *, ends: bool
) -> dict[str, list[tuple[Words, Others]]]:
    """Returns the phrases by the first word of each of their verbs, and by the last if `ends`."""
    rows: dict[str, list[tuple[Words, Others]]] = {}
    for terms, others in map(_parted, phrases):
        for verb in filter(None, map(_words, terms)):
            for word in {verb[0], verb[-1]} if ends else {verb[0]}:
                rows.setdefault(word, []).append((verb, others))
    return rows


def _parted(phrase: Sequence[Sequence[str]]) -> tuple[Sequence[str], list[Rows]]:
    """Returns the terms of a phrase's verb, and its other parts."""
    return phrase[0], list(map(_objects, phrase[1:]))


def _words(term: str) -> Words:
    return fold(term).words


def _joined(pieces: Iterable[Words]) -> Words:
    return tuple(chain.from_iterable(pieces))


def _each_word(terms: Iterable[str]) -> frozenset[str]:
    return frozenset(_joined(map(_words, terms)))


def _objects(part: Sequence[str]) -> Rows:
    """Returns the rows of one part of a phrase by their first word."""
    rows: dict[str, list[Words]] = {}
    for row in filter(None, [tuple(_word_or_stem(term)) for term in part]):
        rows.setdefault(_STEM if row[0].endswith(_STEM) else row[0], []).append(row)
    return rows


def _word_or_stem(term: str) -> Iterator[str]:
    for piece in term.split():
        words = _words(piece)
        yield from words[:-1]
        yield from [word + _STEM if piece.endswith(_STEM) else word for word in words[-1:]]


def _by_first(terms: Iterable[str]) -> Rows:
    """Returns the words of terms by their first one, the longest first."""
    rows: dict[str, list[Words]] = {}
    for words in sorted(filter(None, map(_words, terms)), key=len, reverse=True):
        rows.setdefault(words[0], []).append(words)
    return rows


def _begun(words: Words, rows: Rows) -> Words:
    """Returns the longest of the rows that some words begin with; () for none."""
    beginnings = rows.get(words[0], ()) if words else ()
    return next((row for row in beginnings if words[: len(row)] == row), ())


def _is(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith(_STEM) else word == wanted
