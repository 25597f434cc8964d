"""Reads percentages, sums and conversions in seven languages besides English.

All of the question must fit one form, as in English, whose tools compute the result. A point and a
comma change places between languages: a number that two of them read differently ("2.340") gets no
answer. Pounds, and miles that are thousands (`mille`), are left out for the same reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact.arithmetic import NO_RESULT, arithmetic
from tiers.exact.by_zero import NO_DIVISION, no_result
from tiers.exact.money_shares import Wording, share_of_money
from tiers.exact.percentages import percentage
from tiers.exact.units import conversion
from tiers.exact.wording import Question

MAX_CHARACTERS = 120
_AMOUNT = r"\d{1,12}(?:[.,]\d{1,12})?"
_NUMBER = rf"-?{_AMOUNT}"
_PER = "(?:%|prozent|procent|pour ?cent|por ?ciento|por ?cento|per ?cento)"
_SAFE = late_regex(r"-?\d+(?:[.,]\d{1,2}|[.,]\d{4,})?")
"""Three digits behind a point or a comma may be thousands."""


class _Language(Struct, frozen=True, eq=False):
    """Holds the words of one language around numbers and units; equal to itself alone."""

    opening: str  # before a sum, a percentage or a conversion
    how_many: str  # before the unit that is wanted
    are: str  # between that unit and the number
    of: str  # "17 % of 2340"; the first word is the one that is answered
    into: str  # "30 miles in km"
    about: str
    signs: Mapping[str, str]
    units: Mapping[str, str]  # English unit by name; the name that is answered comes last


def _units(**names: str) -> dict[str, str]:
    return {name: english for english, listed in names.items() for name in listed.split()}


_LANGUAGES = (
    _Language(
        r"(?:was|wie ?viel|wieviel)(?: ist| sind| macht| ergibt| ergeben| gibt)|berechne|rechne",
        "wie ?viele?",
        "sind|hat|haben|ist",
        "von",
        "in",
        "etwa",
        {"mal": "*", "plus": "+", "minus": "-", "geteilt durch": "/", "durch": "/"},
        _units(
            km="kilometern kilometer",
            m="metern meter",
            cm="zentimetern zentimeter",
            mm="millimetern millimeter",
            miles="meile meilen",
            inches="zoll",
            feet="fuss",
            kg="kilo kilogramm",
            g="gramm",
            ounces="unze unzen",
            l="litern liter",
            hours="stunde stunden",
            minutes="minute minuten",
            seconds="sekunde sekunden",
            days="tag tagen tage",
            weeks="woche wochen",
        ),
    ),
    _Language(
        r"combien (?:font|fait|est|valent|vaut)|calcule[zr]?|c ?est combien|que font|que fait",
        "combien de|combien d",
        "font|fait|dans|y a t il dans|il y a dans",
        "de",
        "en",
        "environ",
        {"fois": "*", "plus": "+", "moins": "-", "divise par": "/"},
        _units(
            km="kilometre kilometres",
            m="metre metres",
            cm="centimetre centimetres",
            mm="millimetre millimetres",
            miles="mile miles",
            inches="pouce pouces",
            feet="pied pieds",
            kg="kilo kilos kilogramme kilogrammes",
            g="gramme grammes",
            ounces="once onces",
            l="litre litres",
            hours="heure heures",
            minutes="minute minutes",
            seconds="seconde secondes",
            days="jour jours",
            weeks="semaine semaines",
        ),
    ),
    _Language(
        r"cuanto(?:s)? (?:es|son|hace|hacen)(?: el)?|calcula|que es(?: el)?",
        "cuant[oa]s",
        "son|hay en|tiene|tienen",
        "de",
        "en|a",
        "unos",
        {"por": "*", "mas": "+", "menos": "-", "dividido por": "/", "dividido entre": "/"},
        _units(
            km="kilometro kilometros",
            m="metro metros",
            cm="centimetro centimetros",
            mm="milimetro milimetros",
            miles="milla millas",
            inches="pulgada pulgadas",
            feet="pie pies",
            kg="kilo kilos kilogramo kilogramos",
            g="gramo gramos",
            ounces="onza onzas",
            l="litro litros",
            hours="hora horas",
            minutes="minuto minutos",
            seconds="segundo segundos",
            days="dia dias",
            weeks="semana semanas",
        ),
    ),
    _Language(
        r"quant[oi] (?:fa|fanno|e|sono)(?: il)?|calcola|quanto vale",
        "quant[ei]",
        "sono|ci sono in|ha|hanno",
        "di|del",
        "in",
        "circa",
        {"per": "*", "piu": "+", "meno": "-", "diviso per": "/", "diviso": "/"},
        _units(
            km="chilometro chilometri",
            m="metro metri",
            cm="centimetro centimetri",
            mm="millimetro millimetri",
            miles="miglio miglia",
            inches="pollice pollici",
            feet="piede piedi",
            kg="chilo chili chilogrammo chilogrammi",
            g="grammo grammi",
            ounces="oncia once",
            l="litro litri",
            hours="ora ore",
            minutes="minuto minuti",
            seconds="secondo secondi",
            days="giorno giorni",
            weeks="settimana settimane",
        ),
    ),
    _Language(
        r"(?:hoeveel|wat) (?:is|zijn|wordt)|bereken|reken uit",
        "hoeveel",
        "zijn|is|zitten er in|zitten in|gaan er in|heeft|hebben",
        "van",
        "in|naar",
        "ongeveer",
        {
            **{"keer": "*", "maal": "*", "plus": "+", "min": "-"},
            **{"gedeeld door": "/", "delen door": "/"},
        },
        _units(
            km="kilometer kilometers",
            m="meter meters",
            cm="centimeter centimeters",
            mm="millimeter millimeters",
            miles="mijl mijlen",
            inches="inch inches",
            feet="voet",
            kg="kilo kilogram",  # an `ons` is a tenth of it, and no ounce
            g="gram",
            l="liter liters",
            hours="uur uren",
            minutes="minuut minuten",
            seconds="seconde seconden",
            days="dag dagen",
            weeks="week weken",
        ),
    ),
    _Language(
        r"ile (?:to jest|to|jest|wynosi|bedzie)|oblicz|policz",
        "ile",
        "to|ma|maja|jest w|jest to",
        "z|ze|od",
        "w|na",
        "okolo",
        {
            **{"razy": "*", "plus": "+", "dodac": "+", "minus": "-", "odjac": "-"},
            **{"podzielone przez": "/", "podzielic przez": "/", "przez": "/"},
        },
        _units(
            km="kilometr kilometry kilometra kilometrow kilometrach",
            m="metr metry metra metrow metrach",
            cm="centymetr centymetry centymetra centymetrow centymetrach",
            mm="milimetr milimetry milimetra milimetrow milimetrach",
            miles="mila mile mili mil milach",
            inches="cal cale cala cali calach",
            feet="stopa stopy stop stopach",
            kg="kilo kilogram kilogramy kilograma kilogramow kilogramach",
            g="gram gramy grama gramow gramach",
            ounces="uncja uncje uncji uncjach",
            l="litr litry litra litrow litrach",
            hours="godzina godziny godzin godzinach",
            minutes="minuta minuty minut minutach",
            seconds="sekunda sekundy sekund sekundach",
            days="dzien dnia dni dniach",
            weeks="tydzien tygodnie tygodnia tygodni tygodniach",
        ),
    ),
    _Language(
        r"quant(?:o|os|a) (?:e|sao|da|dao|faz|fazem)|calcul[ae]r?|qual e o resultado de",
        "quant[oa]s",
        "sao|ha em|tem|existem em|cabem em",
        "de|do|dos",
        "em|para",
        "cerca de",
        {
            **{"vezes": "*", "mais": "+", "menos": "-"},
            **{"dividido por": "/", "a dividir por": "/", "sobre": "/"},
        },
        _units(
            km="quilometro quilometros",
            m="metro metros",
            cm="centimetro centimetros",
            mm="milimetro milimetros",
            miles="milha milhas",
            inches="polegada polegadas",
            feet="pe pes",
            kg="quilo quilos quilograma quilogramas",
            g="grama gramas",
            ounces="onca oncas",
            l="litro litros",
            hours="hora horas",
            minutes="minuto minutos",
            seconds="segundo segundos",
            days="dia dias",
            weeks="semana semanas",
        ),
    ),
)
_ROUNDED = {
    "de": "auf Cent gerundet",
    "fr": "arrondi au centime",
    "es": "redondeado al céntimo",
    "it": "arrotondato al centesimo",
    "nl": "afgerond op centen",
    "pl": "w zaokrągleniu",
    "pt": "arredondado ao cêntimo",
}
_SHARES = tuple(
    Wording(name, one.opening, one.of, rounded)
    for one, (name, rounded) in zip(_LANGUAGES, _ROUNDED.items(), strict=True)
)
_BEGINNING = late_regex(
    r"-?\d|" + "|".join(f"(?:{one.opening}|{one.how_many}) " for one in _LANGUAGES)
)
"""Fits the beginning of what any form fits."""
_SYMBOLS = {
    **{name: name for name in ("km", "m", "cm", "mm", "kg", "g", "l", "km/h", "mph")},
    **{"°c": "celsius", "°f": "fahrenheit"},
}
_GERMAN = _LANGUAGES[0]
_COUNTED = ("kilometer", "meter", "zentimeter", "millimeter", "liter", "tage")
_DATIVE = {f"{unit}n": unit for unit in _COUNTED}
"""Gives German units as an answer counts them: "in Kilometern" asks for "48 Kilometer"."""
_ONE_OF = {
    **{f"{unit}n": unit for unit in ("stunde", "minute", "sekunde", "woche", "meile", "unze")},
    "tage": "tag",
}
"""Gives German units as an answer counts one of them: "24 Stunden = 1 Tag"."""
_DEGREES = late_regex(
    r"(?:(?:grad|degres?|grados?|gradi|graden|stopni|graus?) |°)?(celsius|fahrenheit)\b"
)
_MILES_AN_HOUR = late_regex(
    r"(?:meilen|miles?|millas|miglia|mijl|mil|milhas) (?:pro|par|por|all'?|per|na) ?"
    r"(?:stunde|heure|hora|ora|uur|godzine)\b"
)
ACCENTS = str.maketrans(
    {
        **dict(zip("áàâäãéèêëíìîïóòôöõúùûüñç", "aaaaaeeeeiiiiooooouuuunc", strict=True)),
        **dict(zip("ąćęłńśźż", "acelnszz", strict=True)),
        **dict.fromkeys("\u00d7\u00b7", "*"),
        **dict.fromkeys("\u2212\u2013", "-"),
        "\u00f7": "/",
        "\u2019": "'",
    }
)


def in_another_language(text: str) -> str | None:
    """Returns the result of a question in another language, in its words; None for anything else.

    >>> in_another_language("Wie viel sind 17% von 2340?")
    '17 % von 2340 = 397,8'
    >>> in_another_language("Combien font 20 % de 1.250 €?")
    '20 % de 1\u202f250 € = 250 €'
    >>> in_another_language("50 Meilen in km")
    '50 Meilen = 80,4672 km'
    >>> in_another_language("17 % von 2.340") is None
    True
    """
    if len(text) > MAX_CHARACTERS or not has_digit(text):
        return None
    plain = text.lower()
    if not plain.isascii():
        plain = plain.replace("ß", "ss").translate(ACCENTS)
    core = " ".join(plain.replace("'", " ").split()).strip(" ?!.=¿¡")
    if not _BEGINNING.match(core):
        return None
    core = _DEGREES.sub(lambda unit: f"°{unit[1][0]}", _MILES_AN_HOUR.sub("mph", core))
    if (share := share_of_money(core, _SHARES)) is not None:
        return share
    if not all(_SAFE.fullmatch(number) for number in re.findall(r"-?\d[\d.,]*\d|\d", core)):
        return None
    forms: tuple[Callable[[str, _Language], str | None], ...] = (_percent, _converted, _sum)
    for language in _LANGUAGES:
        for form in forms:
            answer = form(core, language)
            if answer is not None:
                return answer
    return None


def _english(number: str) -> str:
    return number.replace(",", ".")


def _local(number: str) -> str:
    """Returns an English result's number with a decimal comma and no thousands."""
    return number.replace(",", "").replace(".", ",")


