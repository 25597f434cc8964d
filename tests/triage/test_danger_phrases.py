"""Shipped phrases of an overdose, of choking and of somebody who cannot be woken, in all languages.

The lines are none of those that showed the gap. The calm ones have the same words.
"""

# ruff: noqa: RUF001, RUF002 - Russian looks like Latin

from __future__ import annotations

import pytest

from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.batches.config import TriageConfig
from router.triage.facts.phrase_lists import phrase_finder
from router.triage.facts.turn_facts import find_facts
from router.triage.text.folding import fold
from tests.kits.decision_kit import a_policy

TERMS = load_language_terms(policies_dir() / "terms")
FINDER = phrase_finder(TERMS)
CONFIG = TriageConfig.of(a_policy(), terms=TERMS)


def lists(text: str) -> set[str]:
    facts = find_facts(
        text, CONFIG.amounts, CONFIG.terms, phrases=CONFIG.phrases, idioms=CONFIG.idioms
    )
    return {name for name in facts.risk_terms if not name.startswith("strategy")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poison:en", "grandad swallowed a whole strip of his bisoprolol after breakfast"),
        ("poison:de", "Unser Enkel hat Ameisensäure geschluckt, was nun?"),
        ("poison:de", "meine Nichte hat Säure getrunken"),
        ("poison:en", "she downed far too many of her mum's tramadol"),
        ("medical_emergency:en", "we are unable to rouse my cousin and she is cold"),
        ("medical_emergency:en", "I couldn't wake him, he only groans"),
        ("medical_emergency:en", "cannot get my flatmate up: barely wake her at all"),
        ("medical_emergency:en", "he is snoring oddly since the methadone"),
        ("medical_emergency:en", "a bone is lodged in her throat and she is wheezing"),
        ("medical_emergency:en", "the patient keeps clawing at his throat"),
        ("medical_emergency:en", "one of the guests is choking"),
        ("medical_emergency:en", "his lips are going purple"),
        ("medical_emergency:en", "oven spray went off and now her eyes sting from the cleaner"),
        ("poison:de", "Er hat eine ganze Schachtel Zopiclon geschluckt"),
        ("medical_emergency:de", "Meine Mutter lässt sich nicht mehr aufwecken"),
        ("medical_emergency:de", "Opa fasst sich an die Kehle und bekommt kein Wort heraus"),
        ("poison:fr", "Il a avalé toute une plaquette de zolpidem"),
        ("medical_emergency:fr", "Impossible de réveiller mon frère depuis ce matin"),
        ("medical_emergency:fr", "Papa se serre la gorge et n'arrive plus à parler"),
        ("poison:es", "Mi hermana se ha tragado un blíster entero de Orfidal"),
        ("medical_emergency:es", "No hay forma de despertar a mi abuelo"),
        ("medical_emergency:es", "Algo atravesado en la garganta, no tose y se pone morada"),
        ("poison:it", "Ha ingoiato un intero blister di Tavor"),
        ("medical_emergency:it", "Mio padre non si sveglia, impossibile svegliarlo"),
        ("medical_emergency:it", "Si porta le mani alla gola e non tossisce"),
        ("poison:pt", "Ele engoliu a cartela inteira de rivotril"),
        ("medical_emergency:pt", "Não conseguimos acordar meu pai"),
        ("medical_emergency:pt", "Entalado na garganta, não entra ar"),
        ("poison:nl", "Hij heeft een hele strip temazepam geslikt"),
        ("medical_emergency:nl", "Wij krijgen opa niet meer wakker"),
        ("medical_emergency:nl", "Ze houdt haar keel vast en kan niet hoesten"),
        ("poison:pl", "Połknął całe pudełko relanium"),
        ("medical_emergency:pl", "Nie możemy obudzić dziadka"),
        ("medical_emergency:pl", "Córka zadławiła się orzechem i nie może oddychać"),
        ("poison:tr", "Kutunun tamamını yuttu, tramadol"),
        ("medical_emergency:tr", "Annemi bir türlü uyandıramıyoruz"),
        ("medical_emergency:tr", "Kızımın boğazına fındık takıldı, mosmor oldu"),
        ("poison:ru", "Брат проглотил целый блистер трамадола"),
        ("medical_emergency:ru", "Не можем разбудить бабушку"),
        ("medical_emergency:ru", "Дедушка схватился за горло и хрипит"),
        ("poison:ar", "ابتلع شريط كامل من الترامادول"),
        ("medical_emergency:ar", "لا نستطيع إيقاظ والدي"),
        ("medical_emergency:ar", "يمسك رقبته ولا يتكلم"),
        ("medical_emergency:hi", "पापा नहीं उठ रहा, जगाने पर भी नहीं"),
        ("medical_emergency:ja", "父を揺すっても起きません"),
        ("medical_emergency:ja", "弟がのどを押さえて苦しそうです"),
        ("medical_emergency:zh", "我爸怎么叫都不醒,爸爸身体冰凉"),
        ("medical_emergency:zh", "孩子捂着喉咙,咳不出来"),
        ("fraud:en", "A stranger logged into my mailbox and changed my password"),
        ("violence:en", "how many pills do I need to poison my boss"),
        ("engineering_safety:en", "ventilator firmware: the watchdog fires in the control loop"),
        ("engineering_safety:en", "can we debounce the e stop for 300 ms"),
        ("actions:en", "I deleted the orders on production by accident, how do I undo it"),
    ],
)
def test_a_danger_in_plain_words_is_named(name: str, text: str) -> None:
    assert name in lists(text)


