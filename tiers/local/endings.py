"""Ends an answer of a small model where nothing more is to come: a cap by question, and loops.

A small model seldom stops by itself where it should: it goes on past the answer, or says the same
again until its cap. Pure: functions of texts.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

TOKENS_A_WORD = 1.6
"""English has 1.3 tokens a word; the rest is room for names and for other languages."""

SENTENCE_TOKENS, ITEM_TOKENS = 40, 32
ROOM_TOKENS = 24  # for an opening that nobody asked for
MOST_NAMED = 1_000  # words, sentences or items; a larger number is no wish for a length

LONG_FORMS = late_regex(
    r"\b(essays?|stor(y|ies)|tales?|poems?|lyrics|articles?|blog|reports?|letters?|e-?mails?|"
    r"speech|scripts?|code|program(me)?s?|functions?|class(es)?|quer(y|ies)|tables?|plans?|"
    r"chapters?|recipes?|tutorials?|guides?|translat\w*|rewrite|rephrase|summar\w+|correct|"
    r"proofread|step[- ]by[- ]step|in (great )?detail|detailed|at length|thorough(ly)?|"
    r"everything|complete(ly)?|whole|full|long)\b",
    re.IGNORECASE,
)
"""Words of wishes for a text instead of an answer, in English: such a request keeps its cap."""

_NUMBERS = {
    name: number
    for number, name in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905
        start=1,
    )
}
_NAMED = late_regex(
    r"\b(?P<number>\d{1,4}|" + "|".join(_NUMBERS) + r")[ -](?:\w+ )?"
    r"(?P<unit>words?|sentences?|lines?|items?|points?|bullets?|examples?|reasons?|ways|tips|"
    r"steps|ideas|names|things)\b",
    re.IGNORECASE,
)
_UNIT_TOKENS = {"word": TOKENS_A_WORD, "sentence": SENTENCE_TOKENS}


def fitting_tokens(question: str, usual: int, most: int) -> int:
    """Returns the tokens that an answer to a question may have: what it states, `usual` or `most`.

    A length that the question states counts, then a wish for a text (an essay, code, a
    translation), which gets `most`. Other questions get `usual`.

    >>> fitting_tokens("Explain rain in two sentences.", 160, 512)
    104
    >>> fitting_tokens("Write an essay about rain.", 160, 512)
    512
    >>> fitting_tokens("Why does it rain?", 160, 512)
    160
    """
    stated = [_tokens(found["number"], found["unit"]) for found in _NAMED.finditer(question)]
    if any(stated):
        return min(most, ROOM_TOKENS + max(stated))
    return most if LONG_FORMS.search(question) else min(usual, most)


def _tokens(number: str, unit: str) -> int:
    count = _NUMBERS.get(number.lower()) or int(number)
    if count > MOST_NAMED:
        return 0
    return round(count * _UNIT_TOKENS.get(unit.lower().rstrip("s"), ITEM_TOKENS))


LOOPED_TIMES = 3
LOOPED_WORDS = 12
"""Words that a phrase and its repetitions have at least. "No, no, no!" is none; lists, tables and
refrains change at least a word each time."""
LONGEST_PHRASE = 40  # words of a phrase that is said again and again
_WORD = re.compile(r"[^\W_]+")


def loops(text: str) -> bool:
    """Returns True where a text ends in one phrase three times, and in at least twelve words so.

    >>> loops("I can help you. " * 3)
    True
    >>> loops("It rained and rained and rained.")
    False
    """
    words = _WORD.findall(text[-LONGEST_PHRASE * LOOPED_TIMES * 12 :].lower())
    for size in range(1, min(LONGEST_PHRASE, len(words) // LOOPED_TIMES) + 1):
        times = max(LOOPED_TIMES, -(-LOOPED_WORDS // size))
        tail = words[-size:]
        if len(words) >= size * times and words[-size * times :] == tail * times:
            # Numbers alone are a table or a sum, not a sentence said again.
            return not all(word.isdigit() for word in tail)
    return False
