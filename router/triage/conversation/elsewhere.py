"""Tells a harmless turn that asks of something else than a danger that was only guessed. Pure.

Earlier turns only raise caution, and what a phrase or a term names stays for good. A guess is
another thing: many questions about one's own health reach its bound, and "12*12" after one needs no
strong model. The forms are narrow, in English alone. A turn that points back, tells of somebody or
asks for help is none of them ("is it open?", "he sleeps now", "how do I do CPR?"), and no guess
about what somebody took, does to oneself or does to others is left.
"""

from __future__ import annotations

import re
from collections.abc import Set

from router.triage.facts.wordplay import only_works_out
from router.triage.reading import TurnReading
from router.triage.text.folding import fold
from router.types import READ_LANGUAGES, Domain, Matter, RequestType

CALM_BELOW = 0.02
"""Chance of a grave matter below which a turn has none: "where is the next hospital" has .023."""
OTHER_BELOW = 0.1  # chance of a domain of risk
SURE_FROM = 0.8  # chance of a type of work that needs nothing told before
GUESSED_FROM = 0.5  # chance of a grave matter from which an earlier turn was raised by it

_WORK = frozenset({RequestType.FACTUAL, RequestType.MATH, RequestType.WRITING, RequestType.CODING})
_OTHER = frozenset({Domain.GENERAL, Domain.SCIENCE_MATH, Domain.TECHNOLOGY})
_LEFT = frozenset({Matter.MEDICAL_EMERGENCY, Matter.ENGINEERING_SAFETY})
"""Matters of which a guess is left. That of poison sends words by itself."""

_POINTS_WORDS = """
    i im ive id me my mine myself we us our he hes him his she shes her hers they them their it its
    this that these those there here now then still yet again else someone somebody anyone anybody
    person people patient baby child children kid kids son daughter mum mom dad mother father wife
    husband friend brother sister grandma grandpa dog cat pet
"""
_HELPS_WORDS = """
    help hospital hospitals clinic ambulance doctor doctors nurse pharmacy vet emergency emergencies
    poison police fire cpr aid rescue revive resuscitate breathe breathing pulse heart fever pain
    bleed bleeding blood die dies died dead death kill pill pills dose doses mg ml tablet tablets
    112 911 999 988 goodbye farewell bridge gas smoke burn shock stroke seizure
"""
_TAKEN_WORDS = """
    took taken takes taking take swallowed swallow drank drunk ate eaten pill pills tablet tablets
    dose doses mg medication medicine meds overdose overdosed injected inhaled
"""
_ABOUT_IT = frozenset(f"{_POINTS_WORDS} {_HELPS_WORDS}".split())
"""Words that point back, name somebody or ask for help."""
_TAKEN = frozenset(_TAKEN_WORDS.split())
_BARE_SUM = re.compile(r"\d[\d.,]*(?: ?[*+] ?\d[\d.,]*)+ ?=?")
"""Numbers with signs between them. A stroke is none: "180/110" is a pressure of blood."""


def asks_elsewhere(last: TurnReading, said: str) -> bool:
    """Returns True for a sum, and for a question or task that needs nothing told before."""
    if last.risk_terms or last.insists or last.acts or last.language not in READ_LANGUAGES:
        return False
    row = last.row
    if row.grave >= CALM_BELOW or row.risk_p >= OTHER_BELOW or not last.brief:
        return False
    folded = fold(said)
    if _BARE_SUM.fullmatch(folded.text) or only_works_out(folded.text):
        return True
    work = row.request_type in _WORK and row.request_type_p >= SURE_FROM and row.domain in _OTHER
    return work and not last.follow_up and _ABOUT_IT.isdisjoint(folded.words)


def only_guessed(turn: TurnReading, said: str) -> bool:
    """Returns True for an earlier turn that a guessed illness or hazard alone makes grave."""
    row = turn.row
    guessed = row.grave >= GUESSED_FROM and row.matter in _LEFT and not turn.risk_terms
    return guessed and turn.language in READ_LANGUAGES and _TAKEN.isdisjoint(_words(said))


def _words(text: str) -> Set[str]:
    return frozenset(fold(text).words)
