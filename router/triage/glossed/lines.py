"""Says in English what an operator wrote in other languages, as requests in them are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from router.triage.facts.languages import UNKNOWN
from router.triage.glossed.english import EnglishWords
from router.triage.glossed.glossary import Glossaries, Glossary
from router.triage.text.folding import fold


def in_english(
    lines: Iterable[str], glossaries: Sequence[Glossary], english: EnglishWords
) -> Iterator[str]:
    """Yields the gloss of each line that is in the language of a glossary rather than in English.

    Requests in these languages are compared by their gloss, so a line is near to none without.
    """
    known = Glossaries(glossaries)
    for line in lines:
        words = fold(line).words
        asks = line.rstrip().endswith("?")
        gloss = known.nearest(words, UNKNOWN, asks=asks, above=english.share(words))
        if gloss is not None:
            yield gloss.text
