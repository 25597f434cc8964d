"""Tells that a message in another language than English asks for two things. Pure.

"Habt ihr am Sonntag geöffnet und testet ihr Wasser?" joins two clauses of which each begins as a
question does. Nouns that "und" joins are one ask, and so is a question that points at what stands
before it ("und was kostet das?"). It knows how clauses begin, and nothing of what they ask for.
"""

from __future__ import annotations

import re

from msgspec import Struct

from router.regexes.late import late_regex
from router.triage.facts.asks import MOST_CHARACTERS


class _Words(Struct, frozen=True, eq=False):
    """Holds the words of one language; equal to itself alone. Each is written with its accents."""

    joins: str  # between two clauses
    added: str  # may stand before a clause that asks
    asks: str  # begin a clause that asks
    points: str  # stand for what was said before, or ask about it and no more


_DE = _Words(
    "und|sowie",
    "und|auch|außerdem|ausserdem|zudem|dann|noch|hallo|bitte|oder",
    r"(?:ab wann|bis wann|seit wann|wann|was|wer|wie|wieso|warum|weshalb|wo|woher|wohin|wozu|womit"
    r"|welche[rsnm]?|wem|wen)\b|(?:kann|können|darf|dürfen|muss|müssen|soll|sollen) "
    r"(?:ich|man|wir|du|ihr|sie)\b|(?!(?:ist|seit|mit|erst|nicht|sonst|jetzt|hat|geht|gibt) ihr\b)"
    r"[a-zäöüß]{2,15}t ihr\b|[a-zäöüß]{2,15}(?:e|er|el)n sie\b|[a-zäöüß]{2,15}st du\b|gibt es\b"
    r"|(?:ist|sind) (?:der|die|euer|eure|ihr|mein|meine)\b|(?:darf mein|möchte|will|brauche)\b"
    r"|(?:ich|wir) (?:möchte|möchten|will|wollen|würde gern|brauche|brauchen)\b",
    r"das$|das [a-zäöü]+en$|(?<!gibt )es|dies|damit|dafür|davon|dazu|darauf|dort|denn|nun"
    "|was ist los|die einstellung$",
)
_FR = _Words(
    "et",
    "et|aussi|puis|également|en plus|de plus|bonjour|sinon",
    r"(?:combien|comment|quand|où|pourquoi|qui|que|quel|quelle|quels|quelles|à quelle heure"
    r"|jusqu'à quand|depuis quand)\b|est-ce qu|y a-t-il\b"
    r"|(?:puis|peut|dois|doit|peux)-(?:je|on|tu)\b|[a-zàâçéèêëîïôûü]{2,15}-(?:vous|tu|t-on)\b"
    r"|(?:je veux|je voudrais|je souhaite|j'aimerais|nous voulons|nous voudrions)\b",
    "ça|cela|ceci|le faire|en faire|faire|celui-ci|que se passe|la procédure|la démarche",
)
_ES = _Words(
    "y|e",
    "y|también|además|entonces|luego|hola",
    r"(?:cuánto|cuánta|cuántos|cuántas|cuándo|cómo|dónde|qué|quién|cuál|cuáles|por qué|a qué hora"
    r"|hasta (?:cuándo|qué)|desde cuándo)\b"
    r"|(?:puedo|podemos|se puede|pueden|debo|tengo que|hay|tienen|están|ofrecen|aceptan|envían"
    r"|abren|cierran|venden|hacen|dan|entregan|cobran|reparan|analizan)\b"
    r"|(?:quiero|quisiera|queremos|necesito|me gustaría)\b",
    "eso|esto|ello|lo|hacer|hago|qué pasa$|el proceso|el procedimiento|los pasos",
)
_IT = _Words(
    "e|ed",
    "e|ed|anche|inoltre|poi|ciao",
    r"(?:quanto|quanta|quanti|quante|quando|come|dove|dov'è|che|cosa|chi|qual|quale|quali|perché"
    r"|(?:fino )?a che ora|fino a quando)\b"
    r"|(?:posso|possiamo|si può|potete|devo|dobbiamo|c'è|ci sono|avete|offrite|accettate|spedite"
    r"|vendete|fate|consegnate|siete|riparate|analizzate|chiudete|aprite)\b"
    r"|(?:voglio|vorrei|vogliamo|vorremmo)\b",
    "questo|quello|ciò|fare|faccio|ci vuole|che succede|la procedura",
)
_NL = _Words(
    "en",
    "en|ook|daarnaast|verder|dan|hallo|bovendien",
    r"(?:hoe|hoeveel|hoelang|waar|wanneer|wat|wie|welke|welk|waarom|vanaf wanneer|tot wanneer"
    r"|tot hoe laat)\b"
    r"|(?:kan|kunnen|mag|mogen|moet|moeten) (?:ik|we|wij|je|jullie|u|men)\b"
    r"|[a-z]{2,15}(?:en|t|n) jullie\b|[a-z]{2,15}t u\b|(?:is|zijn) er\b"
    r"|(?:ik|wij|we) (?:wil|willen|zou graag|moet)\b",
    "dat|dit|het$|het [a-z]+en$|daarvoor|ermee|daarmee|nu|aan de hand|de procedure",
)
_PT = _Words(
    "e",
    "e|também|além disso|então|olá|ainda",
    r"(?:quanto|quanta|quantos|quantas|quando|como|onde|que|o que|quem|qual|quais|por que"
    r"|(?:a|até) que horas|até quando)\b"
    r"|(?:posso|podemos|pode-se|podem|devo|há|têm|estão|vocês|oferecem|aceitam|enviam"
    r"|abrem|fecham|vendem|fazem|entregam|reparam|analisam|existe)\b"
    r"|(?:quero|queria|gostaria|queremos|preciso)\b",
    "isso|isto|ele|ela|fazer|faço|demora|dizer|o procedimento|o processo|se passa",
)
_INSIDE = str.maketrans({"\u00bf": " ", "\u00a1": " "})
"""Leaves out the marks that begin a question in Spanish."""
LEAST_WORDS = 2
"""Words of a clause that asks: "und wann?" leans on the one before."""


