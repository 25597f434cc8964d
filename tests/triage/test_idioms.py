"""Sayings whose words name a danger and mean none: only their own words are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.batches.config import TriageConfig
from router.triage.facts.turn_facts import find_facts
from router.triage.text.folding import fold
from router.triage.text.idioms import NO_IDIOMS, Idioms, Saying
from tests.kits.checks.growth import in_proportion
from tests.kits.decision_kit import a_policy

TERMS = load_language_terms(policies_dir() / "terms")
CONFIG = TriageConfig.of(a_policy(), terms=TERMS)
SAYING = Saying((("deploy", "server"), ("had a seizure",)), ("just", "again"))


def lists(text: str) -> tuple[str, ...]:
    config = CONFIG
    return find_facts(
        text, config.amounts, config.terms, phrases=config.phrases, idioms=config.idioms
    ).risk_terms


@pytest.mark.parametrize(
    "text",
    [
        "overdosed on podcasts this week, what should I read",
        "this thread is so funny we couldn't breathe",
        "lmao i cant breathe, who made this",
        "our cluster is having a stroke again",
        "The staging server just passed out",
        "the invoice almost gave me a heart attack",
        "I'm choking on all these tickets, how do I filter them",
        "My monitor keeps turning blue",
    ],
)
def test_a_saying_names_no_danger(text: str) -> None:
    assert lists(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "overdosed on codeine this week",
        "so funny we couldn't breathe, and now my son isn't breathing",
        "I sat at the server when he had a seizure",
        "The server is down and my wife passed out",
        "I am choking on a nut",
        "she is turning blue",
        "it is not funny, i cant breathe",
    ],
)
def test_a_danger_beside_one_is_found(text: str) -> None:
    assert "medical_emergency:en" in lists(text) or "poison:en" in lists(text)


def test_at_most_four_words_stand_between_the_parts() -> None:
    idioms = Idioms([SAYING])
    assert idioms.without(fold("deploy just again had a seizure")).words == ()
    for text in ("deploy just again just again just had a seizure", "deploy he had a seizure"):
        folded = fold(text)
        assert idioms.without(folded) is folded
    text = fold("deploy had a seizure")
    assert NO_IDIOMS.without(text) is text


def test_a_saying_is_found_in_linear_time() -> None:
    idioms = Idioms([SAYING])
    assert in_proportion(lambda text: idioms.without(fold(text)), "deploy just again ")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("idioms: [laugh* + to death]", "whole words, without `*`"),
        ('idioms: ["@unknown + to death"]', "a group of `groups`"),
        ('phrases: {poison: ["bleach - @unknown"]}', "a group of `groups`"),
    ],
)
def test_a_mistake_in_a_saying_is_told(tmp_path: Path, line: str, told: str) -> None:
    phrases = "" if line.startswith("phrases") else "phrases: {}\n"
    (tmp_path / "en.yaml").write_text(f"version: 1\nlanguage: en\n{phrases}{line}\n")
    with pytest.raises(PolicyError, match=told):
        load_language_terms(tmp_path)


def test_what_makes_another_thing_of_a_phrase_is_read_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(
        "version: 1\nlanguage: en\ngroups: {past: [last year]}\n"
        'phrases: {poison: ["drank + bleach - @past", smelled bleach]}\n'
    )
    config = TriageConfig.of(a_policy(), terms=load_language_terms(tmp_path))

    def found(text: str) -> tuple[str, ...]:
        return find_facts(text, config.amounts, config.terms, phrases=config.phrases).risk_terms

    assert found("he drank bleach") == ("poison:en",)
    assert found("last year a boy in the village drank bleach") == ()
    assert found("last year i smelled bleach") == ("poison:en",)
