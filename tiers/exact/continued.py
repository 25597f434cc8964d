"""Goes on with the sum that was just worked out: "and with 5 more?", "times two". Pure.

The reply must fit one form, and the sum before it must be one of bare numbers: after "3 shirts at
$20 each" nobody knows if 5 more are shirts or dollars. English, German, French, Spanish, Italian.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from router.regexes.late import late_regex
from tiers.exact.numbers import digits_for_words

MAX_CHARACTERS = 60
MOST_SUMS = 8
"""Sums in a row that are followed back to the question that began them."""

_OURS = late_regex(r"(?P<sum>[^=\n]{1,80}) = (?P<result>-?\d[\d,]{0,15}(?:\.\d{1,9})?)")
_GROUPED = late_regex(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_COMMA = late_regex(r"-?\d+,\d{1,2}")
_BARE_WORDS = (
    "what is s are how much calculate compute work out tell me please and plus minus times of "
    "multiplied divided by over x the sum percent from add subtract squared "
    "was wie viel wieviel ist sind macht ergibt berechne rechne mal geteilt durch von und prozent "
    "combien font fait est calcule c ça fois moins divisé par de pour cent et la "
    "cuánto cuanto es son da calcula más mas menos por dividido entre el ciento y "
    "quanto fa fanno più piu meno per diviso di hi hello hey ok bitte"
)
_BARE = frozenset(_BARE_WORDS.split())
"""Words of a question about nothing but numbers."""
_WORD = late_regex(r"[^\W\d_]+")

_N = r"(?P<n>\d{1,9}(?:\.\d{1,4})?)"
_THAT = "(?:that|it|this|the result|the total)"
_BEGUN = (
    r"(?:(?:and|ok|okay|now|then|so|great|thanks|what about|how about|what if i|if i|und|jetzt|"
    r"dann|et|puis|maintenant|y|ahora|luego|e|ora|poi)[ ,]{1,2}){0,3}"
)
_FORMS = (
    (
        "{was} + {n}",
        rf"(?:(?:with|plus|add|adding) (?:another )?{_N}(?: more)?(?: (?:to|on top of) {_THAT})?"
        rf"|(?:another )?{_N} more|another {_N}"
        rf"|plus {_N}|(?:mit )?(?:noch )?(?:mal )?{_N} (?:dazu|mehr|drauf|obendrauf)"
        rf"|(?:avec )?{_N} de plus|(?:on |j )?ajoute(?:r|z)? (?:encore )?{_N}"
        rf"|(?:con )?{_N} m[aá]s|m[aá]s {_N}|suma(?:le)? {_N}|più {_N}|(?:con )?{_N} in più)",
    ),
    (
        "{was} - {n}",
        rf"(?:(?:minus|subtract|take away|taking away|take off) (?:another )?{_N}(?: more)?"
        rf"(?: from {_THAT})?|{_N} (?:less|fewer)|take {_N} (?:away|off)"
        rf"|(?:noch )?{_N} (?:weniger|abziehen)|moins {_N}|{_N} de moins|(?:on )?(?:enlève|retire) "
        rf"{_N}|menos {_N}|{_N} menos|meno {_N}|{_N} in meno)",
    ),
    (
        "{was} * {n}",
        rf"(?:(?:times|multipl(?:y|ied) (?:{_THAT} )?by|x|\*) ?{_N}|mal {_N}|fois {_N}"
        rf"|multiplié par {_N}|multiplicado por {_N}|moltiplicato per {_N})",
    ),
    (
        "{was} / {n}",
        rf"(?:(?:divide |divided )(?:{_THAT} )?by {_N}|/ ?{_N}|(?:geteilt )?durch {_N}"
        rf"|divisé par {_N}|dividido (?:entre|por) {_N}|diviso (?:per )?{_N})",
    ),
    (
        "{was} * 2",
        rf"(?:double(?: {_THAT})?|twice {_THAT}|{_THAT} doubled|doubled|das doppelte(?: davon)?"
        r"|le double|el doble|il doppio)",
    ),
    (
        "{was} / 2",
        rf"(?:(?:a )?half (?:of )?{_THAT}|halve {_THAT}|halved|half|(?:die )?hälfte(?: davon)?"
        r"|la moitié|la mitad|la metà)(?: de (?:ça|cela|eso))?",
    ),
    ("{was} / 3", rf"(?:(?:a|one) third of {_THAT}|ein drittel davon|le tiers|un tercio)"),
    ("{was} / 4", rf"(?:a|one) quarter of {_THAT}|ein viertel davon|le quart|un cuarto"),
    ("{was}^2", rf"(?:squared|{_THAT} squared|square {_THAT})"),
    ("{n}% of {was}", rf"{_N} ?(?:%|percent) of {_THAT}"),
    ("{was} + {n}%", rf"(?:plus|add) {_N} ?(?:%|percent)"),
    ("{was} - {n}%", rf"(?:minus|subtract|take off) {_N} ?(?:%|percent)"),
)


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Returns the forms of a reply, each with the sum that it makes."""
    named = [(made, _once_named(form)) for made, form in _FORMS]
    return tuple([(made, re.compile(rf"{_BEGUN}(?:{form})")) for made, form in named])


def _once_named(form: str) -> str:
    """Returns a form in which each number has a name of its own."""
    first, *others = form.split("(?P<n>")
    return first + "".join([f"(?P<n{i}>{other}" for i, other in enumerate(others)])


def continued(turns: Sequence[str]) -> str | None:
    """Returns the sum that the last text makes of our result, None where it goes on with none.

    `turns`: texts of the user and of us by turns, the user's first and last.

    >>> continued(["what is 7 + 8?", "7 + 8 = 15", "and with 5 more?"])
    '15 + 5'
    >>> continued(["3 pens at 2 each?", "3 * 2 = 6", "and with 5 more?"]) is None
    True
    """
    *before, reply = turns
    made = _made(reply)
    if made is None or not before or not _is_of_numbers(before):
        return None
    was = _result(before[-1])
    return None if was is None else made(was)


def _is_of_numbers(turns: Sequence[str]) -> bool:
    """Returns True where the sum before stands alone, or goes on with one that does."""
    for i in range(len(turns) - 2, -1, -2):
        if len(turns) - i > 2 * MOST_SUMS:
            return False
        asked = turns[i]
        if _result(turns[i + 1]) is None:
            return False
        words = _WORD.findall(digits_for_words(asked.lower()))
        if any(map(str.isdigit, asked)) and _BARE.issuperset(words) and _made(asked) is None:
            return True
        if _made(asked) is None:
            return False
    return False


def _made(reply: str) -> Callable[[str], str] | None:
    """Returns what makes a sum of the result before and a reply; None for another reply."""
    if len(reply) > MAX_CHARACTERS:
        return None
    text = " ".join(digits_for_words(reply.lower()).split()).strip(" ?!.¿¡")
    for sum_made, form in _forms():
        if (fits := form.fullmatch(text)) is not None:
            number = next((one for one in fits.groups() if one), "")
            return lambda was: sum_made.format(was=was, n=number)
    return None


def _result(ours: str) -> str | None:
    """Returns the number that an answer of ours ends with; None for money, units or rounding."""
    told = _OURS.fullmatch(ours)
    if told is None:
        return None
    result = told["result"]
    if "," not in result:
        return result
    if _COMMA.fullmatch(result):
        return result.replace(",", ".")
    # Other languages write 2,500 for two and a half; their sums have words.
    grouped = _GROUPED.fullmatch(result) and not _WORD.search(told["sum"].replace(" of ", " "))
    return result.replace(",", "") if grouped else None
