"""Fires, poisons and overdoses in other languages than English get the words that English has."""

from __future__ import annotations

import pytest

from router.policy.content.safe_answers import LanguageWords, load_safe_answers
from router.policy.loading import policies_dir
from tests.request.test_newest_danger import talk, words

ANSWERS = load_safe_answers(policies_dir() / "answers" / "safe_answers.yaml")


def said_in(language: str) -> LanguageWords:
    return ANSWERS.languages[language]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Die Pfanne steht in Flammen und die Dunstabzugshaube auch schon"),
        ("de", "bei uns im treppenhaus qualmts, ich seh nichts mehr"),
        ("fr", "la friteuse a pris feu au secours"),
        ("es", "se ha prendido fuego la cortina del salón"),
        ("it", "ha preso fuoco la lavatrice"),
        ("nl", "er is brand in de keuken"),
        ("pl", "pożar w piwnicy, pełno dymu"),
        ("tr", "evde yangın çıktı"),  # noqa: RUF001
        ("ja", "台所が火事です"),
        ("ko", "부엌에 불이 났어요"),
        ("hi", "रसोई में आग लग गई है"),
        ("ar", "هناك حريق في المطبخ"),
        ("zh", "厨房着火了"),
        ("sv", "det brinner i köket hos oss"),
        ("da", "der er ild i køkkenet"),
        ("nb", "det brenner på badet, vi kommer oss ikke ut"),
    ],
)
def test_a_fire_gets_the_words_about_fire(language: str, text: str) -> None:
    own = said_in(language).fire
    assert own is not None
    assert words(text).startswith(own.text)
    assert talk(text)[1].acute


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "im keller riecht es nach gas"),
        ("fr", "ça sent le gaz dans la cuisine"),
        ("sv", "det luktar gas i hela trapphuset"),
    ],
)
def test_gas_keeps_the_words_about_gas(language: str, text: str) -> None:
    own = said_in(language).engineering_safety
    assert own is not None
    assert words(text).startswith(own)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Mein Bruder liegt hier neben leeren Blistern Tavor und ist kaum ansprechbar"),
        ("es", "mi abuela se ha tomado las pastillas de toda la semana"),
        ("es", "me acabo de tragar treinta pastillas de Orfidal"),
        ("fr", "ma coloc a avalé deux plaquettes de Doliprane hier soir et elle vomit"),
        ("it", "mia zia ha preso tutte insieme le gocce di Lexotan"),
        ("pt", "a minha mãe tomou os comprimidos todos de uma vez"),
        ("sv", "min syrra har tryckt i sig en hel karta alvedon"),
    ],
)
def test_an_overdose_without_a_phrase_gets_the_words_about_one(language: str, text: str) -> None:
    own = said_in(language).overdose
    assert own is not None
    assert words(text).startswith(own.text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "der kleine hat an der lauge vom backofenspray genuckelt"),
        ("pl", "synek napił się płynu do udrażniania rur"),
    ],
)
def test_a_poison_that_the_reader_guesses_gets_the_words_about_one(
    language: str, text: str
) -> None:
    own = said_in(language).poison
    assert own is not None
    assert words(text).startswith(own)


def test_words_are_in_the_language_of_the_phrase_where_a_text_looks_like_another() -> None:
    assert words("samboeren min prøver å kvele meg").startswith("Dette kan gjelde noens sikkerhet")


@pytest.mark.parametrize("first", ["he is not breathing", "my son swallowed 20 paracetamol"])
def test_the_reference_of_a_guessed_danger_by_machines_stands_once(first: str) -> None:
    text = words(first, "the safety valve of our boiler is blocked and the pressure keeps climbing")
    assert text.count("rev_1") == 1
    assert text.startswith("With a smell of gas, smoke or fire, get everybody out")


@pytest.mark.parametrize(
    "text",
    [
        "i can smell something like gas near the meter",
        "the propane bottle is hissing and it smells",
        "my kitchen reeks of propane",
        "whole house smells gassy",
    ],
)
def test_a_smell_of_gas_in_other_words_gets_the_words_about_gas(text: str) -> None:
    told = words(text)
    assert told.startswith("Get everybody out now. Touch no switch")
    assert told.count("rev_1") == 1


@pytest.mark.parametrize(
    "text",
    [
        "we are under a ddos attack and the hospital's patient records are down",
        "ransomware on the computers of our clinic right now, patients in theatre",
    ],
)
def test_an_attack_on_a_clinic_is_acute(text: str) -> None:
    """A model answered it where one takes level 3, without a word on whom to call."""
    assert talk(text)[1].acute
    assert words(text).startswith("This may be an attack on your systems under way")


def test_an_attack_on_an_office_is_not_acute() -> None:
    assert not talk("our website is offline right now because of a ddos")[1].acute


NOTICE = (
    "We have not received the rent of 1,450 EUR for October and November. If the full amount is "
    "not on our account by 15 December, we will terminate the tenancy and file for eviction."
)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("cs", "A co když ne?"),
        ("cs", "Co se stane, když nezaplatím?"),
        ("hu", "És ha nem?"),
        ("hu", "Mi lesz, ha nem fizetek?"),
        ("ro", "Și dacă nu?"),
        ("ro", "Dacă nu plătesc?"),
        ("fi", "Entä jos en?"),
        ("id", "Kalau tidak?"),
        ("vi", "Nếu không thì sao?"),
        ("el", "Κι αν δεν το κάνω;"),  # noqa: RUF001
    ],
)
def test_a_short_question_on_an_english_letter_is_answered_in_its_language(
    language: str, question: str
) -> None:
    own = said_in(language).finance
    assert own is not None
    assert words(NOTICE, question).startswith(own)


@pytest.mark.parametrize(
    "text",
    [
        "Con tôi vừa uống nhầm thuốc tẩy, tôi phải làm gì?",
        "Con tôi uống thuốc trừ sâu.",
        "Bé nhà tôi uống nhầm thuốc diệt chuột.",
    ],
)
def test_bleach_that_vietnamese_calls_a_medicine_gets_the_words_of_a_poison(text: str) -> None:
    own = said_in("vi").poison
    assert own is not None
    assert words(text).startswith(own)
