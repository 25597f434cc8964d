"""Tells roots, averages, areas, Roman numerals and primes in German, French and Spanish.

English has its own forms (`told` and `arithmetic`). A number that two languages read differently
gets no answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from router.regexes.late import late_regex
from tiers.exact.arithmetic import square_root
from tiers.exact.numbers import Amount
from tiers.exact.phrased.figures import money, shown
from tiers.exact.told.numerals import factors, roman

_X = r"(?P<x>\d[\d.,]{0,12}\d|\d)"
_N = r"(?P<n>\d{1,9})"
_SIDES = (
    r"(?P<a>\d{1,4}(?:,\d{1,2})?)(?: ?m(?:etern?|etres?|etros)?)?{by}(?P<b>\d{1,4}(?:,\d{1,2})?)"
)
_METRES = r" ?m(?:etern?|etres?|etros)?"
_LIST = r"(?P<list>\d[\d.,]*(?:(?:,|;| {and}|, {and}) \d[\d.,]*){1,9})"
_AND = {"de": "und", "fr": "et", "es": "y"}
_FORMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "de": {
        "root": (
            rf"(?:was ist |wie ?viel ist |berechne )?(?:die )?(?:quadrat)?wurzel (?:aus|von) {_X}",
        ),
        "mean": (
            r"(?:was ist |wie ist |wie hoch ist |berechne )?(?:der |den )?(?:durchschnitt"
            rf"|mittelwert|schnitt)(?: von| aus)? {_LIST}",
        ),
        "sum": (rf"(?:was ist |berechne )?(?:die )?summe (?:von|aus) {_LIST}",),
        "area": (
            r"(?:wie gross ist |was ist |berechne )?(?:(?:die )?flache (?:von )?)(?:eine[sr]? "
            rf"(?:zimmers?|raum(?:e?s)?|wohnung|gartens|rechtecks?) (?:von|mit) )?{_SIDES}"
            rf"{_METRES}",
            r"wie gross ist (?:ein|das|mein) (?:zimmer|raum|garten|rechteck) (?:von|mit) "
            rf"{_SIDES}{_METRES}",
        ),
        "roman": (
            rf"(?:was ist |wie schreibt man )?{_N} (?:in|als) romische[rn]?"
            r" (?:zahlen|ziffern|zahl)",
        ),
        "prime": (rf"ist {_N} (?:eine )?primzahl",),
    },
    "fr": {
        "root": (rf"(?:quelle est |combien fait |c'est quoi )?(?:la )?racine carree de {_X}",),
        "mean": (rf"(?:quelle est |calcule[rz]? )?(?:la )?moyenne (?:de|entre) {_LIST}",),
        "sum": (rf"(?:quelle est |combien fait )?(?:la )?somme de {_LIST}",),
        "area": (
            r"(?:quelle est )?(?:la )?(?:surface|superficie|aire) (?:de |d')?(?:(?:un|une) (?:piece"
            rf"|chambre|salle|terrain|jardin|rectangle) (?:de |d')?)?{_SIDES}{_METRES}",
        ),
        "roman": (rf"(?:comment (?:ecrire|s'ecrit) )?{_N} en chiffres romains",),
        "prime": (rf"(?:est-ce que )?{_N} est(?:-il| un)?(?: nombre)? premier",),
    },
    "es": {
        "root": (rf"(?:cual es |cuanto es )?(?:la )?raiz cuadrada de {_X}",),
        "mean": (rf"(?:cual es )?(?:la |el )?(?:media|promedio) (?:de|entre) {_LIST}",),
        "sum": (rf"(?:cual es |cuanto es )?(?:la )?suma de {_LIST}",),
        "area": (
            r"(?:cual es )?(?:la |el )?(?:superficie|area) (?:de )?(?:(?:una|un) (?:habitacion|sala"
            rf"|cuarto|terreno|jardin|rectangulo) (?:de )?)?{_SIDES}{_METRES}",
        ),
        "roman": (rf"(?:como se escribe )?{_N} en numeros romanos",),
        "prime": (rf"(?:es )?{_N}(?: es)? (?:un numero )?primo",),
    },
}
_BY = {
    "de": r" ?(?:x|mal|auf|\*) ?",
    "fr": r" ?(?:x|sur|par|\*) ?",
    "es": r" ?(?:x|por|\*) ?",
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "de": ("{} ist eine Primzahl", "{} ist keine Primzahl{}"),
    "fr": ("{} est un nombre premier", "{} n'est pas premier{}"),
    "es": ("{} es un número primo", "{} no es primo{}"),
}
_ABOUT = {"de": "etwa ", "fr": "environ ", "es": "aproximadamente "}
CUES = (
    *("wurzel", "durchschnitt", "mittelwert", "schnitt", "summe", "flache", "wie gross", "romisch"),
    *("primzahl", "racine", "moyenne", "somme", "surface", "superficie", "aire", "romains"),
    *("premier", "raiz", "media", "promedio", "suma", "area", "romanos", "primo"),
)
BEGINNINGS = (
    *(
        "was ",
        "wie",
        "berechne ",
        "die ",
        "der ",
        "den ",
        "quadratwurzel ",
        "wurzel ",
        "durchschnitt",
    ),
    *("mittelwert", "schnitt", "summe ", "flache ", "ist ", "quel", "combien ", "c'est ", "la "),
    *("racine ", "calcul", "moyenne ", "somme ", "surface ", "superficie ", "aire ", "comment "),
    *("est-ce ", "cual ", "cuanto ", "raiz ", "media ", "promedio ", "el ", "suma ", "area "),
    *("como ", "es "),
)
"""Stand in what any form fits, and begin it, besides digits."""
_APART = late_regex(r"[,;] (?:und |et |y )?| (?:und|et|y) ")


def number_fact(core: str, language: str) -> str | None:
    """Returns the answer to a question in German, French or Spanish, None for anything else.

    >>> number_fact("quadratwurzel aus 529", "de"), number_fact("2026 en chiffres romains", "fr")
    ('√529 = 23', '2026 = MMXXVI')
    """
    for kind, forms in fact_forms(language).items():
        for form in forms:
            match = form.fullmatch(core)
            if match is not None:
                return _answer(kind, match, language)
    return None


@cache
def fact_forms(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """Returns the forms of questions in a language by what they ask for; English has none."""
    return {
        kind: tuple(late_regex(_in_words(form, language)) for form in forms)
        for kind, forms in _FORMS.get(language, {}).items()
    }


def _in_words(form: str, language: str) -> str:
    return form.replace("{by}", _BY[language]).replace("{and}", _AND[language])


def _answer(kind: str, match: re.Match[str], language: str) -> str | None:
    prime, no_prime = _WORDS[language]
    if kind in ("mean", "sum"):
        return _of_list(kind, match["list"], language)
    if kind == "root":
        number = money(match["x"], language)
        return None if number is None else _root(number.value, language)
    if kind == "area":
        a, b = (Fraction(match[name].replace(",", ".")) for name in "ab")
        if not a or not b:
            return None
        left, right = shown(a, "", language), shown(b, "", language)
        return f"{left} * {right} = {shown(a * b, '', language)} m²"
    n = int(match["n"])
    if kind == "roman":
        return f"{n} = {roman(n)}" if 0 < n < 4_000 else None
    parts = factors(n) if n > 1 else []
    if len(parts) == 1:
        return prime.format(n)
    return no_prime.format(n, f": {n} = {' * '.join(map(str, parts))}" if parts else "")


def _of_list(kind: str, written: str, language: str) -> str | None:
    numbers = [money(part.strip(), language) for part in _APART.split(written)]
    values = [number.value for number in numbers if number is not None]
    if len(values) < max(2, len(numbers)):
        return None
    total = sum(values, Fraction(0))
    listed = " + ".join([shown(value, "", language) for value in values])
    if kind == "sum":
        return f"{listed} = {shown(total, '', language)}"
    mean = total / len(values)
    exact = (mean * 10_000).denominator == 1
    about = "" if exact else _ABOUT[language]
    return f"({listed}) / {len(values)} = {about}{shown(mean, '', language)}"


def _root(value: Fraction, language: str) -> str:
    root = square_root(Amount(value))
    about = "" if root.exact else _ABOUT[language]
    return f"√{shown(value, '', language)} = {about}{shown(root.value, '', language)}"
