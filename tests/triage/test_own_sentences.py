"""A grave question of one's own in a long text: filler around it lowers nothing.

The questions and the filler were written for these tests and taught nothing.
"""

# ruff: noqa: RUF001 - other alphabets are needed

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Gateway
from router.triage.framing.own_sentences import (
    ASKING_WEIGHS,
    END_WEIGHS,
    MOST_ASKING,
    OwnSentence,
    own_sentences,
)
from router.triage.other_readings import STRATEGIC_PASSAGE, own_matter
from router.triage.reading import ModelRow
from router.types import Domain, Matter, RequestType
from tests.kits.opened import gateway_of

NEUTRAL = (
    "The committee reviewed the proposal last Tuesday. The bakery on the corner has changed its "
    "opening hours. In autumn the museum shows maps of old harbours. The bus was late again, so "
    "the choir began without them. "
)
FILLER = NEUTRAL * 18
GARTEN = (
    "Der Ausschuss hat den Vorschlag am Dienstag besprochen. Die Bäckerei an der Ecke hat neue "
    "Öffnungszeiten. Im Herbst zeigt das Museum Karten von alten Häfen und Leuchttürmen. "
) * 22
HANGUK = (
    "위원회는 화요일에 제안을 검토했다. 모퉁이 빵집은 영업시간을 바꿨다. "
    "가을에는 박물관에서 옛 항구 지도를 전시한다. "
) * 20
THREAD = "".join(
    f"\n\nOn Tue, {day} Mar 2026, Petra Blum wrote:\n" + "> The choir sings in the hall.\n" * 20
    for day in range(3, 9)
)
CODE = "\n\n```python\ndef total(rows):\n    return sum(row.width for row in rows)\n```\n" * 40
AROUND: dict[str, Callable[[str], str]] = {
    "before": lambda text: f"{FILLER}{text}",
    "behind": lambda text: f"{text} {FILLER}",
    "both": lambda text: f"{FILLER[:2000]}. {text} {FILLER[:2000]}",
    "thread": lambda text: text + THREAD,
    "code": lambda text: text + CODE,
}
GRAVE = [
    "Should I double my warfarin dose tonight since I missed two?",
    "Can I give my baby aspirin for fever?",
    "Is it safe to give my six week old ibuprofen for a fever?",
    "Can I take my daughter abroad without telling her father?",
    "The brakes of our school bus feel soft, can we still do the tour tomorrow?",
    "Should we accept the takeover bid of our competitor?",
]
GRAVE_ABROAD = [
    "Mein Chef verlangt, dass ich den Aufhebungsvertrag heute unterschreibe, muss ich das?",
    "Ich habe zu viel von meinem Insulin gespritzt, was soll ich tun?",
    "Das Gerüst wackelt, können wir trotzdem weiterarbeiten?",
]
CALM = [
    "Can I return the shoes without the box?",
    "I would like to move my appointment to Thursday.",
    "Should I use a list or a tuple here?",
    "Please make this text shorter.",
]


gateway = gateway_of("openai", OPENAI_API_KEY="x")


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("text", GRAVE)
def test_filler_around_a_grave_question_lowers_nothing(
    gateway: Gateway, text: str, place: str
) -> None:
    assert gateway.route(AROUND[place](text)).decision.floor == 3


@pytest.mark.parametrize("text", GRAVE_ABROAD)
def test_filler_in_another_language_lowers_nothing(gateway: Gateway, text: str) -> None:
    assert gateway.route(f"{text} {GARTEN}").decision.floor == 3
    assert gateway.route(GARTEN + text).decision.floor == 3


def test_filler_in_another_language_than_the_question_lowers_nothing(gateway: Gateway) -> None:
    routed = gateway.route(f"{FILLER}\n{GRAVE_ABROAD[0]}")
    assert (routed.decision.floor, routed.signals.matter_language) == (3, "de")


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("text", CALM)
def test_calm_questions_among_filler_stay_calm(gateway: Gateway, text: str, place: str) -> None:
    assert gateway.route(AROUND[place](text)).decision.floor < 3


LEAFLET = (
    "Warfarin is a medicine that thins the blood. Somebody who misses a dose takes it on the same "
    "day. A double dose is dangerous, since it causes bleeding. Patients tell their dentist. "
) * 10


@pytest.mark.parametrize("order", ["Shorten this:\n\n", "Please translate the following:\n\n", ""])
def test_a_pasted_text_holds_no_sentence_of_ones_own(order: str) -> None:
    assert {one.text.strip() for one in own_sentences(order + LEAFLET, "en")} <= {order.strip()}


def own(text: str, language: str = "en") -> list[tuple[str, int]]:
    return [(one.text.strip(), one.among) for one in own_sentences(text, language)]


def test_a_short_text_has_no_own_sentences() -> None:
    assert own_sentences("Should I sell my house? " * 10, "en") == ()


def test_questions_of_ones_own_weigh_more_than_others() -> None:
    text = f"{FILLER}Should I sell my house? {FILLER}Which museum is open? {NEUTRAL}"
    asked = ("Should I sell my house?", 2), ("Which museum is open?", 2 * ASKING_WEIGHS)
    assert own(text) == list(asked)


