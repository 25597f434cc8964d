"""Tells which earlier turns say nothing of the present one: settled matters, and thanks. Pure.

Earlier turns only raise caution. "My chest hurt yesterday, the ER said it's a muscle" then made an
emergency of "how do I change the language?", and a question about 240,000 dollars a decision about
money of "thanks!". What somebody competent found to be nothing is over where the last turn asks for
something else, also where a later turn says so ("the doctor saw her, she is fine"). Thanks decide
nothing about money or a company. A danger to people and what a term names stay behind thanks.
Whatever says that it goes on is not settled, nor is what is denied ("not safe") or beyond help
("nothing can be done"), and no doctor's word ends a danger from oneself or from somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from router.policy.content.term_files import list_of
from router.regexes.late import late_regex
from router.triage.framing.known_runs import known_runs, phrases_of
from router.triage.reading import TurnReading
from router.triage.text.folding import fold
from router.types import DANGERS, Matter

_FROM_PEOPLE = frozenset(matter for matter in Matter if matter.is_from_people)

_IN_BODY_OR_THING = frozenset(DANGERS) - _FROM_PEOPLE
CALM_BELOW = 0.5
"""Chance of a grave matter of the last turn below which it asks for something else."""
MOST_WORDS = 8
"""Words of the longest thanks: who says more has more to say."""

_SETTLED = late_regex(
    r"\b(?:(?:e\.?r\.?|doctors?|gp|hospital|paramedics?|ambulance|clinic|nurse|dentist|vet|"
    r"specialist|cardiologist|a&e|urgent care|plumber|electrician|gas company|fire (?:brigade|"
    r"department|service)|poison (?:centre|center|control|line)|police)\b[^.!?\n]{0,24}"
    r"\b(?:said|says|told|confirmed|checked|cleared|found|looked|saw|has seen|examined)\b"
    r"[^.!?\n]{0,40}\b(?:only|just|nothing|fine|ok(?:ay)?|"
    r"all (?:good|clear|well)|harmless|no danger|no leak|false alarm|safe)|"
    r"turned out (?:to be )?(?:fine|nothing|harmless|a false alarm|ok(?:ay)?))\b",
    re.IGNORECASE,
)
_GOES_ON = late_regex(
    r"\b(?:again|still|worse|since then|came back|comes back|returned|but now|now it|now he|"
    r"now she|get(?:s|ting) worse|yet|not|cannot|never|no longer|unless|until|matter of|dying|"
    r"surgery|operation|nothing (?:more |else |left )?(?:can|could|to|that|they|we|he|she|i|helps?|"
    r"works?|left))\b|n['\u2019]t\b|\b(?:is|are|was|were|do|does|did|ca|wo|could|would)nt\b",
    re.IGNORECASE,
)
_UNSURE = late_regex(
    r"\b(?:if|hope|hopes|hoping|wish|maybe|probably|think|thinks|whether|suppose|would|will|might|"
    r"lied|lying|pretend\w*|once|when|as soon as)\b",
    re.IGNORECASE,
)
_TOOK_IT = late_regex(
    r"\bi(?:['\u2019]ve| have)?(?: \w{1,12})? (?:took|taken|take|swallowed|drank|ate|overdosed|cut|"
    r"jumped|had)\b|\boverdos",
    re.IGNORECASE,
)
"""Finds what may have been done on purpose: no doctor's word ends that."""
_MINE = late_regex(r"\bmy (\w+)", re.IGNORECASE)
_BUT = late_regex(r"\b(?:but|however|though|although)\b", re.IGNORECASE)
_THANKS = phrases_of(
    "thanks|thank you|thx|ty|tysm|cheers|many thanks|thanks a lot|thank you so much|"
    "thank you very much|thanks so much|thanks a million|much appreciated|danke|vielen dank|"
    "danke schön|merci|merci beaucoup|gracias|muchas gracias|grazie|grazie mille|obrigado|"
    "obrigada|dank je|dank je wel|dank u|bedankt|dziękuję|dzięki|teşekkürler|teşekkür ederim|"
    "спасибо|большое спасибо|شكرا"
)
_AROUND = phrases_of(
    "ok|okay|great|perfect|super|cool|nice|good|got it|that helps|helpful|very helpful|again|"
    "for now|bye|ciao|hi|and|so|well|wonderful|awesome|lovely|top|prima|alles klar"
)
_SAID = _THANKS | _AROUND


