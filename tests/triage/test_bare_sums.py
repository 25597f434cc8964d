"""Sums that name no currency: what makes a number money, and what makes it a count."""

from __future__ import annotations

import pytest

from router.types import NANO_PER_USD
from tests.kits.inputs.amounts import read_amounts

RATES = {"USD": 1.0, "EUR": 1.25, "INR": 0.0125, "SEK": 0.1}


def largest(text: str) -> float:
    found = read_amounts(text, RATES)
    return found[0].nano_usd / NANO_PER_USD if found else 0.0


SUMS = [
    # written as a sum, with a word of money near
    ("he would like to take out 46,000 in cash, is that allowed?", 46_000),
    ("the sculptor asks for 7,200 upfront, sensible?", 7_200),
    ("their lawyers demand 64,000 and an apology within a week", 64_000),
    ("the insurer offers about 18,500, do we take it", 18_500),
    ("tenant is in arrears 8,300, what now", 8_300),
    ("boiler 22,000 or mend the old one for 6,400 (9 y old)? the budget is due today", 22_000),
    ("we may lose the 31,000 deposit on the hall", 31_000),
    ("invoice 18.400 due on Friday, new bank details came by mail", 18_400),
    ("we would waive the prepayment fee (13,250), yes or no", 13_250),
    ("he lent them 12'500 without paper", 12_500),
    ("the plumber wants 6500 in advance", 6_500),
    # a scale and a word of money
    ("fixed mortgage, 380k left, four years to run", 380_000),
    ("a label offers a 1.4m advance for all rights", 1_400_000),
    ("the barn, valued last spring at 720k, goes to my sister", 720_000),
    ("outsourcing: cost saving of about 2m a year, but a long lock-in", 2_000_000),
    ("renew the contract for five years (2.3m), or take the cheaper one", 2_300_000),
    ("the vendor claims 700k a year in lower costs", 700_000),
    ("a loan of 3bn for the airport", 3_000_000_000),
    # other languages
    ("Der Vermieter fordert 14.000 bis Freitag, zahle ich?", 14_000),
    ("Restschuld der Hypothek 210.000, was tun?", 210_000),
    ("Ils réclament 22.000 pour la caution", 22_000),
    ("Piden 18.000 de anticipo por la obra", 18_000),
    ("Chiedono 16.000 di cauzione, pago?", 16_000),
    ("Pedem 25.000 de caução", 25_000),
    ("De aannemer vraagt 30.000 als aanbetaling", 30_000),
]
COUNTS = [
    "we have 75,000 users and the price of hosting grows",
    "the town has 12,000 inhabitants, what is the average rent?",
    "the API takes 12,000 rpm, how much would it cost?",
    "price of a context of 128k tokens?",
    "12k messages a day, which plan is the cheapest?",
    "a file of 31,200 bytes, no cost",
    "wants 10,000 or 20,000 copies printed",
    "order 48,213 was paid twice",
    "part 31.200 is out of stock, price?",
    "invoice 48213 is wrong",
    "case no. 75,000 about the loan",
    "call 020 7946 000 about the invoice",
    "my 401k and the loan",
    "can I move my 403 k to another pension plan and pay no tax",
    "a fence 1.9m tall, what does it cost",
    "the cable is 12,000 m long, price?",
    "used car, mileage 120,000 on the clock, is the price fair?",
    "flew 11,000 km and paid for one bag",
    "the video got 75,000 views and earned nothing",
    "they cost less to make and 25,000 were sold a month",
    "12,000 invoices need to be paid by hand",
    "it makes 50,000 per second, at no cost",
    "start earning 1,000's of points",
    "the budget for 2026",
    "the reform of 1789 cost lives",
    "latency is 16,000 ms, refund?",
    "KES 45,000 deposit for the hall",
    "=PMT(6.5%/12,360,-4) for the mortgage",
    "0.840 loss after the epoch, cost of training?",
    "rating 2,450 in chess, is a coach worth it",
    "signups 42k, conversion a tenth, price 20, what is the likely revenue?",
    "He paid with version 12.400 of the app",
]


@pytest.mark.parametrize(("text", "usd"), SUMS)
def test_a_number_that_is_written_as_a_sum_where_money_is_near_is_one(
    text: str, usd: float
) -> None:
    assert largest(text) == usd


