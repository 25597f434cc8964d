"""Reads "three chairs at 2,000 dollars each" in English, German, French and Spanish. Pure.

All of a text must be a count, everyday goods and a price of each, with or without words that ask
what they cost. Such a text only has something worked out: nothing is at stake in its sum as yet. It
knows nothing about exchange rates. Texts come in small letters and without accents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from router.regexes.digits import has_digit
from router.regexes.late import late_regex

LONGEST = 120
"""Characters from which a text is no longer looked at: such requests are short."""

_GROUPED = late_regex(r"[1-9]\d{0,2}(?:(?:\.\d{3}){1,5}|(?: \d{3}){1,5})(?:,\d{1,2})?")
_ENGLISH = late_regex(r"[1-9]\d{0,2}(?:,\d{3}){1,5}(?:\.\d{1,2})?")
_PLAIN = late_regex(r"\d{1,12}(?:[.,]\d{1,2})?")
_SUM = r"\d[\d., ]{0,15}\d|\d"
_MONEY = "€|\\$|£|euros?|eur|dollars?|dollares|dolares|usd|pounds?|gbp|pfund"


class PricedGoods(Struct, frozen=True):
    """Holds what a text says of goods: how many of them, and the price of each as it is written."""

    count: int
    price: str
    currency: str  # its sign or word
    language: str
    asks: bool  # it says so, and is no fragment, which may be a reply


def _counts(words: str) -> dict[str, int]:
    return {word: number for number, word in enumerate(words.split(), 2)}


def _goods(*words: str) -> frozenset[str]:
    return frozenset(" ".join(words).split())


class _Language(Struct, frozen=True, eq=False):
    """Holds the words of one language around goods and their price; equal to itself alone."""

    counts: Mapping[str, int]
    goods: frozenset[str]
    beside: frozenset[str]  # words that may stand beside the name of goods
    asks: str  # before the count
    asks_after: str  # behind the price
    each_before: str  # between goods and price, where no word follows that says "each"
    links: str  # between goods and price, where one follows
    each: str  # behind the price
    each_if_asked: bool = False  # `each_before` says it only where the cost is asked for


_LANGUAGES = {
    "en": _Language(
        _counts("two three four five six seven eight nine ten eleven twelve"),
        _goods(
            "chair chairs armchair armchairs table tables desk desks shelf shelves bookcase lamp",
            "lamps light lights laptop laptops notebook notebooks computer computers screen",
            "screens monitor monitors printer printers phone phones tablet tablets camera cameras",
            "keyboard keyboards headset headsets headphones bag bags backpack backpacks suitcase",
            "suitcases shirt shirts trousers jacket jackets coat coats dress dresses shoes pairs",
            "pair sock socks book books ticket tickets bottle bottles cup cups mug mugs plate",
            "plates glasses pot pots pan pans bed beds mattress mattresses sofa sofas rug rugs",
            "blanket blankets pillow pillows towel towels bike bikes bicycle bicycles tyre tyres",
            "e-bike e-bikes ebike ebikes",
            "tire tires box boxes pack packs licence licences license licenses seat seats stool",
            "stools bench benches item items unit units piece pieces curtain curtains mirror",
            "mirrors machine machines frame frames",
        ),
        _goods(
            "office dining garden desk new used large small big wooden folding gaming floor",
            "electric",
        ),
        "what do|what does|what would|what are|what is|how much (?:are|is|do|does|would|for)"
        "|what is the (?:price|cost|total) (?:of|for)|what'?s the (?:price|cost|total) (?:of|for)",
        "costs?(?: together| altogether| in total| in all)?|come to|in total|altogether|total",
        "at|@",
        "at|@|for|costing",
        "each|apiece|a piece|per piece|per item|per unit",
        each_if_asked=True,
    ),
    "de": _Language(
        _counts("zwei drei vier funf sechs sieben acht neun zehn elf zwolf") | {"fuenf": 5},
        _goods(
            "stuck stueck stuhl stuhle stuehle burostuhle gartenstuhle sessel tisch tische",
            "schreibtisch schreibtische regal regale schrank schranke lampe lampen leuchte",
            "leuchten laptop laptops notebook notebooks computer rechner monitor monitore",
            "bildschirme drucker handy handys telefon telefone tablet tablets kamera kameras",
            "tastaturen kopfhorer tasche taschen rucksack rucksacke koffer hemd hemden hosen",
            "jacke jacken mantel schuhe paar kleider socken buch bucher karten ticket tickets",
            "flasche flaschen tassen teller topfe pfannen bett betten matratze matratzen sofa",
            "sofas teppich teppiche decken kissen handtucher fahrrad fahrrader reifen kisten",
            "e-bike e-bikes ebike ebikes rad rader",
            "kartons pakete packungen lizenz lizenzen artikel hocker banke bank vorhange spiegel",
            "glaser",
        ),
        _goods("neue neuen gebrauchte grosse kleine elektrische elektrischen"),
        "was kosten|was kostet|was machen|was sind|wie ?viel (?:kosten|kostet|machen|sind)",
        "zusammen|insgesamt",
        "(?:zu |fur |a |mit |um |von )?(?:je|jeweils)|zu|a",
        "zu|fur|a|mit",
        "(?:pro|das|je) (?:stuck|stueck)|je",
    ),
    "fr": _Language(
        _counts("deux trois quatre cinq six sept huit neuf dix onze douze"),
        _goods(
            "piece pieces chaise chaises fauteuil fauteuils table tables bureau bureaux etagere",
            "etageres armoire armoires lampe lampes ordinateur ordinateurs portables ecran ecrans",
            "moniteurs imprimante imprimantes telephone telephones tablettes casques sac sacs",
            "valise valises chemise chemises pantalons veste vestes manteaux robe robes",
            "chaussures paires chaussettes livre livres billet billets bouteille bouteilles",
            "tasses assiettes verres casseroles lit lits matelas canape canapes tapis couvertures",
            "coussins oreillers serviettes velo velos pneu pneus carton cartons paquet paquets",
            "vae e-bike e-bikes",
            "licence licences article articles tabourets bancs rideaux miroirs claviers",
        ),
        _goods("de bureau jardin neufs neuves electrique electriques"),
        "combien (?:coutent|coute|font|valent|pour)|que coutent|quel est le prix (?:de|pour)",
        "au total|en tout",
        "(?!)",
        "a|de|pour",
        "chacune?s?|(?:la |par )?piece|(?:l ?'? ?|par )unite",
    ),
    "es": _Language(
        _counts("dos tres cuatro cinco seis siete ocho nueve diez once doce"),
        _goods(
            "pieza piezas unidades silla sillas sillones mesa mesas escritorio escritorios",
            "estanterias armarios lampara lamparas ordenador ordenadores portatiles pantallas",
            "monitores impresora impresoras telefonos tabletas camaras auriculares bolsos bolsas",
            "mochila mochilas maletas camisa camisas camisetas pantalones chaquetas abrigos",
            "vestidos zapatos pares calcetines libro libros entradas billetes botella botellas",
            "tazas platos vasos ollas sartenes cama camas colchones sofas alfombras mantas",
            "cojines almohadas toallas bicicleta bicicletas neumaticos cajas paquetes licencias",
            "bici bicis e-bike e-bikes ebikes",
            "articulos taburetes bancos cortinas espejos teclados",
        ),
        _goods("de oficina jardin nuevas nuevos electrica electricas electrico electricos"),
        "cuanto (?:cuestan?|son|es|valen)|que cuestan|cual es el precio (?:de|por)",
        "en total",
        "(?!)",
        "a|de|por",
        "cada un[oa]|(?:por |la )(?:unidad|pieza)|c/u",
    ),
}
"""Lists goods of which a sum is only worked out. Whatever else is counted is judged by who reads
it: people, weapons and drugs have prices, too."""


def _compiled(words: _Language) -> re.Pattern[str]:
    counts = "|".join(words.counts)
    return late_regex(
        rf"(?:(?P<asks>{words.asks}) )?(?P<count>\d{{1,6}}|{counts}) "
        r"(?P<thing>[a-z][a-z-]*(?: [a-z]+){0,2}?),? "
        rf"(?:(?:{words.each_before}) {_price(1)}|(?:(?:{words.links}) )?{_price(2)} "
        rf"(?:{words.each}))(?:,? (?P<end>{words.asks_after}))?"
    )


def _price(place: int) -> str:
    before, after = (f"(?P<{name}{place}>{_MONEY})" for name in ("before", "after"))
    return rf"(?:{before} ?)?(?P<sum{place}>{_SUM})(?: ?{after})?"


_FORMS = {language: _compiled(words) for language, words in _LANGUAGES.items()}


def priced_goods(text: str) -> PricedGoods | None:
    """Returns what a text in small letters and without accents says of goods; None for another one.

    >>> priced_goods("3 stuhle zu je 2.000 euro")
    PricedGoods(count=3, price='2.000', currency='euro', language='de', asks=False)
    >>> priced_goods("three rifles at 2,000 dollars each") is None
    True
    """
    if len(text) > LONGEST or not has_digit(text):
        return None
    core = " ".join(text.split()).strip(" ?!.=\u00bf\u00a1")
    for language, words in _LANGUAGES.items():
        match = _FORMS[language].fullmatch(core)
        if match is None or not _are_goods(match["thing"].split(), words):
            continue
        of = 1 if match["sum1"] is not None else 2
        before, after = match[f"before{of}"], match[f"after{of}"]
        price = match[f"sum{of}"]
        if (before is None) == (after is None) or sum_of(price, language) is None:
            return None
        counted = match["count"]
        count = int(counted) if counted.isdecimal() else words.counts[counted]
        asks = match["asks"] is not None or match["end"] is not None
        if of == 1 and words.each_if_asked and not asks:
            return None
        return PricedGoods(count, price, before or after, language, asks)
    return None


def _are_goods(thing: list[str], words: _Language) -> bool:
    return not words.goods.isdisjoint(thing) and (words.goods | words.beside).issuperset(thing)


def sum_of(written: str, language: str = "") -> Decimal | None:
    """Returns the value of a sum of money, None where it is read in two ways ("2,450 Euro").

    >>> sum_of("2.450", "de"), sum_of("2,450", "de"), sum_of("2,450", "en")
    (Decimal('2450'), None, Decimal('2450'))
    """
    if _ENGLISH.fullmatch(written) and (language == "en" or "." in written):
        return Decimal(written.replace(",", ""))
    if language == "en":
        plain = "," not in written and _PLAIN.fullmatch(written)
        return Decimal(written) if plain else None
    if _GROUPED.fullmatch(written) is not None:
        return Decimal(written.replace(".", "").replace(" ", "").replace(",", "."))
    return Decimal(written.replace(",", ".")) if _PLAIN.fullmatch(written) else None
