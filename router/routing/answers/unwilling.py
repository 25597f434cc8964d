"""Finds answers in which a model gives up: it refuses, or it says that it does not know. Pure.

Both are told by how a text begins, in English, German, French, Spanish, Italian, Dutch, Portuguese
and Polish. A text that quotes such words, or goes on to answer after them, is left alone.
"""

from __future__ import annotations

from router.regexes.late import late_regex

BEGINNING = 200
"""Characters in which a refusal is looked for."""
LONGEST = 240
"""Characters of the longest text that counts as one that only says that it knows nothing."""

_REFUSAL = late_regex(
    r"\A\W{0,9}(?:(?:(?:i.?m|i am|i) )?(?:really |very |so )?(?:sorry|afraid|apologi[sz]e)\b[,.]? ?"
    r"(?:but |that )?i(?:.m| am)? (?:can.?t|can ?not|unable|not able|won.?t)\b"
    r"|i(?:.m| am)? (?:can ?not|can.?t|won.?t|unable to|not able to) "
    r"(?:help|assist|provide|answer|do|comply|fulfil|discuss|support)\b"
    r"|as an ai(?: language)? model,? i (?:can.?t|can ?not|don.?t|do not)"
    r"|(?:es )?tut mir leid,? (?:aber )?(?:dabei |damit |das )?kann ich\b.{0,60}\bnicht\b"
    r"|(?:es )?tut mir leid,? (?:aber )?ich kann\b.{0,60}\bnicht\b"
    r"|(?:dabei|damit) kann ich (?:dir |ihnen |euch )?(?:leider )?nicht helfen"
    r"|(?:je suis )?d[ée]sol[ée]e?,? (?:mais )?je ne (?:peux|suis) pas"
    r"|je ne (?:peux|puis) pas (?:vous |t.)?aider"
    r"|lo siento,? (?:pero )?no puedo|no puedo ayudar(?:te|le)? con"
    r"|mi dispiace,? (?:ma )?non posso|non posso aiutar(?:ti|la)"
    r"|(?:het )?spijt me,? (?:maar )?(?:ik kan|daar kan ik|dat kan ik)\b.{0,60}\bniet\b"
    r"|(?:sinto muito|desculpe|lamento),? (?:mas )?n[ãa]o posso"
    r"|przykro mi,? ale nie mog[ęe])",
)
_NOTHING = late_regex(
    r"\A\W{0,9}(?:(?:i.?m |i am )?(?:sorry|afraid)\b[,.]? ?(?:but )?)?"
    r"(?:i (?:really |honestly |simply )?(?:don.?t|do not) know(?: (?:that|this|the answer"
    r"(?: to (?:that|this|your question))?))?"
    r"|i have no (?:idea|information(?: (?:on|about) (?:that|this))?)"
    r"|i(?:.m| am) not sure"
    r"|(?:das )?wei(?:ß|ss) ich (?:leider )?nicht|ich wei(?:ß|ss) (?:es|das) (?:leider )?nicht"
    r"|je ne sais pas|no lo s[ée]|non (?:lo )?so|(?:dat )?weet ik (?:het )?niet"
    r"|ik weet het niet|n[ãa]o sei|nie wiem)\W{0,9}"
    r"(?:sorry\W{0,9})?",
)


def refuses(text: str) -> bool:
    """Returns True for a text that begins as models begin a refusal.

    >>> refuses("I'm sorry, but I can't help with that."), refuses("He said: I can't help.")
    (True, False)
    """
    return _REFUSAL.match(text[:BEGINNING].lower()) is not None


def knows_nothing(text: str) -> bool:
    """Returns True for a text that says that its writer does not know, and nothing more.

    >>> knows_nothing("I don't know."), knows_nothing("I don't know. Try restarting it first.")
    (True, False)
    """
    return len(text) <= LONGEST and _NOTHING.fullmatch(text.strip().lower()) is not None
