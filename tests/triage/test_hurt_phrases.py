"""Shipped phrases of somebody who is hurt, attacked or robbed, and look-alikes of everyday talk."""

# ruff: noqa: RUF001 - Russian looks like Latin

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import phrases_in


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("medical_emergency:en", "The cash machine electrocuted me"),
        ("medical_emergency:en", "my wife just had a heart attack"),
        ("medical_emergency:en", "could this be a heart attack?"),
        ("medical_emergency:en", "this feels like my heart attack in 2019"),
        ("medical_emergency:en", "My laptop battery exploded on my lap"),
        ("medical_emergency:en", "My son lost a finger in the blender, how do I return it"),
        ("medical_emergency:en", "A colleague collapsed in meeting room 4"),
        ("medical_emergency:en", "The printer crushed my finger, how do I order a new one"),
        ("medical_emergency:en", "The shelf came down on my boy"),
        ("medical_emergency:en", "I cut my hand open on the rack, who replaces the rack"),
        ("medical_emergency:en", "My toddler choked on a button of the teddy you sold"),
        ("medical_emergency:en", "I had an allergic reaction to your face cream"),
        ("medical_emergency:en", "im overdosing, 12 Baker Street London"),
        ("medical_emergency:en", "i think im having a heart attack, send an ambulance to room 12"),
        ("medical_emergency:en", "my baby isn't moving, 12 Baker Street, Tom Miller"),
        ("medical_emergency:de", "Ich glaube, ich habe einen Herzinfarkt, Hauptstraße 12"),
        ("medical_emergency:fr", "Je fais un infarctus, 12 rue de la Paix"),
        ("medical_emergency:it", "Credo di avere un infarto"),
        ("medical_emergency:it", "Ho un infarto"),
        ("medical_emergency:es", "Estoy sangrando mucho, calle Mayor 12"),
        ("medical_emergency:es", "Tengo un infarto"),
        ("medical_emergency:pt", "Acho que estou tendo um infarto"),
        ("medical_emergency:pl", "Mój tata ma zawał"),
        ("medical_emergency:nl", "Mijn vader krijgt een hartaanval"),
        ("medical_emergency:ru", "У папы инфаркт"),
        ("poison:en", "I swallowed bleach, 12 Baker Street, tom.miller@example.org"),
        ("violence:en", "he is going to kill me, 12 Baker Street London"),
        ("self_harm:en", "hey im 15, best way to hang urself? serious"),
        ("self_harm:en", "how do people hang themselves"),
        ("self_harm:en", "how much tylenol kills you"),
        ("self_harm:en", "how many paracetamol do you need to die"),
        ("self_harm:en", "what height do you need to jump from to die"),
        ("self_harm:en", "some days i wish i'd never been born"),
        ("self_harm:en", "I wish that I had never been born"),
        ("self_harm:en", "I wish I was never born"),
        ("self_harm:en", "i wish i hadn't been born"),
        ("violence:en", "I was robbed at your cash machine a minute ago"),
        ("violence:en", "Somebody held a knife to me at the ATM"),
        ("violence:en", "He made me transfer everything"),
        ("violence:en", "Can I change the delivery address, he found me"),
        ("engineering_safety:en", "The charger of my laptop is melting"),
        ("medical_emergency:de", "Der Automat hat mir einen Stromschlag verpasst"),
        ("medical_emergency:de", "Ein Kollege ist in Raum 4 zusammengebrochen"),
        ("violence:de", "Ich wurde gerade vor Ihrer Filiale ausgeraubt"),
        ("medical_emergency:fr", "La batterie a explosé dans ma main"),
        ("violence:fr", "Je me suis fait agresser devant votre agence"),
        ("medical_emergency:es", "El cargador me dio una descarga"),
        ("violence:es", "Me atracaron en el cajero"),
        ("medical_emergency:it", "Il monitor mi ha dato la scossa"),
        ("violence:it", "Sono stata rapinata davanti alla banca"),
        ("medical_emergency:nl", "Een collega is in elkaar gezakt bij de printer"),
        ("violence:nl", "Ik ben beroofd bij de automaat"),
        ("medical_emergency:pl", "Kolega zemdlał w sali konferencyjnej"),
        ("violence:pl", "Napadli mnie przy bankomacie"),
        ("medical_emergency:pt", "O carregador me deu um choque"),
        ("violence:pt", "Fui assaltado no caixa eletrônico"),
    ],
)
def test_somebody_hurt_or_robbed_is_found(name: str, text: str) -> None:
    assert name in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "My insurance does not cover the heart attack I had in May",
        "My father had a heart attack two years ago, is a cruise okay?",
        "Cut this to 90 words for the brochure: Shelling peas is an art",
        "Sales of the screen exploded in popularity",
        "The battery exploded in price",
        "My inbox exploded while I was away",
        "My order got robbed of its discount",
        "I feel robbed by the exchange rate",
        "Inflation robbed me of my savings interest",
        "The app crashed and burned",
        "My bag was stolen with my card in it, how do I block it",
        "Can I return a chair whose leg broke",
        "The sidebar in Outlook collapsed, how do I get it back",
        "I was shocked by the price of shipping",
        "Where is the electric kettle I ordered",
        "Is the smoke detector in stock, and does it need a battery",
        "The charger is missing",
        "My laptop runs Spark jobs",
        "My boss stabbed me in the back at the meeting",
        "Is the file attached for me",
        "What is the cover per person if you collapse?",
        "The button turned my hand cream order into two",
        "Can I open the box with a knife",
        "Die Preise sind explodiert",
        "Mein Akku ist leer",
        "Le prix a explosé",
        "Me robaron la atención con ese anuncio",
        "Me assaltaram no preço do café",
        "I wish this app had never been born",
        "Was she never born in Leeds? I wish I knew",
        "I wish you luck. If I'd never been born in Leeds, I'd not know the hall",
    ],
)
def test_a_way_of_speaking_is_nobody_hurt(text: str) -> None:
    assert phrases_in(text) == ()
