"""Reads what several words say together: "quatre-vingt mille", "treinta y cinco mil".

A word that means something else too counts only right before a scale: "once" and "sei" are numbers
in "once mil" and "sei mila". It knows nothing about currencies.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from router.triage.text.folding import fold
from router.triage.text.money_languages import UNITS, WORD_SCALES


def _listed(words: str, values: tuple[str, ...]) -> dict[str, Decimal]:
    return dict(zip(fold(words).text.lower().split(), map(Decimal, values), strict=True))


BEFORE_SCALE = {
    **_listed("once onze doze seize neuf nueve nove", ("11", "11", "12", "16", "9", "9", "9")),
    **_listed("seis sei tre hundert elf sto", ("6", "6", "3", "100", "11", "100")),
    **_listed("três tres sześć sześciu trzy dwa", ("3", "3", "6", "6", "3", "2")),
    **_listed("cztery siedem osiem dziewięć", ("4", "7", "8", "9")),
    **_listed("halbe halben medio mezzo meio demi pół", ("0.5",) * 7),
    **_listed("anderthalb eineinhalb zweieinhalb dreieinhalb", ("1.5", "1.5", "2.5", "3.5")),
}
"""Words that are numbers only before a scale, which is a word such as "mil"."""

_SCALES = frozenset(
    {*WORD_SCALES, "tausend", "mil", "million", "millions", "millionen", "millones"}
)
_ONES = frozenset("un uno una um uma une".split())
_FRENCH_DIGITS = frozenset("deux trois quatre cinq sept huit neuf mille".split())
_FRENCH = frozenset("dix vingt trente quarante cinquante soixante mille".split())
_OF_MONEY = frozenset("euro euros franc francs dollars".split())
_HUNDRED = frozenset({"cent", "cents"})
_HUNDREDS_OF = frozenset({"", "six", "onze", "douze", "treize", "quatorze", "quinze", "seize"})
"""Words before "cents" that leave open what it is: "quinze cents euros" are 1500."""
_FRENCH_TENS = frozenset("vingt trente quarante cinquante soixante".split())
_SPANISH_TENS = frozenset("treinta cuarenta cincuenta sesenta setenta ochenta noventa".split())
_TENS = frozenset("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa".split())
_SMALL = frozenset("dos tres cuatro cinco seis siete ocho nueve dois quatro sete oito nove".split())
_PORTUGUESE_HUNDREDS = frozenset(
    f"{stem}{end}"
    for stem in "duzent trezent quatrocent quinhent seiscent setecent oitocent novecent".split()
    for end in ("os", "as")
) | {"cento"}

BEGINS = frozenset({*BEFORE_SCALE, *_HUNDRED})
"""Words, beside those of UNITS, that a number may begin with."""


def around(word: Callable[[int], str], at: int, start: int) -> tuple[str, str, str, str]:
    """Returns the word before a place, the word at it, and the two words after it.

    Skips hyphens. The word before is "" where the number begins, at `start`. `word` returns the
    token at an index, "" beyond either end. The "per" of "5 per cent" counts as before.
    """
    before = at - 1 - (word(at - 1) == "-")
    after = at + 1 + (word(at + 1) == "-")
    near = word(before)
    percent = near == "per" or (near == "pour" and word(before - 1)[:1].isdecimal())
    return near if before >= start or percent else "", word(at), word(after), word(after + 1)


def raised(current: Decimal, before: str, low: str, following: str, beyond: str) -> Decimal | None:
    """Returns the number with the word `low` added; None where these rules do not read the word.

    `current` is the number so far. It is negative where no word was read since the last scale.
    `before` is "" at the start.

    >>> raised(Decimal(4), "quatre", "vingt", "mille", "euros")  # four twenties
    Decimal('80')
    >>> raised(Decimal(-1), "", "sto", "tysiecy", "zlotych")
    Decimal('100')
    """
    sum_so_far = max(current, Decimal(0))
    scaled = following in _SCALES
    if low in BEFORE_SCALE:
        tens = low == "sto" and UNITS.get(following, 0) >= 10
        if following in _HUNDRED and (low == "neuf" or beyond in _OF_MONEY):
            # "Je dois onze cents euros" holds no Portuguese two: only tens go on so.
            joins = low == "neuf" or current >= 20
            return BEFORE_SCALE[low] + (sum_so_far if joins else 0)
        return sum_so_far + BEFORE_SCALE[low] if scaled or tens else None
    if low in ("vingt", "vingts") and before == "quatre":
        return sum_so_far + 76  # four is in it
    if low in _ONES and current >= 20 and scaled:
        return sum_so_far + 1
    if low in _HUNDRED and _is_hundred(before, following):
        return (sum_so_far or Decimal(1)) * 100
    return current if before and _joins(before, low, following, beyond) else None


def _is_hundred(before: str, following: str) -> bool:
    """Returns True where "cent" is French for a hundred, and no hundredth of a dollar."""
    leads = following in _SCALES or following in _FRENCH or following in _OF_MONEY
    return before in _FRENCH_DIGITS or (before in _HUNDREDS_OF and leads)


def _joins(before: str, low: str, following: str, beyond: str) -> bool:
    """Returns True for an "and" within one number, False for one between two numbers."""
    digit = following in _SMALL or following in _ONES
    if low == "y":
        return before in _SPANISH_TENS and digit
    if low == "et":
        return before in _FRENCH_TENS and following in ("un", "une", "onze")
    if low != "e":
        return False
    if before in _TENS:
        return digit
    small = following in _TENS or digit or UNITS.get(following, 100) < 20
    if before in _PORTUGUESE_HUNDREDS:
        return small
    # "dez mil e vinte mil" are two numbers.
    return before == "mil" and following in _PORTUGUESE_HUNDREDS and beyond not in _SCALES
