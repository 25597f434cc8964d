"""Percentages, sums and conversions in other languages; never a number that may be another."""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Wie viel sind 17% von 2340?", "17 % von 2340 = 397,8"),
        ("17,5 % von 200", "17,5 % von 200 = 35"),
        ("12,5 % von 1,25", "12,5 % von 1,25 = 0,15625"),
        ("Combien font 17% de 2340 ?", "17 % de 2340 = 397,8"),
        ("¿Cuánto es el 17% de 2340?", "17 % de 2340 = 397,8"),
        ("Quanto fa il 17% di 2340?", "17 % di 2340 = 397,8"),
        ("50 Meilen in km", "50 Meilen = 80,4672 km"),
        ("Was sind 30 Meilen in Kilometern?", "30 Meilen = 48,28032 Kilometer"),
        ("2 Tage in Stunden", "2 Tage = 48 Stunden"),
        ("Was sind 48 Stunden in Tagen?", "48 Stunden = 2 Tage"),
        ("24 Stunden in Tagen", "24 Stunden = 1 Tag"),
        ("1 Woche in Tagen", "1 Woche = 7 Tage"),
        ("60 Minuten in Stunden", "60 Minuten = 1 Stunde"),
        ("¿Cuántos kilómetros son 30 millas?", "30 millas = 48,28032 kilometros"),
        ("Combien de km font 30 miles ?", "30 miles = 48,28032 km"),
        ("Quanti km sono 30 miglia?", "30 miglia = 48,28032 km"),
        ("Was ist 12*7?", "12*7 = 84"),
        ("Combien font 12 fois 7 ?", "12 fois 7 = 84"),
        ("Quanto fa 12 per 7,5?", "12 per 7,5 = 90"),
        ("Was ist 100 geteilt durch 8", "100 geteilt durch 8 = 12,5"),
        ("Was ist 15% von 240 plus 10?", "(15% von 240) plus 10 = 46"),
        ("Wie viel sind 200 minus 12,5 Prozent von 80", "200 minus (12,5 prozent von 80) = 190"),
        ("¿Cuánto es el 15% de 240 más 10?", "(15% de 240) mas 10 = 46"),
        ("Combien fait 2 * (15% de 240) + 1 ?", "2 * (15% de 240) + 1 = 73"),
        ("Quanto fa il 15% di 240 più 10?", "(15% di 240) piu 10 = 46"),
        ("Hoeveel is 17% van 2340?", "17 % van 2340 = 397,8"),
        ("Wat is 10 gedeeld door 4", "10 gedeeld door 4 = 2,5"),
        ("Hoeveel dagen zijn 3 weken?", "3 weken = 21 dagen"),
        ("Ile to jest 17% z 2340?", "17 % z 2340 = 397,8"),
        ("Ile to jest 12 razy 7,5", "12 razy 7,5 = 90"),
        ("Ile kilometrów ma 30 mil?", "30 mil = 48,28032 kilometrow"),
        ("Quanto é 17% de 2340?", "17 % de 2340 = 397,8"),
        ("Quanto é 10 a dividir por 4?", "10 a dividir por 4 = 2,5"),
        ("Quantos dias são 3 semanas?", "3 semanas = 21 dias"),
    ],
)
def test_a_question_is_answered_with_a_decimal_comma(question: str, answer: str) -> None:
    found = solved(question, TODAY)
    assert found is not None
    assert found.text == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Wie viel sind 17 % von 1.250 Euro?", "17 % von 1.250 € = 212,50 €"),
        (
            "Was sind 7,5 Prozent von 1.250,50 €",
            "7,5 % von 1.250,50 € = 93,79 € (auf Cent gerundet)",
        ),
        ("Combien font 20 % de 1 500 € ?", "20 % de 1\u202f500 € = 300 €"),
        ("Combien font 20 % de 99,90 euros", "20 % de 99,90 € = 19,98 €"),
        ("¿Cuánto es el 21 % de 1.200 euros?", "21 % de 1.200 € = 252 €"),
        ("Quanto è il 22% di 350 euro?", "22 % di 350 € = 77 €"),
        (
            "Hoeveel is 21% van 1,250.40 euro?",
            "21 % van 1.250,40 € = 262,58 € (afgerond op centen)",
        ),
        ("Ile to jest 23% z 1 200 zł?", "23 % z 1\u202f200 zł = 276 zł"),
        ("Quanto é 10% de R$ 45.000?", "10 % de 45.000 R$ = 4.500 R$"),
        ("Wie viel sind 30 % von 45.000 CHF", "30 % von 45.000 CHF = 13.500 CHF"),
    ],
)
def test_a_share_of_money_has_its_thousands_by_a_point(question: str, answer: str) -> None:
    found = solved(question, TODAY)
    assert found is not None
    assert found.text == answer


