"""Sums of money in other languages, in tables and in quoted documents."""

# ruff: noqa: RUF001 - other alphabets are what is tested

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.sections.decision import CurrencyTable
from router.triage.text.amount_lists import MAX_AMOUNTS, own_impact
from router.triage.text.amounts import MAX_USD, AmountReader
from router.triage.text.folding import fold, unmask
from router.types import NANO_PER_USD
from tests.kits.checks.growth import in_proportion
from tests.kits.examples import examples
from tests.kits.inputs.amounts import read_amounts
from tests.triage.test_amounts import PIECES

# The shipped rates are used below, so that every currency of the table is read.
SHIPPED = CurrencyTable().usd_per_unit

# Each with its currency and its value in that currency.
LANGUAGES = [
    ("मुझे 5 लाख रुपये का भुगतान करना है", "INR", 500_000),
    ("Rs. 2.5 crore", "INR", 25_000_000),
    ("pay 12 lacs of rupees", "INR", 1_200_000),
    ("क्या मैं पाँच लाख रुपये भेज दूँ?", "INR", 500_000),
    ("un bonifico di ventimila euro", "EUR", 20_000),
    ("een overboeking van twintigduizend euro", "EUR", 20_000),
    ("przelew dwudziestu tysięcy dolarów", "USD", 20_000),
    ("перевод тридцати тысяч рублей", "RUB", 30_000),
    ("yirmi bin dolar", "USD", 20_000),
    ("عشرين ألف دولار", "USD", 20_000),
    ("treinta mil euros", "EUR", 30_000),
    ("quarante mille euros", "EUR", 40_000),
    ("sessenta mil euros", "EUR", 60_000),
    ("Rs.5000", "INR", 5_000),
    ("a loan of 1 lakh", "INR", 100_000),
    ("INR 45,000", "INR", 45_000),
    ("1,5 млрд ₽", "RUB", 1_500_000_000),
    ("переведи 500 тысяч рублей", "RUB", 500_000),
    ("5 МЛН РУБ.", "RUB", 5_000_000),
    ("20 tys. zł", "PLN", 20_000),
    ("1,5 mln złotych", "PLN", 1_500_000),
    ("50 bin TL", "TRY", 50_000),
    ("2 milyon lira", "TRY", 2_000_000),
    ("R$ 1,5 milhão", "BRL", 1_500_000),
    ("5 mil reais", "BRL", 5_000),
    ("5 millones de pesos", "MXN", 5_000_000),
    ("5 millions d'euros", "EUR", 5_000_000),
    ("100 miljoen euro", "EUR", 100_000_000),
    ("3 milioni di euro", "EUR", 3_000_000),
    ("fünftausend Euro", "EUR", 5_000),
    ("cinq mille euros", "EUR", 5_000),
    ("12.500,- €", "EUR", 12_500),
    ("٥٠٠٠ درهم", "AED", 5_000),
    ("请转账3亿元", "CNY", 300_000_000),
    ("一百万元的订单", "CNY", 1_000_000),
    ("三十五万美元", "USD", 350_000),
    ("RMB 5 million", "CNY", 5_000_000),
    ("¥50000 转账给供应商", "CNY", 50_000),
    ("¥50000 to the supplier", "JPY", 50_000),
    ("¥50000を振り込む", "JPY", 50_000),
    ("500万円の振込", "JPY", 5_000_000),
    ("3億5000万円", "JPY", 350_000_000),
    ("15 000 kr", "DKK", 15_000),
    ("EUR 1.234.567,89", "EUR", 1_234_567.89),
    ("1'234'567 CHF", "CHF", 1_234_567),
    ("$5,000 million", "USD", 5_000_000_000),
    ("переказати 80 тис. грн", "UAH", 80_000),
    ("2,3 млн гривень", "UAH", 2_300_000),
    ("двадцять тисяч доларів", "USD", 20_000),
    ("п’ятдесят тисяч гривень", "UAH", 50_000),
    ("дев'яносто тисяч євро", "EUR", 90_000),
    ("1,2 мільйона гривень", "UAH", 1_200_000),
    ("₴50 000", "UAH", 50_000),
    ("3억 5천만 원을 송금", "KRW", 350_000_000),
    ("2,400만 원", "KRW", 24_000_000),
    ("오천만원짜리 계약", "KRW", 50_000_000),
    ("이억 삼천만 원", "KRW", 230_000_000),
    ("보증금 2억을 못 돌려받았어요", "KRW", 200_000_000),
    ("₩3천만", "KRW", 30_000_000),
    ("₩2,000,000", "KRW", 2_000_000),
    ("10만 달러 투자", "USD", 100_000),
    ("15,000원", "KRW", 15_000),
]

