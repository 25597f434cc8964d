"""`tiergate check` tells of utterances that ask two things, and of words that no glossary has."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from router.cli.policies.utterances import (
    answers_files,
    foreign_notes,
    glossary_notes,
    not_english_warnings,
    twofold_notes,
    words_without,
)
from router.policy.content.languages.glossaries import GlossaryFile
from router.policy.loading import LoadedPolicy, load_policy, policies_dir
from tests.kits.server_kit import tiergate


def _with(tmp_path: Path, name: str, added: dict[str, list[str]]) -> LoadedPolicy:
    """Returns a shipped policy with further utterances of answers."""
    shutil.copytree(policies_dir(), tmp_path / "policies")
    path = tmp_path / "policies" / "knowledge" / f"{name}.yaml"
    tree = yaml.safe_load(path.read_text("utf-8"))
    for intent in tree["intents"]:
        intent["utterances"] += added.get(intent["id"], [])
    path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), "utf-8")
    return load_policy(tmp_path / "policies" / f"{name}.yaml", {})


@pytest.mark.parametrize(
    ("utterance", "told"),
    [
        ("block my lost card and order a printed copy of my statements", True),
        ("block my lost card and send me a new lost card", False),
        ("my lost card", False),
    ],
)
def test_an_utterance_with_the_question_of_another_answer_is_told(
    tmp_path: Path, utterance: str, told: bool
) -> None:
    copies = ["order a printed copy of my statements"]
    loaded = _with(tmp_path, "retail_bank", {"lost_card": [utterance], "statements": copies})
    notes = " ".join(twofold_notes(answers_files(loaded)))
    assert (f'"{utterance}" (lost_card; a part of it is like statements)' in notes) is told


def test_words_of_utterances_without_a_translation_are_told_the_most_frequent_first() -> None:
    glossary = GlossaryFile(version=1, language="de", words={"delivery": ["lieferung"]})
    said = {"queen": 9, "queens": 2, "delivered": 5, "nuc": 7}
    assert words_without(said, glossary) == ("queen", "nuc")


def test_a_word_that_many_utterances_of_an_answer_have_is_told(tmp_path: Path) -> None:
    hives = [f"where is the beehive that I bought {day}" for day in "ABCDEFGHIJ"]
    loaded = _with(tmp_path, "customer_support", {"order_status": hives * 40})
    german = next(
        note
        for note in glossary_notes(loaded, answers_files(loaded))
        if "the glossary of de lacks" in note
    )
    assert "knowledge/customer_support.yaml: " in german
    assert "beehive" in german


def test_a_program_is_told_all_words_and_people_the_first_twelve(tmp_path: Path) -> None:
    letters = [letter * 6 for letter in "bcdfghjklmnpqrst"]
    loaded = _with(tmp_path, "customer_support", {"order_status": [" ".join(letters)] * 400})
    files = tuple(answers_files(loaded))
    for whole, told in ((True, letters), (False, letters[:12])):
        german = next(
            note
            for note in glossary_notes(loaded, files, whole=whole)
            if "the glossary of de lacks" in note
        )
        assert [word for word in letters if word in german] == told
        assert (" more" in german) is not whole


def test_words_of_answers_that_a_language_lacks_are_not_asked_for() -> None:
    """No German answer is about points: with the word a request would find none."""
    loaded = load_policy(policies_dir() / "customer_support.yaml", {})
    notes = [*glossary_notes(loaded, answers_files(loaded), whole=True)]
    assert notes
    assert not any("points" in note or "wallet" in note for note in notes)


@pytest.mark.process
def test_check_prints_these_notes() -> None:
    run = tiergate("check", policies_dir() / "customer_support.yaml", "--json")
    (checked,) = json.loads(run.stdout)["policies"]
    assert any("the glossary of fr lacks" in note for note in checked["notes"])


SHOP = """version: 1
name: shop
intents:
  - id: hours
    domain: customer_support
    source: handbook
    utterances: [when are you open]
    answer: We are open from nine to five, and closed on Sundays.
  - id: returns
    domain: customer_support
    source: handbook
    utterances: [how do I return it]
    answer: Send it back within 30 days and you get your money back.
  - id: post
    domain: customer_support
    source: handbook
    utterances: [what is your address]
    answer: {post}
