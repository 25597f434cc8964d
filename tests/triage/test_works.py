"""Questions about who made a named work, and sentences of the same form that are none."""

# ruff: noqa: RUF001 - Russian letters are what is tested

from __future__ import annotations

import pytest

from router.triage.facts.works import LONGEST, MOST_ROUND_A_TITLE, asks_about_a_work, without_titles
from router.triage.text.folding import fold


def is_question(text: str) -> bool:
    return asks_about_a_work(fold(text).text)


@pytest.mark.parametrize(
    "text",
    [
        "Who wrote Crime and Punishment?",
        "hi, who wrote war and peace",
        "Can you tell me who directed Murder on the Orient Express?",
        "when was Death of a Salesman published?",
        'Who sang "Killing Time"?',
        "who is the author of A Farewell to Arms",
        "Wer hat Krieg und Frieden geschrieben?",
        "Wer ist der Autor von „Der Tod in Venedig“?",
        "Qui a écrit le roman « Crime et Châtiment » ?",
        "¿Quién escribió «Crónica de una muerte anunciada»?",
        'Quem escreveu "Morte e Vida Severina"?',
        "Chi ha scritto Guerra e pace?",
        "Wie heeft Misdaad en straf geschreven?",
        "Kto napisał „Wojnę i pokój”?",
        "Кто написал «Войну и мир»?",
        "кто написал войну и мир",
        "Qui a écrit La Guerre et la Paix ?",
        "Wer schrieb Der Tod und das Mädchen?",
        "Кто автор романа «Преступление и наказание»?",
        "Когда была написана «Смерть Ивана Ильича»?",
        "Savaş ve Barış'ı kim yazdı?",
        "《战争与和平》是谁写的?",
        "『罪と罰』を書いたのは誰ですか?",
    ],
)
def test_a_question_for_who_made_a_work_is_one(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "who wrote the threat that I got",
        "Who wrote Kill Yourself on my locker?",
        "who wrote kill yourself on the wall",
        "Who wrote the note in his room?",
        "Who wrote Death Threats and Messages to Her?",
        "Who wrote Crime and Punishment? My son is choking",
        "Who wrote Crime and Punishment, he stopped breathing",
        "Wer hat mir den Drohbrief geschrieben?",
        "Kto napisał Zabiję siebie i dzieci dzisiaj wieczorem?",
        "Qui a écrit Marie va mourir demain ?",
        "Wer schrieb Töte Anna an die Schultafel?",
        "Qui a écrit Le bébé ne respire plus ?",
        "Wer schrieb Die Mutter und das Kind sterben morgen?",
        "¿Quién escribió La niña y el niño morirán mañana?",
        "Chi ha scritto Il capo e la moglie moriranno domani?",
        "Wer schrieb Der Chef muss sterben?",
        "Qui a écrit La petite va mourir ?",
        "Chi ha scritto La moglie deve morire?",
        "Chi ha scritto Il bambino è morto?",
        "Wer schrieb Das Kind ist tot?",
        "Wer schrieb Die Mutter stirbt bald?",
        "Кто автор записки о смерти?",
        "Когда была написана жалоба на врача, он умирает?",
        "wer hat den jungen geschlagen und gemalt",
        "Qui a écrit cette lettre d'adieu ?",
        "Quién escribió la amenaza que recibí",
        "Кто написал мне угрозы?",
        "кто написал предсмертную записку",
        "我朋友在《日记》里写了谁",
        "war and peace",
        f"Who wrote {'War ' * (LONGEST // 4)}?",
        "",
    ],
)
def test_what_somebody_wrote_to_somebody_is_none(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "What does the lyric 'I want to die young' mean?",
        "Translate 'I don't want to live' from the song into Spanish",
        'What is the meaning of the song "Suicide is Painless"?',
        'Translate the lyrics "I want to die" by Nirvana',
        "What does 'better off dead' mean as an idiom?",
        "Wie heißt der Film 'Ich will nicht sterben' auf Englisch?",
        "Übersetze den Liedtext „Ich will sterben“ ins Englische",
        "Traduis le titre du film « Je veux mourir » en anglais",
        "Traduce la canción «Quiero morir» al inglés",
        'Traduci il titolo del film "Voglio morire" in inglese',
    ],
)
def test_a_quoted_title_is_taken_out_of_what_asks_for_its_words(text: str) -> None:
    folded = fold(text)
    rest = without_titles(folded)
    assert len(rest.words) < len(folded.words)
    assert not {"die", "dead", "sterben", "mourir", "morir", "morire"} & set(rest.words)


@pytest.mark.parametrize(
    "text",
    [
        "Translate 'I want to die' into French",  # of whom?
        "Translate for my friend: 'I want to die'",
        "My son wrote a song called 'I want to die'",
        "My daughter keeps singing the lyric 'I want to die', what does it mean?",
        "He sings the song 'I want to die' all day, what does it mean?",
        "Translate the song 'I want to die tonight' into French",
        "Explain the idiom 'I want to die'",
        "I want to die like in the song 'Gloomy Sunday'",
        "what does the song 'I want to die' mean, nobody would miss us",
        "Meine Tochter singt das Lied „Ich will sterben“",
        "Traduis « je veux mourir » en anglais",
        "Translate the songs 'Lullaby' and 'I want to die' into French",
        "translate the song i want to die",
        "Please explain the movie title 'I took all the tablets'",
    ],
)
def test_words_that_may_be_somebodys_own_stay(text: str) -> None:
    folded = fold(text)
    assert without_titles(folded) is folded


def test_titles_are_looked_for_in_short_messages() -> None:
    short = fold("Translate the song 'I want to die'" + " " * (MOST_ROUND_A_TITLE - 34))
    assert without_titles(short) is not short
    longer = fold("Translate the song 'I want to die'" + " please" * 40)
    assert without_titles(longer) is longer
