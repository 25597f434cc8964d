"""The language of a text, by script and by function words."""

from __future__ import annotations

import pytest

from router.triage.facts.languages import language_of
from router.triage.text.folding import fold
from tests.kits.grave import table

MISTAKEN = 4
"""Of 100 short sentences; Romance languages share their small words."""


def test_nearly_every_sentence_has_its_language() -> None:
    rows = table()
    wrong = [
        (language, text)
        for language, _, text in rows
        if language_of(text, fold(text).words) not in (language, "")
    ]
    assert len(wrong) <= MISTAKEN * len(rows) / 100, wrong


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my card was declined", "en"),
        ("chst pian", ""),
        ("그는 집에 있다", "ko"),
        ("що робити", "ru"),
        ("東京は雨", "ja"),
        ("北京下雨", "zh"),
        ("please translate 'hola' into the language of my friend", "en"),
        ("", ""),
    ],
)
def test_a_language_is_told_by_what_is_written(text: str, language: str) -> None:
    assert language_of(text, fold(text).words) == language
