"""Tells a person's own choice from a decision about an organisation. Pure.

"Should we send our son to the village school?" has the form of "should we move production to
Poland?", and the reader of such decisions knows forms. So the words decide: some of a private life,
none of an organisation. English alone. It knows nothing about chances.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_OF_A_LIFE = (
    "husband wife boyfriend girlfriend fiance fiancee spouse marriage marry married divorce "
    "wedding baby kid kids child children son sons daughter daughters toddler teenager mum mom dad "
    "parents grandchildren grandparents grandma grandpa sister roommate roommates flatmate dorm "
    "apartment flat bedroom dog dogs puppy cat cats kitten school college university uni degree "
    "degrees grad semester exam exams ap homework thesis coach choir band swim swimming soccer "
    "football marathon guitar piano violin hobby chess camp scouts holiday vacation job career "
    "promotion counteroffer freelance boss salary retire army driving prom internship"
)
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
_LED = frozenset({"school", "college", "university", "uni", "choir", "band", "camp", "scouts"})
"""What may be an organisation that the writer leads: "should our school go private?"."""
OF_A_LIFE = frozenset(_OF_A_LIFE.split())
OF_AN_ORGANISATION = frozenset(_OF_AN_ORGANISATION.split())
_OWN = frozenset({"i", "i'm", "i've", "i'd", "me", "my", "we", "our", "us"})


def is_private_choice(words: Sequence[str]) -> bool:
    """Returns True for the words of a message about its writer's own life, and no organisation.

    >>> is_private_choice("should i quit the swim team".split())
    True
    >>> is_private_choice("my two kids both want the restaurant".split())
    False
    """
    if OF_A_LIFE.isdisjoint(words) or _OWN.isdisjoint(words):
        return False
    if any(owner == "our" and led in _LED for owner, led in pairwise(words)):
        return False
    return OF_AN_ORGANISATION.isdisjoint(words)
