"""Tells where the last turn of a conversation surely asks for another thing than a danger. Pure.

Whoever told of a danger goes on with it in any words: "ok", "12 weeks", "where is the nearest
one?". So a new subject must be shown: code, a product of numbers, a text to be written, a question
of knowledge about none of the things that were told, or that it was a film. Anything else, whatever
names a person or refers to what was said, and other languages than the heads read are taken for the
danger. What comes from people, or was swallowed, is left for code alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from router.policy.content.term_files import list_of
from router.regexes.late import late_regex
from router.triage.conversation.settled import CALM_BELOW
from router.triage.reading import TurnReading
from router.triage.text.folding import fold
from router.triage.text.turns import Turns
from router.types import READ_LANGUAGES, RISK_DOMAINS, Matter, RequestType, Signals

OWN_BELOW = 0.1
"""Chance of a grave matter of the last turn below which it tells of none."""
TYPE_FROM = 0.8
"""Chance of a type from which the last turn asks for such a thing."""
RISK_BELOW = 0.1
"""Chance of a domain of risk, and of high stakes, below which another subject has none."""
FEWEST_WORDS = 4
"""Words of the shortest question that has a subject of its own."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEEP = frozenset(matter for matter in Matter if matter.is_from_people) | {Matter.POISON}
_PRODUCT = late_regex(r"[\s?=]*\d+(?:[.,]\d+)?(?:\s*[\u00d7*^]\s*\d+(?:[.,]\d+)?)+[\s?=]*")
_ASKS_KNOWLEDGE = late_regex(
    r"(?:(?:so|and|ok|okay|also|thanks|by the way|another question)[\s,:]+)*"
    r"(?:what (?:is|are|was|were|does)|what's|who (?:is|was|were|wrote|invented|painted|won)|"
    r"when (?:was|were|did)|in which|in what|which|why (?:is|are|do|does|did)|"
    r"explain|define|name)\b",
    re.IGNORECASE,
)
_FILM = late_regex(
    r"(?:(?:no,?|sorry,?|oh,?|nobody (?:is|was) in danger[,.:;]*|no one (?:is|was) in danger[,.:;]*"
    r"|everyone is fine[,.:;]*)\s+)*"
    r"(?:it|that|this) (?:is|was)(?: all| just| only)? (?:in |from )?(?:a|the) "
    r"(?:film|movie|novel|book|tv show|series|video game|game)[\s.!]*",
    re.IGNORECASE,
)
_REFERS = _words(
    "i me my mine we us our ours he him his she her hers they them their theirs it its "
    "this that these those there here somebody someone anybody anyone everybody everyone "
    "person people man woman child children kid baby boy girl patient victim still yet "
    "again now anymore first meanwhile until nearest nearby closest next help emergency "
    "ambulance doctor doctors hospital paramedic paramedics police rescue number call "
    "phone safe safely danger dangerous stop body blood breath breathe breathing brain "
    "heart oxygen die dies death fatal survive symptom symptoms sign signs treat "
    "treatment pulse cpr aed antidote dose normal bad serious wait late long quickly fast"
)
"""Words that refer to what was told or to somebody, or ask about a state or for help."""
_OF_CODE = _words("i that it this first next number call wait long now")
"""Words of these that requests for code have."""
_LEAST_LETTERS = 4
"""Letters of the shortest word that a subject shares with another."""
_STEM = 5
"""Letters at the beginning of a word by which another form of it is known."""
_COMMON = _words("what whats when which does were with from have been there into about")


def with_subject(signals: Signals, turns: Turns, readings: Sequence[TurnReading]) -> Signals:
    """Returns the signals with what the last turn says of the danger of earlier ones.

    `readings`: the last turn, then `turns.earlier`, then what stands beside it, of which only a
    turn without anything beside is known well enough.
    """
    last, earlier = readings[0], readings[1 : 1 + len(turns.earlier)]
    if turns.split or not is_carried(last, earlier):
        return signals
    beside = len(readings) > 1 + len(earlier) or turns.asked_back or turns.beyond
    turned = not beside and has_turned(last, turns.last, earlier, turns.earlier)
    return replace(signals, carried=True, turned=turned)


def is_carried(last: TurnReading, earlier: Sequence[TurnReading]) -> bool:
    """Returns True where only earlier turns tell of a grave matter."""
    return not _tells(last) and any(map(_tells, earlier))


def has_turned(
    last: TurnReading, said: str, earlier: Sequence[TurnReading], texts: Sequence[str]
) -> bool:
    """Returns True where earlier turns tell of a danger and the last, `said`, surely asks for
    something else; `texts` are those of the earlier turns."""
    if not is_carried(last, earlier) or last.degraded or last.unread:
        return False
    row = last.row
    kept = any(_is_kept(turn) for turn in earlier)
    if row.grave >= OWN_BELOW and not (_FILM.fullmatch(said.strip()) and not kept):
        return False
    if _PRODUCT.fullmatch(said) is not None:
        return not kept
    if last.language not in READ_LANGUAGES:
        return False
    if _FILM.fullmatch(said.strip()) is not None:
        return not kept
    sure = row.request_type_p >= TYPE_FROM and not row.guessed
    words = fold(said).words
    shares = not _own(words).isdisjoint(_own([w for text in texts for w in fold(text).words]))
    if len(words) < FEWEST_WORDS or last.bare or last.insists or shares:
        return False
    at_risk = row.domain in RISK_DOMAINS or max(row.risk_p, row.stakes_high) >= RISK_BELOW
    if not sure or at_risk:
        return False
    if row.request_type is RequestType.CODING:
        return _REFERS.isdisjoint(set(words) - _OF_CODE)
    if kept or not _REFERS.isdisjoint(words):
        return False
    if row.request_type is RequestType.WRITING:
        return True
    asks = row.request_type in (RequestType.FACTUAL, RequestType.EXPLANATION)
    return asks and _ASKS_KNOWLEDGE.match(said.strip()) is not None


def _tells(turn: TurnReading) -> bool:
    return bool(turn.risk_terms) or turn.row.grave >= CALM_BELOW


def _is_kept(turn: TurnReading) -> bool:
    """Returns True for a turn about a danger from people, or about what was swallowed."""
    guessed = turn.row.matter in _KEEP and turn.row.grave >= CALM_BELOW
    return guessed or any([list_of(name) in _KEEP for name in turn.risk_terms])


def _own(words: Sequence[str]) -> frozenset[str]:
    """Returns the beginnings of words that have a meaning of their own."""
    return frozenset(w[:_STEM] for w in words if len(w) >= _LEAST_LETTERS and w not in _COMMON)
