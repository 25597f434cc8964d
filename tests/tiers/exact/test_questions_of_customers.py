"""Questions of customers for dates, times, percentages, units, currencies and bare sums.

Each line with an answer was checked by hand. What is read differently in two languages, or names no
number in full, has none.
"""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 11, 30)

ANSWERED = """
what date is it in 3 weeks?
    3 weeks after 30 November 2026 is Monday 21 December 2026.
what is the date 1 month after 31 January 2027?
    1 month after 31 January 2027 is Sunday 28 February 2027 (February has no day 31).
what date was 100 days before 1 January 2027?
    100 days before 1 January 2027 is Wednesday 23 September 2026.
how many days since 1 January?
    333 days, from 1 January 2026 to 30 November 2026 (the first day is not counted).
is 1900 a leap year?
    1900 is not a leap year: it has 365 days.
10 working days from today
    10 working days (Monday to Friday) after 30 November 2026 is Monday 14 December 2026. Public \
holidays are not taken out.
Welcher Wochentag ist der 24.12.2026?
    Der 24. Dezember 2026 ist ein Donnerstag.
Combien de jours entre le 1er mars et le 15 avril ?
    45 jours, du 1er mars 2027 au 15 avril 2027 (le premier jour n'est pas compté).
¿Qué fecha será en 3 semanas?
    3 semanas después del 30 de noviembre de 2026: lunes 21 de diciembre de 2026.
how long from 9:15 pm to 9:15 am?
    From 21:15 to 9:15 (on the next day): 12 hours
Von 22 bis 6 Uhr, wie viele Stunden?
    Von 22:00 bis 6:00 Uhr (am Tag danach): 8 Stunden
De 22h à 6h30, combien de temps ?
    De 22:00 à 6:30 (le lendemain) : 8 heures 30 minutes
what percent is 80 of 20?
    80 is 400% of 20
what is 8% tax on $49.99?
    8% of $49.99 = $4, rounded to cents
15% of 2.5k
    15% of 2,500 = 375
wie viel Prozent sind 20 von 80?
    20 sind 25 % von 80
quel pourcentage de 80 est 20 ?
    20 représente 25 % de 80
300 € más 21 % de IVA
    300 € más 21 % = 363 € (impuesto: 63 €)
1.500 kg to pounds
    1.5 kilograms = about 3.30693 pounds
1.234 miles in km
    1.234 miles = about 1.98593 kilometres
0.125 kg in g
    0.125 kilograms = 125 grams
5'11" in cm
    5 feet 11 inches = 180.34 centimetres
1 stone 4 pounds in kg
    1 stone 4 pounds = about 8.16466 kilograms
60 miles per hour in metres per second
    60 miles per hour = 26.8224 metres per second
37,5 °C in °F
    37,5 °C = 99,5 °F
100 EUR to USD at a rate of 1.125
    100 EUR = 112.50 USD, at 1.125 USD for 1 EUR
what is 1.500 * 3?
    1.500 * 3 = 4.5
1.500 * 3.5
    1.500 * 3.5 = 5.25
1234.567 + 1
    1234.567 + 1 = 1,235.567
add 3 to 5
    3 + 5 = 8
average of 3, 4 and 8
    (3 + 4 + 8) / 3 = 5
0/0
    0 / 0 has no result: nothing can be divided by zero.
die Rechnung ist 45 €, ich zahle mit 50 €, wie viel Rückgeld?
    50 € - 45 € = 5 €
I pay $1,045 with $1,100, what change?
    $1,100 - $1,045 = $55
"""

NONE = """
what day of the week was 29 February 2027?
how many days until 30 February?
05/06/2027 what weekday?
10 - 12 - 2026
12 / 25 / 2026
how long from 9 to 5?
how long from 25:00 to 26:00?
how long from 9:00 in London to 9:00 in New York?
De 9h à 5h, combien de temps ?
110% off 50
what percentage is 5 of 0?
what's 80 plus 8% tax and 10% tip
5 % von 1.200
1.500 plus 10%
1.500 - 10%
1.500 + 2.500
1.500 * 3
3 x 1.500
3 chairs at 1.500 each
1.500 km in m
1.500 Meter in Kilometer
1.000 Liter in ml
1.500 USD in EUR
10 oz in ml
-500 C in F
1 month in days
50 degrees in Fahrenheit
100 euros in dollars at 1.08 in 2019
how many euros were 100 dollars in 2019?
average of 1 to 10
add up 1 to 10
add the numbers 1 to 10
"""
LINES = ANSWERED.strip().splitlines()


@pytest.mark.parametrize(("text", "answer"), [*zip(LINES[::2], LINES[1::2], strict=True)])
def test_a_question_of_customers_is_answered(text: str, answer: str) -> None:
    solution = solved(text, TODAY, opens=True)
    assert solution is not None
    assert solution.text == answer.strip()


@pytest.mark.parametrize("text", NONE.strip().splitlines())
def test_what_is_read_in_two_ways_has_no_answer(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None