class _Forms(Struct, frozen=True):
    """Holds the compiled forms of one language."""

    percent: re.Pattern[str]
    part: re.Pattern[str]  # a percentage of a number within a sum
    converted: tuple[re.Pattern[str], ...]
    sum: re.Pattern[str]
    signs: tuple[tuple[re.Pattern[str], str], ...]
    units: Mapping[str, str]


@cache
def _forms(language: _Language) -> _Forms:
    units = {**language.units, **_SYMBOLS}
    unit = "|".join(sorted(map(re.escape, units), key=len, reverse=True))
    asked = rf"(?P<n>{_NUMBER}) ?(?P<u>{unit})(?: (?P<n2>{_AMOUNT}) ?(?P<u2>{unit}))?"
    opened = rf"(?:(?:{language.opening}) )?"
    signs = sorted(language.signs.items(), key=lambda one: -len(one[0]))
    return _Forms(
        percent=late_regex(rf"{opened}(?P<p>{_NUMBER}) ?{_PER} (?:{language.of}) (?P<y>{_NUMBER})"),
        part=late_regex(rf"(?P<p>{_AMOUNT}) ?{_PER} (?:{language.of}) (?P<y>{_AMOUNT})"),
        converted=(
            late_regex(rf"{opened}{asked} (?:{language.into}) (?P<v>{unit})"),
            late_regex(rf"(?:{language.how_many}) (?P<v>{unit}) (?:{language.are}) {asked}"),
        ),
        sum=late_regex(rf"(?:{language.opening}) (?P<sum>.+)"),
        signs=tuple((late_regex(rf"(?<=\d) {word} (?=-?\d)"), f" {sign} ") for word, sign in signs),
        units=units,
    )


