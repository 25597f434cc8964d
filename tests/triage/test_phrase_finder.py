"""Phrases by language: found in any order, with one typing error, and not in common talk."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.content.term_files import ACTIONS, HARM, STRATEGY, load_language_terms
from router.policy.loading import policies_dir
from router.regexes.edits import is_one_edit
from router.triage.facts.phrase_finder import Phrase, PhraseFinder
from router.triage.facts.phrase_lists import phrase_finder
from router.triage.text.folding import fold
from tests.kits.checks.growth import in_proportion
from tests.kits.examples import examples
from tests.kits.grave import mistyped, table

TERMS = load_language_terms(policies_dir() / "terms")
SHIPPED = phrase_finder(TERMS)
MATTERS = [one for one in TERMS.phrases if one.list_name not in (ACTIONS, HARM, STRATEGY)]
ROWS = table()
NOT_MEANT = frozenset(word for text in TERMS.not_meant for word in fold(text).words)
CHILD = ("my son", "the baby")
FINDER = PhraseFinder(
    [
        Phrase("poison", (CHILD, ("swallowed",), ("bleach", "drain cleaner"))),
        Phrase("gas", (("gaslek*",),)),
        Phrase("zh", (("孩子",), ("漂白",)), unspaced=True),
    ],
    ["breach"],
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My son swallowed bleach", ("poison",)),
        ("bleach! the baby has swallowed some", ("poison",)),
        ("my son swalowed drian cleaner", ("poison",)),
        ("my son swallowed a breach of contract", ()),
        ("my son swallowed a button", ()),
        ("my son " + "and so on " * 4 + "swallowed bleach", ()),
        ("gaslekken im Haus", ("gas",)),
        ("gaslkken im Haus", ("gas",)),
        ("我的孩子喝了漂白剂", ("zh",)),
        ("", ()),
    ],
)
def test_parts_are_found_near_each_other(text: str, names: tuple[str, ...]) -> None:
    assert FINDER.find(fold(text)) == names


@pytest.mark.parametrize(
    ("text", "found"),
    [("peto", False), ("a peto", False), ("peto apeito", True), ("aperto no peito", True)],
)
def test_one_word_is_not_two_parts_of_a_phrase(text: str, found: bool) -> None:
    finder = PhraseFinder([Phrase("chest", (("peito",), ("aperto", "apeto")))])
    assert bool(finder.find(fold(text))) is found


@pytest.mark.parametrize("parts", [*permutations([("baby",), ("moved", "quiet"), ("quiet now",)])])
def test_the_order_of_the_parts_of_a_phrase_means_nothing(
    parts: tuple[tuple[str, ...], ...],
) -> None:
    """The third word begins two parts, of which the second word is one, too."""
    finder = PhraseFinder([Phrase("quiet", parts)])

    assert finder.find(fold("baby moved quiet now")) == ("quiet",)
    assert finder.find(fold("baby quiet now")) == ()


@pytest.mark.parametrize("words", [*permutations(["baby", "moved", "quiet now"])])
def test_a_word_of_two_parts_is_the_one_that_no_other_word_is(words: tuple[str, ...]) -> None:
    """The second word of "moved quiet now baby" was taken for both of its parts."""
    finder = PhraseFinder([Phrase("quiet", (("baby",), ("moved", "quiet"), ("quiet now",)))])
    assert finder.find(fold(" ".join(words))) == ("quiet",)


@pytest.mark.parametrize(
    "text",
    [
        "qual é a estação mais perto daqui?",
        "a loja já aberta fica perto?",
        "metto il codice e poi pago con la carta in banca",
        "¿ya está hecho? me duele esperar",
        "quelle couleur pour la poitrine du costume",
    ],
)
def test_everyday_words_are_no_mistyped_ones(text: str) -> None:
    assert SHIPPED.find(fold(text)) == ()


@pytest.mark.parametrize(("language", "matter", "text"), ROWS)
def test_each_language_has_its_matters(language: str, matter: str, text: str) -> None:
    assert f"{matter}:{language}" in SHIPPED.find(fold(text))


@pytest.mark.parametrize(
    ("language", "fire", "none"),
    [
        ("en", "flames! the garage is on fire", "how do I light a fire in the fireplace?"),
        (
            "en",
            "there is smoke coming out of the dryer",
            "is there a fire extinguisher in the house?",
        ),
        ("en", "the hairdryer you sent caught fire", "our phone campaign caught fire online"),
        (
            "en",
            "I got an electric shock from your kettle",
            "has the heater protection against electric shock?",
        ),
        ("de", "im Keller brennt es", "das Licht brennt in der Küche"),
        ("de", "das Sofa brennt", "neben dem Sofa brennt das Licht"),
        ("fr", "le garage est en feu", "le feu est rouge devant la maison"),
        ("es", "la casa está en llamas", "quiero una cocina de gas"),
        ("it", "il tetto va a fuoco", "cuocere a fuoco lento in cucina"),
        ("nl", "het huis staat in brand", "een brandalarm voor de keuken"),
        ("pl", "dom płonie", "światło pali się w kuchni"),
        ("pt", "a cozinha está pegando fogo", "quero um forno novo"),
        ("tr", "evde yangın çıktı", "mutfakta ışık yanıyor"),  # noqa: RUF001
        ("ru", "в подвале пожар", "свет горит на кухне"),
        ("ar", "اندلع حريق في شقتنا", "أريد فرنا جديدا"),
        ("hi", "घर में आग लग गई", "नया चूल्हा चाहिए"),
        ("ja", "家が火事です", "火事の保険はありますか"),
        ("zh", "房子着火了", "我想买烤箱"),
    ],
)
def test_a_fire_is_found_and_its_look_alikes_are_not(language: str, fire: str, none: str) -> None:
    assert f"engineering_safety:{language}" in SHIPPED.find(fold(fire))
    assert not any("engineering_safety" in name for name in SHIPPED.find(fold(none)))


@pytest.mark.parametrize(
    ("language", "plain", "none"),
    [
        ("en", "im gonna kms", "the race is 10 kms long"),
        ("de", "Heute Nacht bringe ich mich um", "Die Hitze bringt uns noch um"),
        ("es", "Me quiero matar esta noche", "El ruido me va a volver loco"),
        ("fr", "Je vais me suicider ce soir", "Qui a écrit ce livre sur le suicide ?"),
        ("it", "Stasera mi voglio uccidere", "Chi ha ucciso Cesare?"),
        ("nl", "ik ga zelfmoord plegen", "een boek over zelfmoord"),
        ("pl", "zabiję się", "kto zabił króla?"),
        ("pt", "hoje vou me suicidar", "o índice de suicídio no país"),
        ("ru", "сегодня я покончу с собой", "мы покончим с этим завтра"),  # noqa: RUF001
        ("tr", "bu gece intihar edeceğim", "intihar oranı nedir"),  # noqa: RUF001
        ("ar", "أريد الانتحار", "ما هي نسبة الانتحار"),
        ("hi", "मैं आत्महत्या करना चाहता हूँ", "आत्महत्या की दर क्या है"),
        ("ja", "今夜自殺します", "自殺率を教えてください"),
        ("zh", "我想自杀", "自杀率是多少"),
    ],
)
def test_who_says_it_plainly_is_found_and_a_question_of_knowledge_is_not(
    language: str, plain: str, none: str
) -> None:
    assert f"self_harm:{language}" in SHIPPED.find(fold(plain))
    assert not any("self_harm" in name for name in SHIPPED.find(fold(none)))


@pytest.mark.parametrize(
    "text",
    ["息子が息をしていません", "息をしていない", "呼吸していません", "父は意識がありません"],
)
def test_polite_japanese_denies_with_another_ending(text: str) -> None:
    assert "medical_emergency:ja" in SHIPPED.find(fold(text))


@pytest.mark.parametrize(
    ("language", "own", "none"),
    [
        ("de", "Ich wurde gestern verhaftet", "Wie viele wurden damals festgenommen?"),
        ("fr", "j'ai été arrêté hier", "Qui a été arrêté en 1793 ?"),
        ("es", "me han detenido esta noche", "¿Quién fue detenido en 1936?"),
        ("it", "mi hanno arrestato", "chi fu arrestato per l'attentato?"),
        ("pt", "fui preso ontem", "quem foi preso em 1964?"),
        ("nl", "ik ben gearresteerd", "wie werd er gearresteerd?"),
        ("pl", "zostałem aresztowany", "kto został aresztowany?"),
        ("ru", "меня арестовали", "кого арестовали тогда?"),
        ("tr", "dün tutuklandım", "kim tutuklandı?"),  # noqa: RUF001
        ("ar", "تم اعتقالي أمس", "من تم اعتقاله؟"),
        ("hi", "मुझे गिरफ्तार कर लिया गया", "किसे गिरफ्तार किया गया?"),
        ("ja", "昨日逮捕されました", "逮捕の歴史を教えて"),
    ],
)
def test_an_arrest_of_ones_own_is_found_and_one_in_history_is_not(
    language: str, own: str, none: str
) -> None:
    assert f"legal:{language}" in SHIPPED.find(fold(own))
    assert not any("legal" in name for name in SHIPPED.find(fold(none)))


def test_every_language_has_every_matter() -> None:
    told = {(phrase.language, phrase.list_name) for phrase in MATTERS}
    assert len(told) == 26 * 7


@examples(300)
@given(st.sampled_from(ROWS), st.integers(0, 2**32))
def test_one_typing_error_hides_no_matter(row: tuple[str, str, str], seed: int) -> None:
    _, matter, text = row
    wrong = mistyped(text, random.Random(seed))
    if NOT_MEANT.isdisjoint(set(fold(wrong).words) - set(fold(text).words)):
        assert matter in {name.partition(":")[0] for name in SHIPPED.find(fold(wrong))}, wrong


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_edit_agrees_with_a_plain_distance(one: str, other: str) -> None:
    assert is_one_edit(one, other) == (_distance(one, other) <= 1)


def _wrong(word: str) -> set[str]:
    """Returns a word with one letter dropped, added, wrong or swapped; its first only swapped."""
    cuts = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    return {
        word[1::-1] + word[2:],
        *(begin + rest[1:] for begin, rest in cuts),
        *(begin + "q" + rest for begin, rest in cuts),
        *(begin + "q" + rest[1:] for begin, rest in cuts),
        *(begin + rest[1::-1] + rest[2:] for begin, rest in cuts),
    }


@pytest.mark.parametrize("word", ["chest", "bleach", "anaana", "ааввг"])
def test_a_letter_may_be_wrong_at_any_place_but_the_first(word: str) -> None:
    whole, stem = (PhraseFinder([Phrase("found", ((word + end,),))]) for end in ("", "*"))
    for wrong in _wrong(word):
        assert whole.find(fold(wrong)) == ("found",), wrong
        assert stem.find(fold(f"{wrong}zzz")) == ("found",), wrong


@pytest.mark.parametrize(
    "text",
    [
        "What does a night cost for a dog and a kitten?",
        "the cat wears mittens on its paws",
        "my hand smells of your soap",
        "my hands smelled of onions",
        "the cat knocked over the trash with my phone in it",
        "we cannot breathe easy in this weather, said the coach",
    ],
)
def test_a_word_that_rhymes_is_no_typing_error(text: str) -> None:
    assert SHIPPED.find(fold(text)) == ()


@pytest.mark.parametrize("text", ["he cant breath", "loosing feeling in my arm", "dad is chocking"])
def test_a_real_word_may_be_a_typing_error(text: str) -> None:
    assert "medical_emergency:en" in SHIPPED.find(fold(text))


def _distance(one: str, other: str) -> int:
    """Returns Damerau's distance by its definition: optimal string alignment."""
    table_ = [[i + j for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            table_[i][j] = min(
                table_[i - 1][j] + 1, table_[i][j - 1] + 1, table_[i - 1][j - 1] + (not same)
            )
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                table_[i][j] = min(table_[i][j], table_[i - 2][j - 2] + 1)
    return table_[len(one)][len(other)]


@pytest.mark.parametrize(
    "piece", ["my son swallowed ", "bleach ", "swalowed ", "孩子漂 ", "aaaaab"]
)
def test_reading_takes_linear_time(piece: str) -> None:
    assert in_proportion(lambda text: SHIPPED.find(fold(text)), piece)


@pytest.mark.parametrize(
    "text",
    [
        "I am drowning in emails",
        "She is drowning in work since Monday",
        "Write the scene in which a stranger drowns",
        "we went a bit overboard with the decorations",
        "Wir ertrinken in Arbeit",
    ],
)
def test_a_figure_of_speech_about_water_is_no_emergency(text: str) -> None:
    assert SHIPPED.find(fold(text)) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Unser Router hängt seit Montag", False),  # "since" is no misspelt "side"
        ("die Seite hängt beim Bezahlen", False),  # a page of a site is no side of a body
        ("seine linke Seite ist taub", True),
        ("meine Seite kribbelt", True),
        ("seit einer Stunde hängt ihr Mundwinkel", True),
    ],
)
def test_german_side_that_fails_is_one_of_a_body(text: str, found: bool) -> None:
    assert ("medical_emergency:de" in SHIPPED.find(fold(text))) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wir kleben die Lichtschranke kurz ab", True),
        ("Ich baue die Schutzhaube aus, die stört nur", True),
        ("Die Schutzhaube bauen wir wieder ein", False),
        ("Wir bauen Schutzhauben aus Aluminium", False),
        ("Ab wann liefern Sie die Schutzhaube? Wir kleben sie selbst", False),
    ],
)
def test_german_verb_in_two_parts_takes_a_guard_away(text: str, found: bool) -> None:
    assert ("engineering_safety:de" in SHIPPED.find(fold(text))) is found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("my son swallowed cleaner and is in pain", ("poison",)),  # "pain" is no mistyped "paint"
        ("my son swallowed cleaner, he is in panit", ("poison",)),
        ("my son swallowed cleaner from a can of paint", ()),
        ("my son swallowed cleaner for a test drive", ()),
        ("my son swallowed cleaner with a test driver", ("poison",)),
        ("my son swallowed cleaner in two novels", ()),
    ],
)
def test_only_a_word_as_it_is_written_takes_a_danger_away(
    text: str, names: tuple[str, ...]
) -> None:
    excuses = ("paint", "test drive", "novel*")
    cleaner = Phrase("poison", (CHILD, ("swallowed",), ("cleaner",)), unless=excuses)
    assert PhraseFinder([cleaner]).find(fold(text)) == names
