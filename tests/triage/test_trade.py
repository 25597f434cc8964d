"""Who buys is no one who sells: an answer of a shop that sells is unsure of the contrary."""

from __future__ import annotations

import pytest

from router.triage.matching.denials import words_in
from router.triage.matching.doubts import UNSURE, Shelf
from router.triage.matching.trade import has_contrary_trade, is_of_contrary_trade
from router.types import Domain, Match, MatchBasis
from tests.kits.checks.growth import in_proportion


@pytest.mark.parametrize(
    "text",
    [
        "Do you buy queens?",
        "do you guys also buy old frames",
        "Would you purchase my honey?",
        "Are you interested in buying used hives?",
        "I'd like to sell my old bike to you",
        "Can I sell you three hives?",
        "we want to sell our extractor",
        "I am trying to sell a suit",
        "Who do I ask to sell you wax?",
        "How much would you give me for my old sewing machine?",
        "What do you pay for used frames?",
        "What could I get for my old bike?",
        "Can I trade in my old extractor?",
        "How much is my old sewing machine worth?",
    ],
)
def test_a_company_that_is_to_buy_is_told_in_english(text: str) -> None:
    assert has_contrary_trade(text, words_in(text), glossed=False)


@pytest.mark.parametrize(
    "text",
    [
        "Do you sell queens?",
        "Can I buy a queen?",
        "How do you buy a gift card?",
        "Where do you buy the vouchers?",
        "Can you buy it online?",
        "I heard you sell used bikes",
        "I want to buy what you sell",
        "When you buy two, is delivery free?",
        "I bought a bike, do you deliver?",
        "Which of your bikes sell best?",
        "I'd like to know if you sell wax",
        "I'm selling my house, can I repay the loan early?",
        "What happens to the app when I sell my phone",
        "Which hive would you buy for a beginner?",
        "How much will you pay me for my lost bag?",
        "What do you give customers for a birthday?",
        "How much do I pay for a used bike?",
        "What can I get for 20 pounds?",
        "Do you offer insurance for my old bike's battery?",
        "Can I get a bulb for my old lamp?",
        "What warranty do you give for used bikes?",
    ],
)
def test_a_customer_who_buys_asks_for_nothing_contrary(text: str) -> None:
    assert not has_contrary_trade(text, words_in(text), glossed=False)


@pytest.mark.parametrize(
    "text",
    [
        "Kaufen Sie Königinnen an?",
        "Kauft ihr auch Honig?",
        "Macht ihr Ankauf von gebrauchten Rädern?",
        "Ich möchte euch mein altes Rad verkaufen",
        "Kann ich bei euch meine Beute verkaufen?",
        "Nehmt ihr mein altes Rad in Zahlung?",
        "Achetez-vous des reines ?",
        "Vous achetez des vélos d'occasion ?",
        "Je voudrais vous vendre mon vélo",
        "Je veux vendre une ruche",
        "¿Compráis bicis usadas?",
        "¿Compran reinas?",
        "Quiero vender mi bici",
        "¿Puedo venderles mi miel?",
        "Comprate bici usate?",
        "Acquistate miele?",
        "Buongiorno, comprate cera?",
        "Voi comprate telai?",
        "Vorrei vendervi la mia bici",
        "Posso vendere la mia bici da voi?",
        "Kopen jullie gebruikte fietsen?",
        "Ik wil mijn fiets aan jullie verkopen",
        "Czy skupujecie używane rowery?",
        "Chcę sprzedać rower",
        "Vocês compram bicicletas usadas?",
        "Quero vender a minha bicicleta",
        "Was geben Sie mir für meine alte Nähmaschine?",
        "Wie viel zahlt ihr für gebrauchte Räder?",
        "Was bekomme ich noch für mein altes Rad?",
        "Hoeveel geven jullie voor mijn oude fiets?",
        "Combien me donneriez-vous pour ma vieille machine à coudre ?",
        "Combien offrez-vous pour un vélo d'occasion ?",
        "¿Cuánto me dan por mi vieja máquina de coser?",
        "¿Cuánto me pagarían por una bici usada?",
        "Quanto mi dareste per la mia vecchia macchina da cucire?",
    ],
)
def test_a_company_that_is_to_buy_is_told_in_seven_languages(text: str) -> None:
    assert has_contrary_trade(text, (), glossed=True)


