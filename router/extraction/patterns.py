"""Finds in a text what a file of patterns names. Pure and linear.

A pattern is tried on one sentence or line at a time, at most 2,000 characters of it, in any case of
letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from router.extraction.items import Item, Value
from router.extraction.pieces import lines, sentences
from router.policy.parsing.pattern_files import PatternFile, PatternRule

SEVERITIES = ("info", "low", "medium", "high")
MOST_FINDINGS = 200
"""Bounds the findings of one text; a page of code has a tenth of that."""


class _Compiled(Struct, frozen=True):
    rule: PatternRule
    any: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]


class Patterns(Struct, frozen=True):
    """Holds the compiled rules of one file."""

    name: str
    by_line: bool
    rules: tuple[_Compiled, ...]

    def find(self, text: str) -> list[Item]:
        """Returns the findings in the order of the text, each rule once for one piece."""
        findings = list(self._findings(text))
        return sorted(findings, key=lambda item: item.start)[:MOST_FINDINGS]

    def _findings(self, text: str) -> Iterator[Item]:
        for start, end in lines(text) if self.by_line else sentences(text):
            piece = text[start:end]
            for compiled in self.rules:
                searches = (pattern.search(piece) for pattern in compiled.any)
                match = next(filter(None, searches), None)
                if match is None or any(pattern.search(piece) for pattern in compiled.unless):
                    continue
                yield self._item(compiled.rule, start + match.start(), start + match.end())

    def _item(self, rule: PatternRule, start: int, end: int) -> Item:
        values: dict[str, Value] = {
            "id": rule.id,
            "title": rule.title,
            "severity": rule.severity,
        }
        if rule.label:
            values["label"] = rule.label
        if rule.advice:
            values["advice"] = rule.advice
        return Item(start, end, f"finding.{self.name}.{rule.id}", values)


def compiled(file: PatternFile) -> Patterns:
    """Returns a file's patterns, ready to be searched for."""
    rules = tuple(
        _Compiled(
            rule,
            tuple(re.compile(pattern, re.I) for pattern in rule.any),
            tuple(re.compile(pattern, re.I) for pattern in rule.unless),
        )
        for rule in file.rules
    )
    return Patterns(file.name, file.piece == "line", rules)
