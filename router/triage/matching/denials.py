"""Reads from words what a text denies, and what utterances say plainly. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from router.regexes.late import late_regex
from router.regexes.words import words_and_contractions

_DENIED = late_regex(
    r"\b(?:do not|don't|dont|did not|didn't|didnt|am not|i'm not|im not)"
    r"(?: (?:actually|really|even|just|yet))*"
    r"(?: (?:want|wanna|wish|like|trying|asking|planning|going|looking|intend|mean)(?: you)? to"
    r"| want (?:a|any|the|my)(?= (?:refund|replacement|exchange|voucher)))?"
    r" (?P<verb>[a-z]+)",
    re.IGNORECASE,
)
_BEFORE_WORDS = "i we please but so and ok no hi hello really definitely actually just"
_BEFORE = frozenset(_BEFORE_WORDS.split())
"""Words behind which a person denies: "why don't you cancel it" denies nothing."""
_BEHIND_NOT = re.compile(
    r"(?:\bnot|(?<!ca)n't|\bnever|\bno longer|\bwithout|\bdont|\bdidnt) ((?:[^\s,;.!?]+ ?){1,3})"
)
_NOTS = ("not", "n't", "never", "no longer", "without", "dont", "didnt")  # one in each match
_ASKS_ON = late_regex(
    r"[,;.!?] ?(?:so |but |and )?(?:can|could|may|how|is there|do i|must i|do you)\b",
    re.IGNORECASE,
)
"""Finds a question behind a denial: "I don't want to register, can I still order?"."""
_MARK = re.compile(r"[,;.!?]")
_ASKS_FIRST = late_regex(
    r"(?:(?:hi|hello|hey|please|so|and|ok)[ ,]{1,2})*"
    r"(?:how|what|when|where|which|can|could|may|is there|do you|do i|will)\b[^,;.!]*",
    re.IGNORECASE,
)
"""Finds a question before a denial: "how do I return something that I don't like"."""
_DENYING = frozenset(("not", "don't", "dont", "didn't", "didnt"))
_FAILED_WORDS = (
    "get got receive find see have know understand remember recognise recognize recall work arrive "
    "come show let hear think believe say be is a an the my your any it this that these those one "
    "me us him her them i you u we want need able allowed there in on at sure happy make made "
    "authorise authorize pay spend like mind care too so very still all well fit own use do "
    "mean nothing when where"
)
_FAILED = frozenset(_FAILED_WORDS.split())
"""Verbs whose denial is the trouble itself ("I did not get it"), and words that are no verbs."""
_TROUBLE_WORDS = (
    "blocked broken cracked damaged declined defective delayed duplicate expired faulty forgot "
    "forgotten frozen hacked late locked lost missing pending phishing scam slow spam stolen torn "
    "twice wrong lose forget"
)
_TROUBLES = frozenset(_TROUBLE_WORDS.split())
"""What nobody wants: who denies it has another matter."""
_NO_TROUBLE = late_regex(
    r"(?:\bnot|n't|\bnever|\bno longer|\bnothing|\bdont|\bdidnt|\bhavent|\bhasnt|\bisnt|\bwasnt)"
    r"(?: (?:a|actually|any|been|be|charge|charged|even|inside|is|it|me|my|really|that|the|to|was|"
    r"you|your|yet))* (?P<trouble>[a-z]+)",
    re.IGNORECASE,
)
_STEM = 4
"""Letters by which two forms of a verb are one: "forget" and "forgot"."""
PLAIN = 10
"""Utterances that say a verb for each that denies it, from which it is said plainly."""
LEAST_SAID = 2
"""Utterances of an answer that say a verb plainly, from which denying it is a denial of them."""
_NOT_WORDS = (
    "not never nothing none neither don't dont doesn't doesnt didn't didnt isn't isnt "
    "aren't arent wasn't wasnt weren't haven't havent hasn't hasnt hadn't"
)
_NOT = frozenset(_NOT_WORDS.split())
_NO_DENIAL = late_regex(
    r"\b(?:can|could|if|or|why) not\b|\bnot (?:sure|yet|"
    r"only|just|clear|able|too|very|even|long|far|allowed|possible|there|here|now)\b"
    r"|\b(?:why|when|how|what) (?:do|did|does|have|has|is|are|was)n't\b"
    r"|\b(?:don't|dont|do not|doesn't|didn't|didnt) (?:\w+ly )?(?:know|understand|remember|recall|"
    r"see|find|get|recognise|recognize|mind|think|work|let|show|have|arrive|come|fit)\b"
    r"|\b(?:don't|doesn't|didn't|isn't|aren't|wasn't|haven't|hasn't) (?:you|it|they|we|i|the|my)\b"
    r"|(?:\bnot|\bnever|n't|\brather not) (?:properly |being |been )?(?:accepted|available|"
    r"charging|connecting|loading|opening|recogni[sz]ed|responding|showing|starting|working)\b"
    r"|\brather not\b",
    re.IGNORECASE,
)
"""Finds a "not" that belongs to a question or to a trouble, and denies nothing."""
_UNTURNED = late_regex(r"\bnot (?:(?:want|have|has|is|be|been|not|to|I|wish|my|the) )*([a-z]{4,})")
"""Finds the verb that is denied in a gloss, whose words have another order: "not have forgot"."""
Line = tuple[str, frozenset[str]]  # an utterance in small letters, and its words


def words_in(text: str) -> frozenset[str]:
    """Returns the distinct words of a text, lower case."""
    return frozenset(words_and_contractions(text.lower()))


def denied_in(text: str, words: Collection[str]) -> frozenset[str]:
    """Returns the beginnings of the verbs that a text denies; `words` are its words.

    >>> text = "I did NOT forget my password"
    >>> sorted(denied_in(text, words_in(text))), sorted(denied_in("I didn't get it", ["didn't"]))
    (['forg'], [])
    """
    if _DENYING.isdisjoint(words):
        return frozenset()
    verbs: set[str] = set()
    for found in _DENIED.finditer(text):
        verb, before = found["verb"].lower(), text[: found.start()].rstrip()
        if verb in _FAILED or verb.endswith("ing") or _asks_next(text, found.end()):
            continue
        if not before or before[-1] in ",;.!?:" or before.rpartition(" ")[2].lower() in _BEFORE:
            verbs.add(verb[:_STEM])
    return frozenset(verbs)


def denied_in_gloss(gloss: str) -> frozenset[str]:
    """Returns the beginnings of the verbs that a text in English words of another order denies."""
    return frozenset(verb[:_STEM] for verb in _UNTURNED.findall(gloss) if verb not in _FAILED)


def _asks_next(text: str, at: int) -> bool:
    """Returns True where the first mark after this place begins a question."""
    mark = _MARK.search(text, at)
    return mark is not None and _ASKS_ON.match(text, mark.start()) is not None


def denies(text: str, words: Collection[str]) -> bool:
    """Returns True where a text denies something; `words` are its words.

    >>> [denies(text, words_in(text)) for text in ("we don't need it", "I don't know how")]
    [True, False]
    """
    if _NOT.isdisjoint(words):
        return False
    said = _NO_DENIAL.sub(" ", text)
    if _NOT.isdisjoint(words_in(said)) or _ASKS_ON.search(said):
        return False
    question = _ASKS_FIRST.match(said)
    return question is None or not _NOT.isdisjoint(words_in(said[question.end() :]))


def denied_share(lines: Sequence[Line]) -> float:
    """Returns the share of utterances that deny something; 1 for none of them."""
    return sum([denies(*line) for line in lines]) / len(lines) if lines else 1.0


def is_only_denied(text: str, words: frozenset[str], said: frozenset[str]) -> bool:
    """Returns True where a text denies a trouble that an answer is for, and states none of them."""
    troubles = troubles_said(words, said)
    denied = (match["trouble"].lower() for match in _NO_TROUBLE.finditer(text))
    return bool(troubles) and troubles.issubset(denied)


def troubles_said(words: frozenset[str], said: frozenset[str]) -> set[str]:
    """Returns the troubles among words that an answer's utterances say plainly."""
    return {word for word in words & _TROUBLES if word[:_STEM] in said}


def said_plainly(lines: Sequence[Line]) -> frozenset[str]:
    """Returns the beginnings of words that several utterances say and hardly any denies.

    >>> texts = ("cancel it", "please cancel my order", "i never got my order")
    >>> sorted(said_plainly([(text, words_in(text)) for text in texts]))
    ['canc']
    """
    counts = Counter([stem for _, words in lines for stem in _stems(words)])
    denying = [text for text, _ in lines if any([word in text for word in _NOTS])]
    behind = [" ".join(_BEHIND_NOT.findall(text)).split() for text in denying]
    denied = Counter([stem for words in behind for stem in _stems(words)])
    return frozenset(
        stem for stem, n in counts.items() if n >= LEAST_SAID and denied.get(stem, 0) * PLAIN <= n
    )


def _stems(words: Iterable[str]) -> set[str]:
    return {word[:_STEM] for word in words}
