"""Keeps of a text what its sources say. Pure.

A sentence stays when its numbers and names are in the sources and nearly all of its content words
are. It compares words, not meanings: a sentence that turns a fact round ("is not free") has a word
more, which the sources must hold too. What is left out is never replaced.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from router.policy.content.languages.passing_words import PASSING_WORDS
from router.regexes.late import late_regex
from router.regexes.words import words_by

LEAST_SHARE = 0.8
"""Share of a sentence's content words that the sources must hold. One foreign word in five is a
connection ("usually"); from two on, rephrasings by a small model added facts."""

LEAST_COVERED = 0.6
"""Share of a question's content words that answers and the questions they were approved for must
hold. "What is the capital of France?" shares one word of two with a list of countries."""

_STEM = 5
"""Letters by which two words of a question are the same: `deliver` and `delivery`."""

_SENTENCE = late_regex(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W_]+(?:['\u2019.,][^\W_]+)*")
_CLAUSE = late_regex(r"(?<=[.!?:;,\n])\s")
_PUTS = late_regex(
    r"\b(?:how|where|what|when|which|who|why)\b|^\W*(?:can|could|do|does|is|are|will|may)\b",
    re.IGNORECASE,
)
"""Finds the clauses that put a question."""
_DULL_WORDS = (
    "a an and are as at be been being but by can could do does for from had has have he her here "
    "him his how i if in into is it its may might more most must my of on once one or our please "
    "shall she should so some such than that the their them then there these they this those to up "
    "us was we were what when where which while who will with would you your yes also just very"
)
_DULL = frozenset(_DULL_WORDS.split())
_ASKING_WORDS = (
    "about any ask question tell know say show give get got want need like help hi hello hey thanks"
    " thank am im ive id go going much many long there now whats wheres hows hm hmm uh um oh ah ok"
    " okay well pls lol btw again later wanna gonna u ur dunno sorry anyway really"
)
_ASKING = _DULL | frozenset(_ASKING_WORDS.split())
"""Words in which a question is put, which say nothing of its subject."""
_TURNING_WORDS = "not no never none without cannot cant wont dont doesnt isnt only unless"
_TURNS = frozenset(_TURNING_WORDS.split())
"""Words that turn a sentence round: each of them must be in the sources."""
_PASSING = PASSING_WORDS | {"me"}
_POSSESSIVE = late_regex(r"['\u2019]s\b")
_ENDED = ("ing", "ed", "es", "s", "ly")
_LEAST_LEFT = 4  # letters that must stand before an ending, so that it is left out


def grounded(text: str, sources: Sequence[str]) -> str:
    """Returns the sentences of `text` that the sources bear out, "" where none is left.

    >>> grounded("Delivery takes 3 days. It costs $1 per person.", ["Delivery takes 3 days."])
    'Delivery takes 3 days.'
    """
    known = words_of(sources)
    return " ".join(s for s in sentences_in(text) if is_grounded(s, known))


def sentences_in(text: str) -> list[str]:
    """Returns the sentences of a text; a line ends one, too."""
    return [s.strip() for s in _SENTENCE.split(text) if s.strip()]


def words_of(sources: Sequence[str]) -> set[str]:
    """Returns the words of all sources in the form in which `is_grounded` compares them."""
    return set[str]().union(*map(_forms, sources))


def covers(question: str, known: frozenset[str]) -> bool:
    """Returns True when sources hold nearly all that a question is about.

    `known` has their `stems_of`.

    >>> known = stems_of(["We deliver to 31 countries, such as France."])
    >>> covers("What is the capital of France?", known)
    False
    """
    asked = _asked(question)
    return len(asked & known) >= LEAST_COVERED * len(asked)


def stems_of(sources: Sequence[str]) -> frozenset[str]:
    """Returns the beginnings of the words of all sources, to compare with `stems_asked`."""
    return frozenset([form[:_STEM] for source in sources for form in _forms(source)])


def stems_asked(question: str) -> tuple[frozenset[str], ...]:
    """Returns the beginnings of the words that a question is about, without those that ask.

    The first set is of the whole text, the second one of the first clause that puts a question. The
    words around that clause may be about something else, or may name the matter.

    >>> [sorted(stems) for stems in stems_asked("No fire, no drama: where is my voucher?")]
    [['drama', 'fire', 'no', 'vouch'], ['vouch']]
    """
    seen = question
    if not question.isascii():  # characters that nobody sees take words apart
        seen = "".join([c for c in question if unicodedata.category(c) != "Cf"])
    puts = next((clause for clause in _CLAUSE.split(seen) if _PUTS.search(clause)), seen)
    clauses = (seen,) if puts == seen else (seen, puts)
    return tuple(dict.fromkeys(stems for stems in map(_asked, clauses) if stems))


def _asked(text: str) -> frozenset[str]:
    return frozenset({form[:_STEM] for form in _forms(text) - _ASKING if not form.isdigit()})


def is_grounded(sentence: str, known: set[str]) -> bool:
    """Returns True when a sentence says nothing that `known`, the sources' words, does not."""
    words = _WORD.findall(sentence)
    forms = [_form(word) for word in words]
    if any(
        _exact(word, at) and form not in known
        for at, (word, form) in enumerate(zip(words, forms, strict=True))
    ):
        return False
    content = [form for form in forms if form not in _DULL]
    held = sum(form in known for form in content)
    return bool(content) and held >= LEAST_SHARE * len(content)


def _exact(word: str, at: int) -> bool:
    """Returns True for a word that must be in the sources: a number, a name, a turn."""
    if any(c.isdigit() for c in word) or _form(word) in _TURNS:
        return True
    # The first word of a sentence has a capital whatever it is.
    return at > 0 and word[0].isupper() and word not in ("I", "We", "You")


def _forms(text: str) -> set[str]:
    plain = _plain(text)  # all words at once: every request asks
    return {_stripped(w) if w.endswith(_ENDED) else w for w in words_by(_WORD, plain)}


def _form(word: str) -> str:
    return _stripped(_plain(word))


def _plain(text: str) -> str:
    return text.lower().replace("'", "").replace("\u2019", "")


def _stripped(word: str) -> str:
    """Returns a word without its ending; one with a digit stays as it is."""
    if not word.isalpha() and any([c.isdigit() for c in word]):
        return word
    for ending in _ENDED:
        left = word.removesuffix(ending)
        if left != word and len(left) >= _LEAST_LEFT and left[-_LEAST_LEFT:].isalnum():
            return left
    return word


def passing_in(question: str) -> frozenset[str]:
    """Returns the beginnings of words that only say when, who or how many, as `stems_asked` has.

    Whole words are compared: "supposed" is one, and "support" is none.

    >>> sorted(passing_in("Do my mother's friends need friendly support?"))
    ['mothe']
    """
    words = set(words_by(_WORD, _plain(_POSSESSIVE.sub("", question))))
    passing = words & _PASSING
    return stems_of([*passing]) - stems_of([*words - passing])


def without_passing(
    asked: frozenset[str], known: frozenset[str], passing: frozenset[str]
) -> frozenset[str]:
    """Returns the words asked for, without the `passing` ones.

    Such a word speaks for an offer that has it, and against none. All stay where no others do.

    >>> asked, passing = stems_of(["tell", "mother", "parking"]), passing_in("tell my mother")
    >>> sorted(without_passing(asked, stems_of(["tell"]), passing))
    ['park', 'tell']
    """
    return asked - (passing - known) or asked
