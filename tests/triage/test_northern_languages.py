"""Swedish, Danish and Norwegian are told from Dutch and German; signs of units tell no language."""

from __future__ import annotations

import pytest

from router.policy.sections.decision import CurrencyTable
from router.triage.facts.languages import heard
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("var är mitt paket?", {"sv"}),
        ("jag kan inte logga in på mitt konto", {"sv"}),
        ("hur lång tid tar leveransen", {"sv"}),
        ("berätta en saga om en drake", {"sv"}),
        ("kan jag byta storlek", {"sv"}),
        ("hvad koster fragten", {"da"}),
        ("min hund har spist chokolade, hvad gør jeg", {"da"}),
        ("tak for hjælpen", {"da"}),
        ("hva koster frakten", {"nb"}),
        ("takk for hjelpen", {"nb"}),
        ("hvor er pakken min?", {"da", "nb"}),  # in both
        ("wat kost de verzending", {"nl"}),
        ("kan ik de maat omruilen", {"nl"}),
        ("kann ich die Größe tauschen", {"de"}),
        ("was kostet der Versand", {"de"}),
        ("how far is it", {"en"}),
        ("set the timer to seven minutes", {"en"}),
    ],
)
def test_a_northern_language_is_read_as_no_other(text: str, languages: set[str]) -> None:
    told = heard(text, fold(text).words)
    assert {told.language, *told.even} == languages


@pytest.mark.parametrize(
    "text",
    [
        "pump 5.5 kW, 230 V, cos phi 0.9 - current?",
        "valve DN 40, 16 bar, z 25, flow?",
        "R 10 k, C 100 nF, f = ?",
    ],
)
def test_signs_among_measures_tell_no_language(text: str) -> None:
    assert heard(text, fold(text).words).language in ("", "en")


def test_two_words_among_measures_tell_one() -> None:
    text = "ile pradu bierze silnik 12 V, 60 A, 0.9 i czy to duzo"
    assert heard(text, fold(text).words).language == "pl"


CROWNS = [
    ("Jag vill betala tillbaka 500 kr till min mamma", "SEK"),
    ("Jeg vil gerne betale 500 kr tilbage til min mor", "DKK"),
    ("Jeg vil gjerne betale 500 kr tilbake, takk", "NOK"),
    ("Regninga på 500 kroner er feil, jeg har ikke bestilt noe", "NOK"),
    ("Fakturan är på 500 kronor", "SEK"),
    ("I paid 500 kr in Sweden", "SEK"),
    ("Ich habe 500 kr in Norwegen bezahlt", "NOK"),
    ("500 norske kroner", "NOK"),
    ("500 Swedish crowns", "SEK"),
    ("Is 500 kr more than 40 NOK?", "NOK"),
    ("kr 500", "DKK"),  # the dearest of the three
    ("500 kroner", "DKK"),
    ("wait 5 sek, then pay 500 kr", "DKK"),
]


@pytest.mark.parametrize(("text", "currency"), CROWNS)
def test_kr_is_the_crown_that_the_text_or_its_language_names(text: str, currency: str) -> None:
    sums = AmountReader(CurrencyTable().usd_per_unit).read(fold(text))
    assert sums[0].currency == currency


DOLLARS = [
    ("500 dollars", "USD"),
    ("C$500", "CAD"),
    ("500 canadian $", "CAD"),
    ("500 Aussie dollars", "AUD"),
    ("500 kanadische Dollar", "CAD"),
    ("500 dollars canadiens", "CAD"),
]


@pytest.mark.parametrize(("text", "currency"), DOLLARS)
def test_dollars_are_of_the_country_that_is_named(text: str, currency: str) -> None:
    sums = AmountReader(CurrencyTable().usd_per_unit).read(fold(text))
    assert sums[0].currency == currency