def _percent(core: str, language: _Language) -> str | None:
    match = _forms(language).percent.fullmatch(core)
    if match is None:
        return None
    answer_text = percentage(Question(f"{_english(match['p'])}% of {_english(match['y'])}"))
    if answer_text is None:
        return None
    result = answer_text.rpartition(" = ")[2]
    # A sum in cents says how it was rounded, in English words.
    if not re.fullmatch(r"-?[\d,]+(?:\.\d+)?", result):
        return None
    of = language.of.partition("|")[0]
    return f"{_shown(match['p'])} % {of} {_shown(match['y'])} = {_local(result)}"


def _shown(number: str) -> str:
    return number.replace(".", ",")


def _counted(number: str, unit: str, language: _Language) -> str:
    unit = _DATIVE.get(unit, unit)
    name = _ONE_OF.get(unit, unit) if number == "1" else unit
    if language is _GERMAN and unit not in _SYMBOLS:
        name = "Fuß" if name == "fuss" else name.capitalize()
    return f"{number} {name}"


def _converted(core: str, language: _Language) -> str | None:
    forms = _forms(language)
    for form in forms.converted:
        match = form.fullmatch(core)
        if match is None:
            continue
        more = f" {_english(match['n2'])} {forms.units[match['u2']]}" if match["n2"] else ""
        wanted = forms.units[match["v"]]
        question = f"{_english(match['n'])} {forms.units[match['u']]}{more} in {wanted}"
        answer_text = conversion(Question(question))
        result = answer_text and re.search(r" = (about )?(-?[\d,]+(?:\.\d+)?) ", f"{answer_text} ")
        if not result:
            return None
        about = f"{language.about} " if result[1] else ""
        rest = f" {_counted(_shown(match['n2']), match['u2'], language)}" if more else ""
        left = f"{_counted(_shown(match['n']), match['u'], language)}{rest}"
        shown = f"{left} = {about}{_counted(_local(result[2]), match['v'], language)}"
        return shown.replace("°c", "°C").replace("°f", "°F")
    return None


