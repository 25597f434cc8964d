"""Tells an order that reaches many people's things: "delete all customer records". Pure.

An approved answer tells one person what to do about their own things. To a small encoder such an
order is next to "delete my account". English; other languages are read by their gloss.
"""

from __future__ import annotations

from collections.abc import Collection

from router.regexes.late import late_regex

_EVERYBODY_WORDS = "everyone everyone's everyones everybody everybody's everybodys"
_EVERYBODY = frozenset(_EVERYBODY_WORDS.split())
_MANY_WORDS = "all any each entire every whole"
_MANY = frozenset(_MANY_WORDS.split()) | _EVERYBODY
_OTHERS_WORDS = (
    "accounts client client's clients customer customer's customers database databases employee "
    "employee's employees member member's members people patient patients records staff "
    "subscriber subscribers supplier suppliers tenant tenants user user's users"
)
_OTHERS = frozenset(_OTHERS_WORDS.split()) | _EVERYBODY
_OWN_WORDS = "i i'm i'd i've im me mine my myself"
_OWN = frozenset(_OWN_WORDS.split())
_ACT = late_regex(
    r"(?:(?:hi|hello|hey|please|kindly|just|now|ok|okay|and|so|then|can you|could you|would you"
    r"|will you|go ahead and|we (?:want|need) you to|you (?:must|should|have to)|let's)"
    r"[ ,]{1,2}){0,8}"
    r"(?:permanently |immediately |quickly )?"
    r"(?:approve|archive|ban|block|cancel|clear|close|deactivate|delete|destroy|disable|drop"
    r"|erase|expel|export|get rid of|grant|kill|lock|overwrite|purge|refund|reimburse|remove"
    r"|reset|revoke|shut down|suspend|terminate|truncate|unsubscribe|wipe)\b"
)


def is_wide_act(text: str, words: Collection[str]) -> bool:
    """Returns True for an order that reaches many people's things; `words` are those of the text.

    What somebody asks about their own things ("delete all my data") is none, and no question is.

    >>> texts = ("delete all customer records", "delete all my records", "how to delete all users")
    >>> [is_wide_act(text, text.split()) for text in texts]
    [True, False, False]
    """
    if _MANY.isdisjoint(words) or _OTHERS.isdisjoint(words) or not _OWN.isdisjoint(words):
        return False
    return _ACT.match(text.lstrip().lower()) is not None
