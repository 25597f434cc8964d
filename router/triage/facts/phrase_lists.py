"""Builds the finders of phrases: one of all languages, one of a policy's own lists, mistyped.

Signals name only a list and its language. `found_phrases` searches a text again for the words that
made a phrase be found, for `tiergate route --explain` and for a reviewer, so that other requests
pay nothing for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache

from router.policy.content.term_files import LanguageTerms
from router.triage.facts.phrase_finder import Phrase, PhraseFinder
from router.triage.text.folding import Folded, fold


@lru_cache(maxsize=4)
def phrase_finder(terms: LanguageTerms) -> PhraseFinder:
    """Returns what finds the phrases of a folder; policies with the same folder share it."""
    phrases = [Phrase(one.name, one.parts, one.unspaced, one.unless) for one in terms.phrases]
    return PhraseFinder(phrases, terms.not_meant)


SURE_ALONE = 8
"""Characters of a term from which a typing error is forgiven: `bribe` is not `bride`."""


def mistyped_finder(
    lists: Mapping[str, Sequence[str]], not_meant: Sequence[str] = ()
) -> PhraseFinder:
    """Returns what finds the terms of a policy's own lists with a typing error."""
    return PhraseFinder(
        (
            Phrase(name, ((term,),))
            for name, terms in lists.items()
            for term in terms
            if len(term) >= SURE_ALONE and "*" not in term
        ),
        not_meant,
    )


MOST_WORDS = 150
"""Words of a text that is searched again: a longer one is a document."""


def found_phrases(
    texts: Sequence[str], names: Collection[str], terms: LanguageTerms
) -> Iterator[str]:
    """Yields the phrases of these lists in the first text that has some, with the words they need.

    A line reads `medical_emergency:en: cat, bitten`. Phrases that are found only in another form
    of the text, such as a disguised one, are left out.
    """
    if not names:
        return
    finder = phrase_finder(terms)
    told = set[str]()
    for folded in map(fold, texts):
        if told:
            return
        for place in finder.places(folded) if len(folded.words) <= MOST_WORDS else ():
            name = terms.phrases[place].name
            if name not in names:
                continue
            line = f"{name}: {', '.join(_needed(folded.words, finder, place))}"
            if line not in told:
                told.add(line)
                yield line


def _needed(words: Sequence[str], finder: PhraseFinder, place: int) -> list[str]:
    """Returns the words without any of which a phrase is not found, in their order.

    It tries to leave out long pieces before short ones, so that a text of many words takes a few
    searches, not one for each of them.
    """
    kept = list(words)
    size = max(1, len(kept) // 2)
    while size:
        for start in range((len(kept) - 1) // size * size, -1, -size):
            fewer = kept[:start] + kept[start + size :]
            if place in finder.places(Folded(" ".join(fewer), tuple(fewer))):
                kept = fewer
        size //= 2
    return kept
