"""Sayings whose words name a danger and mean none: only their own words are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.batches.config import TriageConfig
from router.triage.facts.turn_facts import find_facts
from router.triage.framing.idioms import NO_IDIOMS, Idioms, Saying
from router.triage.text.folding import fold
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
        "that was so funny and I couldn't breathe",
        "So funny! I can't breathe",
        "the celery workers commit suicide at 400 MB",
        "our pods keep killing themselves after 30 seconds",
        "hold music makes me want to die lol",
        "Translate 'I want to die laughing' into French",
        "The cake was so good, and I nearly killed myself laughing",
        "Übersetze 'ich könnte mich umbringen vor Lachen' ins Englische",
        "Traduis « je veux mourir de rire » en anglais",
        "me quiero morir de la risa",
        "voglio morire dal ridere",
    ],
)
def test_a_saying_names_no_danger(text: str) -> None:
    assert lists(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "overdosed on codeine this week",
        "I want to die, laughing is all they do",
        "I want to die. They all died laughing at me",
        "ich will sterben, vor Lachen kriegen sie sich nicht ein",
        "je veux mourir, ils sont morts de rire",
        "so funny we couldn't breathe, and now my son isn't breathing",
        "I sat at the server when he had a seizure",
        "The server is down and my wife passed out",
        "I am choking on a nut",
        "she is turning blue",
        "School makes me want to die",
        "it is not funny, i cant breathe",
        "My dad was on the phone and passed out",
        "He sat at the computer. Had a seizure.",
        "The man at the server had a seizure",
        "The woman at the printer collapsed",
        "She was watching TV and stopped breathing",
        "grandpa was lifting the printer, passed out",
    ],
)
def test_a_danger_beside_one_is_found(text: str) -> None:
    found = {name.partition(":")[0] for name in lists(text)}
    assert {"medical_emergency", "poison", "self_harm"} & found


def test_at_most_four_words_stand_between_the_parts() -> None:
    idioms = Idioms([SAYING])
    assert idioms.without(fold("deploy just again had a seizure")).words == ()
    for text in ("deploy just again just again just had a seizure", "deploy he had a seizure"):
        folded = fold(text)
        assert idioms.without(folded) is folded
    text = fold("deploy had a seizure")
    assert NO_IDIOMS.without(text) is text


def test_a_saying_ends_with_its_clause_unless_it_may_cross_a_mark() -> None:
    text = fold("the server. Just had a seizure")
    assert Idioms([SAYING]).without(text) is text
    across = Idioms([Saying(SAYING.parts, SAYING.between, across=True)])
    assert across.without(text).words == ("the",)


def test_words_before_a_saying_in_its_clause_make_another_thing_of_it() -> None:
    idioms = Idioms([Saying(SAYING.parts, SAYING.between, unless=("at the",))])
    text = fold("a man at the server just had a seizure")
    assert idioms.without(text) is text
    assert idioms.without(fold("at the moment, server had a seizure")).words == (
        "at",
        "the",
        "moment",
    )


def test_words_that_a_saying_parted_name_nothing(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(
        "version: 1\nlanguage: en\nidioms: [deploy had a seizure]\n"
        "phrases: {medical_emergency: [had a seizure], poison: [drank + bleach]}\n"
    )
    config = TriageConfig.of(a_policy(), terms=load_language_terms(tmp_path))
    text = f"we drank coffee {'and the deploy had a seizure ' * 4} near the bleach"
    idioms, phrases = config.idioms, config.phrases
    assert "bleach" in idioms.without(fold(text)).words
    assert (
        find_facts(text, config.amounts, config.terms, phrases=phrases, idioms=idioms).risk_terms
        == ()
    )


@pytest.mark.parametrize("piece", ["deploy just again ", "at the deploy had a seizure ", "a, "])
def test_a_saying_is_found_in_linear_time(piece: str) -> None:
    idioms = Idioms([Saying(SAYING.parts, SAYING.between, ("on the",))])
    assert in_proportion(lambda text: idioms.without(fold(text)), piece)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("idioms: [laugh* + to death]", "whole words, without `*`"),
        ("across: [laugh* + to death]", "whole words, without `*`"),
        ('idioms: ["laughing - @unknown"]', "a group of `groups`"),
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


def test_phrases_of_another_language_do_not_count_in_english_as_mended(tmp_path: Path) -> None:
    """A mended word elsewhere in the text brought the phrase of the other language back."""
    for language, phrase in (("en", "smelled bleach"), ("hi", "gas leak")):
        (tmp_path / f"{language}.yaml").write_text(
            f"version: 1\nlanguage: {language}\nphrases: {{poison: [{phrase}]}}\n"
        )
    config = TriageConfig.of(a_policy(), terms=load_language_terms(tmp_path))

    def found(text: str) -> tuple[str, ...]:
        return find_facts(
            text,
            config.amounts,
            config.terms,
            phrases=config.phrases,
            mend=lambda said: said.replace("teh", "the"),
        ).risk_terms

    assert found("Is the gas leak sensor in the shop for sale?") == ()
    assert found("Is the gas leak sensor in teh shop for sale?") == ()
    assert found("Is teh sensor here? I smelled bleach") == ("poison:en",)
    assert found("Is it in teh shop? mere ghar mein gas leak hai") == ("poison:hi",)