@pytest.mark.parametrize(
    "text",
    [
        "Verkauft ihr Königinnen?",
        "Was zahle ich für ein gebrauchtes Rad?",
        "Welche Garantie geben Sie für gebrauchte Räder beim Kauf?",
        "Combien coûte un vélo d'occasion ?",
        "Quelle garantie donnez-vous pour un vélo d'occasion ?",
        "¿Cuánto cuesta una bici usada?",
        "Quanto costa una bici usata?",
        "Kann ich bei euch eine Königin kaufen?",
        "Ich möchte wissen, ob Sie Honig verkaufen",
        "Ich wüsste gern ob ihr Wachs verkauft",
        "Ich verkaufe mein Auto, wie löse ich den Kredit ab?",
        "Was wird aus der App, wenn ich mein Handy verkaufe?",
        "Je vends ma maison, puis-je rembourser le prêt ?",
        "¿Qué pasa si vendo mi coche?",
        "Vendez-vous des reines ?",
        "Puis-je acheter une reine ?",
        "Si vous achetez deux ruches, la livraison est gratuite ?",
        "Avez-vous des vélos à vendre ?",
        "¿Vendéis bicis usadas?",
        "¿Puedo comprar una bici?",
        "He hecho unas compras",
        "Vendete bici usate?",
        "Vorrei comprare una bici",
        "Le scarpe acquistate online si possono restituire?",
        "Posso cambiare i guanti e le scarpe comprate ieri?",
        "¿Los que compran online tienen descuento?",
        "As pessoas que compram online pagam portes?",
        "Ich frage mich, ob bei Ihnen auch Läden Wachs verkaufen",
        "Verkopen jullie fietsen?",
        "Ik wil weten of jullie fietsen verkopen",
        "Ik wil een fiets kopen",
        "Czy sprzedajecie rowery?",
        "Chcę kupić rower",
        "Vocês vendem bicicletas?",
        "Quero comprar uma bicicleta",
    ],
)
def test_a_customer_who_buys_asks_for_nothing_contrary_in_seven_languages(text: str) -> None:
    assert not has_contrary_trade(text, (), glossed=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("We buy old frames at 2 pounds.", True),
        ("do you buy honey", True),
        ("We take clean wax in part exchange.", True),
        ("can I sell you my bike", True),
        ("Bring it to sell it to us.", True),
        ("You can sell shares in the app.", True),
        ("Orders close at ten.\nhow do I sell shares", True),
        ("Tickets are yours until the day.\nresell my ticket", True),
        ("how much do you give for my old bike", True),
        ("We sell queens. Buy them online.", False),
        ("Jars and drums.\ndo you sell your honey\nI heard you sell wax", False),
        ("do you sell mated queens\ncan I buy one", False),
    ],
)
def test_an_answer_for_who_sells_to_the_company_is_told_by_its_words(text: str, told: bool) -> None:
    assert is_of_contrary_trade(text) is told


SHELF = Shelf(
    [
        ("queens", Domain.CUSTOMER_SUPPORT, ["do you sell queens", "buy a queen"], "42 pounds."),
        ("honey", Domain.CUSTOMER_SUPPORT, ["do you buy honey"], "We buy it by the drum."),
    ],
    lambda word: True,
)


@pytest.mark.parametrize(
    ("text", "gloss"),
    [("Do you buy queens?", ""), ("Kaufen Sie Königinnen an?", "buy you queen at?")],
)
def test_an_answer_for_who_buys_is_unsure_of_who_sells(text: str, gloss: str) -> None:
    match = Match("queens", 0.93, 0.8, 0.3, basis=MatchBasis.RERANKED, together=0.93)
    found = SHELF.judged(text, match, gloss)
    assert found is not None
    assert (found.confidence, found.together) == (UNSURE, UNSURE)


def test_an_answer_for_who_sells_stays_sure() -> None:
    match = Match("honey", 0.93, 0.8, 0.3, basis=MatchBasis.RERANKED)
    assert SHELF.judged("Do you buy honey?", match) == match


@pytest.mark.parametrize("glossed", [False, True])
@pytest.mark.parametrize("piece", ["i want ", "ich mag ", "je veux ", "a"])
def test_reading_takes_time_in_proportion(piece: str, glossed: bool) -> None:
    def read(text: str) -> bool:
        return has_contrary_trade(text, {"sell"}, glossed=glossed)

    assert in_proportion(read, piece)
