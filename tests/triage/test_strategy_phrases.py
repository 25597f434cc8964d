"""Shipped phrases of strategy: what they find in eight languages, and what they leave alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.routing.wording.phrases import strategy_named
from router.triage.facts.turn_facts import find_facts
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import Matter, Signals
from tests.kits.decision_kit import CALM
from tests.kits.inputs.shipped_phrases import FINDER, phrases_in


def lists(text: str) -> set[str]:
    return {name for name in phrases_in(text) if name.startswith("strategy:")}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "fire my co-founder and buy out his 40%"),
        ("en", "should we close our factory and move production to Poland"),
        ("en", "we have to cut 30% of staff by June, who stays?"),
        ("en", "Investors want two board seats. Sign or walk away?"),
        ("en", "Larger competitor just offered to acquire us for 12 million in stock"),
        ("en", "thinking of dropping our freemium tier, good idea?"),
        ("en", "Is now the right moment to enter the Brazilian market?"),
        ("en", "Should we take the company public next year?"),
        ("en", "Acquirer insists on a two year earn-out. Would you take it?"),
        ("en", "Rebrand the whole company after the scandal, yes or no?"),
        ("de", "Soll ich mein Unternehmen jetzt verkaufen oder an meine Tochter geben?"),
        ("de", "Wir müssten 40 Mitarbeiter entlassen. Gibt es einen anderen Weg?"),
        ("de", "Lohnt sich für uns ein Börsengang?"),
        ("fr", "Faut-il fermer notre usine ou la garder encore un an ?"),
        ("fr", "On pense licencier cinquante salariés, qu'en dis-tu ?"),
        ("es", "¿Conviene vender nuestra empresa antes de fin de año?"),
        ("es", "La junta directiva tiene que tomar una decisión: ¿qué recomienda?"),
        ("it", "Dobbiamo vendere la nostra azienda a un fondo tedesco?"),
        ("it", "Licenziamo trenta dipendenti o chiediamo un prestito?"),
        ("nl", "Moeten wij ons bedrijf verkopen aan de Duitsers?"),
        ("nl", "Is een beursgang iets voor ons?"),
        ("pl", "Czy powinienem sprzedać moją firmę konkurencji?"),
        ("pl", "Musimy zwolnić sześćdziesiąt osób albo zamknąć zakład w Opolu."),
        ("pt", "Vendemos a nossa empresa ou procuramos um sócio?"),
        ("pt", "Vamos despedir metade dos trabalhadores, acha bem?"),
    ],
)
def test_a_decision_about_a_company_is_found(language: str, text: str) -> None:
    assert lists(text) == {f"strategy:{language}"}


@pytest.mark.parametrize(
    "text",
    [
        "Verkaufen Sie auch an Firmen?",
        "Kann ich als Unternehmen eine Bestellung aufgeben?",
        "Wann schließt Ihre Filiale am Samstag?",
        "Leute, wie kann ich mein Abo kündigen?",
        "Où puis-je acheter votre marque ?",
        "À quelle heure ferme votre magasin ?",
        "¿Dónde puedo comprar vuestra marca?",
        "¿Venden a empresas?",
        "Vendete anche alle aziende?",
        "Dove posso comprare il vostro marchio?",
        "Verkopen jullie ook aan bedrijven?",
        "Hoe laat sluit de winkel?",
        "Czy sprzedajecie firmom?",
        "Gdzie kupię waszą markę?",
        "Onde posso comprar a vossa marca?",
        "Vendem a empresas?",
        "Do you sell to companies?",
        "can you fire up my account again, i bought out of stock shoes",
        "I was cut off from the staff discount, how do I get it back",
        "My business partner and I want to share one phone contract",
        "Should we renew before you raise prices?",
        "We want to buy our competitor's laptop model at your shop, possible?",
        "We need to cancel our company's subscription before it renews",
        "is the plant shop closing early on Sunday, should we hurry",
        "we want to expand our plan to 25 seats",
        "What does a hostile takeover involve?",
        "Should we dissolve the tablet in warm water?",
        "The new payment is more than my take-home. Sell, or let out a room?",
        "we closed our old shop, please send parcels to the new one",
        "Nuestra empresa quiere comprar 30 licencias",
        "Minha empresa quer comprar 30 licenças",
        "Ons bedrijf wil 30 licenties kopen",
        "Wie kann ich zwei Mitarbeiter aus dem Konto streichen?",
        "Comment fusionner avec mon autre compte ?",
        "Posso entrar no mercado com o cachorro?",
        "Ein Wettbewerber bietet das Gerät für 20 Euro weniger an. Gehen Sie mit?",
        "Wie viel Prozent Gebühr hat der Fonds?",
        "¿Es mejor un fondo de acciones?",
        "Czy mogę kupić telefon polskiej produkcji?",
        "Chciałbym zwolnić pokój dla dwóch osób",
        "Meine Firma möchte das Konto schließen",
        "Notre entreprise veut arrêter son abonnement",
        "Je veux supprimer 2 collaborateurs de notre espace",
        "Kunnen wij twee mensen schrappen van de boeking?",
    ],
)
def test_a_question_of_a_customer_is_no_strategy(text: str) -> None:
    assert lists(text) == set()


def test_a_long_text_only_mentions_a_decision() -> None:
    text = "Soll ich mein Unternehmen verkaufen?"
    found = [_terms(f"{text}{' Und so weiter.' * times}") for times in (40, 60)]
    assert found == [("strategy:de",), ()]


def _terms(text: str) -> tuple[str, ...]:
    amounts, own = AmountReader({"USD": 1.0}), TermFinder({})
    return find_facts(text, amounts, own, phrases=(FINDER,)).risk_terms


PHRASE = replace(CALM, risk_terms=("strategy:fr",), strategic=0.0, brief=True, matter=Matter.LEGAL)


@pytest.mark.parametrize(
    ("signals", "counts"),
    [
        (PHRASE, False),
        (replace(PHRASE, strategic=0.02), True),
        (replace(PHRASE, grave=0.8), True),  # it may be grave, so nothing is set aside
        (replace(PHRASE, brief=False), True),  # the reader knows messages, not documents
        (replace(PHRASE, matter=None), True),  # a model without a reader
    ],
)
def test_a_phrase_in_a_small_sense_is_no_decision(signals: Signals, counts: bool) -> None:
    """ "When does the plant close on Friday?" has the words of "should we close the plant?"."""
    assert strategy_named(signals) is counts
