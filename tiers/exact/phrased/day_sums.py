"""Answers questions about dates, ages and working days in four languages.

In English `dates` answers, but for ages, working days and the rest of a year. `today` is given; it
is that of UTC. Working days are those from Monday to Friday, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache

from tiers.exact.calendar import both_ends, last_one, moved, next_one
from tiers.exact.phrased.days import FRENCH as FRENCH_DAYS
from tiers.exact.phrased.days import (
    day_in,
    first_of_two,
    is_feast,
    is_workday,
    weekday_of,
    written_day,
)
from tiers.exact.phrased.forms import compiled, fitting

MOST_DAYS = 100_000
"""Days of a span whose working days are counted one by one."""
MOST_YEARS = 130
"""Years of an age: nobody is older, so that an older date is no birth."""

_UNITS = {
    "day": "day days tag tage tagen jour jours dia dias",
    "week": "week weeks woche wochen semaine semaines semana semanas",
    "month": "month months monat monate monaten mois mes meses",
    "year": "year years jahr jahre jahren an ans ano anos",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_NAMES = {
    "en": {"day": ("day", "days"), "week": ("week", "weeks"), "month": ("month", "months"),
           "year": ("year", "years")},
    "de": {"day": ("Tag", "Tage"), "week": ("Woche", "Wochen"), "month": ("Monat", "Monate"),
           "year": ("Jahr", "Jahre")},
    "fr": {"day": ("jour", "jours"), "week": ("semaine", "semaines"), "month": ("mois", "mois"),
           "year": ("an", "ans")},
    "es": {"day": ("día", "días"), "week": ("semana", "semanas"), "month": ("mes", "meses"),
           "year": ("año", "años")},
}  # fmt: skip
_AND = {"en": "and", "de": "und", "fr": "et", "es": "y"}
_U = r"(?P<unit>[a-z]+)"
_WORK_EN = r"(?:working|business|work) ?days?"
_WORK_DE = r"arbeitstage?n?"  # a `Werktag` may be a Saturday
_WORK_FR = r"jours? (?:ouvres?|de travail)"
_WORK_ES = r"dias? (?:laborables?|habiles?)"
_FORMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "work": (
            rf"(?:how many|number of) {_WORK_EN} (?:are (?:there )?)?(?:between|from) <d> "
            r"(?:and|to|until) <e>",
        ),
        "work_later": (
            rf"(?:what|which) (?:date|day) (?:is|will be|falls) (?P<n>\d{{1,4}}) {_WORK_EN} "
            r"(?:after|from) <d>",
            rf"(?P<n>\d{{1,4}}) {_WORK_EN} (?:after|from) <d>",
        ),
        "age": (
            r"how old (?:is|would|will) (?:someone|somebody|a person|a child|anyone)(?: be)?,? "
            r"(?:who (?:was|is) )?born (?:on |in )?<d>",
            r"i(?: was|'m| am) born (?:on )?<d>[.,]? (?:so )?how old am i(?: now| today)?",
            r"how old am i(?: now| today)? (?:if|when) (?:i was|i'm|i am) born (?:on )?<d>",
            r"how old (?:will|would) (?:i|someone|somebody) be on <e> (?:if|when) (?:i was|they "
            r"were|he was|she was|i am) born (?:on )?<d>",
        ),
        "left": (
            r"how many (?P<unit>days|weeks) (?:are )?(?:left|remain(?:ing)?)(?: are)? (?:in|of|"
            r"until the end of) (?P<year>\d{4}|this year|the year)",
        ),
    },
    "de": {
        "until": (
            rf"(?:in )?wie ?viele {_U} (?:sind es |dauert es |bleiben |sind )?(?:noch )?bis(?: "
            r"zu| zum| zur)? <e>",
            rf"wie ?viele {_U} (?:sind es )?noch bis(?: zum)? <e>",
        ),
        "between": (
            rf"wie ?viele {_U} (?:liegen|sind|sind es|vergehen) (?:zwischen|vom|von) (?:dem "
            r")?<d> (?:und|bis)(?: dem| zum)? <e>",
        ),
        "weekday": (
            r"(?:welcher|was fur ein) (?:wochentag|tag)(?: der woche)? (?P<verb>ist|war|wird) "
            r"<d>(?: sein)?",
            r"(?:auf )?(?:welchen|was fur einen) (?:wochentag|tag) (?P<verb>fallt|fiel) <d>",
        ),
        "later": (
            r"(?:welches datum|welcher tag|was fur ein datum) (?:ist|haben wir|wird es sein) "
            rf"in (?P<n>\d{{1,5}}) {_U}",
            r"(?:welches datum|welcher tag|was|was ist das datum|was ist) ?(?:ist|haben wir|"
            rf"liegt)? ?(?:das datum )?(?P<n>\d{{1,5}}) {_U} nach <d>",
        ),
        "age": (
            r"wie alt ist (?:jemand|man|eine person|einer),? (?:der |die |wenn man )?(?:am "
            r")?<d> geboren(?: ist| wurde)?",
            r"(?:ich bin|ich wurde) am <d> geboren[.,]? (?:und )?wie alt bin ich(?: jetzt| heute)?",
            r"wie alt bin ich,? wenn ich am <d> geboren (?:bin|wurde)",
        ),
        "work": (
            rf"wie ?viele {_WORK_DE} (?:sind es |liegen |hat es |gibt es |sind )?(?:vom|von|"
            r"zwischen)(?: dem)? <d> (?:bis|und)(?: zum| dem)? <e>",
        ),
        "work_later": (
            rf"(?:welches datum|welcher tag|was) ist (?P<n>\d{{1,4}}) {_WORK_DE} nach <d>",
        ),
    },
    "fr": {
        "until": (
            rf"(?:combien de|dans combien de) {_U} (?:y a-t-il |reste-t-il |il reste |"
            r"reste-t-il encore |encore )?(?:avant|jusqu'a|jusqu'au|d'ici a|d'ici)(?: le| la)? "
            r"<e>",
        ),
        "between": (
            rf"combien de {_U} (?:y a-t-il |il y a )?(?:entre|de|du) <d> (?:et|a|au|jusqu'au) <e>",
        ),
        "weekday": (
            r"quel jour(?: de la semaine)? (?P<verb>est|etait|sera|tombe)(?:-ce)? <d>",
            r"<d> (?P<verb>tombe|est|etait) (?:un |quel )+jour(?: de la semaine)?",
        ),
        "later": (
            r"quelle (?:date|jour) (?:serons-nous|sera-t-on|sera|on sera|est-on|sera-ce) dans "
            rf"(?P<n>\d{{1,5}}) {_U}",
            rf"quelle (?:est la date|date est|date sera)(?: est)? (?P<n>\d{{1,5}}) {_U} apres <d>",
        ),
        "age": (
            r"quel age a (?:quelqu'un|une personne|un enfant|qqn)(?: qui est)? nee? (?:le )?<d>",
            r"je suis nee? (?:le )?<d>[.,]? quel age ai-je",
        ),
        "work": (
            rf"combien de {_WORK_FR} (?:y a-t-il )?(?:du|entre|de) <d> (?:au|et|a) <e>",
        ),
    },
    "es": {
        "until": (
            rf"cuant[oa]s {_U} (?:faltan|quedan|hay)(?: para| hasta)(?: la)? <e>",
        ),
        "between": (
            rf"cuant[oa]s {_U} (?:hay|pasan|van) (?:entre|del|desde) <d> (?:y|al|hasta) <e>",
        ),
        "weekday": (
            r"(?:en )?que dia(?: de la semana)? (?P<verb>es|fue|era|sera|cae|cayo) <d>",
        ),
        "later": (
            rf"que (?:fecha|dia) (?:sera|es) (?:dentro de|en) (?P<n>\d{{1,5}}) {_U}",
            rf"que (?:fecha|dia) (?:sera|es) (?P<n>\d{{1,5}}) {_U} despues (?:del|de) <d>",
        ),
        "age": (
            r"cuantos anos tiene (?:alguien|una persona)(?: que)? (?:nacid[oa]|nacio) (?:el )?<d>",
            r"naci (?:el )?<d>[.,]? (?:cuantos anos tengo|que edad tengo)",
        ),
        "work": (
            rf"cuantos {_WORK_ES} (?:hay )?(?:del|entre|desde) <d> (?:al|y|hasta) <e>",
        ),
    },
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "span": "{n}, from {a} to {b} (the first day is not counted).",
        "weekday": "{a} {verb} a {w}.",
        "later": "{n} after {a} is {w} {b}.",
        "age": "{n}, on {b} (UTC), where the birth was on {a}.",
        "work": "{n} working days (Monday to Friday), from {a} to {b}, both counted. "
        "Public holidays are not taken out.",
        "work_later": "{n} working days (Monday to Friday) after {a} is {w} {b}. "
        "Public holidays are not taken out.",
    },
    "de": {
        "span": "{n}, vom {a} bis zum {b} (der erste Tag zählt nicht mit).",
        "weekday": "Der {a} {verb} ein {w}.",
        "later": "{n} nach dem {a} ist {w}, der {b}.",
        "age": "{n}, am {b} (UTC), bei Geburt am {a}.",
        "work": "{n} Arbeitstage (Montag bis Freitag), vom {a} bis zum {b}, beide mitgezählt. "
        "Feiertage sind nicht abgezogen.",
        "work_later": "{n} Arbeitstage (Montag bis Freitag) nach dem {a} ist {w}, der {b}. "
        "Feiertage sind nicht abgezogen.",
    },
    "fr": {
        "span": "{n}, du {a} au {b} (le premier jour n'est pas compté).",
        "weekday": "Le {a} {verb} un {w}.",
        "later": "{n} après le {a} : {w} {b}.",
        "age": "{n}, le {b} (UTC), pour une naissance le {a}.",
        "work": "{n} jours ouvrés (du lundi au vendredi), du {a} au {b}, les deux comptés. "
        "Les jours fériés ne sont pas retirés.",
    },
    "es": {
        "span": "{n}, del {a} al {b} (el primer día no cuenta).",
        "weekday": "El {a} {verb} {w}.",
        "later": "{n} después del {a}: {w} {b}.",
        "age": "{n}, el {b} (UTC), con nacimiento el {a}.",
        "work": "{n} días laborables (de lunes a viernes), del {a} al {b}, ambos contados. "
        "Los festivos no se han descontado.",
    },
}
_VERBS = {
    "en": ("was", "is", "will be"),
    "de": ("war", "ist", "ist"),
    "fr": ("était", "est", "sera"),
    "es": ("fue", "es", "será"),
}
_PAST = frozenset({"war", "fiel", "etait", "fue", "era", "cayo"})
BEGINNINGS = (
    *("how ", "number of ", "what ", "which ", "i ", "i'm ", "in wie", "wie", "welche", "was"),
    *("auf ", "ich ", "combien ", "dans combien ", "quel", "je suis ", "cuant", "en que ", "que "),
    *("naci ", *FRENCH_DAYS),  # "le 3 mai tombe quel jour"
)
"""Begin what any form fits, besides digits."""
CUES = (
    *("day", "week", "date", "how old", "tag", "woche", "datum", "wie alt", "jour", "semaine"),
    *("monat", "jahr", "quel age", " dia", "semana", "fecha", "cuantos anos", "que edad"),
)
"""One of them stands in what any form fits."""


@cache
def day_forms(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """Returns the forms of questions in a language by what they ask for."""
    return {kind: compiled(forms) for kind, forms in _FORMS[language].items()}


def dated(core: str, language: str, today: date) -> str | None:
    """Returns the answer to a question about dates in one language, None for anything else.

    >>> dated("wie viele tage sind es bis weihnachten", "de", date(2026, 11, 29))
    '26 Tage, vom 29. November 2026 bis zum 25. Dezember 2026 (der erste Tag zählt nicht mit).'
    """
    for kind, forms in day_forms(language).items():
        places = fitting(forms, core)
        if places is not None:
            try:
                answer = _KINDS[kind](places, language, today)
            except (OverflowError, ValueError):  # beyond the year 9999
                answer = None
            if answer is not None:
                return answer
    return None


def _until(places: Mapping[str, str], language: str, today: date) -> str | None:
    named = day_in(places["e"], language, today)
    end = None if named is None else next_one(named, today)
    return None if end is None or end < today else _span(today, end, places["unit"], language)


def _left(places: Mapping[str, str], language: str, today: date) -> str | None:
    year = int(places["year"]) if places["year"].isdigit() else today.year
    if year != today.year:
        return None
    return _span(today, date(year, 12, 31), places["unit"], language)


def _ends(places: Mapping[str, str], language: str, today: date) -> tuple[date, date] | None:
    second = day_in(places["e"], language, today)
    if second is None:
        return None
    first = first_of_two(places["d"], second, language, today)
    return None if first is None else both_ends(first, second, today)


def _between(places: Mapping[str, str], language: str, today: date) -> str | None:
    ends = _ends(places, language, today)
    return None if ends is None else _span(*ends, places["unit"], language)


def _span(start: date, end: date, written: str, language: str) -> str | None:
    unit, days = _UNIT_OF.get(written), abs((end - start).days)
    count = _counted(days, "day", language)
    if unit == "week":
        weeks, rest = divmod(days, 7)
        more = f" {_AND[language]} {_counted(rest, 'day', language)}" if rest else ""
        count = f"{_counted(weeks, 'week', language)}{more} ({count})"
    elif unit != "day":
        return None  # months have no one length
    a, b = written_day(start, language), written_day(end, language)
    return _WORDS[language]["span"].format(n=count, a=a, b=b)


def _counted(number: int, unit: str, language: str) -> str:
    return f"{number} {_NAMES[language][unit][number != 1]}"


def _weekday(places: Mapping[str, str], language: str, today: date) -> str | None:
    named = day_in(places["d"], language, today)
    if named is None:
        return None
    past = places["verb"] in _PAST
    day = last_one(named, today) if past else next_one(named, today)
    if day is None:
        return None
    verb = _VERBS[language][(day >= today) + (day > today)]
    return _WORDS[language]["weekday"].format(
        a=written_day(day, language), verb=verb, w=weekday_of(day, language)
    )


def _later(places: Mapping[str, str], language: str, today: date) -> str | None:
    start = _start(places, language, today)
    unit, count = _UNIT_OF.get(places["unit"]), int(places["n"])
    if start is None or unit is None:
        return None
    day, clipped = moved(start, count, unit)
    if clipped:
        return None  # "a month after 31 January" is told by `dates` in English alone
    return _moved("later", _counted(count, unit, language), (start, day), language)


def _start(places: Mapping[str, str], language: str, today: date) -> date | None:
    if "d" not in places:
        return today
    named = day_in(places["d"], language, today)
    return None if named is None else next_one(named, today)


def _moved(kind: str, count: str, ends: tuple[date, date], language: str) -> str:
    a, b = (written_day(day, language) for day in ends)
    return _WORDS[language][kind].format(n=count, a=a, b=b, w=weekday_of(ends[1], language))


def _age(places: Mapping[str, str], language: str, today: date) -> str | None:
    born = day_in(places["d"], language, today)
    when = day_in(places["e"], language, today) if "e" in places else None
    if born is None or born.year is None or ("e" in places and (when is None or not when.year)):
        return None
    birth, day = born.in_year(0), today if when is None else when.in_year(0)
    if birth is None or day is None or birth > day:
        return None
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    if years > MOST_YEARS:
        return None
    return _moved("age", _counted(years, "year", language), (birth, day), language)


def _work(places: Mapping[str, str], language: str, today: date) -> str | None:
    ends = _ends(places, language, today)
    if ends is None or not 0 <= (ends[1] - ends[0]).days <= MOST_DAYS:
        return None
    days = [ends[0] + timedelta(days=n) for n in range((ends[1] - ends[0]).days + 1)]
    if any(map(is_feast, days)):
        return None  # nearly everywhere one of them is no working day
    return _moved("work", str(sum(map(is_workday, days))), ends, language)


def _work_later(places: Mapping[str, str], language: str, today: date) -> str | None:
    start, count = _start(places, language, today), int(places["n"])
    if start is None:
        return None
    day = start
    for _ in range(count):
        day += timedelta(days=1)
        while not is_workday(day):
            day += timedelta(days=1)
    if any(is_feast(start + timedelta(days=n)) for n in range(1, (day - start).days + 1)):
        return None
    return _moved("work_later", str(count), (start, day), language)


_KINDS: Mapping[str, Callable[[Mapping[str, str], str, date], str | None]] = {
    "until": _until,
    "left": _left,
    "between": _between,
    "weekday": _weekday,
    "later": _later,
    "age": _age,
    "work": _work,
    "work_later": _work_later,
}