def _sum(core: str, language: _Language) -> str | None:
    match = _forms(language).sum.fullmatch(core)
    if match is None:
        return None
    signs = match["sum"]
    for word, sign in _forms(language).signs:
        signs = word.sub(sign, signs)
    part = _forms(language).part
    signs = part.sub(r"\g<p>% of \g<y>", signs)
    bare = signs.replace("% of ", " ")
    signs = signs.replace("x", "*") if re.fullmatch(r"[\dx*+/.,() -]+", bare) else signs
    if not re.fullmatch(r"[\d*+/.,() -]+", bare.replace("x", "*")):
        return None
    if NO_DIVISION.search(signs):
        return None
    answer_text = arithmetic(Question(_english(signs), commanded=True))
    if answer_text is None:
        return None
    if NO_RESULT in answer_text:
        return no_result(core, _shown(signs.strip()), _LANGUAGES.index(language))
    result = answer_text.rpartition(" = ")[2]
    if not re.fullmatch(r"-?[\d,]+(?:\.\d+)?", result):
        return None
    return f"{_shown(part.sub(_in_brackets, match['sum']))} = {_local(result)}"


def _in_brackets(part: re.Match[str]) -> str:
    """Returns a percentage of a number in brackets, so that a reader sees what was understood."""
    around = part.string[part.start() - 1 : part.start()] + part.string[part.end() :][:1]
    return part[0] if around == "()" else f"({part[0]})"
