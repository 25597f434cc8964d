"""Sums of households, kitchens, clocks and numerals are worked out, and no others."""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 12, 1)  # a Tuesday

SUMS = {
    # Shares, regular payments and prices
    "If I pay 900 dollars in six parts, how much is each?": "$900 / 6 = $150 each",
    "we repay 1,000 in 3 instalments, how much is each?": (
        "1,000 / 3 = 333.33 each, rounded to cents"
    ),
    "How much is 2 weeks at 3 dollars a day?": "14 * $3 = $42",
    "My salary is 3,200 a month, what is that a year?": "12 * 3,200 = 38,400",
    "I earn 2500 a month, how much is that per year?": "12 * 2,500 = 30,000",
    "my phone bill is 35 a month, what do I pay in two years": "24 * 35 = 840",
    "if 5 pens cost 3.75, what do 12 cost?": "3.75 / 5 * 12 = 9",
    "How much do 12 eggs cost if 10 eggs cost $3.20?": "$3.20 / 10 * 12 = $3.84",
    "3 tickets cost 45 euros, how much are 7 tickets?": "€45 / 3 * 7 = €105",
    "recipe for 4 needs 300 g flour, how much for 6?": "300 g / 4 * 6 = 450 g",
    "A recipe for 4 people needs 250 ml of milk. How much milk do I need for 10 people?": (
        "250 ml / 4 * 10 = 625 ml"
    ),
    "what do I pay for 4 coffees at 3.20 and 2 cakes at 4.50?": "4 * 3.20 + 2 * 4.50 = 21.80",
    "how much for 3 nights at 120 a night plus 15 cleaning fee": "3 * 120 + 15 = 375",
    "3 tickets at $14.50 and one at $9": "3 * $14.50 + $9 = $52.50",
    "¿cuánto cuestan 3 camisas a 20 € y 3 a 25 €?": "3 * 20 € + 3 * 25 € = 135 €",
    "I bought 3 shirts at $19.99 each and got 10% off. How much did I pay?": (
        "3 * $19.99 less 10% = $53.97, rounded to cents"
    ),
    # Percentages
    "what's a 3% raise on 48000": "3% of 48,000 = 1,440 (together 49,440)",
    "what is 48000 after a 3% raise?": "48,000 plus 3% = 49,440",
    "from 80 to 92 is an increase of how many percent?": "From 80 to 92 is an increase of 15%",
    "price 249 with 20% discount": "249 less 20% = 199.20",
    "what is 249 with a discount of 20%?": "249 less 20% = 199.20",
    "how much VAT (21%) is in 121 euros": ("€121 with 21% tax included: €100 without tax, €21 tax"),
    # Rounding
    "what is 1,250 divided by 12 rounded to two decimals": (
        "1,250 / 12 = 104.17, rounded to 2 decimals"
    ),
    "round 104.1666 to 2 decimals": "104.1666 = 104.17, rounded to 2 decimals",
    "10 / 3 rounded to the nearest cent": "10 / 3 = 3.33, rounded to the nearest cent",
    "round 2,451 to the nearest hundred": "2,451 = 2,500, rounded to the nearest hundred",
    "-2.5 - 0 rounded to the nearest whole number": (
        "-2.5 - 0 = -3, rounded to the nearest whole number"
    ),
    # Clocks and days
    "what time is it 7 hours after 8:45 pm": "8:45 pm + 7 hours = 3:45 am on the next day",
    "What time is 45 minutes before 3pm?": "3 pm - 45 minutes = 2:15 pm",
    "what time is 90 minutes after noon?": "noon + 1 hour 30 minutes = 1:30 pm",
    "what time was it 2 hours before 1:15?": ("1:15 - 2 hours = 23:15 on the day before"),
    "a train leaves at 14:35 and takes 2 h 50 min. when does it arrive?": (
        "14:35 + 2 hours 50 minutes = 17:25"
    ),
    "from 9:15 to 17:40 with a 45 minute break, how long did I work?": (
        "From 9:15 to 17:40 less 45 minutes: 7 hours 40 minutes"
    ),
    "how many hours from 8:00 to 16:30 with a 30 minute break?": (
        "From 8:00 to 16:30 less 30 minutes: 8 hours"
    ),
    "two and a half hours in minutes": "2.5 hours = 150 minutes",
    "How many days until Christmas if today is December 20?": (
        "5 days, from 20 December 2026 to 25 December 2026 (the first day is not counted)."
    ),
    "Today is 3 March 2027, what date is in 10 days?": (
        "10 days after 3 March 2027 is Saturday 13 March 2027."
    ),
    "If today is Monday, what day will it be in 100 days?": (
        "100 days after a Monday is a Wednesday."
    ),
    "Today is Friday. What day of the week was it 3 days ago?": (
        "3 days before a Friday is a Tuesday."
    ),
    "what is 2 hours and 45 minutes in minutes": "2 hours 45 minutes = 165 minutes",
    "200 minutes in hours and minutes": "200 minutes = 3 hours 20 minutes",
    "what is 3/4 of an hour": "3/4 of an hour = 45 minutes",
    "5 feet 11 in cm": "5 feet 11 inches = 180.34 cm",
    "180 cm in feet and inches": "180 cm is about 5 feet 10.9 inches",
    # Areas
    "what is the area of a 4 m by 5.5 m room": "4 * 5.5 = 22 square metres",
    "a room is 3.6 by 4.2 metres, how many square metres?": "3.6 * 4.2 = 15.12 square metres",
    "area of a room 12 ft by 15 ft": "12 * 15 = 180 square feet",
    "perimeter of a rectangle of 3 by 7 cm": "2 * (3 + 7) = 20 centimetres",
    "volume of a box of 2 x 3 x 4 cm": "2 * 3 * 4 = 24 cubic centimetres",
    "area of a circle with diameter 10 cm": "pi * 5^2 = about 78.5398 square centimetres",
    # Numerals and divisors
    "roman numeral for 2026": "2,026 = MMXXVI",
    "What is the roman numeral MCMXCIX?": "MCMXCIX = 1,999",
    "what is 0xff in decimal": "0xFF = 255",
    "binary of 37": "37 in binary = 100101",
    "convert 255 to hex": "255 in hexadecimal = FF",
    "what is binary 1101 in decimal": "1101 in binary = 13",
    "is 91 a prime number?": "91 is not a prime number: 91 = 7 * 13",
    "is 97 a prime?": "97 is a prime number",
    "prime factors of 360": "360 = 2 * 2 * 2 * 3 * 3 * 5",
    "factors of 36": "Divisors of 36: 1, 2, 3, 4, 6, 9, 12, 18, 36",
    "gcd of 84 and 126": "The greatest common divisor of 84 and 126 is 42",
    "lowest common multiple of 12 and 18": "The least common multiple of 12 and 18 is 36",
    "what is 10 factorial?": "10! = 3,628,800",
    # Lists and counting
    "median of 3, 5, 9, 10": "The median of 3, 5, 9, 10 is 7",
    "what is the mode of 1,2,2,3": "The mode of 1, 2, 2, 3 is 2",
    "range of 3, 9, 14": "The range of 3, 9, 14 is 11",
    "what is the sum of all numbers from 1 to 100": "The numbers from 1 to 100 sum to 5,050",
    "how many ways to choose 3 people from 10": "10 choose 3 = 120",
    "cube root of 27": "cube root of 27 = 3",
    "simplify 18/24": "18/24 = 3/4",
}