@pytest.mark.parametrize("text", COUNTS)
def test_a_number_that_counts_or_names_is_no_sum(text: str) -> None:
    assert largest(text) == 0


def test_a_year_of_another_sum_multiplies_nothing() -> None:
    assert largest("rent $3,900 a month, tax 2,400 a year") == 3_900


def test_a_title_is_no_unit_of_a_table() -> None:
    assert largest("Kind regards\n\nMrs Agarwal\n8 Mill Lane\n15 days of refund") == 0


def test_a_word_of_money_in_another_sentence_counts_in_a_short_text() -> None:
    text = "New press 39,000. {}What does the budget say?"
    assert largest(text.format("")) == 39_000
    assert largest(text.format("It is blue and stands near the door of the old hall. " * 8)) == 0


LISTS = [
    ("They want 40k before and 35k after", [40_000, 35_000]),
    (
        "They offer 12,000 now, 15,000 in June and 20,000 at the end. Sign?",
        [20_000, 15_000, 12_000],
    ),
    ("€12,000 now, 15,000 in June and 20,000 at the end", [25_000, 18_750, 15_000]),
    ("He owes me 5,000 from March, 7,000 from April and 9,500 from May", [9_500, 7_000, 5_000]),
    ("I paid 2000 in 2019 and 3500 in 2020", [3_500, 2_000]),
    ("Rent is 1200 now and 1450 from June", [1_450, 1_200]),
    ("they offered 12,000 in March 2024 and 15,000 now", [15_000, 12_000]),
    ("Die Miete beträgt 12.000 jetzt, 15.000 im Juni und 20.000 am Ende", [20_000, 15_000, 12_000]),
    ("Sie fordern 12.000 sofort, dann 15.000 im Juni", [15_000, 12_000]),
    ("Pagamos 12.000 ahora, 15.000 en junio y 20.000 al final", [20_000, 15_000, 12_000]),
    # the currency of a list holds for what a word of money names in it
    ("Miete 950 Euro kalt, 1.200 warm, Kaution 2.850", [3_562.5, 1_500, 1_187.5]),
    ("Rent 950 Euro cold, 1,200 warm, deposit 2,850", [3_562.5, 1_500, 1_187.5]),
    ("Fakturor på 1 200, 3 400 och 560 kronor", [340, 120, 56]),
    ("Fakturor på 1 200 och 3 400 kronor", [340, 120]),
    ("Invoices of 12,000 and 14,000 dollars", [14_000, 12_000]),
    ("I paid 100 on Monday and 250 on Tuesday", [250, 100]),
    ("I paid $100 on Monday and 250 on Tuesday", [250, 100]),
    ("The refunds are 30, 45 and 60", [60, 45, 30]),
    ("Refunds of 30, 45, and 60.", [60, 45, 30]),
]


@pytest.mark.parametrize(("text", "usd"), LISTS)
def test_each_sum_of_a_list_counts_where_one_of_them_is_money(text: str, usd: list[float]) -> None:
    assert [one.nano_usd / NANO_PER_USD for one in read_amounts(text, RATES)] == usd


OTHER_MEMBERS = [
    ("We have 12,000 users and the budget is 15,000", 15_000),
    ("they offer 12,000 now, 15,000 in 2027, 2030 the end", 15_000),
    ("budget of 12,000, 15,000 visitors and 13,000 guests", 12_000),
    ("we owe 3,000, order 12,000 and 14,000", 3_000),
    ("We paid $1,600 for the 4090 or 4080", 1_600),
    ("They want 1,000, then 15% and 2,000 steps", 1_000),
    ("We paid 4,000 in 6,000 instalments", 4_000),
    ("Refunds of 30, 45 and 60 orders", 0),
    ("The fees are 12, 15 and 18 percent", 0),
    ("Pay invoices 30, 31 and 32", 0),
    ("The price of a seat: rows 30, 45 and 60", 0),
    ("We paid 2,000 for 1,200 warm meals", 2_000),
    ("I paid $100 in room 250", 100),
    ("Open until 20, and 3 euros for a coat", 3.75),
    ("We had 40k followers before and 35k after the price rise", 0),
]


@pytest.mark.parametrize(("text", "usd"), OTHER_MEMBERS)
def test_years_and_counts_in_a_list_of_sums_are_no_sums(text: str, usd: float) -> None:
    assert largest(text) == usd
