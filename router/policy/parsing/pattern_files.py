"""Reads files of patterns (`policies/endpoints/*.yaml`), which name what endpoints find in texts.

    version: 1
    name: contract
    piece: sentence
    rules:
      - {id: no_cap, title: Liability without a cap, severity: high, any: ['unlimited liability'],
         unless: ['no unlimited'], advice: Agree on a cap.}

`unless` takes a finding back where one of its patterns is in the same sentence or line. It knows
nothing about how patterns are searched for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.sections.answering.endpoints import Severity
from router.policy.sections.base import LABEL_NAME, Section

Pattern = Annotated[str, Field(min_length=2, max_length=600)]


class PatternRule(Section):
    """Names one thing to find."""

    id: Annotated[str, Field(pattern=LABEL_NAME)]
    title: Annotated[str, Field(min_length=3, max_length=120)]
    severity: Severity
    label: Annotated[str, Field(max_length=40)] = ""
    any: list[Pattern] = Field(min_length=1)
    unless: list[Pattern] = Field(default_factory=list)
    advice: Annotated[str, Field(max_length=240)] = ""

    @field_validator("any", "unless")
    @classmethod
    def _are_patterns(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"a regular expression; {error} in {pattern[:60]!r}") from error
        return patterns


class PatternFile(Section):
    """Holds one file of patterns."""

    version: Literal[1]
    name: Annotated[str, Field(pattern=LABEL_NAME)]
    piece: Literal["sentence", "line"] = "sentence"
    rules: list[PatternRule] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_id_once(self) -> PatternFile:
        ids = [rule.id for rule in self.rules]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"an id of its own for each rule; {', '.join(twice)} comes twice")
        return self


def load_pattern_file(path: Path) -> PatternFile:
    """Returns a file of patterns. Raises PolicyError with every mistake."""
    stamp = path.stat()
    return _loaded(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=64)
def _loaded(path: Path, changed: int, size: int) -> PatternFile:
    """Reads a file once; a file that changed has another stamp."""
    tree, lines = load_yaml(str(path), text_of(path))
    return validated(PatternFile, tree, lines)
