"""Lines of `not_covered` count in the language that they are written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.triage.glossed.english import EnglishWords
from router.triage.glossed.glossary import Glossary
from router.triage.glossed.lines import in_english

GLOSSARY = Glossary("de", {"can": ["kann"], "I": ["ich"], "a": ["ein"], "dress": ["kleid"]})

POLICY = """
version: 1
name: lamps
tiers:
  - name: resolve
    level: 1
    answerers: [{name: faq, kind: resolver, knowledge: lamps.yaml, languages: lamps}]
"""
KNOWLEDGE = """
version: 1
name: lamps
not_covered: [%s]
intents:
  - id: back
    domain: customer_support
    utterances: [can I return a lamp, do you take back lamps, I want to send a lamp back]
    answer: Lamps can be returned within 30 days.
    source: shop
  - id: hours
    domain: customer_support
    utterances: [when are you open, are you open on Saturday, what time do you close]
    answer: We are open Tuesday to Saturday from 10 am to 6 pm.
    source: shop
"""
GERMAN = """
version: 1
language: de
intents:
  back: {utterances: [Kann ich eine Lampe zurückgeben], answer: Lampen nehmen wir zurück.}
  hours: {utterances: [Wann haben Sie geöffnet], answer: Dienstag bis Samstag.}
"""
ASKED = "Kann ich ein Kleid zurückgeben?"


def matched(folder: Path, not_covered: str) -> str | None:
    """Returns the intent that a German question matches."""
    (folder / "lamps").mkdir()
    (folder / "lamps" / "de.yaml").write_text(GERMAN, encoding="utf-8")
    (folder / "lamps.yaml").write_text(KNOWLEDGE % not_covered, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    with Gateway.from_policy(
        folder / "policy.yaml",
        database=folder / "ledger.db",
        documents=folder / "documents.db",
        environ={},
    ) as gateway:
        match = gateway.route(ASKED).signals.match
    return None if match is None else match.intent_id


def test_a_german_line_that_is_not_covered_keeps_its_question_from_answers(tmp_path: Path) -> None:
    assert matched(tmp_path, f'"{ASKED}"') is None


def test_without_the_line_the_question_is_near_an_answer(tmp_path: Path) -> None:
    assert matched(tmp_path, "") == "back"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Kann ich ein Kleid?", ["can I a dress?"]),
        ("can I wear a dress", []),
        ("Ночью холодно", []),
    ],
)
def test_a_line_is_said_in_english_where_a_glossary_knows_it(line: str, said: list[str]) -> None:
    english = EnglishWords(["can i wear a dress"], lambda _: False)
    assert list(in_english([line], [GLOSSARY], english)) == said
