"""Fourteen kinds of emergency are found in eight languages, and everyday lines near them are none.

The everyday lines come from shops, games, kitchens, computers and sport.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests import ROOT
from tests.kits.inputs.shipped_phrases import phrases_in

LINES = ROOT / "tests" / "fixtures" / "languages" / "emergencies.tsv"
"""Matter, language, kind and line. Matter and kind of an everyday line are "-"."""
ROWS = [tuple(line.split("\t")) for line in LINES.read_text("utf-8").splitlines()]
GRAVE = [row for row in ROWS if row[0] != "-"]
LANGUAGES = {"ar", "en", "hi", "ja", "ko", "pl", "uk", "zh"}


@pytest.mark.parametrize(("matter", "language", "kind", "text"), GRAVE)
def test_an_emergency_is_found_by_a_phrase(
    matter: str, language: str, kind: str, text: str
) -> None:
    assert f"{matter}:{language}" in phrases_in(text), kind


@pytest.mark.parametrize("text", [row[3] for row in ROWS if row[0] == "-"])
def test_an_everyday_line_is_at_no_list(text: str) -> None:
    assert phrases_in(text) == ()


def test_each_language_has_two_lines_of_each_kind() -> None:
    counts = Counter((language, kind) for _, language, kind, _ in GRAVE)
    assert {language for language, _ in counts} == LANGUAGES
    assert (len(counts), set(counts.values())) == (8 * 14, {2})


def test_each_language_has_twelve_everyday_lines_or_more() -> None:
    counts = Counter(language for matter, language, *_ in ROWS if matter == "-")
    assert set(counts) == LANGUAGES
    assert min(counts.values()) >= 12
