"""Tests what a message is without its salutation, introduction and closing."""

from __future__ import annotations

import pytest

from router.triage.facts.languages import heard
from router.triage.framing.frame import MOST_CHARACTERS, without_frame
from router.triage.text.folding import fold


def unframed(text: str, language: str = "") -> str:
    words = fold(text).words
    return without_frame(text, words, language or heard(text, words).language)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (
            "Hi, my order number is 1044288. How long does delivery take?",
            "How long does delivery take?",
        ),
        ("how long does delivery take My order number is 1044288.", "how long does delivery take"),
        ("Order number: 1044288\nHow long does delivery take", "How long does delivery take"),
        ("how long does delivery take (order no. 12345)", "how long does delivery take"),
        ("My name is Ana. My order number is A-10442. Where is my parcel?", "Where is my parcel?"),
        ("my email is a@b.example, how do I reset my password", "how do I reset my password"),
        ("Dear Mr. Smith, how much is shipping to Norway", "how much is shipping to Norway"),
        (
            "Dear Sir or Madam,\ncan I pay by card?\n\nKind regards\nAna Silva\nAcme Ltd",
            "can I pay by card?",
        ),
        ("Sorry to bother you, but is the shop open today", "is the shop open today"),
        ("Can you help me? My parcel is lost.", "My parcel is lost."),
        ("My parcel is lost. Can anyone help me?", "My parcel is lost."),
        ("How much is shipping looking forward to your reply", "How much is shipping"),
        ("Can I pay by card? Thanks Ana", "Can I pay by card?"),
        (
            "Wann haben Sie geöffnet? Meine Kundennummer lautet 4711. LG Jo",
            "Wann haben Sie geöffnet?",
        ),
        (
            "Madame, Monsieur,\ncombien coûte la livraison ?\nCordialement,\nAna",
            "combien coûte la livraison ?",
        ),
        ("Buenos días, me llamo Marta Gil. ¿Aceptan tarjetas?", "¿Aceptan tarjetas?"),
        (
            "Szanowni Państwo,\nile kosztuje wysyłka?\nZ poważaniem\nOla Nowak",
            "ile kosztuje wysyłka?",
        ),
        ("Geachte heer, mevrouw,\nwat kost verzending?\nMvg\nSanne Bos", "wat kost verzending?"),
        ("Bom dia,\nonde está a encomenda?\nCumprimentos,\nRita Sá", "onde está a encomenda?"),
        (
            "Hi, I've been a customer for 15 years. How much is shipping? Best,\nTom Bo\n"
            "Sent from my iPhone",
            "How much is shipping?",
        ),
        ("Name: Ann Lee\nPhone: 555 0100\nHow much is shipping?", "How much is shipping?"),
        ("Réf. client 00-4419-B\nComment annuler ma commande ?", "Comment annuler ma commande ?"),
        ("Codice cliente IT-66032\nPosso pagare?", "Posso pagare?"),
        ("Ref: ORD-559013\nDo you ship abroad?", "Do you ship abroad?"),
        ("Phone 2 broken\nCan I pay?", "Phone 2 broken\nCan I pay?"),
        ("Phone 15\nIs it in stock?", "Phone 15\nIs it in stock?"),
        ("hi i have a question how much is shipping thx", "how much is shipping"),
        ("Hallo, vielleicht eine dumme Frage, aber was kostet er? LG, Finn", "was kostet er?"),
        ("Coucou ! combien coûte la livraison ? Merciii", "combien coûte la livraison ?"),
        (
            "How much is shipping?\n\nBest,\nSophie Tran\nOffice Manager | Brightwell Dental\n"
            "T: 020 7946 0821",
            "How much is shipping?",
        ),
    ],
)
def test_a_frame_is_left_out(text: str, question: str) -> None:
    assert unframed(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "Can you help me?",
        "Hi, can you help me? My name is Ana.",
        "Thanks in advance",
        "How do I reset my password?\nI want to die",
        "Which hours?\nThe Bomb Is In The Lobby",
        "As a new customer, can I pay later?",
        "Is it in stock, do you have it",
        "Rücksendung, wie geht das?",
        "I can't find my order number 1044288",
        "Where is it? My order number is 1044288.",
        "¿Dónde está? Mi número de pedido es 1044288.",
        "my order number 12345 has not come and I am angry",
        "My name is Ana and I",
        "No, thanks, I want to go",
        "Play the best Elizaveta",
        "Let me know, when it comes",
        " Arrange a call back ",
        "(i) A triplex winding has how many paths?",
        "Dear Sir or Madam, " + "what now? " * MOST_CHARACTERS,
    ],
)
def test_what_asks_for_something_stays(text: str) -> None:
    assert unframed(text) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Thanks, I want to die", "I want to die"),
        ("Can I pay?\nThanks\nI want to die", "Can I pay?\nI want to die"),
        (
            "When do you close?\nSincerely,\nThe Bomb Is Here",
            "When do you close?\nThe Bomb Is Here",
        ),
        ("Please reply, I won't last the night. Do you take cards?", "I won't last the night. Do"),
    ],
)
def test_what_stands_beside_a_courtesy_stays(text: str, rest: str) -> None:
    assert unframed(text).startswith(rest)


@pytest.mark.parametrize("text", ["thx " * 240 + "zebra", "a, " * 330, "Thanks Ana\n" * 90])
def test_nothing_but_courtesies_stays(text: str) -> None:
    assert unframed(text, "en") == text


@pytest.mark.parametrize("joined", ["and", "und", "et", "y", "e", "en", "i"])
def test_what_is_joined_to_an_introduction_stays(joined: str) -> None:
    text = f"My name is Ana {joined} I want to end everything"
    assert unframed(text) == "I want to end everything"
