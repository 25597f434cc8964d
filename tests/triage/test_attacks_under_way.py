"""An attack on computers that is under way reaches level 3, with words on whom to call first."""

# ruff: noqa: RUF001 - other alphabets

from __future__ import annotations

import pytest

from router.policy.content.safe_answers import SafeCase, load_safe_answers, safe_answer
from router.policy.loading import policies_dir
from router.types import Domain, Matter
from tests.kits.inputs.shipped_phrases import lists_of, phrases_in

ANSWERS = load_safe_answers(policies_dir() / "answers" / "safe_answers.yaml")

AT_RISK = [
    ("en", "ransomware note on the reception computers of our clinic, what first?"),
    ("en", "plant network encrypted, line still running, what do we do first"),
    ("en", "somebody is moving the setpoints on our water plant HMI remotely, not us"),
    ("en", "we are under a ddos attack and the hospital's patient records are down"),
    ("en", "hackers have locked the hospital servers and the monitors are offline"),
    ("de", "Wir haben gerade einen DDoS-Angriff, das Klinikinformationssystem steht still"),
    ("fr", "attaque DDoS en cours sur notre hôpital, les dossiers patients sont inaccessibles"),
    ("es", "ataque DDoS en el hospital ahora mismo, no se abren las historias clínicas"),
    ("it", "attacco DDoS in corso, l'ospedale non vede più le cartelle dei pazienti"),
    ("de", "Erpressungstrojaner auf zwei PCs am Empfang der Praxis, was zuerst?"),
    ("fr", "Rançongiciel sur les postes du service, les fichiers finissent par .crypt"),
    ("es", "Ransomware en dos ordenadores de la recepción del hospital"),
    ("it", "Attacco ransomware in corso, i server dell'ospedale sono cifrati"),
    ("nl", "Ransomware op de computers van de praktijk"),
    ("pl", "Ransomware na komputerach przychodni, co najpierw?"),
    ("pt", "Ransomware nos computadores da clínica"),
    ("tr", "Hastane bilgisayarlarında fidye yazılımı var"),
    ("ru", "На компьютерах клиники вирус-шифровальщик"),
    ("uk", "На комп'ютерах лікарні вірус-шифрувальник, що робити?"),
    ("zh", "医院的电脑中了勒索病毒"),
    ("ja", "病院のパソコンがランサムウェアに感染しました"),
    ("ko", "병원 컴퓨터가 랜섬웨어에 감염됐어요"),
]
OFFICES = [
    ("en", "ransomware on our PCs, is the backup safe?"),
    ("en", "an intruder has domain admin in our network, what do we do in the first hour"),
    ("de", "Ransomware auf unseren Rechnern im Büro"),
    ("fr", "un ransomware sur nos ordinateurs, que faire"),
]
CALM = [
    "what is ransomware?",
    "how do I protect my clinic against ransomware?",
    "write a training slide about ransomware for our hospital",
    "explain how a ddos attack on a hospital works, for a slide",
    "Schulung: DDoS-Angriffe auf Krankenhäuser, bitte drei Folien",
    "Was ist Ransomware?",
    "Ist die Verbindung gerade verschlüsselt?",
    "is the connection encrypted right now?",
    "in our simulator game a hacker took over the reactor",
]


def words_of(language: str, text: str, matter: Matter) -> str:
    case = SafeCase(
        domain=Domain.GENERAL,
        text=text,
        review_id="rev_1",
        matter=matter,
        named=True,
        language=language,
    )
    return safe_answer(case, ANSWERS)


@pytest.mark.parametrize(("language", "text"), AT_RISK)
def test_an_attack_where_people_depend_on_computers_is_a_danger(language: str, text: str) -> None:
    assert f"engineering_safety:{language}" in phrases_in(text)
    attack = ANSWERS.languages[language].attack
    assert attack is not None
    assert words_of(language, text, Matter.ENGINEERING_SAFETY).startswith(attack.text)


@pytest.mark.parametrize(("language", "text"), OFFICES)
def test_an_attack_on_an_office_is_a_fraud_with_words_of_its_own(language: str, text: str) -> None:
    assert f"fraud:{language}" in phrases_in(text)
    attack = ANSWERS.languages[language].attack
    assert attack is not None
    assert words_of(language, text, Matter.FRAUD).startswith(attack.text)


@pytest.mark.parametrize("text", CALM)
def test_questions_about_attacks_are_none(text: str) -> None:
    lists = lists_of(text)
    assert not lists & {"fraud", "engineering_safety"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "a hacker took over my bank account and sent 2,000 to somebody"),
        ("es", "me han estafado y el rescate lo pagué por transferencia"),
        ("zh", "裸聊被勒索,我已经转账了"),
    ],
)
def test_other_frauds_keep_the_words_about_the_bank(language: str, text: str) -> None:
    assert words_of(language, text, Matter.FRAUD).startswith(
        ANSWERS.languages[language].fraud or "none"
    )


def test_a_fire_with_rescuers_keeps_its_words() -> None:
    text = "hay fuego en la fábrica, viene el equipo de rescate"
    fire = ANSWERS.languages["es"].fire
    assert fire is not None
    assert words_of("es", text, Matter.ENGINEERING_SAFETY).startswith(fire.text)