OTHER_LANGUAGES_NOT_MONEY = [
    "5万人", "第3章", "заказ 48213", "Bestellung 48213", "500 тысяч человек", "30 sek", "5 bin",
    "la commande 48213", "一个问题", "二月三日",
    "замовлення 48213", "500 тисяч людей", "5만 명이 왔다", "3억 명의 사람", "만나서 반가워요",
    "이 천 조각",
]  # fmt: skip

# Each with the sums of the table, largest first, in its currency.
TABLES = [
    ("Plan (USD k)\nCosts  1,200\nGrowth  4 %", "USD", [1_200_000]),
    ("Revenue (in millions): 5,000", "USD", [5_000_000_000]),
    ("(in millions of dollars)\n2023 2024\nSales 5,000 4,300", "USD", [5e9, 4.3e9]),
    (
        "| Region | Users | Revenue (USD k) |\n|---|---|---|\n| EMEA | 1200 | 4,500 |",
        "USD",
        [4_500_000],
    ),
    ("Umsatz in Mio. EUR\nNord 12,5\nSüd 3,1", "EUR", [12_500_000, 3_100_000]),
    ("in € million\n2025\t12", "EUR", [12_000_000]),
    ("Amounts in TEUR\nx 450", "EUR", [450_000]),
    ("$m\nGross profit 12.4 (3.2)", "USD", [12_400_000, 3_200_000]),
    ("Betrag (€)\n1) Miete 12.000\n2) Strom 300", "EUR", [12_000, 300]),
    ("売上（百万円）\n営業 5,000", "JPY", [5_000_000_000]),
    ("单位：万元\n收入 300", "CNY", [3_000_000]),
]
NO_TABLES = [
    "Users (in millions)\nUS 40",
    "please fix\nerror in line 12\nat 14:30",
    "I paid nobody in millions of years\nfor 12 houses in this street",
]

PERIODS = [
    ("$500 per month", "month"),
    ("€1,200 monthly", "month"),
    ("$6,000 a year", "year"),
    ("1200 Euro im Monat", "month"),
    ("a monthly fee of $500", "month"),
    ("$500", ""),
    ("$20 a month for 24 months", ""),
]

READ_ONLY = [
    "Summarise the following article: The company paid $90,000 for it. Shares rose.",
    "Summarise this.\n> They paid $90,000.",
    "Please translate to German:\n```\nWe owe you $90,000\n```",
    'tl;dr please:\n"""\nThe deal is worth $90,000\n"""',
    "Here is the report: revenue rose to $90,000. Give me a short summary.",
    "Fasse den folgenden Text zusammen: Die Firma zahlte $90,000 an den Staat. Danach war Ruhe.",
    "Proofread <email>Pay us $90,000</email>",
    "Summarise this in two sentences, please, and keep it simple.\n> They paid $90,000.",
]
AT_STAKE = [
    "Shorten this: we pay $90,000 by Friday.",  # nothing shows where the own words end
    "> approve the transfer of $90,000\ndo what it says",
    "> approve the transfer of $90,000\nIs that ok?",
    "Summarise this and then do what it says.\n> pay $90,000",
    "Summarise this. Luego haz lo que dice.\n> pay $90,000",
    "Summarise the following: pay me. Now transfer $90,000 to X",
    "Here is the contract:\nThe seller pays $90,000.\n\nShould I sign?",
    "Summarise this, and wire $90,000.\n> an old mail",
    "```\npay $90,000\n```",
    "> $90,000",
    "Summarise. ``` and pay $90,000",
    "Summarise this. Please settle the invoice for me.\n> We owe $90,000.",
    "Summarise this. Please take care of the whole sum.\n> We owe $90,000.",
    "Summarise this and refund the customer.\n> $90,000.",
    "Summarise this and then hand it over.\n> $90,000.",
]


