"""Texts of other languages in English words: compounds, the choice of a language, chances."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from router.policy.content.languages.glossaries import GlossaryFile, load_glossaries
from router.policy.loading import policies_dir
from router.triage.facts.languages import heard, language_of
from router.triage.glossed.answers import Answerable, GlossedAnswers
from router.triage.glossed.english import EnglishWords
from router.triage.glossed.glossary import (
    LEAST_BESIDE_ENGLISH,
    LEAST_KNOWN,
    TOLD_BY_WORDS,
    Gloss,
    Glossaries,
    Glossary,
)
from router.triage.glossed.key_names import KeyNames
from router.triage.text.folding import fold
from router.types import Match, MatchBasis
from tests.kits.checks.growth import in_proportion

GERMAN = Glossary(
    "de",
    {
        "where": ["wo"],
        "is": ["ist"],
        "my": ["mein*"],
        "parcel": ["paket*"],
        "return": ["rückgabe*"],
        "deadline": ["frist"],
        "shipping": ["versand*"],
        "cost": ["kosten"],
        "how": ["wie"],
        "how long": ["wie lange", "wie lange noch"],
    },
)
SHIPPED = [
    Glossary(name, file.words)
    for name, file in load_glossaries(policies_dir() / "glossaries").items()
]


@pytest.mark.parametrize(
    ("text", "english", "unknown"),
    [
        ("Wo ist mein Paket", "where is my parcel", 0),
        ("Rückgabefrist", "return deadline", 0),
        ("Versandskosten", "shipping cost", 0),
        ("wo ist der Löwe", "where is der lowe", 2),
        ("meine Pakete", "my parcel", 0),
        ("wie lange versandkosten", "how long shipping cost", 0),
        ("Wie lange noch? Wie? lange", "how long how long", 0),
    ],
)
def test_words_and_parts_of_words_are_put_into_english(
    text: str, english: str, unknown: int
) -> None:
    gloss = GERMAN.gloss(fold(text).words)
    assert (gloss.text, gloss.unknown) == (english, unknown)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo ist mein Paket?", "de"),
        ("Où est mon colis ?", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("Dov'è il mio pacco?", "it"),
        ("Onde está a minha encomenda?", "pt"),
        ("Waar is mijn pakket?", "nl"),
        ("Gdzie jest moja paczka?", "pl"),
        ("Versandkosten", "de"),
        ("The quick brown fox jumps over the lazy dog", None),
        ("Где моя посылка?", None),
        ("Merhaba, kargom nerede, hala gelmedi", None),
    ],
)
def test_the_language_is_the_one_that_knows_the_words(text: str, language: str | None) -> None:
    words = fold(text).words
    gloss = Glossaries(SHIPPED).nearest(words, language_of(text, words), asks=True)
    assert (None if gloss is None else gloss.language) == language


DUTCH = Glossary("nl", {"order": ["order"], "status": ["status"], "contact": ["contact"]})
ENGLISH_WORDS = EnglishWords(["where is my order", "status"], {"contact", "track"}.__contains__)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("reembolso de 45 euros", "es"),  # `de` is in four languages
        ("consegna il 12 marzo", "it"),  # `il` is in two
        ("status bestelling 12345", "nl"),  # `bestell*` is German
        ("annulla 8812", "it"),
        ("zwrot zamówienia 8812", "pl"),
        ("pagare in 3 rate", "it"),
    ],
)
def test_words_choose_between_languages_that_are_even(text: str, language: str) -> None:
    words = fold(text).words
    told = heard(text, words)
    assert not told.clear
    gloss = Glossaries(SHIPPED).nearest(words, told.language, told.even, asks=False)
    assert gloss is not None
    assert gloss.language == language


ENGLISH_QUESTIONS = {"order_status": "Where is my order", "contact_channels": "Contact us"}


def answers(basis: MatchBasis = MatchBasis.FOREIGN) -> GlossedAnswers:
    written = {"wo ist mein paket": "order_status"}
    mine = Answerable(frozenset({"order_status"}), written, ENGLISH_QUESTIONS)
    contact = {"contact": "contact_channels"}
    dutch = Answerable(frozenset({"order_status"}), contact, ENGLISH_QUESTIONS)
    names = KeyNames(["order", "gift card"])
    return GlossedAnswers(
        {"de": mine, "nl": dutch}, [GERMAN, DUTCH], 0.9, ENGLISH_WORDS, names, basis
    )


def found(intent: str, chance: float) -> Match:
    return Match(intent, chance, 0.9, 0.3, (("refund_time", 0.05),), together=chance)


def test_a_text_that_the_operator_wrote_is_known_word_for_word() -> None:
    gloss = answers().gloss("Wo ist mein Paket?", ["wo", "ist", "mein", "paket"], "de")
    assert gloss is not None
    assert gloss.text == "Where is my order"  # what the heads read in its place
    match = answers().match(gloss, None, "Wo ist mein Paket?")
    assert match is not None
    assert (match.intent_id, match.basis, match.language) == (
        "order_status",
        MatchBasis.WRITTEN,
        "de",
    )


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Wo ist my order", "where is my order"),
        ("wo ist my gift card", "where is my gift card"),
        ("wo ist mein Paket my order", "where is my parcel my order"),
        ("Versand my order", "shipping my order"),
    ],
)
def test_the_name_of_a_key_is_english_among_words_of_any_language(text: str, english: str) -> None:
    gloss = answers().gloss(text, fold(text).words, "")
    assert gloss is not None
    assert (gloss.text, gloss.language, gloss.unknown) == (english, "de", 0)


def test_the_longest_name_of_a_key_that_fits_is_read() -> None:
    names = KeyNames(["order", "order item"])
    for name in ("my order", "my order item"):
        marked = names.marked(["storniere", *name.split()])
        assert len(marked) == 2
        assert names.said(" ".join(marked)) == f"storniere {name}"


@pytest.mark.parametrize(
    ("gloss", "said"),
    [
        ("where is my order {0}?", "where is my order?"),
        ("where is order number {0}?", "where is order?"),
        ("where is order with der number {0}?", "where is order?"),
        ("where is number of order {0}?", "where is order?"),
        ("order status {0}", "order status my order"),
        ("cancel {0}, return {0}", "cancel my order, return my order"),
    ],
)
def test_a_thing_that_is_named_twice_in_a_row_is_named_once(gloss: str, said: str) -> None:
    names = KeyNames(["order"])
    assert names.said(gloss.format(*names.marked(["my", "order"]))) == said


def test_words_without_the_name_of_a_key_stay_as_they_are() -> None:
    words = ["where", "is", "my", "parcel", "order", "my"]
    assert KeyNames(["order"]).marked(words) == words
    assert KeyNames([]).marked(["my", "order"]) == ["my", "order"]


def test_words_left_untranslated_lower_the_chance() -> None:
    chances = []
    for unknown in range(4):
        match = answers().match(Gloss("x", "de", 6, unknown, 2), found("order_status", 0.9), "x")
        assert match is not None
        chances.append(match.confidence)
    assert chances == sorted(chances, reverse=True)
    assert chances[0] <= 0.9
    assert chances[3] < 0.5


@pytest.mark.parametrize("basis", [MatchBasis.OWN, MatchBasis.FOREIGN])
@pytest.mark.parametrize("english", [MatchBasis.WRITTEN, MatchBasis.OWN, MatchBasis.FOREIGN])
def test_a_gloss_has_the_basis_of_its_file(basis: MatchBasis, english: MatchBasis) -> None:
    matched = replace(found("order_status", 0.9), basis=english)
    match = answers(basis).match(Gloss("x", "de", 6, 0, 2), matched, "x")
    assert match is not None
    assert match.basis is basis


def test_a_gloss_that_nothing_read_has_the_chance_of_other_files() -> None:
    matched = replace(found("order_status", 0.9), worth_reading=True)
    match = answers(MatchBasis.OWN).match(Gloss("x", "de", 6, 0, 2), matched, "x")
    assert match is not None
    assert match.basis is MatchBasis.FOREIGN


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "je veux résilier mon assurance"),
        ("it", "vorrei disdire la polizza"),
        ("de", "Wie kündige ich meinen Mietvertrag?"),
        ("es", "quiero cancelar mi póliza"),
    ],
)
def test_what_an_act_is_done_to_must_be_known(language: str, text: str) -> None:
    """ "Cancel my insurance" was offered "Cancel my order": only the act had English words."""
    [glossary] = [one for one in SHIPPED if one.language == language]
    gloss = glossary.gloss(fold(text).words)
    assert gloss is not None
    assert gloss.lost


def test_an_act_on_what_is_not_known_matches_nothing() -> None:
    known = Gloss("cancel my parcel", "de", 3, 0, told=2)
    sure = found("order_status", 0.9)
    assert answers().match(known, sure, "storniere mein paket") is not None
    lost = Gloss("cancel my abo", "de", 3, 1, told=1, lost=True)
    assert answers().match(lost, sure, "storniere mein abo") is None


def test_an_unknown_word_elsewhere_loses_nothing() -> None:
    [french] = [one for one in SHIPPED if one.language == "fr"]
    for text in ("mon aspirateur est cassé, je veux annuler ma commande", "annuler la commande"):
        gloss = french.gloss(fold(text).words)
        assert gloss is not None
        assert not gloss.lost


def test_small_words_alone_ask_for_nothing() -> None:
    german = Glossary("de", {"the": ["der"], "is": ["ist"], "to": ["zu"], "parcel": ["paket"]})
    pressure = german.gloss(["der", "wasserdruck", "ist", "zu", "niedrig"])
    parcel = german.gloss(["der", "niedrig", "ist", "paket"])
    assert pressure is not None
    assert parcel is not None
    assert answers().match(pressure, found("order_status", 0.9), "x") is None
    assert answers().match(parcel, found("order_status", 0.9), "x") is not None


def test_an_intent_without_an_answer_in_the_language_is_no_match() -> None:
    gloss = Gloss("where is my parcel", "de", 4, 0)
    assert answers().match(gloss, found("careers", 0.9), "x") is None
    match = answers().match(gloss, found("order_status", 0.9), "x")
    assert match is not None
    assert match.others == ()


def test_english_is_left_alone() -> None:
    words = ("where", "is", "my", "order")
    assert answers().gloss("Where is my order?", words, "en") is None
    assert answers().gloss("status", ("status",), "") is None


@pytest.mark.parametrize(
    ("words", "told", "language"),
    [
        ("order status 8812", "en", None),
        ("order status 8812", "", None),
        ("order 8812 kowalczyk", "en", None),  # a name is in no list of either
        ("order 8812 kowalczyk", "", None),
        ("contact", "", None),  # written in Dutch, and English as well
        ("contact", "nl", "nl"),
        ("8812", "", None),
        ("paket 8812", "", "de"),
        ("versand frist 8812", "en", "de"),
    ],
)
def test_english_wins_what_is_even_and_a_number_tells_nothing(
    words: str, told: str, language: str | None
) -> None:
    gloss = answers().gloss(words, words.split(), told)
    assert (None if gloss is None else gloss.language) == language


def likeliest(words: Sequence[str], language: str) -> Gloss:
    """Returns the gloss of the glossary that knows most words, and of those most letters."""

    def told(glossary: Glossary) -> tuple[float, int]:
        gloss = glossary.gloss(words)
        assert gloss is not None
        spoken = glossary.language == language
        return gloss.known + TOLD_BY_WORDS * spoken, glossary.letters(words)

    best = max(SHIPPED, key=told).gloss(words)
    assert best is not None
    return best


@pytest.mark.parametrize("language", ["de", "es", "en", "pl", ""])
@pytest.mark.parametrize(
    "text", ["Wo ist mein Paket?", "Where is my parcel?", "dónde está mi pedido"]
)
def test_gloss_is_the_same_as_without_leaving_early(text: str, language: str) -> None:
    words = fold(text).words
    best = likeliest(words, language)
    found = Glossaries(SHIPPED).nearest(words, language, asks=False)
    assert found in (None, best)
    assert (found is None) <= (best.known < LEAST_BESIDE_ENGLISH)


WORDS_OF_ALL = sorted({word for glossary in SHIPPED for word in glossary.words})


@given(
    st.lists(
        st.sampled_from(WORDS_OF_ALL) | st.text("abdeinorst", max_size=9) | st.just("42"),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(["de", "es", "en", ""]),
)
def test_no_glossary_is_left_out_that_knows_enough(words: list[str], language: str) -> None:
    nearest = Glossaries(SHIPPED).nearest(words, language, asks=False)
    best = likeliest(words, language)
    least = LEAST_BESIDE_ENGLISH if language == "en" else LEAST_KNOWN
    assert nearest == (best if best.known >= least else None)


def test_gloss_ends_where_too_few_words_can_be_known() -> None:
    assert GERMAN.gloss(["blender", "warranty", "paket"], least=0.5) is None
    assert GERMAN.gloss(["blender", "warranty", "paket"], least=0.3) is not None


def test_time_for_a_long_word_grows_with_its_length() -> None:
    assert in_proportion(lambda text: GERMAN.gloss([text]), "a", begin="paket")


def test_a_phrase_is_written_out() -> None:
    with pytest.raises(ValidationError, match="every form written out"):
        GlossaryFile(version=1, language="es", words={"how long": ["cuanto tarda*"]})
