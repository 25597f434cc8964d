"""Builds the finders of phrases: one of all languages, one of a policy's own lists, mistyped.

Signals name only a list and its language. `found_phrases` searches a text again for the words that
made a phrase or a term be found, for `tiergate route --explain` and for a reviewer, so that other
requests pay nothing for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

from router.policy.content.term_files import ACTIONS, LanguageTerms, list_of
from router.policy.schema import Policy
from router.triage.facts.orders import OrderFinder
from router.triage.facts.phrase_finder import Phrase, PhraseFinder
from router.triage.text.folding import Folded, fold
from router.triage.text.spelling import Mend, as_written
from router.triage.text.terms import TermFinder


@lru_cache(maxsize=4)
def phrase_finder(terms: LanguageTerms) -> PhraseFinder:
    """Returns what finds the phrases of a folder; policies with the same folder share it."""
    phrases = [Phrase(one.name, one.parts, one.unspaced, one.unless) for one in terms.phrases]
    return PhraseFinder(phrases, terms.not_meant)


@lru_cache(maxsize=4)
def order_finder(terms: LanguageTerms) -> OrderFinder:
    """Returns what finds the orders of a folder; policies with the same folder share it."""
    return OrderFinder(terms.actions)


SURE_ALONE = 8
"""Characters of a term from which a typing error is forgiven: `bribe` is not `bride`."""


def mistyped_finder(
    lists: Mapping[str, Sequence[str]], not_meant: Sequence[str] = ()
) -> PhraseFinder:
    """Returns what finds the terms of a policy's own lists with a typing error."""
    return PhraseFinder((Phrase(name, ((term,),)) for name, term in _forgiven(lists)), not_meant)


def _forgiven(lists: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yields the terms of which a typing error is forgiven, each with its list's name."""
    for name, terms in lists.items():
        for term in terms:
            if len(term) >= SURE_ALONE and "*" not in term:
                yield name, term


class OwnTerms:
    """Finds the terms of a policy's own lists, as written and mistyped, and says which they are.

    >>> own = OwnTerms({"finance": ["pension", "foreclosure"]})
    >>> list(own.lines(fold("My pension, and a forclosure"), {"finance"}))
    ['finance: pension']
    >>> list(own.lines(fold("It is a forclosure"), {"finance"}))
    ['finance: foreclosure (mistyped)']
    """

    def __init__(self, lists: Mapping[str, Sequence[str]], not_meant: Sequence[str] = ()) -> None:
        self._lists, self._not_meant = lists, not_meant

    @classmethod
    def of(cls, policy: Policy, terms: LanguageTerms) -> OwnTerms:
        """Returns those of a policy; policies with the same lists share them."""
        return _own_terms(
            tuple((one.name, tuple(one.terms)) for one in policy.terms), tuple(terms.not_meant)
        )

    @cached_property
    def as_written(self) -> TermFinder:
        return TermFinder(self._lists)

    @cached_property
    def mistyped(self) -> PhraseFinder:
        return mistyped_finder(self._lists, self._not_meant)

    @cached_property
    def _terms_mistyped(self) -> Sequence[tuple[str, str]]:
        return [*_forgiven(self._lists)]

    def lines(self, text: Folded, names: Collection[str]) -> Iterator[str]:
        """Yields a line with the terms found for each of these lists that has some."""
        said = self.as_written.said(text)
        missing = set[str]()
        for name in [name for name in self._lists if name in names]:
            terms = dict.fromkeys(term for of, term in said if of == name)
            if terms:
                yield f"{name}: {', '.join([*terms][:MOST_TERMS])}"
            else:
                missing.add(name)
        if missing and len(text.words) <= MOST_WORDS:
            for place in self.mistyped.places(text):
                name, term = self._terms_mistyped[place]
                if name in missing:
                    missing.remove(name)
                    yield f"{name}: {term} {MISTYPED}"


@lru_cache(maxsize=8)
def _own_terms(
    lists: tuple[tuple[str, tuple[str, ...]], ...], not_meant: tuple[str, ...]
) -> OwnTerms:
    return OwnTerms(dict(lists), not_meant)


MISTYPED = "(mistyped)"
"""Stands behind words that a text has only with a typing error."""

MOST_TERMS = 4
"""Terms of a list that are named: they say why it counts, and more would hide them."""

NO_OWN_TERMS = OwnTerms({})

MOST_WORDS = 150
"""Words of a text that is searched again: a longer one is a document."""


def found_phrases(
    texts: Sequence[str],
    names: Collection[str],
    terms: LanguageTerms,
    own: OwnTerms = NO_OWN_TERMS,
    mend: Mend = as_written,
) -> Iterator[str]:
    """Yields terms and phrases of these lists in the first text that has some.

    A line reads `finance: pension` for the policy's own list, which is `own`, and
    `medical_emergency:en: cat … bitten` for a phrase by language, with the words that it needs.
    What stands in a text only after `mend` is marked as mistyped. Phrases that are found only in
    another form of the text, such as a disguised one, are left out.
    """
    if not names:
        return
    told = set[str]()
    for text in texts:
        # Each line costs a search, and a reviewer takes only the first ones.
        for line in _lines(fold(text), names, terms, own):
            if line not in told:
                told.add(line)
                yield line
        missing = set(names) - set(map(list_told, told))
        if missing and (mended := mend(text)) != text:
            for line in _lines(fold(mended), missing, terms, own):
                marked = f"{line.removesuffix(f' {MISTYPED}')} {MISTYPED}"
                if marked not in told:
                    told.add(marked)
                    yield marked
        if told:
            return


def list_told(line: str) -> str:
    """Returns the list of a line of `found_phrases`, with its language.

    >>> list_told("medical_emergency:en: cat … bitten")
    'medical_emergency:en'
    """
    return line.partition(": ")[0]


def _lines(
    folded: Folded, names: Collection[str], terms: LanguageTerms, own: OwnTerms
) -> Iterator[str]:
    yield from own.lines(folded, names)
    if any(list_of(name) == ACTIONS for name in names):
        yield from (f"{name}: {said}" for name, said in order_finder(terms).said(folded))
    finder = phrase_finder(terms)
    for place in finder.places(folded) if len(folded.words) <= MOST_WORDS else ():
        name = terms.phrases[place].name
        if name in names:
            yield f"{name}: {_joined(_needed(folded.words, finder, place))}"


def _joined(placed: Sequence[tuple[int, str]]) -> str:
    """Returns words as the phrase that they are in their text, with a mark for what is left out.

    >>> _joined([(1, "wife"), (5, "heart"), (6, "attack")])
    'wife … heart attack'
    """
    phrase = ""
    for (before, last), (place, word) in pairwise([(-1, ""), *placed]):
        within = len(last) == len(word) == 1 and not (last + word).isascii()  # written without gaps
        gap = "" if within else " "
        phrase += (gap if place == before + 1 else " … ") + word if phrase else word
    return phrase


def _needed(words: Sequence[str], finder: PhraseFinder, place: int) -> list[tuple[int, str]]:
    """Returns the words without any of which a phrase is not found, each with its place.

    It tries to leave out long pieces before short ones, so that a text of many words takes a few
    searches, not one for each of them.
    """
    kept = list(enumerate(words))
    size = max(1, len(kept) // 2)
    while size:
        for start in range((len(kept) - 1) // size * size, -1, -size):
            fewer = kept[:start] + kept[start + size :]
            left = tuple([word for _, word in fewer])
            if place in finder.places(Folded(" ".join(left), left)):
                kept = fewer
        size //= 2
    return kept
