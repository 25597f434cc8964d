"""Finds the shipped phrases of all languages in a text, as triage does."""

from __future__ import annotations

from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.facts.phrase_lists import phrase_finder
from router.triage.text.folding import fold

FINDER = phrase_finder(load_language_terms(policies_dir() / "terms"))


def phrases_in(text: str) -> tuple[str, ...]:
    """Returns the lists that a text has a phrase of, each with its language: `poison:en`."""
    return FINDER.find(fold(text))


def lists_of(text: str) -> set[str]:
    """Returns the lists that a text has a phrase of, without their languages."""
    return {name.partition(":")[0] for name in phrases_in(text)}