NO_SUMS = """
my flight leaves at 11 pm and takes 9 hours, when does it land?
5 pens cost 3, what do 12 pencils cost?
5 machines need 5 hours, how long do 10 machines need?
if 3 painters take 6 days, how long do 9 take?
recipe for 4 needs 300 g flour, how much sugar for 6?
recipe for 4 needs 300 g flour, how much for 0?
my phone bill is 35 a month, can I cancel in two years?
my rent is 200 a week, what is that a year?
I pay 900 in six parts, how do I cancel?
3 tickets at $14.50 and one at 9 pm
2 meetings at 3.20 and 2 at 4.50
from 9:00 to 5:30 with a 30 minute break, how long did I work?
what time is 45 minutes before 13pm?
what time is it 300 hours after 8 pm
a train leaves at 14:35 and takes a while, when does it arrive?
area of a 4 m by 50 cm table
area of a room
is Amazon Prime 91 a year?
roman numeral for 5000
roman numeral iiii
what is 0xzz in decimal
factorial of 99
is 999,999,999,989 a prime number?
round up my order to 50
round table for 4
is 7 days a prime offer?
How many days until my parcel comes if today is December 20?
how many days until Christmas if today is Blursday
If today is Monday, what do you open?
median price of my orders
range of your products from 3 to 9
choose 3 from 10 for me
how many ways to choose 300 from 500
5 feet 14 in cm
"""


@pytest.mark.parametrize(("text", "answer"), SUMS.items())
def test_a_sum_is_worked_out(text: str, answer: str) -> None:
    answered = solved(text, TODAY, opens=True)
    assert answered is not None
    assert answered.text == answer


@pytest.mark.parametrize("text", NO_SUMS.strip().splitlines())
def test_what_looks_like_a_sum_has_no_answer(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None
