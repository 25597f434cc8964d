"""Answers how much each of several people pays, how much fuel a trip takes, and kitchen measures.

A gallon is American or British, so that miles per gallon get both answers. A spoon is 15 or 5
millilitres; in English `units` converts the American ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from router.regexes.late import late_regex
from tiers.exact.phrased.figures import BEGINNINGS as SUMS
from tiers.exact.phrased.figures import in_cents, money, rate, shown
from tiers.exact.phrased.forms import compiled, count, fitting

MOST_PEOPLE = 1_000
_NUMBER = r"\d{1,6}(?:[.,]\d{1,3})?"
_PER = (
    rf"(?P<per>{_NUMBER}) ?(?:l|liter|litern|litres?|liters?|litros?) ?"
    r"(?:/|per|pro|auf|aux?|a los|por|cada|pour) ?(?:les )?100 ?(?:km|kilometer|kilometres?|"
    r"kilometros)?"
)
_KM = rf"(?P<km>{_NUMBER}) ?(?:km|kilometer|kilometern|kilometres?|kilometros)"
_FUEL = {
    "en": (
        rf"(?:my car (?:uses|needs|takes|does|consumes) )?{_PER},? how (?:much|many) "
        rf"(?:fuel|petrol|gas|diesel|litres|liters)(?: do i need)? for {_KM}",
        r"how (?:much|many) (?:fuel|petrol|gas|diesel|litres|liters)(?: do i need| does it "
        r"take)? for "
        rf"{_KM}(?: if my car (?:uses|needs|takes|consumes)| at| with) {_PER}",
    ),
    "de": (
        r"wie ?viele? (?:liter|benzin|diesel|sprit|kraftstoff)(?: brauche ich| braucht man| "
        r"verbrauche ich)? "
        rf"(?:fur|auf) {_KM} (?:bei|mit) (?:einem verbrauch von )?{_PER}",
        rf"(?:mein auto (?:verbraucht|braucht) )?{_PER},? wie ?viele? (?:liter|benzin|diesel|"
        r"sprit) "
        rf"(?:brauche ich )?(?:fur|auf) {_KM}",
    ),
    "fr": (
        r"combien (?:de litres|d'essence|de carburant|de diesel)(?: (?:faut-il|il faut|me "
        r"faut-il))? "
        rf"pour {_KM} (?:avec|a) {_PER}",
        rf"(?:ma voiture|mon auto|elle) consomme {_PER},? combien (?:de litres|d'essence|de "
        r"carburant)"
        rf"(?: (?:faut-il|il faut|me faut-il))? pour {_KM}",
    ),
    "es": (
        r"cuant[oa]s? (?:litros|gasolina|combustible|diesel)(?: necesito| hacen falta)? para "
        rf"{_KM} "
        rf"(?:si gasta|si consume|con|a) {_PER}",
        rf"(?:mi coche|mi carro|el coche) (?:gasta|consume) {_PER},? cuant[oa]s? "
        rf"(?:litros|gasolina|combustible)(?: necesito)? para {_KM}",
    ),
}
_FUEL_WORDS = {
    "en": "{km} km at {per} l/100 km: {l} litres",
    "de": "{km} km bei {per} l/100 km: {l} Liter",
    "fr": "{km} km à {per} l/100 km : {l} litres",
    "es": "{km} km con {per} l/100 km: {l} litros",
}
_MPG = late_regex(
    rf"(?:what is |what's |convert )?(?P<n>{_NUMBER}) ?mpg (?:in|to|into) ?"
    r"l(?:itres?)?(?:/| per )100 ?km"
)
_TO_MPG = late_regex(
    rf"(?:what is |what's |convert )?(?P<n>{_NUMBER}) ?l(?:itres?)?(?:/| per )100 ?km (?:in|to|"
    r"into) (?:mpg|miles per gallon)"
)
_MILE = Fraction("1.609344")
_GALLONS = (("US", Fraction("3.785411784")), ("UK", Fraction("4.54609")))
_SPOONS = {
    "de": {"esslöffel|essloffel|el": ("EL", 15), "teeloffel|tl": ("TL", 5)},
    "fr": {
        "cuilleres? a soupe|c\\. ?a ?s\\.?": ("c. à s.", 15),
        "cuilleres? a cafe|c\\. ?a ?c\\.?": ("c. à c.", 5),
    },
    "es": {
        "cucharadas?": ("cucharada|cucharadas", 15),
        "cucharaditas?": ("cucharadita|cucharaditas", 5),
    },
}
_ML = r"(?:ml|milliliter|millilitres?|mililitros)"
_SPOON_FORMS = {
    "de": (
        r"wie ?viele? {ml} (?:sind|hat|haben|ist) (?P<n>{n}) (?:{u})",
        r"(?P<n>{n}) (?:{u}) in "
        r"{ml}",
    ),
    "fr": (
        r"combien de {ml} (?:dans|font|fait|pour) (?P<n>{n}) (?:{u})",
        r"(?P<n>{n}) (?:{u}) en "
        r"{ml}",
    ),
    "es": (
        r"cuantos {ml} (?:son|hay en|tienen?) (?P<n>{n}) (?:{u})",
        r"(?P<n>{n}) (?:{u}) (?:en|"
        r"a) {ml}",
    ),
}
_PEOPLE = {
    "en": r"(?: people| of us| friends| persons| ways)?",
    "de": r"(?: personen| leute| leuten| freunde| freunden| kopfe)?",
    "fr": r"(?: personnes| amis| convives)?",
    "es": r"(?: personas| amigos)?",
}
_SPLIT = {
    "en": (
        r"(?:the )?(?:bill|dinner|lunch|total|check) (?:is|was|comes to|came to) <x>,? (?:plus "
        r")?(?:a |an )?<p> tip,? (?:and )?(?:we )?split (?:between |among |by "
        rf")?<n>{_PEOPLE['en']}",
        r"(?:the )?(?:bill|dinner|lunch|total|check) (?:is|was|comes to|came to) <x>,? (?:and "
        r")?(?:there are|we are|for) <n>(?: of us| people)?[.,]? (?:how much|what) (?:does "
        r"each(?: person| of us)?|do we each|should each(?: person)?|everyone) pays?",
    ),
    "de": (
        r"(?:teile |(?:was|wie ?viel) (?:ist|sind|macht|ergibt) )?<x> "
        rf"(?:durch|geteilt durch) <n>{_PEOPLE['de']}(?: aufteilen| "
        r"aufgeteilt| teilen)?",
        rf"teile <x> (?:auf|unter) <n>{_PEOPLE['de']}(?: auf)?",
        rf"<x> (?:auf|unter) <n>(?:{_PEOPLE['de']} (?:aufteilen|aufgeteilt|teilen)|"
        r" (?:personen|leute|freunde|kopfe))",
        rf"(?:wir sind|zu) (?:zu )?<n>{_PEOPLE['de']},? (?:und )?(?:die|unsere) rechnung (?:ist|"
        r"betragt|macht|war) <x>[.,]? (?:wie ?viel|was) (?:zahlt|muss|bezahlt) (?:jeder|jede "
        r"person)(?: zahlen)?",
    ),
    "fr": (
        rf"(?:partage[rz]?|divise[rz]?) <x> (?:entre|par|en) <n>{_PEOPLE['fr']}",
        rf"(?:combien (?:font|fait) )?<x> divises? (?:par|entre) <n>{_PEOPLE['fr']}",
        rf"(?:on est|nous sommes) <n>{_PEOPLE['fr']},? (?:et )?l'addition (?:est de|fait|est|"
        r"s'eleve a) <x>[.,]? combien (?:chacun|par personne|paie chacun|doit payer chacun)(?: "
        r"paie| doit payer)?",
    ),
    "es": (
        rf"(?:dividir|divide|repartir|reparte) <x> (?:entre|por|en) <n>{_PEOPLE['es']}",
        r"(?:cuanto (?:es|son) )?<x> (?:(?:dividid[oa]s? )?entre|dividid[oa]s? por) "
        rf"<n>{_PEOPLE['es']}",
        rf"somos <n>{_PEOPLE['es']},? (?:y )?la cuenta (?:es de|es|son) <x>[.,]? (?:cuanto "
        r")?(?:paga|pagamos|toca a|debe pagar) cada uno",
    ),
}
_SPLIT_WORDS = {"en": "each", "de": "für jeden", "fr": "chacun", "es": "cada uno"}
_BILL = late_regex("rechnung|addition|cuenta")
SHARED_BEGINNINGS = ("the ", "bill ", "dinner ", "lunch ", "total ", "check ")
SHARED_CUES = ("bill", "dinner", "lunch", "total", "check")
"""Begin what any form of a shared bill in English fits, and stand in it."""
BEGINNINGS = (
    *(
        "my car ",
        "how ",
        "what",
        "convert ",
        "wie",
        "was ",
        "mein auto ",
        "combien ",
        "ma voiture ",
    ),
    *("mon auto ", "elle ", "cuant", "mi coche ", "mi carro ", "el coche "),
    *("teile ", "wir sind ", "zu ", "partage", "divise", "on est ", "nous sommes ", "divid"),
    *("repart", "somos ", *SUMS),
)
CUES = (
    *("100", "ml", "mil", "durch", "auf", "unter", "rechnung", "partag", "divis", "addition"),
    *("divid", "repart", "cuenta", " entre "),
)
"""Begin what any other form fits, besides digits, and stand in it."""


def everyday(core: str, language: str) -> str | None:
    """Returns the answer to a question in one language, None for anything else.

    >>> everyday("wie viele liter brauche ich fur 450 km bei 7 litern auf 100 km", "de")
    '450 km bei 7 l/100 km: 31,5 Liter'
    """
    for form in everyday_forms(language)["fuel"]:
        if match := form.fullmatch(core):
            km, per = _plain(match["km"], language), _plain(match["per"], language)
            if km is None or per is None:
                return None
            return _FUEL_WORDS[language].format(
                km=shown(km, "", language),
                per=shown(per, "", language),
                l=shown(km * per / 100, "", language),
            )
    return _economy(core) if language == "en" else _spoons(core, language) or _split(core, language)


def split_among(core: str) -> str | None:
    """Returns the share of each of several people in English."""
    return _split(core, "en")


@cache
def everyday_forms(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """Returns the forms of questions about fuel, and of bills that are shared, in a language."""
    return {"fuel": tuple(map(late_regex, _FUEL[language])), "split": compiled(_SPLIT[language])}


def _plain(written: str, language: str) -> Fraction | None:
    """Returns a number, None where three digits behind its mark may be thousands."""
    if re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", written):
        return Fraction(written.replace(",", "")) if language == "en" and "," in written else None
    return Fraction(written.replace(",", "."))


def _economy(core: str) -> str | None:
    """Returns litres per 100 km for miles per gallon or the other way, for both gallons."""
    for form, left, right in ((_MPG, "mpg", "l/100 km"), (_TO_MPG, "l/100 km", "mpg")):
        match = form.fullmatch(core)
        if match and (number := _plain(match["n"], "en")):
            sizes = [(name, round(10_000 * size / (_MILE * number))) for name, size in _GALLONS]
            results = [
                f"about {shown(Fraction(hundredths, 100), '', 'en')} {right} ({name} gallons)"
                for name, hundredths in sizes
            ]
            return f"{shown(number, '', 'en')} {left} is {', or '.join(results)}"
    return None


@cache
def _spoon_forms(language: str) -> tuple[tuple[re.Pattern[str], str, int], ...]:
    return tuple(
        (late_regex(form.format(ml=_ML, n=_NUMBER, u=unit)), name, size)
        for unit, (name, size) in _SPOONS[language].items()
        for form in _SPOON_FORMS[language]
    )


def _spoons(core: str, language: str) -> str | None:
    for form, name, size in _spoon_forms(language):
        if match := form.fullmatch(core):
            number = _plain(match["n"], language)
            if number is None:
                return None
            left, right = shown(number, "", language), shown(number * size, "", language)
            one, _, several = name.partition("|")
            named = one if number == 1 else several or one
            return f"{left} {named} = {right} ml (1 {one} = {size} ml)"
    return None


def _split(core: str, language: str) -> str | None:
    places = fitting(everyday_forms(language)["split"], core)
    if places is None:
        return None
    x, people = money(places["x"], language), count(places["n"])
    if x is None or not 2 <= people <= MOST_PEOPLE:
        return None
    if not (x.sign or language == "en" or _BILL.search(core)):
        return None  # "100 durch 4" is no bill
    tip = rate(places["p"]) if "p" in places else Fraction(0)
    whole = x.value * (100 + tip) / 100
    sum_ = shown(x.value, x.sign, language, cents=True)
    each = shown(whole / people, x.sign, language, cents=True)
    paid = f"({sum_} plus {shown(tip, '', language)}%)" if tip else sum_
    text = f"{paid} / {people} = {each} {_SPLIT_WORDS[language]}"
    return in_cents(text, (whole / people,), language)
