"""Tells a person's own choice from a decision about an organisation. Pure.

"Should we send our son to the village school?" has the form of "should we move production to
Poland?", and the reader of such decisions knows forms. So the words decide: a relative of the
writer at home or at school, or what only one person does, and none of an organisation. Trades and
goods ("baby", "football", "camp") decide nothing. English alone. It knows nothing about chances.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_RELATIVES = (
    "husband|wife|boyfriend|girlfriend|fiance|fiancee|sons?|daughters?|mum|mom|mother|dad|father|"
    "parents|sister|brother|grandma|grandpa|grandson|granddaughter"
)
_RELATIVE = re.compile(
    rf"\b(?:my|our) (?:(?:two|three|only|eldest|oldest|youngest) )?(?:{_RELATIVES})\b"
)
"""A relative decides only beside what a household does: relatives share a firm, too."""
_PLACE = "(?:school|college|university|uni|kindergarten)"
_AT_HOME = re.compile(
    rf"\b(?:(?:to|at|from) (?:(?:the|a) )?(?:\w+ )?{_PLACE}|(?:change|start|leave|finish) {_PLACE}|"
    r"repeat the (?:year|grade)|live with|move (?:back )?in with|marry (?:him|her))\b"
)
_LEAVES = "quit|quitting|leave|leaving|join|joining"
_OF_ONE = re.compile(
    r"\b(?:(?:have|got|had|take|accept) (?:(?:a|the|two) )?job offers?|"
    r"(?:quit|quitting|leave|leaving|keep) my job|my (?:degree|thesis|dorm|marriage)|"
    rf"(?:i|of) (?:{_LEAVES}) (?:the|my) (?:\w+ )?(?:team|band|choir|squad)|"
    r"(?:go|going|back) to (?:college|uni|university|grad school)"
    r"(?= (?:or|and|now|for|in|this|next|after)\b|$)|"
    r"(?:drop|dropping|dropped) out of (?:college|uni|university|school)|"
    r"(?:marry|divorce|leave) (?:him|her|my (?:husband|wife|boyfriend|girlfriend))|"
    r"pregnant (?:\w+ ){0,6}my boss|my boss (?:\w+ ){0,6}pregnant)\b"
)
"""What only one person does. It decides beside "I" or "my", and where nobody says "we"."""
_OF_AN_ORGANISATION = (
    "company companies firm firms business businesses startup startups enterprise corporation "
    "corporate shop shops store stores restaurant restaurants cafe bakery bakeries hotel hotels "
    "factory factories plant plants mill foundry quarry farm farms vineyard winery brewery "
    "shipyard dealership clinic practice agency agencies studio nursery kindergarten hospital bank "
    "staff employees employee workers workforce payroll headcount layoffs foreman manager managers "
    "customer customers client clients market markets product products brand franchise franchises "
    "licence license investor investors investment shareholder shareholders board founder founders "
    "cofounder ceo cfo cto owner owners own owns revenue revenues turnover sales profit profits "
    "profitable margin margins supplier suppliers competitor competitors rival rivals merge merger "
    "acquire acquisition takeover series funding valuation branch branches outlet outlets "
    "warehouse fleet vans trucks production manufacturing export exports union charity nonprofit "
    "parish cooperative association members department faculty division subsidiary trade industry "
    "sector software platform app saas contract contracts contractor outsource spin pivot b2b ipo "
    "head headteacher headmaster principal dean director chair chairman president treasurer "
    "pupils graders enrolment enrollment boarding volunteers donors price prices pricing cook chef "
    "crew wages menu"
)
_BUSINESS_OF_A_FAMILY = (
    "run runs running charge partner partners successor succession sell selling expand expansion "
    "hire hiring open opening launch enrol office offices premises council museum "
    "theatre federation foundation club clubs league sawmill dairy garage workshop salon bar pub "
    "guesthouse resort campsite gym boatyard orchard tutor tutors teachers curriculum fees tuition "
    "budget deal line range"
)
OF_AN_ORGANISATION = frozenset(f"{_OF_AN_ORGANISATION} {_BUSINESS_OF_A_FAMILY}".split())
_ONE = frozenset({"i", "me", "my"})
_SEVERAL = frozenset({"we", "our", "us"})
_OWN = _ONE | {"our"}
"""A relative is "my" or "our" one; what only one person does stands beside a word of one."""


def is_private_choice(words: Sequence[str]) -> bool:
    """Returns True for the words of a message about its writer's own life, and no organisation.

    >>> is_private_choice("should i quit the swim team".split())
    True
    >>> is_private_choice("my two sons both want the restaurant".split())
    False
    """
    if _OWN.isdisjoint(words) or not OF_AN_ORGANISATION.isdisjoint(words):
        return False
    text = " ".join(words)
    if _RELATIVE.search(text) and _AT_HOME.search(text):
        return True
    return not _ONE.isdisjoint(words) and _SEVERAL.isdisjoint(words) and bool(_OF_ONE.search(text))
