"""Sums in words, in languages that build their numbers otherwise than English."""

from __future__ import annotations

import pytest

from router.policy.sections.decision import CurrencyTable
from router.triage.text.numerals.compounds import COMPOUNDS
from router.types import NANO_PER_USD
from tests.kits.inputs.amounts import read_amounts

SHIPPED = CurrencyTable().usd_per_unit

# Each with its value in its currency.
SUMS = [
    ("la facture fait treize mille euros", 13_000),
    ("la facture fait cent cinquante mille euros", 150_000),
    ("un devis de quatre-vingt-deux mille euros", 82_000),
    ("un devis de soixante et onze mille euros", 71_000),
    ("un devis de vingt et un mille euros", 21_000),
    ("une dette de neuf mille huit cents euros", 9_800),
    ("une dette de deux-cent-mille euros", 200_000),
    ("une dette d'un demi-million d'euros", 500_000),
    ("un loyer de mille cent euros", 1_100),
    ("un loyer de quinze cents euros", 1_500),
    ("je dois onze cents euros", 1_100),
    ("un loyer de seize cents euros", 1_600),
    ("un loyer de neuf cents euros", 900),
    ("un loyer de dix-neuf cents euros", 1_900),
    ("une facture de soixante et onze cents euros", 7_100),
    ("une facture de quatre-vingt-seize cents euros", 9_600),
    ("un cadeau pour cent euros", 100),
    ("la factura es de catorce mil euros", 14_000),
    ("la factura es de once mil euros", 11_000),
    ("la factura es de cuarenta y un mil euros", 41_000),
    ("una deuda de ciento ochenta mil euros", 180_000),
    ("una deuda de nueve mil seiscientos euros", 9_600),
    ("una deuda de medio millón de euros", 500_000),
    ("la fattura è di tredicimila euro", 13_000),
    ("la fattura è di quarantottomila euro", 48_000),
    ("la fattura è di ottomilanovecento euro", 8_900),
    ("la fattura è di sei mila euro", 6_000),
    ("un debito di mezzo milione di euro", 500_000),
    ("die Rechnung lautet auf dreizehntausend Euro", 13_000),
    ("die Rechnung lautet auf zweiundvierzigtausend Euro", 42_000),
    ("die Rechnung lautet auf zweiundfuenfzigtausend Euro", 52_000),
    ("die Rechnung lautet auf neuntausendachthundert Euro", 9_800),
    ("Schulden von einer halben Million Euro", 500_000),
    ("Schulden von anderthalb Millionen Euro", 1_500_000),
    ("Schulden von einer Viertelmillion Euro", 250_000),
    ("a fatura é de treze mil reais", 13_000),
    ("a fatura é de quarenta e oito mil reais", 48_000),
    ("uma dívida de cento e dez mil reais", 110_000),
    ("uma dívida de nove mil e oitocentos reais", 9_800),
    ("de factuur is achtenveertigduizend euro", 48_000),
    ("de factuur is achtduizendvijfhonderd euro", 8_500),
    ("faktura na dwanaście tysięcy złotych", 12_000),
    ("faktura na sto dziesięć tysięcy złotych", 110_000),
    ("faktura na pół miliona złotych", 500_000),
]
NOT_JOINED = [
    ("entre treinta y cuarenta mil euros", 40_000),
    ("custa dez mil e vinte mil reais", 20_000),
    ("sto aspettando 700 euro", 700),  # "I am waiting"
    ("I paid once 700 euros", 700),
    ("ça fait six cents euros", 600),
]
CENTS = [("it costs five cents", 5), ("six cents a minute is the price", 6), ("fifty cents", 50)]


def _largest(text: str) -> float:
    amounts = read_amounts(text, SHIPPED)
    return round(max(one.nano_usd / SHIPPED[one.currency] for one in amounts) / NANO_PER_USD, 2)


@pytest.mark.parametrize(("text", "value"), SUMS)
def test_number_in_words_is_read_whole(text: str, value: int) -> None:
    assert _largest(text) == value


@pytest.mark.parametrize(("text", "value"), NOT_JOINED)
def test_words_that_are_no_part_of_a_number_are_left_out(text: str, value: int) -> None:
    assert _largest(text) == value


@pytest.mark.parametrize(("text", "cents"), CENTS)
def test_english_cents_are_hundredths(text: str, cents: int) -> None:
    assert _largest(text) == cents / 100


@pytest.mark.parametrize(
    "text", ["a 5 per cent euro rate", "five per cent euro bonds", "un taux de 5 pour cent euro"]
)
def test_a_percentage_beside_a_currency_is_no_hundred(text: str) -> None:
    assert read_amounts(text, SHIPPED) == ()


def test_compounds_have_the_values_of_their_parts() -> None:
    words = ("siebenundzwanzigtausend", "driehonderdvijftigduizend", "novantottomila")
    assert [COMPOUNDS[word] for word in words] == [27_000, 350_000, 98_000]
