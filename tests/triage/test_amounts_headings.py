"""Sums whose currency stands beside their scale or in a heading, and coins of no steady price."""

from __future__ import annotations

import pytest

from router.policy.sections.decision import CurrencyTable
from router.types import NANO_PER_USD
from tests.kits.checks.growth import in_proportion
from tests.kits.inputs.amounts import read_amounts

RATES = {"USD": 1.0, "EUR": 1.25, "GBP": 1.5, "CHF": 1.2, "CAD": 0.75, "TRY": 0.025, "ALL": 0.01,
         "BTC": 100_000.0, "ETH": 4_000.0}  # fmt: skip


def largest(text: str) -> float:
    found = read_amounts(text, RATES)
    return found[0].nano_usd / NANO_PER_USD if found else 0.0


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("Transfer 85kUSD to the supplier", 85_000),
        ("85kEUR, 85 KEUR and kEUR 85", 106_250),
        ("85 kCHF", 102_000),
        ("Please approve TEUR 85 for the project", 106_250),
        ("Das Budget beträgt 85 TEUR", 106_250),
        ("T€ 85 wurden bezahlt", 106_250),
        ("85 T€ wurden bezahlt", 106_250),
        ("2 MEUR", 2_500_000),
        ("MUSD 1.2", 1_200_000),
        ("Mio. EUR 1,2", 1_500_000),
        ("Tsd. EUR 85", 106_250),
        ("EUR (85,000)", 106_250),
        ("(85,000) EUR", 106_250),
        ("USD 85,000.- due on Friday", 85_000),
        ("Fr. 85'000.- bis Freitag", 102_000),
        ("85'000 Fr. bis Freitag", 102_000),
        ("Send 3 BTC to this wallet", 300_000),
        ("I own 2 ETH.", 8_000),
        ("I lost 2 ethereum", 8_000),
        ("2 ETH were sent to the wrong address", 8_000),
        ("I lost half a bitcoin and 0.5 bitcoin", 50_000),
        ("BTC 3 to cold storage", 300_000),
    ],
)
def test_a_currency_beside_its_scale_is_read(text: str, usd: float) -> None:
    assert largest(text) == pytest.approx(usd)


@pytest.mark.parametrize(
    "text",
    [
        "Part number KT-85000 is missing",
        "The T85000 model and M 8500 screws",
        "MALL 85000 visitors came",  # and no thousand Albanian lek
        "85 T load, 40 t truck with 12000 km",
        "KEURIG 85000",
        "Fr. 12.05.2026 um 10 Uhr",
        "Frau Meier, Fr. 10.000 Schritte",
        "Sales in EUR (12000 customers, 2024)",
        "The table in EUR (2024)",
        "I was at ETH 2019, then left",
        "We studied at ETH 85 years ago",
        "12 ETH students",
        "5 bitcoin wallets",
        "BTC 2017 was a hype",
        "port 3 eth1 and eth10 are down",
        "I need a switch with 8 eth.",
        "It has 8 eth, 2 usb",
        "two eth",
    ],
)
def test_letters_beside_a_number_are_no_currency(text: str) -> None:
    assert largest(text) == 0


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("| Item | Amount USD |\n|---|---|\n| Server | 85,000 |", 85_000),
        ("| Item | Amount in USD |\n|---|---|\n| Server | 85000 |", 85_000),
        ("| Item | USD |\n|---|---|\n| Server | 85000 |", 85_000),
        ("| Item | Preis in € |\n|:--|--:|\n| Lizenz | 85.000,00 € |", 106_250),
        ("item,amount_eur\nserver,85000\nlicence,1200", 106_250),
        ("item,amount (EUR)\nserver,85000", 106_250),
        ("item;Betrag in EUR\nServer;85.000,00", 106_250),
        ('"item","total USD"\n"server, big","85,000"', 85_000),
        ("id,amount,currency\n1,85000,EUR\n2,99000,EUR", 123_750),
        ("Date\tAmount EUR\n2026-01-05\t85000", 106_250),
        ("Please book this. All sums in EUR.\nRent 85000\nCleaning 300", 106_250),
        ("Amounts are in euros.\nRent: 85,000", 106_250),
        ("All amounts in EUR.\nHouse 850,000\nBarn 1'200'000\nLand 10 000", 1_500_000),
        ("All amounts in EUR.\nHouse 850000.00", 1_062_500),
        ("All amounts in EUR.\nInvoice 20261101\nRent 85", 106.25),
        ("All amounts in EUR.\nInvoice 20261101: 1,200.00", 1_500),
        # other columns are no sums
        ("item,qty,price USD\nserver,12000,3", 3),
        ("order_id,qty,price_eur\n9912345,2,20", 25),
        ("| Part no | Qty | Price (EUR) |\n|---|---|---|\n| 85001 | 12000 | 4 |", 5),
    ],
)
def test_a_currency_in_a_heading_alone_counts_for_its_column(text: str, usd: float) -> None:
    assert largest(text) == pytest.approx(usd)


@pytest.mark.parametrize(
    "text",
    [
        "All prices in EUR.\nMy order number is 7700123",
        "All prices in EUR.\nPhone 5551234",
        "All amounts in EUR.\nYours 20261101",  # eight digits without a mark
        "All amounts in EUR.\nOur sign: 850001",
        *[
            f"All amounts in EUR.\n{word} 20261\n{word} 4711"
            for word in (
                "Invoice",
                "Rechnung",
                "Contract",
                "Reservation",
                "Case",
                "Tracking",
                "Extension",
                "Flat",
                "Members",
                "PIN",
            )
        ],
        "Tell me the total in USD\nI need 85000 pieces",
        "I want to pay in euros:\nmy order 85001",
        "When will I get the prices in dollars?\nMy zip is 85001",
        "Dear Ann, I pay EUR\nI live at 5, 85001",
        "name,try\nAnn,85000",  # no Turkish lira
        "Shipping, billing, all\nAnn, 85000, 85000",
        "name,stock,price\nchair,85000,12",
        "year,visitors\n2024,85000",
        "id,amount,currency\n1,85000,XYZ",
        "item,price USD\none,two,85000",  # another number of cells
    ],
)
def test_a_heading_that_names_no_sums_makes_none(text: str) -> None:
    assert largest(text) == 0


def test_shipped_rates_let_a_bitcoin_climb_and_a_hundredth_not() -> None:
    rates = CurrencyTable().usd_per_unit
    sums = [read_amounts(text, rates)[0].nano_usd for text in ("1 BTC", "0.01 BTC")]
    assert sums == [100_000 * NANO_PER_USD, 1_000 * NANO_PER_USD]


@pytest.mark.parametrize(
    "piece", ["a,usd\n1,2\n", "a,b USD,", '"a,', "total in ", "TEUR ", "|USD|\n|1|", "1,2\n"]
)
def test_reading_of_headings_is_linear_in_the_text(piece: str) -> None:
    assert in_proportion(lambda text: read_amounts(text, RATES), piece, "$1,USD\n")
