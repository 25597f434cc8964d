"""Tells that an answer lacks what the second of two questions asks for. Pure.

"What does a tuning cost, and how long does it take?" is near the answer with the price, which says
nothing of the time. How long, how much, how often, when and who are read so, in English, German,
French and Spanish. It favours the answer: a word that may tell the kind counts as telling it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.regexes.late import late_regex

# All read small letters: an expression that ignores case tries each form of it at each letter.
_SECOND = re.compile(
    r"(?:[,;.?!]|\b(?:and|und|et|y)) +(?:(?:and|und|et|y|also|then|so|ok) +)?¿?"
    r"(?=how |what(?:'s)? |wh(?:en|o) |is |are |wie |was |wer |wann |combien |quel |qui |quand "
    r"|qui[eé]n(?:es)? |cu[aá]n|does |do )",
)
_FIRST = late_regex(
    r"(?:^|[,.;!?¿] ?|\b(?:and|hi|hello|hey|hallo|bonjour|hola) )"
    r"(?:how|what|where|which|who|why|when(?:'s| is| are| do| does| did| can| will))\b"
    r"|(?:^|[,.;!?¿] ?)(?:can|could|do|does|is|are|will|would|may|wie|was|wo|wann|kann|gibt|"
    r"combien|quel(?:le)?|quand|o[uù]|est-ce|peut|qu[eé]|cu[aá]n\w+|c[oó]mo|d[oó]nde|hay|puedo)\b"
    r"|\?",
)
"""Finds a question before the second one: in "My parcel is late, how long must I wait?" there is
none, and in "When I order two, how much is delivery?" neither."""

_ASKING = {
    "how long": late_regex(
        r"how long\b|how many (?:minutes|hours|days|weeks|months)\b|wie lange\b"
        r"|combien de temps\b|cu[aá]nto (?:tiempo|tarda|dura)\b",
    ),
    "how much": late_regex(
        # Each branch begins with letters of its own, so that a search skips all other letters.
        r"how (?:much (?:is|are|does|do|will|would|for)\b(?! \w+ weigh)|much\W*$|expensive\b)"
        r"|what (?:does|do|would|will) [^,.;?!]{1,40} cost\b"
        r"|what(?:'s| is| are) the (?:price|cost|fee|charge)s?\b"
        r"|is (?:it|that|this|they) (?:free|expensive)\b"
        r"|are (?:it|that|this|they) (?:free|expensive)\b"
        r"|was kostet\b|wie teuer\b|wie ?viel kostet\b|combien (?:[cç]a |cela )?co[uû]te"
        r"|quel est le prix\b|cu[aá]nto (?:cuesta|vale)\b",
    ),
    "how often": late_regex(
        r"how often\b|how many times\b|wie oft\b|combien de fois\b|cu[aá]ntas veces\b",
    ),
    "when": late_regex(
        r"when (?:is|are|do|does|did|will|would|can|could|should)\b|wann\b|quand\b|cu[aá]ndo\b",
    ),
    "who": late_regex(r"who \w|wer \w|qui \w|qui[eé]n(?:es)? \w"),
}
_LENGTHS = (
    r"minute|hour|day|week|month|year|overnight|immediate|instant|at once|right away|straight "
    r"away|stunde|\btag|woche|monat|jahr|sofort|heure|jour|semaine|\bmois\b|\bans?\b|hora|d[ií]a|"
    r"semana|\bmes(?:es)?\b|a[nñ]o|[{}]"
)
_BEGINNING = (
    "how what what's when who wie was wieviel wann wer combien quel quand qui "
    "cuánto cuanto cuántas cuantas cuándo cuando quién quien quiénes quienes"
)
_ENDING = ("free", "expensive")
_HINTS = frozenset(
    [mark + word for word in _BEGINNING.split() for mark in ("", "¿")]
    + [word + mark for word in _ENDING for mark in ("", *"?!.,;:)")]
)
"""Words of which one is in each question of these kinds."""
_TELLING = {
    "how long": late_regex(_LENGTHS),
    "how much": late_regex(
        r"[$€£¥₹%{}]|\b(?:usd|eur|gbp|chf)\b|dollar|euro|pound|cent\b|cents\b|franc|free|\bno "
        r"|cost|price|fee\b|fees\b|charge|rate|includ|paid|pays?\b|gratis|kosten|kostet|preis|"
        r"geb[uü]hr|co[uû]t|prix|frais|gratuit|cuesta|precio",
    ),
    "how often": late_regex(
        r"every|each|time|once|twice|daily|weekly|monthly|yearly|\bper\b|\ba (?:day|week|month|"
        r"year)|mal\b|jede|j[aä]hrlich|fois|chaque|vez|veces|cada|[{}]",
    ),
    "when": late_regex(
        rf"{_LENGTHS}|\d|once|when|after|before|until|till|soon|by the|today|tomorrow|wenn|nach|"
        r"vor|bis|heute|morgen|apr[eè]s|avant|demain|despu[eé]s|antes|ma[nñ]ana",
    ),
    "who": late_regex(
        r"\b(?:who|we|our|us|you|your|they|wir|uns|sie|ihr|nous|notre|vous|nosotros|usted)\b"
        r"|staff|team|technician|colleague|driver|carrier|courier|engineer|expert|owner|manager",
    ),
}


def second_kind(text: str) -> str:
    """Returns what the second of two questions asks for, a key of the kinds; "" for none of them.

    >>> second_kind("What does a tuning cost, and how long does it take?")
    'how long'
    >>> second_kind("How long does a tuning take?"), second_kind("It's late, how long do I wait?")
    ('', '')
    """
    # Most texts have no such word behind their first, and a search takes twenty times as long.
    lower = text.lower()
    if _HINTS.isdisjoint(lower.split()[1:]):
        return ""
    for joint in _SECOND.finditer(lower):
        for kind, asking in _ASKING.items():
            if asking.match(lower, joint.end()):
                return kind if _FIRST.search(lower, 0, joint.end()) else ""
    return ""


def kinds_told(utterances: Sequence[str], answer: str) -> frozenset[str]:
    """Returns the kinds that an answer tells, or that its utterances ask for.

    >>> sorted(kinds_told(["what is the fee"], "A tuning takes 90 minutes."))
    ['how long', 'how much', 'when']
    """
    said, lines = answer.lower(), [line.lower() for line in utterances]
    return frozenset(
        kind
        for kind, telling in _TELLING.items()
        if telling.search(said) or any(map(_ASKING[kind].search, lines))
    )
