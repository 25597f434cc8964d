"""Leaves out the sentences that only say who writes, or about which order: "My name is Ana Silva".

They ask for nothing, and a known question beside one looked like another: of the shipped answers'
own questions one in seven was still matched behind "My order number is 1044288." Rules and lookups
read numbers in the whole message; this is for what compares a message with known questions. It
knows nothing about the form of an operator's keys.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

LEAST_WORDS = 3
"""Words that must be left: "¿Dónde está?" asks about the number before it."""

_THINGS = (
    "order|customer|client|account|invoice|booking|reservation|tracking|reference|ticket|case|"
    "contract|policy|membership|member|parcel|shipment|purchase"
)
_DINGE = (
    "bestell|kunden|auftrags|rechnungs|sendungs|vorgangs|ticket|konto|buchungs|vertrags|mitglieds|"
    "kundenkonto|referenz|paket"
)
_CHOSES = "commande|client|cliente|compte|facture|suivi|dossier|réservation|contrat|colis|adhérent"
_COSAS = (
    "pedido|orden|compra|cliente|clienta|cuenta|factura|seguimiento|reserva|contrato|envío|socio"
)
_COSE = (
    "ordine|cliente|conto|fattura|spedizione|prenotazione|contratto|tracciamento|riferimento|socio"
)
_DINGEN = "bestel|order|klant|klanten|factuur|reserverings|contract|referentie|pakket|zending"
_RZECZY = (
    "zamówienia|klienta|konta|faktury|przesyłki|paczki|rezerwacji|umowy|referencyjny|zgłoszenia"
)
_COISAS = "encomenda|pedido|compra|cliente|conta|fatura|seguimento|reserva|contrato|envio|rastreio"
_NUMBER = r"(?:number|no\.?|nr\.?|num|id|code|ref(?:erence)?)"
_NUMERO = r"(?:n[uú]mero|n[uú]m\.?|n[º°.]{1,2}|nr\.?)"
_NUMBERS = "|".join(
    (
        rf"(?:my |our |the )?(?:{_THINGS}) {_NUMBER}",
        rf"(?:meine |unsere |die )?(?:{_DINGE})-?(?:nummer|nr\.?|id)",
        rf"(?:mon |notre |le )?(?:num[eé]ro|num\.?|n[º°o])(?: de| du)? ?(?:{_CHOSES})",
        rf"(?:mi |nuestro |el )?{_NUMERO} de (?:{_COSAS})",
        rf"(?:il )?(?:mio |nostro )?{_NUMERO} (?:di |del |dell['\u2019]|d['\u2019])?(?:{_COSE})",
        rf"(?:mijn |ons |het |de )?(?:{_DINGEN})-?(?:nummer|nr\.?|code)",
        rf"(?:mój |moje |nasz )?(?:numer|nr\.?) (?:mojego |mojej )?(?:{_RZECZY})",
        rf"(?:o )?(?:meu |nosso )?{_NUMERO} (?:de |da |do )?(?:{_COISAS})",
        r"(?:my|meine|mon|ma|mi|mijn|mój|meu|la mia|il mio|o meu)(?: adresse)? e?-?mail"
        r"(?:-?adresse|-?adres|[ -]address)?",
    )
)
_IS = (
    r" (?:is|ist(?: die)?|lautet|est(?: le)?|es(?: el)?|[eèé](?: il| o)?|to|jest)(?= )| ?[:=](?= )"
)
NAMES = (
    r"(?:my name is|my name's|mein name ist|ich hei(?:ß|ss)e|je m['\u2019]appelle|mon nom est|"
    r"me llamo|mi nombre es|mi chiamo|il mio nome [eè]|mijn naam is|ik heet|nazywam się|"
    r"mam na imię|(?:o )?meu nome [eé]|chamo-me|me chamo)"
)
"""Matches how somebody begins to say a name, in eight languages."""
_GREETING = r"(?:hi|hello|hey|hallo|guten tag|bonjour|hola|ciao|buongiorno|dzień dobry|olá|bom dia)"
# A number has a digit. A name of a key, such as "my order", may stand in its place.
_A_NUMBER = (
    r"(?:#? ?(?=[\w-]{0,6}\d)[\w-]{3,24}|my (?:\w+ )?\w+|"
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})"
)
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-ÞĀ-Ž])[\w'\u2019-]+"
_A_NAME = (
    rf"(?:\w{{2,20}}(?= (?:and|und|et|en|oraz|[yei]) )|"
    rf"{_CAPITAL}(?: (?:[a-z]{{2,3}} )?{_CAPITAL}){{0,2}})"
)
_JOINS = r"(?:and|und|et|en|oraz|(?-i:[yei]))"
_INTRODUCTION = late_regex(
    r"(?<![^\s.!?;,:(\u2013])"
    rf"(?:{_GREETING} (?=\w))?(?:{_JOINS} )?"
    rf"(?:(?:{_NUMBERS})(?P<is>{_IS})? ?{_A_NUMBER}|(?P<named>{NAMES}) {_A_NAME})"
    rf"(?: (?:here|hier|aquí|ici))?(?:\s*(?:[.!;,)\n\u2013]\s*|$)| (?={_JOINS} ))",
    re.IGNORECASE,
)
_HINTS = (
    *("num", "núm", "nr", "nº", "n°", "n.º", "mail", " code", " id ", " id:", " no ", " no."),
    *("name", "nom", "naam", "heiß", "heiss", "heet", "appelle", "llamo", "chiamo", "nazywam"),
    *("imię", "chamo"),
)
"""One of these stands in every introduction; most messages have none, which is faster to see."""
_WORD = re.compile(r"[^\W\d_]+")
_MARKS = ".!?;,:(\u2013\n"
_FIRST_JOIN = late_regex(rf"{_JOINS} ", re.IGNORECASE)
_POINTS = late_regex(
    r"\b(?:it|that|this|them|these|those|one|elle|celle-ci|"
    r"(?-i:sie|ihn|diese|dazu|damit|daran))\b|-il\b",
    re.IGNORECASE,
)


def may_introduce(text: str) -> bool:
    """Returns False for a text without a word that every introduction has."""
    lowered = text.lower()
    return any([hint in lowered for hint in _HINTS])


def without_introductions(text: str) -> str:
    """Returns a text without such sentences; unchanged where little else, or only "it", is left.

    >>> without_introductions("Hi, my order number is 1044288. How long does delivery take?")
    'Hi, How long does delivery take?'
    >>> without_introductions("Kann ich in Raten zahlen? Meine Kundennummer ist 4711.")
    'Kann ich in Raten zahlen?'
    >>> without_introductions("My name is Ana Silva and I want to cancel my order")
    'I want to cancel my order'
    >>> without_introductions("My order number is 1044288. When does it arrive here?")
    'My order number is 1044288. When does it arrive here?'
    """
    if not may_introduce(text):
        return text
    rest = _INTRODUCTION.sub(_left, text)
    if rest == text:
        return text
    rest = rest.strip(" \n(")
    if len(_WORD.findall(rest)) < LEAST_WORDS or _POINTS.search(rest):
        return text
    joined = _FIRST_JOIN.match(rest)
    return rest if joined is None else rest[joined.end() :]


def _left(introduction: re.Match[str]) -> str:
    """Returns nothing, and all of it where it is a part of a sentence.

    "I can't find my order number 1044288" says no number, it asks for one.
    """
    if introduction["is"] or introduction["named"]:
        return ""
    before = introduction.string[: introduction.start()].rstrip(" ")
    return "" if not before or before[-1] in _MARKS else introduction[0]
