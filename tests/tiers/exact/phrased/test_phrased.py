"""Everyday sums, dates and clocks are answered in four languages, and what is open is not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiers.exact.phrased.asking import phrased
from tiers.exact.tools import ALL, solved

TODAY = date(2026, 11, 29)

PRICES = [
    (
        "Price including 20% VAT is £600, what is the net price?",
        "£600 with 20% tax included: £500 without tax, £100 tax",
    ),
    ("How much VAT is in £120 at 20%?", "£120 with 20% tax included: £100 without tax, £20 tax"),
    ("remove 20% vat from 96", "96 with 20% tax included: 80 without tax, 16 tax"),
    (
        "What is 249 excluding 19% VAT?",
        "249 with 19% tax included: 209.24 without tax, 39.76 tax, rounded to cents",
    ),
    ("20% off then another 10% off $200", "$200 less 20%, then 10% = $144"),
    (
        "How much is $80 after 30% discount and then an extra 15% off?",
        "$80 less 30%, then 15% = $47.60",
    ),
    (
        "A jacket is $90 after 25% off, what was the original price?",
        "$90 after 25% off: $120 before",
    ),
    (
        "My rent went from 850 to 935, what's the percentage increase?",
        "From 850 to 935 is an increase of 10%",
    ),
    ("If I scored 42 out of 56, what percentage is that?", "42 is 75% of 56"),
    (
        "simple interest on $5,000 at 4% for 3 years",
        "Simple interest on $5,000 at 4% a year for 3 years: $600 (with it $5,600)",
    ),
    (
        "What is the simple interest on 1200 at 5% per year for 18 months?",
        "Simple interest on 1,200 at 5% a year for 18 months: 90 (with it 1,290)",
    ),
    ("dinner was $124.50, 18% tip, split 3 ways", "($124.50 plus 18%) / 3 = $48.97 each"),
    (
        "119 Euro brutto, wie viel ist das netto bei 19% MwSt?",
        "119 € inklusive 19 % Steuer: 100 € netto, 19 € Steuer",
    ),
    (
        "Wie viel Mehrwertsteuer steckt in 238 € bei 19%?",
        "238 € inklusive 19 % Steuer: 200 € netto, 38 € Steuer",
    ),
    ("Was kosten 200 € netto mit 19% MwSt brutto?", "200 € plus 19 % = 238 € (Steuer: 38 €)"),
    (
        "500 € inkl. 19% MwSt, wie viel netto?",
        "500 € inklusive 19 % Steuer: 420,17 € netto, 79,83 € Steuer, auf Cent gerundet",
    ),
    ("20% Rabatt auf 85 Euro", "85 € minus 20 % = 68 €"),
    ("200 Euro minus 20% und dann nochmal 10% Rabatt", "200 € minus 20 %, dann 10 % = 144 €"),
    (
        "Nach 25% Rabatt kostet es 60 Euro, was war der ursprüngliche Preis?",
        "60 € nach 25 % Rabatt: vorher 80 €",
    ),
    ("Wie viel Prozent sind 30 von 120?", "30 sind 25 % von 120"),
    (
        "Der Preis stieg von 40 auf 50 Euro, wie viel Prozent sind das?",
        "Von 40 € auf 50 €: 25 % mehr",
    ),
    (
        "Zinsen auf 5000 Euro bei 4% für 3 Jahre (einfach)",
        "Zinsen auf 5.000 € bei 4 % im Jahr für 3 Jahre, ohne Zinseszins: 600 € (zusammen 5.600 €)",
    ),
    (
        "Wir sind zu dritt und die Rechnung ist 96,30 €, wie viel zahlt jeder?",
        "96,30 € / 3 = 32,10 € für jeden",
    ),
    (
        "Wie viele Liter brauche ich für 450 km bei 7 Litern auf 100 km?",
        "450 km bei 7 l/100 km: 31,5 Liter",
    ),
    ("Wie viele ml sind 3 Esslöffel?", "3 EL = 45 ml (1 EL = 15 ml)"),
    ("Combien de ml font 3 c. à s. ?", "3 c. à s. = 45 ml (1 c. à s. = 15 ml)"),
    ("3 c. à s. en ml", "3 c. à s. = 45 ml (1 c. à s. = 15 ml)"),
    (
        "120 € TTC, ça fait combien HT avec 20% de TVA ?",
        "120 € TTC à 20 % : 100 € HT, 20 € de taxe",
    ),
    ("99 € HT en TTC à 20 %", "99 € plus 20 % = 118,80 € (taxe : 19,80 €)"),
    ("-30 % puis encore -10 % sur 200 €", "200 € moins 30 %, puis 10 % = 126 €"),
    (
        "Le prix est passé de 40 à 50 euros, quel pourcentage d'augmentation ?",
        "De 40 € à 50 € : une hausse de 25 %",
    ),
    (
        "Intérêts simples sur 5000 € à 4 % pendant 3 ans",
        "Intérêts simples sur 5\u202f000 € à 4 % par an pendant 3 ans : 600 € (au total "
        "5\u202f600 €)",
    ),
    ("On est 3 et l'addition est de 96,30 €, combien chacun ?", "96,30 € / 3 = 32,10 € chacun"),
    ("Partager 100 € entre 3 personnes", "100 € / 3 = 33,33 € chacun, arrondi au centime"),
    (
        "121 euros con IVA incluido, ¿cuánto es sin IVA al 21%?",
        "121 € con 21 % de impuesto incluido: 100 € sin impuesto, 21 € de impuesto",
    ),
    ("200 € más IVA del 21%", "200 € más 21 % = 242 € (impuesto: 42 €)"),
    ("85 euros con 20% de descuento", "85 € menos 20 % = 68 €"),
    ("¿Qué porcentaje de 80 es 20?", "20 es el 25 % de 80"),
    (
        "Interés simple de 5000 euros al 4% durante 3 años",
        "Interés simple de 5.000 € al 4 % anual durante 3 años: 600 € (en total 5.600 €)",
    ),
    ("Dividir 87,60 € entre 4 personas", "87,60 € / 4 = 21,90 € cada uno"),
    (
        "¿Cuántos litros necesito para 450 km si gasta 7 litros a los 100 km?",
        "450 km con 7 l/100 km: 31,5 litros",
    ),
    (
        "30 mpg in l/100km",
        "30 mpg is about 7.84 l/100 km (US gallons), or about 9.42 l/100 km (UK gallons)",
    ),
    (
        "what is 6.5 l/100km in mpg",
        "6.5 l/100 km is about 36.19 mpg (US gallons), or about 43.46 mpg (UK gallons)",
    ),
]
PRICES += [
    (
        "Sales rose from 1,500 to 1,860. By what percent did they go up?",
        "From 1,500 to 1,860 is an increase of 24%",
    ),
    ("Calcula el 12,5% de 336", "12,5 % de 336 = 42"),
]
DAYS = [
    (
        "How many working days are there between 1 December 2026 and 18 December 2026?",
        "14 working days (Monday to Friday), from 1 December 2026 to 18 December 2026, both "
        "counted. Public holidays are not taken out.",
    ),
    (
        "What date is 10 working days after 30 November 2026?",
        "10 working days (Monday to Friday) after 30 November 2026 is Monday 14 December "
        "2026. Public holidays are not taken out.",
    ),
    (
        "How old is someone born on 14 May 1987?",
        "39 years, on 29 November 2026 (UTC), where the birth was on 14 May 1987.",
    ),
    (
        "How many days are left in 2026?",
        "32 days, from 29 November 2026 to 31 December 2026 (the first day is not counted).",
    ),
    (
        "Wie viele Tage sind es bis Weihnachten?",
        "26 Tage, vom 29. November 2026 bis zum 25. Dezember 2026 (der erste Tag zählt nicht mit).",
    ),
    ("Welcher Wochentag ist der 24. Dezember 2026?", "Der 24. Dezember 2026 ist ein Donnerstag."),
    (
        "Welches Datum ist in 90 Tagen?",
        "90 Tage nach dem 29. November 2026 ist Samstag, der 27. Februar 2027.",
    ),
    (
        "Was ist 3 Monate nach dem 3. Mai 2026?",
        "3 Monate nach dem 3. Mai 2026 ist Montag, der 3. August 2026.",
    ),
    (
        "Combien de jours jusqu'à la Saint-Sylvestre ?",
        "32 jours, du 29 novembre 2026 au 31 décembre 2026 (le premier jour n'est pas compté).",
    ),
    (
        "Wie alt ist jemand, der am 14.05.1987 geboren ist?",
        "39 Jahre, am 29. November 2026 (UTC), bei Geburt am 14. Mai 1987.",
    ),
    (
        "Wie viele Arbeitstage sind es vom 1. bis 18. Dezember 2026?",
        "14 Arbeitstage (Montag bis Freitag), vom 1. Dezember 2026 bis zum 18. Dezember "
        "2026, beide mitgezählt. Feiertage sind nicht abgezogen.",
    ),
    (
        "Combien de jours entre le 3 mars et le 15 juin 2027 ?",
        "104 jours, du 3 mars 2027 au 15 juin 2027 (le premier jour n'est pas compté).",
    ),
    ("Quel jour était le 9 novembre 1989 ?", "Le 9 novembre 1989 était un jeudi."),
    (
        "Combien de semaines jusqu'au 1er mars 2027 ?",
        "13 semaines et 1 jour (92 jours), du 29 novembre 2026 au 1er mars 2027 (le premier "
        "jour n'est pas compté).",
    ),
    (
        "¿Cuántos días faltan para Navidad?",
        "26 días, del 29 de noviembre de 2026 al 25 de diciembre de 2026 (el primer día no "
        "cuenta).",
    ),
    ("¿Qué día de la semana es el 12 de octubre de 2027?", "El 12 de octubre de 2027 será martes."),
    (
        "¿Qué fecha será dentro de 90 días?",
        "90 días después del 29 de noviembre de 2026: sábado 27 de febrero de 2027.",
    ),
]
CLOCKS = [
    (
        "Convert 3pm London time to Tokyo time",
        "15:00 in London is 00:00 in Tokyo on the next day, on 29 November 2026.",
    ),
    (
        "What time is it in Tokyo when it is 3pm in London?",
        "15:00 in London is 00:00 in Tokyo on the next day, on 29 November 2026.",
    ),
    ("9am New York time in Berlin?", "09:00 in New York is 15:00 in Berlin, on 29 November 2026."),
    (
        "Wie spät ist es in Tokio, wenn es in Berlin 15 Uhr ist?",
        "15:00 Uhr in Berlin ist 23:00 Uhr in Tokio, am 29. November 2026.",
    ),
    (
        "Il est 9h à New York, quelle heure est-il à Paris ?",
        "09:00 à New York : 15:00 à Paris, le 29 novembre 2026.",
    ),
    (
        "¿Qué hora es en Tokio cuando son las 15:00 en Madrid?",
        "15:00 en Madrid: 23:00 en Tokio, el 29 de noviembre de 2026.",
    ),
]
OPEN = [
    "interest on 5000 at 4% for 3 years",
    "Zinsen auf 5000 Euro bei 4% für 3 Jahre",
    "Combien font 200 € à 20 %",
    "100 € avec 20 %",
    "Was kosten 200 € mit 19% MwSt?",
    "£450 with 20% VAT",
    "200 € con IVA del 21%",
    "119 minus 19% VAT",
    "how old is someone born on 3/4/1990",
    "Si son las 9 en Madrid, ¿qué hora es en Tokio?",
    "What time is it in Tokyo when it is 10:30 in London?",
    "€1.234 plus 20% VAT",
    "2.340 plus 8 Prozent",
    "How many days until Easter?",
    "Wie viele Tage sind es bis Ostern?",
    "How many months between 3 March 2027 and 15 June 2027?",
    "20% off $200 for 3 items",
    "Die Rechnung ist 45 €, wann muss ich zahlen?",
    "My order of 3 March has 20% off, where is it?",
    "15 von 20 Schülern, wie viele fehlen?",
    "3 of 4 percent",
    "200 g of flour in cups",
    "How many working days until delivery?",
    "12 divisé par 4 personnes",
    "Interés de 5000 al 4% en 3 años",
    "200 less 10% tax",
    "what percentage of 0 is 5",
    "-5% off $20",
    "the price is $90 after 25% off",
    "110% off $20",
    "100 durch 4",
    "wie alt ist jemand, der am 31.02.1987 geboren ist?",
]


def _answer(text: str) -> str | None:
    answer = solved(text, TODAY, opens=True)
    return None if answer is None else answer.text


@pytest.mark.parametrize(("text", "answer"), PRICES)
def test_sums_of_money_are_answered_in_the_words_of_the_question(text: str, answer: str) -> None:
    assert _answer(text) == answer


@pytest.mark.parametrize(("text", "answer"), DAYS)
def test_dates_are_answered_in_the_words_of_the_question(text: str, answer: str) -> None:
    assert _answer(text) == answer


@pytest.mark.parametrize(("text", "answer"), CLOCKS)
def test_a_time_in_another_city_is_that_of_the_present_day(text: str, answer: str) -> None:
    assert _answer(text) == answer


@pytest.mark.parametrize("text", OPEN)
def test_what_may_be_understood_in_two_ways_gets_no_answer(text: str) -> None:
    assert _answer(text) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("how many ml in 2 1/2 cups", "2.5 US cups = about 591.471 millilitres"),
        ("how many tablespoons in half a cup", "0.5 US cups = 8 US tablespoons"),
        ("5'11\" in cm", "5 feet 11 inches = 180.34 centimetres"),
        ("180 Grad Celsius in Fahrenheit", "180 °C = 356 °F"),
        ("5 pieds 11 pouces en cm", "5 pieds 11 pouces = 180,34 cm"),
    ],
)
def test_units_of_the_kitchen_and_of_two_parts_are_converted(text: str, answer: str) -> None:
    assert _answer(text) == answer


def test_a_policy_without_a_tool_gets_no_answer_of_it() -> None:
    assert phrased("20% Rabatt auf 85 Euro", TODAY, ["dates"]) is None


@given(st.integers(1, 100_000), st.integers(1, 60))
def test_a_net_price_with_its_tax_is_the_price_again(net: int, rate: int) -> None:
    cents = net * (100 + rate)
    answer = _answer(f"{cents // 100}.{cents % 100:02d} € inkl. {rate}% MwSt, wie viel netto?")
    local = f"{net:,}".replace(",", ".")
    assert answer is not None
    assert f": {local} € netto" in answer


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(0, 400))
def test_working_days_are_those_that_a_calendar_counts(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    counted = sum((start + timedelta(days=n)).strftime("%a") not in ("Sat", "Sun")
                  for n in range(days + 1))  # fmt: skip
    text = f"how many working days between {start.isoformat()} and {end.isoformat()}?"
    answer = phrased(text, TODAY, ALL)
    if answer is None:  # a feast of nearly everywhere is among them
        days_off = {(start + timedelta(days=n)).strftime("%m-%d") for n in range(days + 1)}
        assert days_off & {"01-01", "05-01", "12-25"}
    else:
        assert answer[1].startswith(f"{counted} working days")
