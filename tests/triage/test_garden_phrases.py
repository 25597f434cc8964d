"""Shipped phrases of poison, and everyday talk of plants, trees, food and stains beside them."""

from __future__ import annotations

import pytest

from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.facts.phrase_lists import phrase_finder
from router.triage.text.folding import fold

FINDER = phrase_finder(load_language_terms(policies_dir() / "terms"))


def lists(text: str) -> set[str]:
    return set(FINDER.find(fold(text)))


@pytest.mark.parametrize(
    "text",
    [
        # "comió + planta", each with a letter that is wrong
        "Explícame cómo plantar un manzano",
        "Cómo planto tomates en el balcón",
        "Cómo regar la planta del comedor en verano",
        "Cómo se limpian las setas antes de cocinarlas",
        "Como plantar um limoeiro em vaso",
        "Como cuidar de uma planta na sala",
        "Die Katze schläft neben der Pflanze, wie stelle ich sie um?",
        # who eats the plant is no person and no pet
        "La oruga se comió la planta de mi hija",
        "A lagarta comeu uma planta da minha horta",
        "Il bruco ha mangiato la pianta di basilico, come la salvo?",
        "De rups heeft de plant kaal gegeten, kat kijkt toe, wat nu?",
        "Gąsienica zjadła roślinę z mojego ogródka, co robić?",
        "Abbiamo mangiato sotto la pianta di fico, scrivi una poesia",
        "De kat heeft naast de plant gegeten, hoe maak ik het schoon?",
        # berries that are cooked or grown
        "J'ai mangé une tarte aux baies, tu as la recette ?",
        "Wir haben gestern Beeren gegessen, hast du ein Rezept für Marmelade?",
        "Welche Beeren wachsen an einem schattigen Busch?",
        "My daughter picks berries in the garden, jam recipe?",
        "My mum grows a mushroom log in the garden, how do I water it?",
        "How do I prune an oleander? My dog chewed through the hose",
        # stains
        "Quelle lessive pour les taches d'herbe de mon fils ?",
        "Welches Waschmittel hilft gegen Grasflecken von meinem Sohn?",
        "Welk wasmiddel helpt tegen grasvlekken van mijn zoon?",
        "¿Qué detergente quita las manchas de hierba de mi hijo?",
    ],
)
def test_everyday_talk_of_plants_and_stains_is_no_poison(text: str) -> None:
    assert lists(text) == set()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Mi hija comió una planta del jardín"),
        ("es", "Se comió la planta del salón, es mi gato, ¿qué hago?"),
        ("es", "Mi niña bebió el detergente para las manchas de la ropa"),
        ("pt", "Meu filho comeu uma planta e está babando"),
        ("fr", "Mon chat a mangé la plante du salon"),
        ("fr", "Mon fils a bu la lessive pour les taches de vin"),
        ("fr", "J'ai mangé des baies inconnues dans la forêt"),
        ("de", "Habe unbekannte Beeren gegessen"),
        ("de", "Mein Kind hat Beeren vom Busch gegessen, die im Garten wachsen"),
        ("de", "Meine Tochter hat Beeren gegessen, die für die Marmelade waren"),
        ("it", "Mio figlio ha mangiato una pianta del giardino"),
        ("nl", "Mijn kat heeft de plant opgegeten"),
        ("en", "My toddler ate berries in the garden, they were for the jam"),
        ("en", "My dog chewed the oleander"),
        ("pl", "Mój pies zjadł roślinę z doniczki"),
    ],
)
def test_who_ate_a_plant_or_drank_a_cleaner_is_still_found(language: str, text: str) -> None:
    assert f"poison:{language}" in lists(text)
