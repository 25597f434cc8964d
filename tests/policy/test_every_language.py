"""No list of words lacks one of the languages in which grave matters are found."""

# ruff: noqa: RUF001 - letters of other alphabets are what is tested

from __future__ import annotations

import pytest

from router.policy.content.safe_answers import LanguageWords, load_safe_answers
from router.policy.content.small_talk import SmallTalkFile
from router.policy.content.term_files import HARM, STRATEGY, load_language_terms
from router.policy.loading import policies_dir
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.sections.decision import CurrencyTable
from router.routing.wording.matters import SHORT_LISTS
from router.triage.facts.languages import OTHER_SCRIPTS, language_of
from router.triage.framing.own_sentences import FIRST_PERSON
from router.triage.grave import ENGLISH, table_of
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold
from router.types import DANGERS, Matter

SUMS = AmountReader(CurrencyTable().usd_per_unit)
SAMPLES = {
    "ar": ("لا أستطيع التنفس", "عشرين ألف دولار"),
    "de": ("Ich kann nicht atmen", "zwanzigtausend Euro"),
    "en": ("I can not breathe", "twenty thousand dollars"),
    "es": ("No puedo respirar", "treinta mil euros"),
    "fr": ("Je ne peux pas respirer", "quarante mille euros"),
    "hi": ("मैं साँस नहीं ले पा रहा", "5 लाख रुपये"),
    "it": ("Non riesco a respirare", "ventimila euro"),
    "ja": ("息ができません", "500万円"),
    "ko": ("숨을 못 쉬겠어요", "2,400만 원"),
    "nl": ("Ik kan niet ademen", "twintigduizend euro"),
    "pl": ("Nie mogę oddychać", "20 tys. zł"),
    "pt": ("Não consigo respirar", "5 mil reais"),
    "ru": ("Я не могу дышать", "5 млн руб."),
    "tr": ("Nefes alamıyorum, bana yardım lazım", "50 bin TL"),
    "uk": ("Я не можу дихати, допоможіть", "80 тис. грн"),
    "zh": ("我不能呼吸", "三十五万元"),
}
"""A sentence and a sum of each language; whoever adds a file of phrases adds a line here."""
ANSWERS = load_safe_answers(policies_dir() / "answers" / "safe_answers.yaml")
TERMS = load_language_terms(policies_dir() / "terms")
EVERY = sorted({phrase.language for phrase in TERMS.phrases})
LANGUAGES = [language for language in EVERY if language not in SHORT_LISTS]
SHORT_SAMPLES = {
    "cs": "Nemůžu dýchat, co mám dělat?",
    "el": "Δεν μπορώ να αναπνεύσω",
    "fi": "En saa henkeä, mitä minun pitää tehdä",
    "hu": "Nem kapok levegőt, mit tegyek?",
    "id": "Saya tidak bisa bernapas",
    "ro": "Tatăl meu nu respiră, ce să fac acum?",
    "vi": "Tôi không thở được",
    "da": "Jeg kan ikke trække vejret",
    "nb": "Jeg får ikke puste, hva gjør jeg",
    "sv": "Jag kan inte andas",
}
"""The languages with shorter lists, and none of orders."""
SHORT_LACK = {"animal", "bedside", "attack"}
"""Words of what only phrases name there: those of an emergency or of fraud stand for them."""
COURTESIES = ("greeting", "how_are_you", "thanks", "goodbye", "are_you_a_robot")


def test_there_is_a_sample_of_each_language_with_phrases() -> None:
    assert list(SAMPLES) == LANGUAGES
    assert sorted(p.stem for p in policies_dir().glob("terms/*.yaml")) == EVERY
    assert len(LANGUAGES) == 16
    assert set(SHORT_SAMPLES) == SHORT_LISTS == {*EVERY} - {*LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_phrases_of_each_danger(language: str) -> None:
    found = {phrase.list_name for phrase in TERMS.phrases if phrase.language == language}
    assert {matter.value for matter in Matter} - found == {Matter.LARGE_MONEY.value}


@pytest.mark.parametrize("language", sorted(SHORT_LISTS))
def test_a_short_list_has_phrases_of_all_matters_but_words_of_dangers(language: str) -> None:
    found = {phrase.list_name for phrase in TERMS.phrases if phrase.language == language}
    grave = {matter.value for matter in (*DANGERS, Matter.FRAUD, Matter.LEGAL)}
    assert found - {HARM} == {*grave, STRATEGY}
    sentence = SHORT_SAMPLES[language]
    assert language_of(sentence, fold(sentence).words) == language
    words = ANSWERS.languages[language]
    lacking = {name for name in LanguageWords.model_fields if not getattr(words, name)}
    assert lacking == SHORT_LACK


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_heard_and_its_sums_are_read(language: str) -> None:
    sentence, money = SAMPLES[language]
    words = fold(sentence).words
    assert language_of(sentence, words) == language
    assert SUMS.read(fold(money))
    assert (table_of(words, language) == ENGLISH) is (language == "en")


def test_words_of_a_sender_and_scripts_are_known_of_each_language() -> None:
    assert sorted(FIRST_PERSON) == EVERY
    # Accents are no other script, and neither are the dotless letters of Turkish.
    written = {one: max(map(ord, said)) > ord("\u024f") for one, (said, _) in SAMPLES.items()}
    assert {one for one, other in written.items() if other} == OTHER_SCRIPTS & {*LANGUAGES}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_a_language_has_every_approved_word(language: str) -> None:
    words = ANSWERS.languages[language]
    assert [name for name in LanguageWords.model_fields if not getattr(words, name)] == []
    text = (policies_dir() / "answers" / "small_talk.yaml").read_text("utf-8")
    tree, lines = load_yaml("small_talk.yaml", text)
    file = validated(SmallTalkFile, tree, lines)
    of = {reply.id: reply.languages for reply in file.replies}
    assert [name for name in COURTESIES if language not in of[name]] == []


def test_no_word_is_in_two_languages_alike() -> None:
    for name in LanguageWords.model_fields:
        told = [str(getattr(words, name)) for words in ANSWERS.languages.values()]
        own = [text for text in told if text != "None"]
        assert len(set(own)) == len(own), name
