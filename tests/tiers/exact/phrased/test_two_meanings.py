"""What may be meant in two ways gets no sum, also where all of it fits a form."""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 11, 29)

OPEN = [
    # The price told may be the lower one, and a price without a question asks nothing.
    "A jacket costs 80 euros with a 20% discount",
    "Die Jacke kostet 80 Euro und ist 20 % billiger",
    "Eine Jacke für 80 Euro mit 20 % Rabatt",
    "Une veste à 80 euros soldée 30 %",
    "Una camisa de 40 euros rebajada 25 %",
    "Two shirts are 40 euros with 20% off, how much do I pay",
    "My jacket without tax costs $80 with 20% off, how much do I pay",
    # A second rate that may be added, or be of the first price.
    "100 euros menos 20 % luego 10 % más",
    "100 euros moins 20 % et 10 %",
    "100 euros, 20% off and 10% off",
    # Is the tax in this price?
    "£100 ex 20% VAT",
    "How much is £600 before 20% VAT?",
    "100 euros without 19% VAT",
    "Net price of 100 euros at 20% VAT",
    "Nettopreis von 100 Euro bei 19 %",
    "Prix HT de 100 € avec 20 % de TVA",
    "Prix TTC de 120 € avec une TVA de 20 %",
    # What is done with the rate is not said.
    "What is 1000 at 5%?",
    "What is 100 after 20%?",
    "Take 20% of 50",
    "Original price if I paid 120 after 20%",
    "Après 20 %, je paie 96 €, quel était le prix initial ?",
    "5 von 100 %",
    "15 sur 20 %",
    "What is the VAT on 100 at 1,500%?",
    "150% off 80",
    "Wie viel Zinsen zahle ich für 10.000 Euro bei 5 % in 12 Monaten?",
    "¿Cuántos intereses pago por 10.000 euros al 5 % durante 12 meses?",
    # The tip is in the bill, or comes on top; a price goes down to another one.
    "The bill is $110 with a 10% tip, split between 4",
    "100 Euro auf 80",
    "100 Euro unter 5",
    # Thousands or thousandths.
    "Wie viel Liter für 1.200 km bei 7 l/100 km?",
    "Combien de litres pour 1.500 km avec 6 l/100 km ?",
    "¿Cuántos litros necesito para 1.500 km si gasta 6 l/100 km?",
    "1.500 EL in ml",
    # Half of the first number, or of all.
    "half of two plus two",
    "a quarter of 8 plus 4",
    "double five minus one",
    "square root of 9 plus 16",
    # Days that begin a month earlier, of a Saturday, or over feasts.
    "Wie viele Tage liegen zwischen dem 28. und 3. Februar?",
    "Combien de jours entre le 28 et le 3 février ?",
    "¿Cuántos días hay entre el 28 y el 3 de febrero?",
    "How many working days between 28 and 3 February",
    "Wie viele Werktage sind es vom 1.3.2027 bis 15.3.2027?",
    "How many working days are there between 21 December 2026 and 4 January 2027?",
    "10 working days after 20 December 2026",
    # Midnight, before dawn, or noon; a country with several zones.
    "¿Qué hora es en Tokio si son las 12 de la noche en Madrid?",
    "¿Qué hora es en Tokio si son las 12 de la mañana en Madrid?",
    "¿Qué hora es en Tokio si es la 1 de la noche en Madrid?",
    "What time is it in Mexico when it is 3pm in London?",
]
CERTAIN = [
    ("A jacket costs €80 with a 20% discount, how much is it?", "€80 less 20% = €64"),
    ("Was kostet eine Jacke für 80 Euro mit 20 % Rabatt?", "80 € minus 20 % = 64 €"),
    ("100 € moins 20 % puis 10 %", "100 € moins 20 %, puis 10 % = 72 €"),
    ("100 € menos 20 % luego otro 10 %", "100 € menos 20 %, luego 10 % = 72 €"),
    (
        "Quel est le prix HT de 120 € avec 20 % de TVA ?",
        "120 € TTC à 20 % : 100 € HT, 20 € de taxe",
    ),
    ("42 von 56 wie viel Prozent", "42 sind 75 % von 56"),
    ("42 sur 56 en pourcentage", "42 représente 75 % de 56"),
    ("100 Euro auf 4 Personen aufteilen", "100 € / 4 = 25 € für jeden"),
    ("How much fuel for 1,200 km at 6 l/100 km", "1,200 km at 6 l/100 km: 72 litres"),
    (".5 Euro plus 10 %", "€0.50 plus 10% = €0.55"),
    ("half of 10 times 4", "1 / 2 * 10 * 4 = 20"),
    ("5 plus half of 10", "5 + 1 / 2 * 10 = 10"),
    ("$80 at 20% discount", "$80 less 20% = $64"),
    (
        "¿Qué hora es en Tokio si son las 3 de la tarde en Madrid?",
        "15:00 en Madrid: 23:00 en Tokio, el 29 de noviembre de 2026.",
    ),
]


@pytest.mark.parametrize("text", OPEN)
def test_a_sum_that_may_mean_two_things_is_not_answered(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None


@pytest.mark.parametrize(("text", "answer"), CERTAIN)
def test_the_same_words_with_one_meaning_are(text: str, answer: str) -> None:
    found = solved(text, TODAY, opens=True)
    assert found is not None
    assert found.text == answer


def test_no_time_is_told_where_clocks_change_within_a_day() -> None:
    text = "What time is it in Tokyo when it is 2:30 am in London?"
    assert solved(text, date(2027, 3, 28), opens=True) is None
    assert solved(text, date(2027, 3, 25), opens=True) is not None