"""
FRENCH = """version: 1
language: fr
{offer}intents:
  hours: {{title: Quand êtes-vous ouverts, answer: "{answer}"}}
"""
OFFER = "offer: {before: 'Vouliez-vous dire une de ces questions ?', after: Le numéro suffit.}\n"
POLICY = """version: 1
name: shop
tiers:
  - name: resolve
    level: 1
    answerers: [{name: faq, kind: resolver, knowledge: shop.yaml, languages: shop}]
"""


def _foreign_notes(tmp_path: Path, post: str, french: str) -> list[str]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "fr.yaml").write_text(french, "utf-8")
    (tmp_path / "shop.yaml").write_text(SHOP.replace("{post}", post), "utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    loaded = load_policy(tmp_path / "policy.yaml", {})
    return list(foreign_notes(loaded, tuple(answers_files(loaded))))


def test_words_in_another_language_than_those_around_them_are_told(tmp_path: Path) -> None:
    german = "Schreiben Sie uns bitte, wenn Sie die Ware nicht wollen."
    english = "We are open from nine to five, and closed on Sundays."
    assert _foreign_notes(tmp_path, german, FRENCH.format(offer="", answer=english)) == [
        "shop.yaml: answers that are not in en, as the others are: post",
        "shop (fr): answers that are not in fr, as the others are: hours",
        "shop (fr): words in en stand around the questions that level 1 offers in fr: write them "
        "in `offer`",
    ]


def test_an_address_is_in_no_language(tmp_path: Path) -> None:
    french = FRENCH.format(offer=OFFER, answer="Nous sommes ouverts de neuf à cinq heures.")
    assert _foreign_notes(tmp_path, "Rue de la Gare 12, Lyon", french) == []


def test_no_words_of_shipped_files_are_in_another_language() -> None:
    notes = list[str]()
    for path in sorted(policies_dir().glob("*.yaml")):
        if path.name != "prices.yaml":
            loaded = load_policy(path, {})
            notes += foreign_notes(loaded, tuple(answers_files(loaded)))
    assert notes == []


GERMAN = """version: 1
name: Backstube
intents:
  - id: hours
    domain: customer_support
    utterances: [Wann haben Sie offen?, Haben Sie am Sonntag auch geöffnet?]
    answer: Wir haben von sieben bis achtzehn Uhr offen.
    source: handbook
  - id: cards
    domain: customer_support
    utterances: [Kann ich bei Ihnen mit der Karte zahlen?]
    answer: Sie können mit jeder Karte zahlen.
    source: handbook
"""


def _not_english(tmp_path: Path, answers: str) -> list[str]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "fr.yaml").write_text(FRENCH.format(offer="", answer="Oui."), "utf-8")
    (tmp_path / "shop.yaml").write_text(answers, "utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    loaded = load_policy(tmp_path / "policy.yaml", {})
    return [str(one) for one in not_english_warnings(answers_files(loaded))]


def test_a_file_of_answers_with_german_utterances_is_told(tmp_path: Path) -> None:
    (told,) = _not_english(tmp_path, GERMAN)
    assert told.startswith("shop.yaml: intents: most utterances are in de")
    assert told.endswith("de.yaml [utterances_not_english]")


def test_a_german_answer_among_english_ones_makes_no_german_file(tmp_path: Path) -> None:
    english = GERMAN.replace(
        "Wann haben Sie offen?, Haben Sie am Sonntag auch geöffnet?",
        "When are you open?, Are you open on Sundays as well?",
    )
    assert _not_english(tmp_path, english) == []


@pytest.mark.parametrize("name", ["customer_support", "it_help_desk", "retail_bank"])
def test_shipped_answers_are_in_english(name: str) -> None:
    loaded = load_policy(policies_dir() / f"{name}.yaml", {})
    assert list(not_english_warnings(answers_files(loaded))) == []
