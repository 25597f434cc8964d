"""Counts what several equal things hold, and what dozens come to.

"5 boxes with 24 pens in each, how many pens is that?" and "half of 7 dozen". A text must say that
each holds as many, and ask by its name for what is held. It knows nothing about prices.
"""

from __future__ import annotations

import re
from fractions import Fraction

from router.regexes.late import late_regex
from tiers.exact.arithmetic import arithmetic, shown_sum
from tiers.exact.numbers import NUMBER, Amount, number, written
from tiers.exact.wording import Question

_COUNT = r"\d{1,3}(?:,\d{3}){1,2}|\d{1,6}"
_N, _M = rf"(?P<n>{_COUNT})", rf"(?P<m>{_COUNT})"
_WORD = r"[a-z][a-z'-]{1,20}"
_HOLDER, _HELD, _ASKED = (
    rf"(?P<{name}>{_WORD}(?: {_WORD})??)" for name in ("holder", "held", "asked")
)
_OWNED = (
    r"(?:(?:if |say |suppose )?(?:(?:i|we|you|he|she|they) (?:have|has|got|buy|bought|get)"
    r"|(?:i've|we've|you've|they've)(?: got)?|there are|(?:a|the|my|our) [a-z]{2,16} has) )?"
)
_HOLDS = r"(?:has|have|holds?|contains?|comes? with)"
_EACH = (
    r"(?: (?:in|on|at|inside|per) (?:each|every)(?: (?:one|of them|(?P<again>[a-z]{2,20})))?"
    r"| each)"
)
_TOTAL = r"(?: (?:in total|altogether|in all|overall|all together))?"
_ASKS = (
    rf"[,.;:]? (?:then )?how many {_ASKED}"
    r"(?: (?:is (?:that|it)|are (?:that|those|there)|(?:do|will) (?:i|we|you|he|she|they)"
    rf" (?:have|get)|have (?:i|we) got))?{_TOTAL}"
)
_MANY = rf"how many {_ASKED} (?:are (?:there )?in|do) {_N} {_HOLDER}(?: have| hold| contain)?"
_FORMS = tuple(
    late_regex(form)
    for form in (
        rf"{_OWNED}{_N} {_HOLDER} (?:with|of|holding|containing) {_M} {_HELD}{_EACH}{_ASKS}",
        rf"{_OWNED}{_N} {_HOLDER},? each (?:with|of|holding|containing|{_HOLDS}) "
        rf"{_M} {_HELD}{_ASKS}",
        rf"{_OWNED}{_N} {_HOLDER} of {_M} {_HELD}{_ASKS}",
        rf"{_MANY} (?:with|of) {_M} {_HELD}{_EACH}",
        rf"{_MANY},? if (?:each|every|one|an?|1)(?: (?P<again>[a-z]{{2,20}}))? {_HOLDS} "
        rf"{_M}(?: {_HELD})?",
        rf"(?:if )?(?:an?|one|1|each|every) (?P<again>[a-z]{{2,20}}) {_HOLDS} {_M} {_HELD}"
        rf"[,.;:]? {_MANY}",
    )
)
_DOZENS = rf"(?P<half>half )?(?:an?|(?P<n>{NUMBER}))[ -]dozens?"
_DOZEN = late_regex(rf"(?<![\w.,$€£/^-]){_DOZENS}\b")
_BROKEN = late_regex(
    r"(?:/ ?|\d |\bquarter |\bthird )(?:\d|an?|half)[\d.,]*[ -]dozen|dozens? ?[\d(]"
)
"""Finds "1/2 dozen" and "3 dozen 4": what belongs to the dozens is unclear."""
_ALONE = late_regex(
    rf"(?:how many(?: {_ASKED})? (?:is|are(?: there)?(?: in)?|in|makes?|what(?:'s| is)) ){_DOZENS}"
)
_OPENING = late_regex(r"(?:what(?:'s| is| are)|how many (?:is|are)) ")
_TOLD = late_regex(rf"{_OWNED}{_DOZENS} {_HELD}{_ASKS}")
CUES = ("how many ", "dozen")
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("how many ", "if ", "say ", "suppose ", "there ", "a ", "an ", "one ", "each ", "every "),
    *("the ", "my ", "our ", "i ", "we ", "you ", "he ", "she ", "they ", "i've ", "we've "),
    *("you've ", "they've ", "half ", "double ", "twice ", "multiply ", "divide ", "add "),
    *("subtract ", "what"),
)
"""Begin what any form fits, besides numbers."""


def contents(text: str) -> str | None:
    """Returns how many several things hold together, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> contents("5 boxes with 24 pens in each, how many pens is that")
    '5 * 24 = 120'
    >>> contents("half of 7 dozen"), contents("5 boxes with 24 pens, how many pens")
    ('1 / 2 * (7 * 12) = 42', None)
    """
    if "dozen" in text:
        return _dozens(text)
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _held_by_all(match) if _is_of_one_thing(match) else None
    return None


def _is_of_one_thing(match: re.Match[str]) -> bool:
    """Returns True where what is asked for is what each of the named things holds."""
    holder, held, asked = (_singular(match[name]) for name in ("holder", "held", "asked"))
    again = match.groupdict().get("again")
    if again is not None and _singular(again) != holder.split()[-1]:
        return False
    if held and asked not in (held, held.split()[-1]):
        return False
    return holder.split()[-1] != asked.split()[-1]


def _held_by_all(match: re.Match[str]) -> str:
    n, m = number(match["n"]), number(match["m"])
    return shown_sum(f"{written(n)} * {written(m)}", Amount(n * m))


def _dozens(text: str) -> str | None:
    """Returns the result of a sum with dozens in it, or how many things dozens are."""
    if _BROKEN.search(text):
        return None
    match = _ALONE.fullmatch(text) or _TOLD.fullmatch(text)
    if match is not None:
        told = match.groupdict()
        if told.get("held") and _singular(told["held"]) != _singular(told["asked"]):
            return None
        left, count = _counted(match)
        return shown_sum(left, Amount(count))
    if _DOZEN.fullmatch(text):  # "2 dozen" alone may be a reply
        return None
    opening = _OPENING.match(text)
    core = text if opening is None else text[opening.end() :]
    # "Half of 2 dozen plus 2" is as unclear as "half of 24 plus 2", and the brackets would hide it.
    numbered = _DOZEN.sub(lambda match: written(_counted(match)[1]).replace(",", ""), core)
    if "dozen" in numbered or _result(numbered) is None:
        return None
    return _result(_DOZEN.sub(lambda match: f"({_counted(match)[0]})", core))


def _result(text: str) -> str | None:
    return arithmetic(Question(text, commanded=True), opens=True)


def _counted(match: re.Match[str]) -> tuple[str, Fraction]:
    """Returns dozens as they are written in a sum, with how many things they are."""
    n, each = number(match["n"] or "1"), 6 if match["half"] else 12
    return f"{written(n)} * {each}", n * each


def _singular(thing: str | None) -> str:
    if thing is None:
        return ""
    for ending, one in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("sses", "ss")):
        if thing.endswith(ending):
            return thing.removesuffix(ending) + one
    for ending, one in (("shelves", "shelf"), ("loaves", "loaf")):
        if thing.endswith(ending):
            return thing.removesuffix(ending) + one
    return thing if thing.endswith("ss") else thing.removesuffix("s")
