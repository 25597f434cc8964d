"""Builds the finders of phrases: one of all languages, one of a policy's own lists, mistyped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from router.policy.content.term_files import LanguageTerms
from router.triage.facts.phrase_finder import Phrase, PhraseFinder


@lru_cache(maxsize=4)
def phrase_finder(terms: LanguageTerms) -> PhraseFinder:
    """Returns what finds the phrases of a folder; policies with the same folder share it."""
    phrases = [Phrase(one.name, one.parts, one.unspaced) for one in terms.phrases]
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
