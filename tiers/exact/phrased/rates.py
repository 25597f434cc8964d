"""Answers questions about taxes, discounts, percentages and simple interest in four languages.

The answer repeats the numbers as they were read. Interest for more than a year is answered only
where the question says that it is simple: with interest on interest it is another sum.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from router.regexes.late import late_regex
from tiers.exact.phrased.figures import Money, in_cents, money, percent, rate, shown
from tiers.exact.phrased.forms import compiled, count, fitting
from tiers.exact.phrased.rate_words import FORMS

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "part": "{p} of {x} = {r}",
        "tax_on": "{p} of {x} = {r} (together {total})",
        "gross": "{x} plus {p} = {total} (tax: {r})",
        "net": "{x} with {p} tax included: {net} without tax, {tax} tax",
        "less": "{x} less {rates} = {total}",
        "saved": "{p} of {x} = {r} saved; {total} left to pay",
        "before": "{x} after {p} off: {net} before",
        "share": "{x} is {share} of {y}",
        "up": "From {x} to {y} is an increase of {share}",
        "down": "From {x} to {y} is a decrease of {share}",
        "add": "{x} plus {p} = {total}",
        "interest": "Simple interest on {x} at {p} a year for {time}: {r} (with it {total})",
        "then": ", then ",
        "years": "year|years",
        "months": "month|months",
    },
    "de": {
        "part": "{p} von {x} = {r}",
        "tax_on": "{p} von {x} = {r} (zusammen {total})",
        "gross": "{x} plus {p} = {total} (Steuer: {r})",
        "net": "{x} inklusive {p} Steuer: {net} netto, {tax} Steuer",
        "less": "{x} minus {rates} = {total}",
        "saved": "{p} von {x} = {r} gespart; zu zahlen: {total}",
        "before": "{x} nach {p} Rabatt: vorher {net}",
        "share": "{x} sind {share} von {y}",
        "up": "Von {x} auf {y}: {share} mehr",
        "down": "Von {x} auf {y}: {share} weniger",
        "add": "{x} plus {p} = {total}",
        "interest": "Zinsen auf {x} bei {p} im Jahr für {time}, ohne Zinseszins: {r} "
        "(zusammen {total})",
        "then": ", dann ",
        "years": "Jahr|Jahre",
        "months": "Monat|Monate",
    },
    "fr": {
        "part": "{p} de {x} = {r}",
        "tax_on": "{p} de {x} = {r} (au total {total})",
        "gross": "{x} plus {p} = {total} (taxe : {r})",
        "net": "{x} TTC à {p} : {net} HT, {tax} de taxe",
        "less": "{x} moins {rates} = {total}",
        "saved": "{p} de {x} = {r} d'économie ; reste à payer : {total}",
        "before": "{x} après {p} de remise : {net} avant",
        "share": "{x} représente {share} de {y}",
        "up": "De {x} à {y} : une hausse de {share}",
        "down": "De {x} à {y} : une baisse de {share}",
        "add": "{x} plus {p} = {total}",
        "interest": "Intérêts simples sur {x} à {p} par an pendant {time} : {r} (au total {total})",
        "then": ", puis ",
        "years": "an|ans",
        "months": "mois|mois",
    },
    "es": {
        "part": "{p} de {x} = {r}",
        "tax_on": "{p} de {x} = {r} (en total {total})",
        "gross": "{x} más {p} = {total} (impuesto: {r})",
        "net": "{x} con {p} de impuesto incluido: {net} sin impuesto, {tax} de impuesto",
        "less": "{x} menos {rates} = {total}",
        "saved": "{p} de {x} = {r} de ahorro; a pagar: {total}",
        "before": "{x} después de un {p} de descuento: antes {net}",
        "share": "{x} es el {share} de {y}",
        "up": "De {x} a {y}: un aumento del {share}",
        "down": "De {x} a {y}: una bajada del {share}",
        "add": "{x} más {p} = {total}",
        "interest": "Interés simple de {x} al {p} anual durante {time}: {r} (en total {total})",
        "then": ", luego ",
        "years": "año|años",
        "months": "mes|meses",
    },
}
_PRICED = frozenset({"tax_on", "gross", "net", "less", "saved", "before", "interest"})
"""Lists the questions about money, in which a number without a currency has cents, too."""

CUES = ("%", "cent", "prozent", "cient")
"""One of them stands in what any form fits: "per cent", "pourcentage", "por ciento"."""

_QUESTION = late_regex(r"\bhow |\bwhat|\bwie ?viel|\bwas |\bcombien|\bcuant")
_OTHER_PRICE = late_regex(
    r"\b(?:without|before|net|each|per|two|three|four|five|ohne|netto|je|zwei|drei|vier|funf|hors|"
    r"sans|ht|deux|trois|quatre|cinq|sin|cada|dos|tres|cuatro|cinco|not|no|nicht|pas)\b"
)
"""Found in the name of goods whose price is another one: of several, or without a tax."""


@cache
def rate_forms(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """Returns the forms of questions in a language by what they ask for."""
    return {kind: compiled(forms) for kind, forms in FORMS[language].items()}


def rated(core: str, language: str) -> str | None:
    """Returns the answer to a question in one language, None for anything else.

    >>> rated("price including 20% vat is £600, what is the net price", "en")
    '£600 with 20% tax included: £500 without tax, £100 tax'
    """
    for kind, forms in rate_forms(language).items():
        places = fitting(forms, core)
        if places is not None:
            told = "thing" in places and kind == "less" and not _asks(core, places["thing"])
            return None if told else _answer(kind, places, language)
    return None


def _asks(core: str, thing: str) -> bool:
    """Returns whether a price is asked for: "a shirt for 40 with 25% off" may be reduced."""
    return _QUESTION.search(core) is not None and _OTHER_PRICE.search(thing) is None


def _answer(kind: str, places: Mapping[str, str], language: str) -> str | None:
    x = money(places.get("x", ""), language)
    if x is None or x.value <= 0:
        return None
    if kind in ("share", "change"):
        y = money(places["y"], language)
        return None if y is None else _compared(kind, x, y, language)
    p, q = rate(places["p"]), rate(places["q"]) if "q" in places else Fraction(0)
    if kind == "interest":
        return _interest(x, p, places, language)
    if kind in ("less", "saved", "before") and not (0 < p < 100 and q < 100):
        return None
    return _priced(kind, x, (p, q), language)


def _compared(kind: str, x: Money, y: Money, language: str) -> str | None:
    """Returns what share one number is of another, or by how much it changed."""
    sign = x.sign or y.sign
    if y.value <= 0 or (x.sign and y.sign and x.sign != y.sign):
        return None
    words = _WORDS[language]
    places = {"x": shown(x.value, sign, language), "y": shown(y.value, sign, language)}
    if kind == "share":
        return words["share"].format(share=percent(100 * x.value / y.value, language), **places)
    change = 100 * (y.value - x.value) / x.value
    named = words["up" if change >= 0 else "down"]
    return named.format(share=percent(abs(change), language), **places)


def _priced(kind: str, x: Money, rates: tuple[Fraction, Fraction], language: str) -> str:
    p, q = rates
    part = x.value * p / 100
    if kind in ("less", "saved"):
        total = x.value * (100 - p) / 100 * (100 - q) / 100
    else:
        total = x.value + part
    whole = x.value * 100 / (100 - p if kind == "before" else 100 + p)
    cents = kind in _PRICED

    def text(value: Fraction) -> str:
        return shown(value, x.sign, language, cents=cents)

    listed = _WORDS[language]["then"].join([percent(value, language) for value in rates if value])
    answer = _WORDS[language][kind].format(
        x=text(x.value),
        p=percent(p, language),
        r=text(part),
        total=text(total),
        net=text(whole),
        tax=text(x.value - whole),
        rates=listed,
    )
    values = {"net": (whole,), "before": (whole,), "part": (), "add": ()}.get(kind, (total, part))
    return in_cents(answer, values if kind != "less" else (total,), language)


def _interest(x: Money, p: Fraction, places: Mapping[str, str], language: str) -> str | None:
    monthly = places["unit"].startswith("mo") or places["unit"].startswith("mes")
    written = places["t"].replace(",", ".")
    time = Fraction(written) if written.replace(".", "").isdigit() else Fraction(count(written))
    years = time / 12 if monthly else time
    if years > 1 and language != "en" and "simple" not in places:
        return None
    part = x.value * p / 100 * years
    one, several = _WORDS[language]["months" if monthly else "years"].split("|")
    answer = _WORDS[language]["interest"].format(
        x=shown(x.value, x.sign, language, cents=True),
        p=percent(p, language),
        r=shown(part, x.sign, language, cents=True),
        total=shown(x.value + part, x.sign, language, cents=True),
        time=f"{shown(time, '', language)} {one if time == 1 else several}",
    )
    return in_cents(answer, (part,), language)