@pytest.mark.parametrize(
    "question",
    [
        "Wie viel sind 17% von 1,250 Euro?",
        "Wie viel sind 17% von 1.250 Eulen?",
        "Wie viel sind 17% von € 1.250 Euro?",
        "Wie viel sind 17% von 1.25.000 Euro?",
        "Wie viel sind 17% von 1.250 Euro und wem zahle ich sie?",
        "What is 17% of 1.250 euros?",
    ],
)
def test_a_sum_that_is_read_in_two_ways_has_no_share(question: str) -> None:
    assert solved(question, TODAY) is None


@pytest.mark.parametrize(
    "question",
    [
        "Wie viel sind 17% von 2.340?",  # 2.34 or 2,340
        "Was ist 12,345 plus 1",
        "1.234,50 Meilen in km",
        "Was ist 2026-11-22",
        "Was ist 24/7",
        "Was ist 5",
        "5 Pfund in kg",  # 500 g or 453.6 g
        "Combien font 30 milles en km",
        "30 Meilen in kg",
        "Wie viel sind 17% von 2340 und 5?",
        "Wie viel kostet 1 kg in Berlin?",
        "Was ist 1-0",
        "Quanto è 1/0?",  # in Italian or Portuguese
        "Was ist 15% von 240 plus 5%",
        "Was ist 100 durch 10% von 50",
        "Was ist 15% von 2.340 plus 10",
        "Was ist 15% von 240 plus 10 und warum",
        "Hoeveel gram is 2 ons",  # of the market, or an ounce
        "Wat is 3 keer zo duur",
        "Ile kosztuje 3 razy wysyłka",
        "Quanto é 2.340 mais 1",
    ],
)
def test_what_may_mean_something_else_gets_no_number(question: str) -> None:
    assert solved(question, TODAY) is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Was ist 1/0?", "1/0 hat kein Ergebnis: Durch null kann nicht geteilt werden."),
        ("Was ist 1 durch 0", "1 / 0 hat kein Ergebnis: Durch null kann nicht geteilt werden."),
        ("Combien font 1/0 ?", "1/0 n'a pas de résultat : on ne peut pas diviser par zéro."),
        ("¿Cuánto es 1/0?", "1/0 no tiene resultado: no se puede dividir por cero."),
        ("Quanto fa 1/0?", "1/0 non ha risultato: non si può dividere per zero."),
        ("Hoeveel is 1/0?", "1/0 heeft geen uitkomst: door nul kan niet worden gedeeld."),
        ("Ile to jest 1/0?", "1/0 nie ma wyniku: nie można dzielić przez zero."),
        ("Calcule 1/0", "1/0 n'a pas de résultat : on ne peut pas diviser par zéro."),
    ],
)
def test_a_division_by_zero_is_told_to_have_no_result(question: str, answer: str) -> None:
    found = solved(question, TODAY)
    assert found is not None
    assert found.text == answer


def test_a_purchase_that_ends_with_what_do_i_pay_in_total() -> None:
    found = solved("3 shirts at 19.90 and shipping 4.95, what do I pay in total?", TODAY)
    assert found is not None
    assert found.text == "3 * 19.90 + 4.95 = 64.65"
