"""Adds a time to a time of day, and counts working hours, in German, French and Spanish.

Times are read on the clock of 24 hours. English has its own forms (`told.clock_sums`). It knows no
dates and no time zones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from router.regexes.late import late_regex
from tiers.exact.phrased.spans import lasting, on_the_clock

_DAY = 24 * 60
_CLOCK = {
    "de": r"(?:\d{1,2}[:.]\d{2}(?: uhr)?|\d{1,2} uhr(?: \d{2})?)",
    "fr": r"(?:\d{1,2} ?[:h] ?\d{2}|\d{1,2} ?(?:h|heures?))",
    "es": r"(?:(?:las? )?\d{1,2}[:.]\d{2}(?: ?h)?)",
}
_HOURS = {
    "de": r"\d{1,2} ?(?:stunden?|std\.?|h)",
    "fr": r"\d{1,2} ?(?:heures?|h)",
    "es": r"\d{1,2} ?(?:horas?|h)",
}
_MINUTES = {
    "de": r"\d{1,3} ?(?:minuten?|min\.?)",
    "fr": r"\d{1,3} ?(?:minutes?|min\.?|mn)",
    "es": r"\d{1,3} ?(?:minutos?|min\.?)",
}
_AND = {"de": "und", "fr": "et", "es": "y"}
_FORMS: Mapping[str, tuple[str, ...]] = {
    "de": (
        r"(?:wie spat|wie viel uhr|wieviel uhr) ist es <d> (?P<how>nach|vor) <a>",
        r"(?:der|die|das|mein|meine|unser|unsere) (?:zug|bus|film|konzert|spiel|kurs|treffen"
        r"|schicht|sitzung|fahre|unterricht|vorstellung) (?:fahrt|beginnt|startet|geht)(?: um)? <a>"
        r"(?: uhr)?(?: ab| los)? und (?:braucht|dauert|fahrt|geht) <d>(?: lang)?[,.]? (?:wann"
        r"|um wie ?viel uhr) (?:kommt (?:er|sie|es) an|endet (?:er|sie|es)|ist (?:er|sie|es) (?:zu"
        r" ende|da|aus|vorbei))",
        r"(?:ich arbeite |ich habe )?von <a> bis <b>(?: uhr)?(?: gearbeitet)?,? (?:mit|bei"
        r"|abzuglich|minus) <d>(?: mittags?)? ?pause[,.]? (?:wie (?:lange?|viele stunden) (?:habe"
        r" ich gearbeitet|arbeite ich|ist das|sind das)|wie viele stunden)",
    ),
    "fr": (
        r"quelle heure (?:est-il|sera-t-il|il est) <d> (?P<how>apres|avant) <a>",
        r"(?:le |la |l'|mon |ma |notre )(?:train|bus|film|concert|match|cours|reunion|spectacle)"
        r" (?:part|commence|debute) a <a> et (?:met|dure|prend) <d>[,.]? (?:a quelle heure|quand)"
        r" (?:arrive-t-il|arrive-t-elle|finit-il|finit-elle|se termine-t-il|se termine-t-elle"
        r"|il arrive|elle arrive|ca finit)",
        r"(?:je travaille )?de <a> a <b>,? avec (?:une pause de )?<d>(?: de pause)?[,.]? combien"
        r" (?:de temps|d'heures) (?:ai-je travaille|j'ai travaille|est-ce que je travaille"
        r"|ca fait)",
    ),
    "es": (
        r"que hora (?:es|sera) <d> (?P<how>despues|antes) de <a>",
        r"(?:el|la|mi) (?:tren|autobus|bus|pelicula|concierto|partido|clase|curso|reunion) (?:sale"
        r"|empieza|comienza) a <a> y (?:tarda|dura) <d>[,.]? (?:a que hora|cuando) (?:llega|termina"
        r"|acaba)",
        r"(?:trabajo )?de <a> a <b>,? con <d> de (?:pausa|descanso)[,.]? cuant(?:o tiempo|as horas)"
        r" (?:he trabajado|trabajo|son)",
    ),
}
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "de": ("am Tag danach", "am Tag davor", "Von {} bis {}"),
    "fr": ("le lendemain", "la veille", "De {} à {}"),
    "es": ("del día siguiente", "del día anterior", "De {} a {}"),
}
_WITHOUT = {"de": " ohne {}: {}", "fr": " moins {} : {}", "es": " menos {}: {}"}
_EARLIER = ("vor", "avant", "antes")
_DIGITS = late_regex(r"\d{1,3}")
CUES = (
    *("wie spat", "uhr", "wann ", "wie lang", "wie viele stunden", "heure", "quand ", "combien "),
    *("que hora", "cuando ", "cuant"),
)
BEGINNINGS = (
    *(
        "wie",
        "der ",
        "die ",
        "das ",
        "mein",
        "unser",
        "ich ",
        "von ",
        "quelle ",
        "le ",
        "la ",
        "l'",
    ),
    *("mon ", "ma ", "notre ", "je ", "de ", "que ", "el ", "mi ", "trabajo "),
)
"""Stand in what any form fits, and begin it, besides digits."""


def time_sum(core: str, language: str) -> str | None:
    """Returns a time of day some time later, or hours worked, None for anything else.

    >>> time_sum("wie spat ist es 3 stunden nach 22:15", "de")
    '22:15 + 3 Stunden = 1:15 am Tag danach'
    >>> time_sum("de 9:15 a 17:40 con 45 minutos de pausa, cuantas horas he trabajado", "es")
    'De 9:15 a 17:40 menos 45 minutos: 7 horas 40 minutos'
    """
    for form in time_forms(language):
        match = form.fullmatch(core)
        if match is not None:
            places = match.groupdict()
            start, minutes = _minute(places["a"]), _minutes(places["d"], language)
            if start is None or not minutes:
                return None
            if places.get("b"):
                return _worked(start, _minute(places["b"]), minutes, language)
            back = places.get("how") in _EARLIER
            return _added(start, -minutes if back else minutes, language)
    return None


@cache
def time_forms(language: str) -> tuple[re.Pattern[str], ...]:
    """Returns the forms of questions in a language; English has none."""
    return tuple(late_regex(_in_words(form, language)) for form in _FORMS.get(language, ()))


def _in_words(form: str, language: str) -> str:
    hours, minutes = _HOURS[language], _MINUTES[language]
    bare = r"|\d{1,2} ?h ?\d{2}" if language == "fr" else ""
    length = rf"{hours}(?:(?: {_AND[language]})? {minutes})?|{minutes}{bare}"
    for name, expression in (("a", _CLOCK[language]), ("b", _CLOCK[language]), ("d", length)):
        form = form.replace(f"<{name}>", f"(?P<{name}>{expression})")
    return form


def _minute(clock: str) -> int | None:
    """Returns the minute of the day; None for a time that no clock shows."""
    hour, minute = ([*map(int, _DIGITS.findall(clock)), 0])[:2]
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _minutes(written: str, language: str) -> int:
    """Returns the minutes of a length of time."""
    numbers = [*map(int, _DIGITS.findall(written))]
    if len(numbers) == 2:
        return numbers[0] * 60 + numbers[1]
    return numbers[0] * (1 if re.fullmatch(_MINUTES[language], written) else 60)


def _added(start: int, minutes: int, language: str) -> str | None:
    days, end = divmod(start + minutes, _DAY)
    after, before, _ = _WORDS[language]
    on = {0: "", 1: f" {after}", -1: f" {before}"}.get(days)
    if on is None:
        return None
    sign = "-" if minutes < 0 else "+"
    told = f"{on_the_clock(start)} {sign} {lasting(abs(minutes), language)}"
    return f"{told} = {on_the_clock(end)}{on}"


def _worked(start: int, end: int | None, pause: int, language: str) -> str | None:
    if end is None or not pause < end - start:
        return None
    span = _WORDS[language][2].format(on_the_clock(start), on_the_clock(end))
    worked = lasting(end - start - pause, language)
    return span + _WITHOUT[language].format(lasting(pause, language), worked)
