"""Checks what an answer's text shows by itself: loops, noise, an echo, no word on the matter. Pure.

These checks are cheap and crude. They find what nobody would call an answer, and they leave the
rest alone: right, short and unusual answers must pass. They read no meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from router.regexes.late import late_regex
from router.types import Reason

LOOP_WORDS = 30
"""Fewer words may repeat by chance or on purpose."""
LOOP_SHARE = 0.3
"""The share of different runs of three words below which a text loops. Our own 2,000 approved and
safe answers have .6 or more; a model that repeats one sentence ten times has .1."""
NOISE_SHARE = 0.05  # of characters that could not be decoded
MASHED_SHARE = 0.5  # of words without any vowel
ECHO_WORDS = 6  # of the question; shorter ones are repeated in good answers
ECHO_ADDS = 3  # words of its own that an answer needs beside the question's
SHORT_WORDS = 12
"""A grave matter is not settled in fewer words that share none with the question."""
COMPARABLE_WORDS = 3  # content words of the question, so that sharing none says something
MOST_READ = 200_000
"""Characters of an answer that are read, some 50,000 tokens. An upstream that ignores its cap may
send 16 MB, and one pass of a regular expression over them stops every other request for seconds."""

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[a-z]{4,}")
_VOWEL = re.compile(r"[aeiouy]")
_WIDE = late_regex(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")  # written solid
_STEM = 5  # letters by which two forms of a word are taken for one
_COMMON = frozenset(
    """
    about after also answer because been before being both could does done each else even ever
    from have help here into just know less like made make many more most much must need only
    other over please same shall should some such sure take tell than that their them then
    there these they thing this those through very want well were what when where which while
    will with would your yours
    """.split()  # noqa: SIM905
)


def garbled(text: str) -> bool:
    """Returns True for a text that repeats itself or is no language: a loop, noise, mashed keys."""
    if text.count("\ufffd") > NOISE_SHARE * len(text):
        return True
    words = _WORD.findall(text.lower())
    if len(words) >= LOOP_WORDS:
        runs = list(zip(words, words[1:], words[2:], strict=False))
        if len(set(runs)) < LOOP_SHARE * len(runs):
            return True
    latin = _LATIN.findall(text.lower())
    mashed = sum(_VOWEL.search(word) is None for word in latin)
    return len(latin) >= COMPARABLE_WORDS and mashed > MASHED_SHARE * len(latin)


def echoes(text: str, question: str) -> bool:
    """Returns True for an answer that only gives the question back."""
    asked, answered = _WORD.findall(question.lower()), _WORD.findall(text.lower())
    if len(asked) < ECHO_WORDS or " ".join(asked) not in " ".join(answered):
        return False
    return len(answered) - len(asked) < ECHO_ADDS


def shares_words(text: str, question: str) -> bool | None:
    """Returns True when answer and question have a content word in common, by its first letters.

    None where the question has too few content words to compare. Amounts and names count, so an
    answer in another language usually shares some.
    """
    answered, asked, shared = content_words(text), set[str](), False
    for stem in _stems(question):  # a long question is read no further than needed
        asked.add(stem)
        shared = shared or stem in answered
        if shared and len(asked) >= COMPARABLE_WORDS:
            return True
    return None if len(asked) < COMPARABLE_WORDS else False


def short(text: str) -> bool:
    """Returns True for an answer that is too short for a grave matter, unless it is on topic."""
    return len(_WORD.findall(text)) + len(_WIDE.findall(text)) // 2 < SHORT_WORDS


def content_words(text: str) -> frozenset[str]:
    """Returns the words that carry a subject: long or uncommon ones by their stem, and numbers.

    >>> sorted(content_words("Should we pay the $45,000 deposit?"))
    ['000', '45', 'depos']
    """
    return frozenset(_stems(text))


def _stems(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text.lower()):
        word = match[0]
        if _WIDE.search(word):  # no blanks between words: pairs of characters stand for them
            yield from (a + b for a, b in pairwise(word))
        elif word.isdigit() or (len(word) > 3 and word not in _COMMON):
            yield word[:_STEM]


def _ends(text: str) -> tuple[str, ...]:
    """Returns the text, of a longer one than MOST_READ its two ends."""
    half = MOST_READ // 2
    return (text,) if len(text) <= MOST_READ else (text[:half], text[-half:])


def content_failure(text: str, question: str, *, grave: bool) -> Reason | None:
    """Returns why a whole answer in plain text is none, as far as its words show it.

    Only a `grave` matter's answer must be about it: "Paris." answers many other questions. Of a
    text beyond MOST_READ both ends are read: a model that loops does so to its end.
    """
    ends = _ends(text)
    if any(map(garbled, ends)):
        return Reason.ANSWER_GARBLED
    text, question = "\n".join(ends), "\n".join(_ends(question))
    if echoes(text, question):
        return Reason.ANSWER_OFF_TOPIC
    if grave and shares_words(text, question) is False and short(text):
        return Reason.ANSWER_OFF_TOPIC
    return None
