"""Tells an order that reaches many people's things: "delete all customer records". Pure.

An approved answer tells one person what to do about their own things. To a small encoder such an
order is next to "delete my account". English; other languages are read by their gloss.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from router.regexes.late import late_regex

_EVERYBODY_WORDS = "everyone everyone's everyones everybody everybody's everybodys"
_EVERYBODY = frozenset(_EVERYBODY_WORDS.split())
_MANY_WORDS = "all any each entire every whole"
_MANY = frozenset(_MANY_WORDS.split()) | _EVERYBODY
_PERSONS = "client customer employee member patient subscriber supplier tenant user"
_ONE = rf"(?:{'|'.join(_PERSONS.split())})"
_SEVERAL = rf"(?:{_ONE}s|staff)"
_ENDED = [f"{word}{ending}" for word in _PERSONS.split() for ending in ("", "s", "'s")]
_OTHERS = frozenset((*_ENDED, "database", "databases", "staff")) | _EVERYBODY
_BREAK = r"[ ,.!:;\-]{1,3}"
_ACT = late_regex(
    r"[\"'*\- ]{0,3}"
    r"(?:(?:(?:hi|hello|hey|dear)(?: \w{1,20})?|please|kindly|just|now|ok|okay|and|so|then|thanks"
    r"|team|good (?:morning|afternoon|evening)|can you|could you|would you"
    r"|will you|go ahead and|(?:we|i) (?:want|need) you to|i(?:'d| would) like you to"
    r"|(?:you|we) (?:must|should|have to)|let's|let us"
    rf"|(?:as|i am|i'm) (?:an?|the) (?:system )?admin(?:istrator)?){_BREAK}){{0,8}}"
    r"(?:permanently |immediately |quickly )?"
    r"(?:approve|archive|ban|block|cancel|change|charge|clear|close|deactivate|delete|destroy"
    r"|disable|drop|empty|erase|expel|export|get rid of|give|grant|kill|lock|log out|merge"
    r"|overwrite|publish|purge|refund|reimburse|remove|reset|revoke|send|share|shut down|sign"
    r"|suspend|terminate|truncate|unsubscribe|wipe)\b"
)
_ALL = (
    r"\b(?:all|any|each|every)(?: of)?(?: the| our| their| its| these| those| your)?"
    r"(?: [a-z\-]{1,20})?"
)
_THINGS = (
    r"(?:accesses|accounts?|contracts|credentials|data|details|files|logins|mailboxes|memberships"
    r"|orders|passwords?|payments|permissions|profiles?|records?|refunds|sessions|subscriptions)"
)
_REACHES = late_regex(
    rf"{_ALL} {_SEVERAL}\b"  # "all our inactive users"
    rf"|{_ALL} {_ONE}(?:'s)? {_THINGS}\b"  # "all customer records"
    rf"|\b(?:each|every)(?: [a-z\-]{{1,20}})? {_ONE}\b"  # "every single client's invoices"
    rf"|{_ALL} {_THINGS}(?: (?:of|for|from|belonging to|in)(?: all| any| the| our)?)"
    rf" (?:{_SEVERAL}|databases?)\b"  # "all accounts of our members"
    rf"|{_ALL} databases\b|\b(?:whole|entire)(?: {_ONE})? (?:database|staff)\b"
    r"|(?<!\bhi )(?<!\bhello )(?<!\bhey )(?<!\bdear )\bevery(?:one|body)\b"
)
_ONES_OWN = re.compile(
    r"\b(?:i|i'd|i'm|i've|im|mine|my|myself|(?<!let )(?<!show )(?<!tell )me)\b"
    r"|\b(?:account|client|customer|id|member|no|number|user)\b[ #.:]{1,3}[a-z\-]{0,4}[0-9]"
    r"|\bthis (?:account|address|app|booking|card|device|e-?mail|number|order|phone|profile)\b"
    r"|\b(?:our|the) (?:family|household)\b"
)
"""Finds one's own things, and those of one person who is named: "customer number 4711"."""
_END = re.compile(r"[.!?](?: |$)")


def is_wide_act(text: str, words: Collection[str]) -> bool:
    """Returns True for an order that reaches many people's things; `words` are those of the text.

    What somebody asks about their own things ("delete all my data"), or about those of one person
    who is named, is none, and no question is.

    >>> texts = ("delete all customer records", "delete all my records", "how to delete all users")
    >>> [is_wide_act(text, text.split()) for text in texts]
    [True, False, False]
    """
    if _MANY.isdisjoint(words) or _OTHERS.isdisjoint(words):
        return False
    plain = " ".join(text.lower().split())
    act = _ACT.match(plain)
    if act is None:
        return False
    end = _END.search(plain, act.end())
    order = plain[act.end() : len(plain) if end is None else end.start()]
    return _REACHES.search(order) is not None and _ONES_OWN.search(order) is None