@pytest.mark.parametrize(("text", "currency", "value"), LANGUAGES)
def test_money_is_read_in_other_languages(text, currency, value):
    found = read_amounts(text, SHIPPED)
    assert [amount.currency for amount in found] == [currency]
    assert found[0].nano_usd / NANO_PER_USD == pytest.approx(value * SHIPPED[currency])


@pytest.mark.parametrize("text", OTHER_LANGUAGES_NOT_MONEY)
def test_other_numbers_are_not_money_in_other_languages(text):
    assert read_amounts(text, SHIPPED) == ()


@pytest.mark.parametrize(("text", "currency", "values"), TABLES)
def test_numbers_of_a_table_are_in_the_unit_of_its_header(text, currency, values):
    found = read_amounts(text, SHIPPED)
    assert {amount.currency for amount in found} == {currency}
    assert [amount.nano_usd / NANO_PER_USD for amount in found] == pytest.approx(
        [value * SHIPPED[currency] for value in values]
    )


@pytest.mark.parametrize("text", NO_TABLES)
def test_numbers_without_a_unit_of_money_are_no_sums(text):
    assert read_amounts(text, SHIPPED) == ()


@pytest.mark.parametrize(("text", "period"), PERIODS)
def test_a_recurring_sum_keeps_its_value_with_its_period(text, period):
    assert [amount.period for amount in read_amounts(text, SHIPPED)] == [period]


@pytest.mark.parametrize("text", READ_ONLY)
def test_a_sum_in_a_document_to_be_read_is_quoted(text):
    found = read_amounts(text, SHIPPED)
    assert [amount.quoted for amount in found] == [True]
    assert own_impact(found) == 0


@pytest.mark.parametrize("text", AT_STAKE)
def test_a_quoted_sum_that_is_acted_on_is_at_stake(text):
    assert own_impact(read_amounts(text, SHIPPED)) == 90_000 * NANO_PER_USD


def test_a_sum_of_ones_own_stays_at_stake_behind_many_quoted_ones():
    heap = " ".join(f"${n},000,000" for n in range(1, 60))
    found = read_amounts(f"Summarise this short text of $9,000.\n> {heap}", SHIPPED)
    assert own_impact(found) == 9_000 * NANO_PER_USD
    assert sum(amount.quoted for amount in found) == MAX_AMOUNTS - 1


WRITTEN = {
    "1,234,567.89": lambda n: f"{n:,.2f}",
    "1.234.567,89": lambda n: f"{n:,.2f}".translate(str.maketrans(",.", ".,")),
    "1 234 567,89": lambda n: f"{n:,.2f}".replace(",", " ").replace(".", ","),
    "1'234'567.89": lambda n: f"{n:,.2f}".replace(",", "'"),
    "1234567.89": lambda n: f"{n:.2f}",
}


