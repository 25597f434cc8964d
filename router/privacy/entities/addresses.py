"""Finds postal addresses by their form: a street with its number, or a post box, and the town.

The head finds what is left. Pure; every repeat is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator

from router.privacy.entities.kinds import Entity, EntityKind
from router.regexes.late import late_regex

_UP = r"[A-ZÀ-ÖØ-Þ][\w'\u2019\-]*\.?"
_NO = r"[0-9]{1,5}(?:[ -]?[A-Za-z](?![\w]))?(?:\s?[-/\u2013]\s?[0-9]{1,4}[a-z]?)?"
_STREETS = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square"
    r"|Sq|Terrace"
    r"|Way|Crescent|Close|Gardens|Grove|Hill|Row|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Mews|Walk"
    r"|Quay|Trail|Alley)"
)
_ENGLISH = (
    rf"(?:(?:Flat|Apt|Apartment|Unit"
    rf"|Suite)\.? ?[0-9A-Z]{{1,5}},? )?{_NO},? (?:[NSEW]\.? )?(?:(?:{_UP}|[0-9]{{1,3}}(?:st|nd"
    rf"|rd|th)) ){{1,4}}{_STREETS}\b\.?"
    r"(?:,? (?:Apt|Apartment|Unit|Suite|Flat|Floor|#)\.? ?#?[0-9A-Z]{1,5})?"
)
_GERMAN = (
    rf"(?:(?:[A-ZÄÖÜ][\wäöüß\-]{{2,30}}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm"
    rf"|ufer|chaussee|steig|hof|graben|markt)"
    rf"|(?:{_UP}[ -]){{1,3}}(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee)"
    rf"|(?:Am|An der|Im|In der|Auf der|Auf dem|Zum|Zur|Unter den|Alte|Alter|Neue"
    rf"|Neuer)(?! (?:Jahr|Beispiel|Weg|Alter|Kapitel|Abschnitt|Absatz|Artikel|Durchschnitt"
    rf"|Mittel|Monat|Schnitt|Teil|Punkt|Raum|Zimmer|Stand|Wert"
    rf"|Preis)\b)(?: [A-ZÄÖÜ][\wäöüß\-]+){{1,2}})"
    rf" {_NO}(?!\.?[0-9]|\s?(?:%|€|EUR|Uhr|Jahre|Tage|kg|km|Stück)))"
)
_FRENCH = (
    rf"(?:[0-9]{{1,4}}(?: ?(?:bis|ter|quater))?,? ?(?:rue|avenue|av\.|boulevard|bd|place|chemin"
    rf"|impasse|allée|route|quai|cours|square|passage|ruelle|rond-point)"
    rf"(?: (?:de la|de l['\u2019]|des|du|de|d['\u2019]|la|le|les|aux?|en|sous"
    rf"|et))*(?:[ '\u2019]?{_UP}|(?<=['\u2019]){_UP})"
    rf"(?:[ -](?:{_UP}|de|du|des|la|le|les)){{0,5}}(?<! de)(?<! du)(?<! la))"
)
_SPANISH = (
    rf"(?:(?:[Cc]alle|C/|[Aa]venida|Avda?\.|Av\.|[Pp]laza|Pza\.|[Pp]aseo|P[ºo]\.?|[Cc]amino"
    rf"|[Rr]onda|[Cc]arretera|[Tt]ravesía|[Gg]lorieta|[Gg]ran [Vv]ía)"
    rf"(?: (?:de la|de los|de las|del|de|la|el|los))*(?: {_UP}|(?: (?:de|del|la"
    rf"|y) {_UP})){{0,4}},? (?:n[º°úu]m?\.?(?:ero)? ?)?{_NO}(?:,? [0-9]{{1,2}}[ºª°](?: ?[A-Z]\b"
    rf"| ?(?:izq|dcha|derecha|izquierda)\.?)?)?)"
)
_BOX = (
    r"(?:P\.? ?O\.? Box [0-9]{1,6}|Postfach [0-9]{2}(?: ?[0-9]{1,2}){0,3}|\bBP [0-9]{2,6}"
    r"|Apartado(?: de [Cc]orreos)? [0-9]{2,6})"
)
_TOWN = rf"{_UP}(?:[ \-](?:{_UP}|am|an der|im|de|la|sur|sous|upon|on|del)){{0,4}}"
_TAIL = (
    r"(?:(?:,|\s?[\u2013-]|\n)?\s{0,3}(?:"
    rf"(?:D-|F-|E-|A-|CH-)?[0-9]{{4,5}} {_TOWN}"  # 80331 München
    rf"|{_TOWN},? [A-Z]{{2}}(?:,? [0-9]{{5}}(?:-[0-9]{{4}})?)?\b"  # Springfield, IL 62704
    rf"|(?:{_TOWN},? )?[A-Z]{{1,2}}[0-9][0-9A-Z]? [0-9][A-Z]{{2}}\b"  # London NW1 6XE
    rf"|(?:{_TOWN},? )?[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]\b"  # Toronto M5V 2T6
    rf"|{_TOWN} [0-9]{{5}}\b"
    r"))"
)
_CITY_TAIL = rf"(?:, {_TOWN}(?=[.,;)\n]|$| and\b| und\b| et\b| y\b))"
_ADDRESS = late_regex(
    rf"(?<![\w$€£#.])(?:{_ENGLISH}|{_GERMAN}|{_FRENCH}|{_SPANISH}|{_BOX})(?:{_TAIL}"
    rf"|{_CITY_TAIL}{{1,2}})?"
)


def addresses(text: str) -> Iterator[Entity]:
    """Yields each postal address.

    >>> text = "Send it to 12 Elm Street, Boston, MA 02118 please."
    >>> [found.value(text) for found in addresses(text)]
    ['12 Elm Street, Boston, MA 02118']
    """
    for match in _ADDRESS.finditer(text):
        yield Entity(EntityKind.ADDRESS, match.start(), match.end())
