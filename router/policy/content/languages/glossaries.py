"""Reads glossaries: words of one language with their English, `glossaries/de.yaml` and its like.

    version: 1
    language: de
    words: {parcel: [paket*, sendung*], where: [wo], "how long": [wie lange]}

A `*` stands for any ending of a word. It knows nothing about how texts are read with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.errors import Mistake, PolicyError
from router.policy.parsing.yaml_folders import Stamp, files_of, stamps_of
from router.policy.sections.base import Section

LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
SHORTEST_STEM = 3
"""Letters before a `*`: with two, half of a language would begin so."""


class GlossaryFile(Section):
    """Holds the words of one language by their English."""

    version: Literal[1]
    language: LanguageCode
    words: dict[
        Annotated[str, Field(min_length=1, max_length=60)],
        list[Annotated[str, Field(min_length=1, max_length=40)]],
    ] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_word_once(self) -> GlossaryFile:
        seen: dict[str, str] = {}
        mistakes = []
        for english, words in self.words.items():
            for word in words:
                if seen.setdefault(word, english) != english:
                    mistakes.append(f"{word!r} once; {seen[word]!r} has it too")
                if word.endswith("*") and not word[:-1].isalnum():
                    mistakes.append(f"every form written out, since {word!r} is several words")
                if word.endswith("*") and len(word) <= SHORTEST_STEM:
                    mistakes.append(f"{SHORTEST_STEM} letters or more before the `*` of {word!r}")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


def load_glossaries(folder: Path) -> Mapping[str, GlossaryFile]:
    """Returns the glossaries of a folder by language. Raises PolicyError with every mistake."""
    return _loaded(stamps_of(folder))


@lru_cache(maxsize=4)
def _loaded(files: tuple[Stamp, ...]) -> Mapping[str, GlossaryFile]:
    """Reads files once; a file that changed has another stamp."""
    glossaries: dict[str, GlossaryFile] = {}
    mistakes: list[Mistake] = []
    paths = [path for path, _, _ in files]
    for file, _, lines in files_of(GlossaryFile, paths, mistakes):
        if file.language in glossaries:
            expected = "a language that no other file of the folder has"
            mistakes.append(lines.mistake(("language",), file.language, expected))
        glossaries[file.language] = file
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return glossaries