def thanks_alone(text: str) -> bool:
    """Returns True for a text of thanks that says nothing else.

    >>> thanks_alone("ok great, thanks!"), thanks_alone("thanks, he still bleeds")
    (True, False)
    """
    words = fold(text).words
    if not 0 < len(words) <= MOST_WORDS:
        return False
    return not _THANKS.isdisjoint(known_runs(words, _SAID))


def is_settled(text: str) -> bool:
    """Returns True for a text that says that somebody competent found nothing, and no more.

    >>> is_settled("my ear hurt but the doctor said it is nothing")
    True
    >>> is_settled("the doctor said it is nothing but now it hurts again")
    False
    """
    told = _SETTLED.search(text)
    if told is None or _GOES_ON.search(text) is not None:
        return False
    return _BUT.search(text, told.start()) is None


def as_they_count(
    last: TurnReading, said: str, earlier: Sequence[TurnReading], texts: Sequence[str]
) -> list[TurnReading]:
    """Returns the readings of the earlier turns as they count for the last one, `said`."""
    if not earlier:
        return []
    if thanks_alone(said):
        return [turn if _stays(turn) else _without_stakes(turn) for turn in earlier]
    asks_else = not last.follow_up and not last.risk_terms and last.row.grave < CALM_BELOW
    if not asks_else:
        return list(earlier)
    counted, found = [], [_finding(said) if "?" in said else ""]
    for turn, text in zip(earlier, texts, strict=False):
        over = any([_is_of(finding, text) for finding in found if finding])
        settled = is_settled(text) or (over and _ends_by_a_word(turn, text))
        counted.append(_without_stakes(turn) if settled and not _by_people(turn) else turn)
        found.append(_finding(text))
    return counted


def _finding(text: str) -> str:
    """Returns the words that say what somebody competent found of what was told before, else "".

    "I hope the doctor says it is fine" and "what if" say nothing of it.
    """
    told = _SETTLED.search(text) if is_settled(text) else None
    if told is None:
        return ""
    begins = max(text.rfind(mark, 0, told.start()) for mark in ".!?\n") + 1
    ends = next((i for i in range(told.end(), len(text)) if text[i] in ".!?\n"), len(text))
    if text[ends : ends + 1] == "?" or _UNSURE.search(text, begins, ends) is not None:
        return ""
    return text[told.start() : ends]


def _is_of(finding: str, text: str) -> bool:
    """Returns True for a finding that may be of an earlier text: no "my ear" is of bleach."""
    words = set(fold(text).words)
    return all([word.lower() in words for word in _MINE.findall(finding)])


def _ends_by_a_word(turn: TurnReading, text: str) -> bool:
    """Returns True for an earlier turn that a later one may settle: in English, about health or a
    thing, and nothing that its writer may have meant to do."""
    if turn.language not in ("", "en") or _TOOK_IT.search(text) is not None:
        return False
    matters = {list_of(name) for name in turn.risk_terms}
    if turn.row.grave >= CALM_BELOW and turn.row.matter is not None:
        matters.add(turn.row.matter)
    return bool(matters) and matters <= _IN_BODY_OR_THING


def _stays(turn: TurnReading) -> bool:
    """Returns True for a turn with a term, or that is likely about a danger to people."""
    guessed = turn.row.matter in DANGERS and turn.row.grave >= CALM_BELOW
    return guessed or bool(turn.risk_terms)


def _by_people(turn: TurnReading) -> bool:
    """Returns True for a turn about a danger from somebody: the writer or another person."""
    guessed = turn.row.matter in _FROM_PEOPLE and turn.row.grave >= CALM_BELOW
    return guessed or any([list_of(name) in _FROM_PEOPLE for name in turn.risk_terms])


def _without_stakes(turn: TurnReading) -> TurnReading:
    """Returns the reading of a turn of which nothing is at stake any more."""
    row = turn.row._replace(
        stakes_high=0.0, risk_p=0.0, domain_p=0.0, strategic=0.0, multi_factor=0.0, grave=0.0
    )
    return replace(turn, row=row, risk_terms=(), amounts=())
