"""Answers in further languages and glossaries: what loads, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.glossaries import load_glossaries
from router.policy.content.knowledge import Knowledge, parse_knowledge
from router.policy.content.offers import offer_text, offered
from router.policy.content.translations import with_translations
from router.policy.loading import find_policy, load_policy, policies_dir
from tests.kits.asking_kit import KNOWLEDGE

GERMAN = """\
version: 1
language: de
offer: {before: "Meinten Sie:", after: "Die Nummer genügt."}
keys:
  order_id: {ask: Welche Bestellung ist es?}
intents:
  hours: {utterances: [wann habt ihr offen], answer: Wir haben immer offen.}
  order_status:
    title: Wo ist meine Bestellung
    answer: "Bestellung {order_id}: {status}."
"""


def knowledge(folder: Path, text: str = GERMAN) -> Knowledge:
    (folder / "de.yaml").write_text(text, encoding="utf-8")
    return with_translations(parse_knowledge("k.yaml", KNOWLEDGE), folder)


def test_a_language_has_its_own_words_and_only_its_own_intents(tmp_path: Path) -> None:
    base = parse_knowledge("k.yaml", KNOWLEDGE)
    whole = knowledge(tmp_path)
    said = whole.said_in("de")
    assert set(said.intents) == {"hours", "order_status"}
    assert said.intents["hours"].answer == "Wir haben immer offen."
    assert said.content.keys["order_id"].ask == "Welche Bestellung ist es?"
    assert said.content.keys["order_id"].not_found is None
    assert whole.questions["Welche Bestellung ist es?"] == "order_id"
    assert whole.said_in("fr") is whole
    assert whole.digest != base.digest


def test_an_offer_is_read_back_in_its_language(tmp_path: Path) -> None:
    said = knowledge(tmp_path).said_in("de")
    text = offer_text(["hours", "order_status"], said)
    assert text.startswith("Meinten Sie:")
    assert offered(text, said) == ("hours", "order_status")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  hours:", "  ours:", "an intent of the knowledge file"),
        (": {status}.", ".", "the slots of its English answer: order_id, status"),
        ("  order_id: {ask", "  order_no: {ask", "a key of the knowledge file"),
        ("    title: Wo ist meine Bestellung\n", "", "a title or an utterance"),
        ("language: de", "language: German", "language"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GERMAN
    with pytest.raises(PolicyError) as raised:
        knowledge(tmp_path, GERMAN.replace(old, new))
    assert expected in str(raised.value)
    assert "de.yaml" in str(raised.value)


def test_one_file_a_language(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(GERMAN, encoding="utf-8")
    with pytest.raises(PolicyError, match="no other file of the folder"):
        knowledge(tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("{parcel: [paket, paket], box: [paket]}", "once"),
        ("{parcel: [pa*]}", "3 letters or more"),
        ("{}", "words"),
    ],
)
def test_mistakes_of_a_glossary_are_named(tmp_path: Path, words: str, expected: str) -> None:
    text = f"version: 1\nlanguage: de\nwords: {words}\n"
    (tmp_path / "de.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=expected.replace("*", r"\*")):
        load_glossaries(tmp_path)


def test_a_change_of_a_translation_changes_the_policy() -> None:
    loaded = load_policy(find_policy("customer_support", policies_dir()), {})
    names = {path.relative_to(loaded.path.parent).as_posix() for path in loaded.sources}
    assert "knowledge/customer_support/de.yaml" in names
    assert "glossaries/de.yaml" in names
    bank = load_policy(find_policy("retail_bank", policies_dir()), {})
    assert not any("glossaries" in path.parts for path in bank.sources)