class _Forms(Struct, frozen=True, eq=False):
    """Holds the compiled forms of one language."""

    gap: re.Pattern[str]
    added: re.Pattern[str]
    asks: re.Pattern[str]
    points: re.Pattern[str]


def _forms(words: _Words) -> _Forms:
    return _Forms(
        late_regex(rf"[.;?!]+ |,? (?:{words.joins}) "),
        late_regex(rf"^(?:(?:{words.added})[ ,:]{{1,2}}){{0,3}}"),
        late_regex(rf"(?:{words.asks})"),
        late_regex(rf"\b(?:{words.points})(?!\w)"),
    )


_FORMS = {
    "de": _forms(_DE),
    "fr": _forms(_FR),
    "es": _forms(_ES),
    "it": _forms(_IT),
    "nl": _forms(_NL),
    "pt": _forms(_PT),
}


def asks_twice(text: str, language: str) -> bool:
    """Returns True for a message of which two clauses ask, each for something of its own.

    >>> asks_twice("Habt ihr am Sonntag geöffnet und testet ihr Wasser?", "de")
    True
    >>> asks_twice("Habt ihr am Samstag und Sonntag geöffnet?", "de")
    False
    >>> asks_twice("Liefert ihr nach Österreich und was kostet das?", "de")
    False
    """
    forms = _FORMS.get(language)
    if forms is None or len(text) > MOST_CHARACTERS:
        return False
    plain = " ".join(text.lower().replace("\u2019", "'").translate(_INSIDE).split())
    asks = 0
    for clause in forms.gap.split(plain):
        begun = forms.added.sub("", clause, count=1).strip(" ?!.,:")
        if len(begun.split()) < LEAST_WORDS or not forms.asks.match(begun):
            continue
        if asks == 0 or forms.points.search(begun) is None:
            asks += 1
    return asks > 1
