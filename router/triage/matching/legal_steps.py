"""Tells a message that weighs or takes a legal step: suing, lawyers, courts, liability. Pure.

An approved answer to "what does a puncture repair cost?" is none to "should I sue you over the
puncture?". To a small encoder both are about the puncture.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from router.regexes.late import late_regex

_WORDS = (
    "against attorney attorneys charges claims compensation court damages lawsuit lawsuits lawyer "
    "lawyers legal legally liability liable litigate litigation ombudsman solicitor solicitors sue "
    "sued sues suing trading withhold"
)
STEP_WORDS = frozenset(_WORDS.split())
"""English words of which every phrase of a legal step has one. An answer whose own utterances have
it is about that step: whom a bank names to complain to, say."""

DENIED_WITHIN = 40
"""Characters before a step in which a denial is looked for."""
_OBJECT = r"(?:you|your|the|them|him|her|it|us|me|my|over|for|a|an|this|that|these|anyone)"
_LAWYER = r"(?:lawyer|solicitor|attorney)s?"
_ENGLISH = late_regex(
    rf"\bsu(?:e|ed|es|ing) {_OBJECT}\b|\b(?:to|i|i'll|we|we'll|you|can|will|should|who) sue\b"
    r"|\blawsuits?\b|\blitigat(?:e|ion)\b|\bsmall claims\b"
    r"|\b(?:take|takes|taking|bring|bringing|drag|dragging|go|goes|going|see|end up|settle|up)"
    r" (?:[a-z']+ ){0,3}(?:to|in) (?:the |a )?(?:[a-z]+ )?court\b(?! (?:road|street|shoes?|yard))"
    r"|\blegal(?:ly)? (?:action|steps?|proceedings|claim|route|case|measures|threat|responsible)\b"
    r"|\b(?:from|with|to|by|consult|hire|see|get|instruct|contact|involve)"
    rf" (?:my|our|a|an) {_LAWYER}\b"
    rf"|\b(?:my|our) {_LAWYER} (?:says?|said|will|is|has|thinks?|wants?|tells?|told|wrote)\b"
    r"|\b(?:you|shop|store|company|seller|they|who|is|are|be|held|hold|find) (?:you )?liable\b"
    r"|\b(?:accept|admit|deny|acknowledge|assume|take) (?:full |any |no )?liability\b"
    r"|\b(?:claim|seek|demand|want|owe me|entitled to|pay|sue for|get) (?:[a-z]+ )?"
    r"(?:damages|compensation)\b"
    r"|\btrading standards\b|\bombudsman\b|\b(?:press|file|bring) charges\b"
    r"|\b(?:case|claim) against\b|\bwithhold (?:[a-z]+ )?(?:payment|rent)\b"
)
_OTHERS = late_regex(
    # German, Dutch, French
    r"\bverklag|\bzu ?klagen\b|\b(?:rechts)?anw[aä]lt|\bvor gericht\b|\brechtliche[nr]? schritt"
    r"|\bschadens?ersatz|\bhaftbar|\bgerichtlich|\b(?:klage|anzeige) (?:einr|erh|erst)"
    r"|\bhaften sie\b"
    r"|\brechtszaak|\badvoca(?:at|ten)\b|\b(?:voor|naar) de rechter\b|\bjuridische stappen\b"
    r"|\bschadevergoeding|\baansprakelijk"
    r"|\ben justice\b|\bport\w{1,4} plainte\b|\b(?:au|devant le) tribunal\b|\bmise en demeure\b"
    r"|\bdommages(?: et |-)int[eé]r[eê]ts\b|\bmon avocat (?:va|dit|vous|pense|contact)"
    # Spanish, Italian, Portuguese
    r"|\bdemandar(?:l[aeo]s?|te|é)?\b|\bdenunci(?:ar|aré)\w{0,3}\b|\bacciones legales\b"
    r"|\babogad[oa]\b|\ba(?:l)? (?:juicio|juzgado)\b|\btribunal|\bda[nñ]os y perjuicios\b"
    r"|\bfar\w{1,3} causa\b|\bcitar\w{1,3} in giudizio\b|\bvie legali\b|\bavvocat[oi]\b"
    r"|\brisarciment|\ba[cç][aã]o judicial\b|\badvogad[oa]\b|\bprocess[aá]-l[oa]s?\b"
    r"|\bprocessar (?:voc[eê]s?|a (?:loja|empresa))\b|\binden?i[sz]a[cç][aã]o\b|\bindemni[sz]a[cç]"
    # Polish
    r"|\bpozwa[cć]\b|\bpozw[eę]\b|\bpozew\b|\bdo s[aą]du\b|\badwokat|\bprawnik|\bodszkodowani"
    r"|\bkroki prawne\b"
)


_OPENS = r"(?!(?:i|we|i'll|we'll|i'd|we'd|so|then|but|choice|option|make|force)\b)"
_DENIED = re.compile(
    r"(?:(?<!should i )(?<!shall i )(?<!why )\bnot|n't|\bnever|\bdont|\bwithout|\bno)"
    rf"(?: {_OPENS}[a-z']+){{0,4}} ?$"
)
"""Finds a denial right before a step: who is "not going to sue anyone" asks for something else. In
"if you don't refund me I will sue" and "no choice but to sue" it is not the step that is denied."""


def is_legal_step(text: str, words: Collection[str], own: Collection[str], glossed: bool) -> bool:
    """Returns True where a message is about a legal step, and an answer with these words is not.

    `words` are those of the message, lower case, and `own` those of the answer and its utterances.
    `glossed`: the message is in another language, and English words were compared. `own` words are
    English, so they name no step of such a message.

    >>> text = "Should I sue you for the broken fork?"
    >>> is_legal_step(text, {"sue", "fork"}, {"fork"}, glossed=False)
    True
    """
    if glossed:
        return _OTHERS.search(text.lower()) is not None
    if STEP_WORDS.isdisjoint(words):
        return False
    about = STEP_WORDS.intersection(own)
    for found in _ENGLISH.finditer(text.lower()):
        step = found.group()
        name = text[found.start() :].startswith("Sue ")  # "Sue my neighbour" may be a name
        own_clause = step.startswith(("i ", "i'll ", "we ", "we'll "))  # "if not, I sue"
        before = text[: found.start()].lower()[-DENIED_WITHIN:]
        denied = not own_clause and _DENIED.search(before)
        if not (name or denied) and not any(word in step for word in about):
            return True
    return False
