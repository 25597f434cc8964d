"""Answers in further languages and glossaries: what loads, and every mistake with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.knowledge import Knowledge, load_knowledge, parse_knowledge
from router.policy.content.languages.glossaries import load_glossaries
from router.policy.content.languages.translations import with_translations
from router.policy.content.offers import offer_text, offered
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
    said = whole.translations["de"]
    assert set(said.intents) == {"hours", "order_status"}
    assert said.intents["hours"].answer == "Wir haben immer offen."
    assert said.content.keys["order_id"].ask == "Welche Bestellung ist es?"
    assert said.content.keys["order_id"].not_found is None
    assert whole.questions["Welche Bestellung ist es?"] == "order_id"
    assert list(whole.translations) == ["de"]
    assert whole.digest != base.digest


def test_an_offer_is_read_back_in_its_language(tmp_path: Path) -> None:
    said = knowledge(tmp_path).translations["de"]
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
        ("title: Wo ist meine", "title: Wann habt IHR offen? #", ":9: intents.order_status.title"),
        ("title: Wo ist meine", "utterances: [x, wann habt ihr offen!] #", "; hours has it too"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GERMAN
    with pytest.raises(PolicyError) as raised:
        knowledge(tmp_path, GERMAN.replace(old, new))
    assert expected in str(raised.value)
    assert "de.yaml" in str(raised.value)


def test_an_intent_may_repeat_its_own_words(tmp_path: Path) -> None:
    own = GERMAN.replace("[wann habt ihr offen]", "[wann habt ihr offen, Wann habt ihr offen?]")
    assert len(knowledge(tmp_path, own).translations["de"].intents["hours"].utterances) == 2


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


VALUES = (
    "dates: {months: [Jan, Feb, Mär, Apr, Mai, Jun, Jul, Aug, Sep, Okt, Nov, Dez], "
    'form: "{day}. {month} {year}"}\n'
    'values: {sent: verschickt, "sent on {date} to {place}": "am {date} nach {place} verschickt"}\n'
)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("sent", "verschickt"),
        ("sent on 3 May 2026 to Graz", "am 3. Mai 2026 nach Graz verschickt"),
        ("due 24 November 2026", "due 24. Nov 2026"),
        ("unsent", "unsent"),
        ("$4.95", "$4.95"),
    ],
)
def test_values_of_lookups_are_said_in_the_language(tmp_path: Path, value: str, said: str) -> None:
    spoken = knowledge(tmp_path, GERMAN.replace("intents:", VALUES + "intents:")).translations["de"]
    assert spoken.values.translated(value) == said


@pytest.mark.parametrize(
    "values",
    ['{"sent {day}": "am {date} verschickt"}', '{"{a} or {a}": "{a}"}'],
)
def test_words_for_a_value_name_what_the_value_names(tmp_path: Path, values: str) -> None:
    text = GERMAN.replace("intents:", f"values: {values}\nintents:")
    with pytest.raises(PolicyError, match="words that name in braces"):
        knowledge(tmp_path, text)


def test_every_status_of_the_shipped_orders_is_said_in_every_language() -> None:
    folder = policies_dir()
    orders = json.loads((folder / "lookups/orders.json").read_text("utf-8"))
    base = load_knowledge(folder / "knowledge/customer_support.yaml")
    whole = with_translations(base, folder / "knowledge/customer_support")
    names = ("status", "refund_status", "delivery_date")
    told = [row[name] for row in orders.values() for name in names if name in row]
    for language, spoken in whole.translations.items():
        same = [value for value in told if spoken.values.translated(value) == value]
        assert same == [], language