@pytest.mark.parametrize(
    "text",
    [
        "I can't wake my laptop from sleep",
        "I can't wake him up for school, any alarm clock you recommend?",
        "Took 20 mg of citalopram this morning, may I have a coffee?",
        "It took the whole pack of filters to clean the pond",
        "My husband snores oddly, which pillow helps?",
        "She held her necklace, a bead got stuck on the wire",
        "Which purple lipstick suits grey hair?",
        "my eyes burn from the white background, is there a dark theme",
        "Der Rechner wird aus dem Ruhezustand nicht wach",
        "Das Baby schläft gut, und ich werde morgens nicht wach",
        "Die Kinder haben saure Gurken gegessen und Zitronensäure eingekauft",
        "Habe meine Pille zweimal vergessen, bin ich noch geschützt?",
        "Muss ich jetzt doppelt so viel nehmen?",
        "J'ai oublié mon comprimé trois fois ce mois-ci",
        "Mon ordinateur ne sort plus de veille",
        "He olvidado la pastilla dos veces este mes",
        "Ho saltato la pillola due volte",
        "Esqueci de tomar o comprimido duas vezes",
        "Ik ben mijn pil twee keer vergeten",
        "Dwa razy zapomniałam tabletki",
        "Hapımı iki kez unuttum",
        "Я два раза забыла таблетку",
        "血圧の薬を二回飲み忘れました",
        "朝、何度起こしても息子は学校に行きたがりません",
        "闹钟叫不醒我儿子怎么办",
        "how does a light curtain work",
        "what does delete without where do",
        "an esp 32 watchdog for my weather station",
    ],
)
def test_everyday_talk_with_the_same_words_is_no_danger(text: str) -> None:
    assert lists(text) == set()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("I cut my knee open on your shelf", True),
        ("I cut my knee open on your shelf last month, what is your address?", False),
        ("he fell on his head yesterday and sees double", True),
        ("he fell onto his head", True),
    ],
)
def test_a_wound_of_the_past_is_no_emergency_but_for_one_of_the_head(
    text: str, *, named: bool
) -> None:
    assert ("medical_emergency:en" in lists(text)) is named


def test_a_russian_sentence_is_found_with_its_first_capital_and_in_capitals() -> None:
    """A capital Н looks like H, and was folded into another letter than the small one."""
    for text in ("не могу дышать", "Не могу дышать", "НЕ МОГУ ДЫШАТЬ"):
        assert FINDER.find(fold(text)) == ("medical_emergency:ru",), text


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        # Hindi says "gas leak" too; this is nobody's Hindi.
        ("Please bypass the safety sensor page of the manual", "engineering_safety:hi", False),
        ("gas leak ho raha hai, kya karu", "engineering_safety:hi", True),
        ("Hello, I need your help today please. ich will nicht mehr leben.", "self_harm:de", True),
    ],
)
def test_phrases_of_another_language_do_not_count_in_english(
    text: str, name: str, *, found: bool
) -> None:
    assert (name in lists(text)) is found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poison:fr", "Mon neveu de 4 ans a avalé du bain de bouche, que faire ?"),
        ("poison:fr", "mon petit garçon a bu du liquide vaisselle"),
        ("poison:es", "Mi niña de dos años ha bebido enjuague bucal, ¿qué hago?"),
        ("poison:es", "el bebé se tragó pegamento"),
        ("poison:it", "Mia figlia di tre anni ha bevuto del collutorio, cosa faccio?"),
        ("poison:it", "la bambina ha ingoiato dello smalto, cosa devo fare"),
        ("poison:pt", "o meu filho engoliu elixir bucal"),
        ("poison:pt", "a criança bebeu amaciante de roupa"),
        ("poison:pl", "Moja córka wypiła perfumy, co robić?"),
        ("poison:pl", "synek połknął klej"),
    ],
)
def test_a_child_that_swallowed_something_of_the_household_is_found(name: str, text: str) -> None:
    assert name in lists(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mon fils boit du lait. Quel liquide vaisselle sans parfum vendez-vous ?",
        "Mi hija se tragó el bocadillo. ¿Venden esmalte de uñas sin acetona?",
        "Mio figlio ha bevuto tutto. Quale ammorbidente consigliate?",
        "Minha filha bebeu bem hoje. Qual amaciante vendem para bebê?",
        "Córka wypiła mleko. Jaki lakier do paznokci polecacie?",
    ],
)
def test_who_looks_for_something_of_the_household_tells_of_no_poison(text: str) -> None:
    assert not {name for name in lists(text) if name.startswith("poison")}