@given(
    st.sampled_from(sorted(SHIPPED)),
    st.integers(1, 10**12),
    st.sampled_from(sorted(WRITTEN)),
    st.booleans(),
)
def test_a_formatted_sum_is_read_back(code, cents, form, code_first):
    value = Decimal(cents) / 100
    written = WRITTEN[form](value)
    text = f"{code} {written}" if code_first else f"{written} {code}"
    found = read_amounts(text, SHIPPED)
    exact = value * Decimal(str(SHIPPED[code])) * NANO_PER_USD
    assert [(a.currency, a.nano_usd) for a in found] == [(code, -int(-exact // 1))]


@given(
    st.integers(1, 999),
    st.sampled_from([("k", 10**3), ("m", 10**6), ("bn", 10**9), (" thousand", 10**3),
                     (" million", 10**6), (" lakh", 10**5), (" crore", 10**7)]),
    st.sampled_from(["$", "€", "₹", "£"]),
)  # fmt: skip
def test_a_sum_with_a_scale_is_read_back(number, scale, symbol):
    found = read_amounts(f"{symbol}{number}{scale[0]}", dict.fromkeys(SHIPPED, 1.0))
    assert found[0].nano_usd == number * scale[1] * NANO_PER_USD


@given(
    st.lists(
        st.sampled_from(
            [
                *PIECES,
                "> ",
                "```",
                ": ",
                "|",
                "万",
                "元",
                "(USD k)\n",
                "in millions",
                "Summarise the following",
            ]
        ),
        max_size=40,
    ).map("".join)
)
@examples(300)
def test_any_mixture_with_tables_and_quotes_is_read(text):
    for amount in read_amounts(text, SHIPPED):
        assert 0 < amount.nano_usd <= MAX_USD * NANO_PER_USD
        assert len(amount.text) <= 80


@pytest.mark.parametrize(
    "piece",
    [
        "万",
        "3億5000万 ",
        "```",
        "> $1\n",
        "<article>",
        "(USD k)\n",
        "| 1 ",
        "in millions 5\n",
        "a: ",
    ],
)
def test_reading_of_tables_and_quotes_is_linear_in_the_text(piece):
    reader = AmountReader(SHIPPED)
    assert in_proportion(lambda text: reader.read(fold(text)), piece, "$1 cost (USD k)\n")


SLANG = [
    ("sell it for half a mil", 500_000),
    ("he wants two mil in cash", 2_000_000),
    ("5 mil dólares", 5_000),
    ("we owe twenty large", 20_000),
    ("I owe him fifty g's", 50_000),
    ("pay eighty kay", 80_000),
    ("a seven-figure deal", 1_000_000),
    ("12e3 dollars", 12_000),
    ("1.2 x 10^6 dollars", 1_200_000),
    ("transfer 12ooo dollars", 12_000),
    ("one point five million dollars", 1_500_000),
]


@pytest.mark.parametrize(("text", "usd"), SLANG)
def test_sums_in_slang_are_read(text, usd):
    assert own_impact(read_amounts(text, SHIPPED)) == usd * NANO_PER_USD


@pytest.mark.parametrize(
    "text", ["twenty large pizzas, what do I pay?", "a large refund", "six figures of the paper"]
)
def test_words_of_slang_with_another_sense_are_no_sums(text):
    assert read_amounts(text, SHIPPED) == ()


@pytest.mark.parametrize("text", ["сhеst раin аnd nо brеаth", "ᴄʜᴇsᴛ ᴘᴀɪɴ and no breath"])
def test_words_of_mixed_scripts_are_unmasked(text):
    assert unmask(text).startswith("chest pain and no breath")


@pytest.mark.parametrize(
    "text", ["ｃｈｅｓｔ ｐａｉｎ！", "𝐜𝐡𝐞𝐬𝐭 𝐩𝐚𝐢𝐧!", "𝓬𝓱𝓮𝓼𝓽 𝓹𝓪𝓲𝓷!", "ⓒⓗⓔⓢⓣ ⓟⓐⓘⓝ!"]
)
def test_letters_in_another_dress_are_unmasked(text):
    assert unmask(text) == "chest pain!"


@pytest.mark.parametrize(
    "text", ["у меня рак", "как у вас дела", "καλημέρα σε όλους", "東京ｶﾞｽの臭い", "胸痛 １２３"]
)
def test_words_of_one_script_keep_their_letters(text):
    assert unmask(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("3 Stühle zu je 2.000 Euro", "3 Stühle zu je 2.000 Euro"),
        ("3 Stu\u0308hle zu je 2.000 Euro", "3 Stühle zu je 2.000 Euro"),  # the dots by themselves
        ("3 chaises à 2 000 euros pièce", "3 chaises à 2 000 euros pièce"),
        ("\u202e\uff13 Stühle zu je 2.000 Euro", "3 Stuhle zu je 2.000 Euro"),
        ("€\u202e3k", "€3k"),
    ],
)
def test_a_sum_is_told_with_its_accents_and_with_nothing_unseen(text: str, told: str) -> None:
    rates = {"USD": 1.0, "EUR": 1.25}
    assert [amount.text for amount in read_amounts(text, rates)] == [told]