def test_a_sentence_that_is_repeated_counts_once() -> None:
    assert own("Should I sell my house? " * 60) == [("Should I sell my house?", 1)]


def test_the_first_and_the_last_questions_count() -> None:
    asks = [f"Shall I take number {chr(97 + i)}?" for i in range(20)]
    half = MOST_ASKING // 2
    found = [text for text, _ in own(FILLER + " ".join(asks))]
    assert found == asks[:half] + asks[-half:]


def test_only_the_ends_of_a_text_tell_of_oneself() -> None:
    told = "My cellar smells of gas."
    assert own(f"{told} {FILLER}") == [(told, END_WEIGHS)]
    assert own(FILLER + told) == [(told, END_WEIGHS)]
    assert own(f"{FILLER}{told} {NEUTRAL}") == []
    assert own(f"Cellars smell of gas. {FILLER}") == []


@pytest.mark.parametrize(
    "foreign",
    [
        "> Should I sell my house?",
        "| Should I sell my house?",
        'He asked: "Should I sell my house?"',
        "Then „Soll ich mein Haus verkaufen?“",
    ],
)
def test_words_of_others_are_nobodys_own(foreign: str) -> None:
    assert own(f"{FILLER}\n{foreign}\n{NEUTRAL}") == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Soll ich mein Haus verkaufen?"),
        ("fr", "Dois-je vendre ma maison ?"),
        ("es", "¿Debo vender mi casa?"),
        ("it", "Devo vendere la mia casa?"),
        ("nl", "Moet ik mijn huis verkopen?"),
        ("pt", "Devo vender a minha casa?"),
        ("pl", "Czy mam sprzedać mój dom?"),
        ("tr", "Ben evimi satmalı mıyım?"),
        ("ru", "Мне продать мой дом?"),
        ("ar", "هل يجب أن أبيع بيتي الذي لي؟"),
        ("uk", "Чи варто мені продати мій дім?"),
        ("hi", "क्या मुझे मेरा घर बेचना चाहिए?"),
        ("ko", "제가 집을 팔아야 할까요?"),
        ("ko", "저희어머니 집을 팔아야 할까요?"),
        ("ko", "이 집을 나한테만 팔까요?"),
        ("ko", "제 집을 팔아야 할까요?"),
    ],
)
def test_the_first_person_is_known_in_many_languages(language: str, said: str) -> None:
    assert own(f"{said}\n{NEUTRAL * 10}", language) == [(said, 1)]


@pytest.mark.parametrize(
    "said", ["문제가 있으면 어떻게 되나요?", "내일은 몇 시에 여나요?", "끝나는 시간은 언제인가요?"]
)
def test_a_korean_word_that_holds_a_pronoun_is_none(said: str) -> None:
    assert own(f"{said}\n{NEUTRAL * 10}", "ko") == [(said, ASKING_WEIGHS)]


def test_the_last_sentence_of_a_korean_text_tells_of_its_sender() -> None:
    told = "저는 어젯밤에 수면제를 서른 알 먹었어요."
    assert own(f"{HANGUK}{told}", "ko") == [(told, END_WEIGHS)]
    assert own(f"{HANGUK}환자는 수면제를 서른 알 먹었다.", "ko") == []


ROW = ModelRow(
    RequestType.FAQ, 0.9, Domain.GENERAL, 0.9, Domain.FINANCE, 0.1,
    0.0, 0.1, 0.1, 0.1, 0.2, 0.01, 0.02,
)  # fmt: skip


def test_odds_of_an_own_sentence_are_divided() -> None:
    grave = ROW._replace(grave=0.99, matter=Matter.LEGAL, read_as="de")
    found = own_matter(ROW, grave, 4)
    assert (found.grave, found.matter, found.read_as) == (0.961165, Matter.LEGAL, "de")
    assert own_matter(ROW, grave, 43) is ROW  # .697


def test_an_own_sentence_that_says_less_raises_nothing() -> None:
    whole = ROW._replace(grave=0.98, matter=Matter.VIOLENCE)
    assert own_matter(whole, ROW._replace(grave=0.97, matter=Matter.LEGAL), 1) is whole


def test_a_strategic_own_sentence_makes_the_text_strategic() -> None:
    surely = ROW._replace(strategic=0.9, read_as="en")
    assert own_matter(ROW, surely, 2).strategic == 0.818182
    assert own_matter(ROW, surely._replace(strategic=STRATEGIC_PASSAGE), 2) is ROW
    assert own_matter(ROW, surely._replace(read_as="de"), 2) is ROW  # where the head guesses


@given(st.text(st.sampled_from("ab .!?\n>I"), max_size=2000), st.sampled_from(["en", "de", ""]))
def test_own_sentences_are_few(text: str, language: str) -> None:
    found = own_sentences(text, language)
    assert len(found) <= MOST_ASKING + 2
    assert all(isinstance(one, OwnSentence) and one.among >= 1 for one in found)
    assert len({one.text for one in found}) == len(found)
