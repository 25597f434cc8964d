"""Lost people, boats that fill, asbestos, wrong blood, thin steel, lost proof, threats, burns."""

from __future__ import annotations

import pytest

from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.facts.phrase_lists import phrase_finder
from router.triage.text.folding import fold

FINDER = phrase_finder(load_language_terms(policies_dir() / "terms"))


def lists_of(text: str) -> set[str]:
    return {name.partition(":")[0] for name in FINDER.find(fold(text))}


@pytest.mark.parametrize(
    ("matter", "text"),
    [
        ("medical_emergency", "Grandpa has Alzheimer's and he wandered off from the garden"),
        ("medical_emergency", "our daughter went missing from the playground"),
        ("medical_emergency", "my daughter is missing, the school called"),
        ("medical_emergency", "My son has gone missing in a red jacket and we haven't found him"),
        ("medical_emergency", "My husband with dementia walked out without his jacket and phone"),
        ("medical_emergency", "we gave the wrong blood to a patient"),
        ("medical_emergency", "Transfusion started, now he has chills and dark urine"),
        ("medical_emergency", "Oma ist dement und verschwunden"),
        ("medical_emergency", "Die Blutbeutel wurden vertauscht, was nun?"),
        ("medical_emergency", "Mamie a Alzheimer, elle est sortie seule"),
        ("medical_emergency", "Mi abuelo con demencia no ha vuelto"),
        ("medical_emergency", "my 3 year old is missing, we are at the mall"),
        ("medical_emergency", "Unsere Tochter ist verschwunden, sie ist fünf"),
        ("medical_emergency", "Mon fils a disparu dans la foule"),
        ("medical_emergency", "No encuentro a mi hija por ninguna parte"),
        ("medical_emergency", "Mio figlio è scomparso al parco"),
        ("medical_emergency", "Mijn dochtertje is vermist"),
        ("medical_emergency", "Meu filho sumiu no shopping"),
        ("medical_emergency", "Mój syn zniknął na plaży"),
        ("medical_emergency", "the kettle fell on his arm and the skin is peeling off"),
        ("medical_emergency", "Heißes Öl auf der Hand, die Haut löst sich"),
        ("medical_emergency", "De l'eau bouillante sur son bras, la peau se décolle"),
        ("medical_emergency", "Se quemó con la plancha y se le cae la piel"),
        ("medical_emergency", "Mon père saigne beaucoup et ça ne s'arrête pas"),
        ("poison", "Mi sobrina se bebió el quitaesmalte"),
        ("self_harm", "Ich bringe mich heute Nacht um"),
        ("engineering_safety", "Our sailboat is taking on water and the harbour is far"),
        ("engineering_safety", "a deckhand fell overboard, the trawler keeps going"),
        ("engineering_safety", "We ripped out asbestos tiles without masks"),
        ("engineering_safety", "The rebar in the footing is thinner than the drawing says"),
        ("engineering_safety", "The rebar is thinner than we ordered, the slab is poured tomorrow"),
        ("engineering_safety", "unser Boot läuft voll"),
        ("engineering_safety", "Ich habe die Asbestplatte durchgesägt, alles voll Staub"),
        ("engineering_safety", "Im Fundament fehlt Bewehrung, der Beton kommt gleich"),
        ("engineering_safety", "Notre voilier prend l'eau"),
        ("engineering_safety", "On a percé une plaque d'amiante, plein de poussière"),
        ("engineering_safety", "El barco está haciendo agua"),
        ("engineering_safety", "Se rompió la uralita con el taladro, hay polvo"),
        ("legal", "There's a litigation hold, but can I delete the chats of my old laptop?"),
        ("legal", "She asks me to backdate the fire round in the logbook though nobody did it"),
        ("legal", "Our heaters caught fire, 4000 are sold, my boss says wait and see: recall?"),
        ("legal", "Gegen uns läuft ein Ermittlungsverfahren, soll ich die Mails löschen?"),
        ("violence", "my ex husband texted that I'll regret it if I don't come back"),
        ("violence", "my ex knows where I work"),
        ("violence", "Mein Ex schreibt, ich werde es bereuen"),
        ("violence", "Mon ex dit que je vais le regretter"),
        ("violence", "Mi ex dice que me voy a arrepentir"),
        ("violence", "Il mio ex dice che me ne pentirò"),
        ("violence", "Były mąż mówi, że pożałuję"),
        ("violence", "Колишній пише, що я пошкодую"),
    ],
)
def test_what_endangers_people_without_words_of_alarm_is_found(matter: str, text: str) -> None:
    assert matter in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "My parcel has disappeared, my daughter waits for it",
        "My daughter's homework: what is dementia?",
        "the skin of the potato comes off after boiling",
        "Bring mich morgen um 8 Uhr zum Flughafen",
        "nach dem Sonnenbrand schält sich die Haut, verbrannt",
        "I can't find my 3 year old laptop anywhere",
        "Das Handy von meinem Sohn ist verschwunden",
        "Le doudou de ma fille a disparu",
        "El juguete de mi hijo no aparece por ninguna parte",
        "Lo zaino di mio figlio è sparito",
        "The boat is stinking, how do I clean the bilge?",
        "we are singing on the boat tonight",
        "Is there water on the boat tour, or should we bring bottles?",
        "Write a short story: the boat is sinking and the skipper sings",
        "What is asbestos and when was it banned?",
        "My order: 20 rebars for the slab, two are missing, when will you send them?",
        "I shared the documents about the lawsuit with the team",
        "How do I delete emails in bulk?",
        "Will I regret selling my piano?",
        "Translate: my ex says I'll regret it",
        "Der Preis für das Boot sinkt",
        "un couple miles away bought our bateau",
        "falta una viga en mi pedido de ferralla",
        "my son's bike went missing",
        "my daughter is missing a tooth",
        "my son is messing around",
        "My mother has dementia, her hearing aid is missing",
        "My dad had dementia and left the house to my sister, can I contest the will?",
        "Hull City is sinking towards relegation",
        "Combien coûte un bateau ?",
        "Notre bateau a gagné la coupe",
        "Das Boot stinkt",
        "beim Liegestütz sinkt der Rumpf",
        "El Barça se hunde en la Champions",
        "Mon œuf à la coque coule trop, combien de minutes ?",
        "Mein Ex-Mann will das Kind noch betreuen",
        "Warum kann ich die Mails nicht löschen?",
        "My ex wife wrote that she will make me pay child support",
        "Sales exploded, 900 units sold, keep it quiet until the press release",
        "Mi abuela con alzheimer no ha vuelto a comer",
        "My ex said we'll regret not buying bitcoin",
        "git: users were told not to delete the main branch, how do I purge the files?",
        "In reinforcement learning, why is the reward column missing in my table?",
        "Der Bügel für die Decke fehlt",
        "Falta la armadura del caballero junto a la viga del castillo",
        "Meine Oma ist dement, der Schlüssel ist weg",
        "Mon père a Alzheimer, ses papiers ont disparu, comment refaire sa carte ?",
        "Mi tío con demencia no aparece en el informe",
    ],
)
def test_what_only_shares_their_words_is_not(text: str) -> None:
    assert lists_of(text) == set()
