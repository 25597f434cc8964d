"""Builds the numbers that German, Dutch and Italian write in one word: "fünfunddreißigtausend".

The same goes for Spanish, Portuguese, French and Polish words that are numbers and nothing else.
All have the folded form that the rules read. It knows nothing of the words around them.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from collections.abc import Iterator

from router.triage.text.folding import fold

_LEAST = 13
"""Smaller numbers stand in `money_languages`, or are other words too ("elf", "sei", "once")."""


def _folded(words: str) -> list[str]:
    return fold(words).text.lower().split()


def _germanic(digits: str, teens: str, tens: str, joint: str, hundred: str) -> dict[str, int]:
    """Returns 1 to 999. The digit stands before the ten: "fünf" + "und" + "dreißig"."""
    ones = dict(zip(_folded(digits), range(1, 10), strict=True))
    small = {**ones, **dict(zip(_folded(teens), range(10, 20), strict=True))}
    for ten, value in zip(_folded(tens), range(20, 100, 10), strict=True):
        small[ten] = value
        small |= {f"{word}{joint}{ten}": value + one for word, one in ones.items()}
    return _with_hundreds(small, {hundred: 100, **_hundreds(ones, hundred)})


def _italian() -> dict[str, int]:
    """Returns 1 to 999: a ten loses its last letter before "uno" and "otto"."""
    ones = dict(
        zip("un due tre quattro cinque sei sette otto nove".split(), range(1, 10), strict=True)
    )
    teens = """dieci undici dodici tredici quattordici quindici sedici diciassette diciotto
        diciannove""".split()
    small = {**ones, "uno": 1, **dict(zip(teens, range(10, 20), strict=True))}
    tens = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()
    for ten, value in zip(tens, range(20, 100, 10), strict=True):
        small[ten] = value
        for word, one in {**ones, "uno": 1}.items():
            small[f"{ten[:-1] if one in (1, 8) else ten}{word}"] = value + one
    return _with_hundreds(small, {"cento": 100, **_hundreds(ones, "cento")})


def _hundreds(ones: dict[str, int], hundred: str) -> dict[str, int]:
    return {f"{word}{hundred}": 100 * one for word, one in ones.items()}


def _with_hundreds(small: dict[str, int], hundreds: dict[str, int]) -> dict[str, int]:
    whole = {**small, **hundreds}
    for word, value in hundreds.items():
        whole |= {f"{word}{rest}": value + below for rest, below in small.items()}
    return whole


def _thousands(small: dict[str, int], thousand: str) -> Iterator[tuple[str, int]]:
    """Yields numbers in one word: small ones, thousands, and thousands with hundreds.

    Thousands with hundreds go up to 99,900, as in "neuntausendachthundert".
    """
    round_hundreds = [
        (word, value) for word, value in small.items() if value in range(100, 1000, 100)
    ]
    for word, value in small.items():
        if value >= _LEAST:
            yield word, value
        yield f"{word}{thousand}", 1000 * value
        if value < 100:
            for rest, below in round_hundreds:
                yield f"{word}{thousand}{rest}", 1000 * value + below


_GERMAN = _germanic(
    "ein zwei drei vier fünf sechs sieben acht neun",
    "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "und",
    "hundert",
)
_GERMAN_SPELT_OUT = _germanic(
    "ein zwei drei vier fuenf sechs sieben acht neun",
    "zehn elf zwoelf dreizehn vierzehn fuenfzehn sechzehn siebzehn achtzehn neunzehn",
    "zwanzig dreissig vierzig fuenfzig sechzig siebzig achtzig neunzig",
    "und",
    "hundert",
)
_DUTCH = _germanic(
    "een twee drie vier vijf zes zeven acht negen",
    "tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien",
    "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "en",
    "honderd",
)

_PLAIN = {
    "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciséis": 16, "diecisiete": 17,
    "dieciocho": 18, "diecinueve": 19, "veintiún": 21, "veintiuno": 21, "veintiuna": 21,
    "veintidós": 22, "veintitrés": 23, "veinticuatro": 24, "veinticinco": 25, "veintiséis": 26,
    "veintisiete": 27, "veintiocho": 28, "veintinueve": 29, "cien": 100, "ciento": 100,
    "treze": 13, "catorze": 14, "quatorze": 14, "quinze": 15, "dezesseis": 16, "dezasseis": 16,
    "dezessete": 17, "dezassete": 17, "dezoito": 18, "dezenove": 19, "dezanove": 19, "cem": 100,
    "cento": 100, "douze": 12, "treize": 13, "vingts": 20, "septante": 70, "huitante": 80,
    "nonante": 90,
    "viertelmillion": 250_000, "dreiviertelmillion": 750_000,
    "jedenaście": 11, "jedenastu": 11, "dwanaście": 12, "dwunastu": 12,
    "trzynaście": 13, "czternaście": 14, "szesnaście": 16, "siedemnaście": 17,
    "osiemnaście": 18, "dziewiętnaście": 19,
}  # fmt: skip
_ROUND = {
    "doscient quinient setecient novecient trescient cuatrocient seiscient ochocient": (
        200, 500, 700, 900, 300, 400, 600, 800,
    ),
    "duzent trezent quatrocent quinhent seiscent setecent oitocent novecent": tuple(
        range(200, 1000, 100)
    ),
}  # fmt: skip
_POLISH_HUNDREDS = "dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset"


def _all() -> dict[str, int]:
    numbers: dict[str, int] = {}
    for small, thousand in (
        (_GERMAN, "tausend"),
        (_GERMAN_SPELT_OUT, "tausend"),
        (_DUTCH, "duizend"),
        (_italian(), "mila"),
    ):
        numbers.update(_thousands(small, thousand))
    numbers.update({_folded(word)[0]: value for word, value in _PLAIN.items()})
    for stems, values in _ROUND.items():
        for stem, value in zip(stems.split(), values, strict=True):
            numbers |= {f"{stem}os": value, f"{stem}as": value}
    numbers.update(zip(_folded(_POLISH_HUNDREDS), range(200, 1000, 100), strict=True))
    return numbers


COMPOUNDS = _all()
"""Values of the words that are numbers wherever they stand."""
