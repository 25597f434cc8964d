"""Works out areas, ways around and volumes of rectangles, boxes and circles.

Both sides are in one unit. It knows nothing about prices for a square metre.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import pi

from router.regexes.late import late_regex
from tiers.exact.numbers import NUMBER, number, written
from tiers.exact.wording import first_fit

_NAMES = {
    "metres": ("m", "metre", "metres", "meter", "meters"),
    "centimetres": ("cm", "centimetre", "centimetres", "centimeter", "centimeters"),
    "millimetres": ("mm", "millimetre", "millimetres", "millimeter", "millimeters"),
    "kilometres": ("km", "kilometre", "kilometres", "kilometer", "kilometers"),
    "feet": ("ft", "foot", "feet"),
    "inches": ("in", "inch", "inches"),
    "yards": ("yd", "yard", "yards"),
    "miles": ("mi", "mile", "miles"),
}
_UNITS = {word: name for name, words in _NAMES.items() for word in words}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_PLACE_NAMES = (
    *("room", "rectangle", "garden", "field", "plot", "lawn", "wall", "floor", "carpet", "rug"),
    *("table", "sheet", "yard", "terrace", "patio", "kitchen", "bedroom", "bathroom", "office"),
    *("pool", "board", "roof", "piece of land", "rectangular room", "rectangular garden"),
)
_THING = f"(?:{'|'.join(_PLACE_NAMES)})"
_ITS = r"(?:an? |the |my |our )?"
_WITH = r"(?:with (?:sides|dimensions)(?: of)?|that(?: is|'s)|which is|measuring|measures|is|of)"


def _side(name: str) -> str:
    return rf"(?P<{name}>{NUMBER})(?:[ -]?(?P<{name}_of>{_UNIT}))?"


_BY = r" ?(?:x|\*|by|times) ?"
_TWO = rf"{_side('a')}{_BY}{_side('b')}"
_THREE = rf"{_TWO}{_BY}{_side('c')}"
_LONG = rf"{_side('a')}(?: long)?(?:,? and|,| by) {_side('b')}(?: wide)?"
_PLACES = (
    rf"{_ITS}{_TWO}(?: {_THING})?",
    rf"{_ITS}{_THING}(?: {_WITH})? {_TWO}",
    rf"{_ITS}{_THING} {_WITH} {_LONG}",
)
_IS = r"(?:(?:what(?:'s| is)|how big is|calculate|work out|find) )?(?:the )?"
_AREA = rf"{_IS}(?:surface |floor )?(?:area|square (?:footage|metres|meters))(?: of| for)? "
_AROUND = rf"{_IS}(?:perimeter|circumference)(?: of| for)? "
_MANY = (
    r"[,.;]? (?:how many square (?P<square>metres|meters|feet|yards|inches|centimetres|centimeters)"
    r"(?: is (?:that|it)| are (?:that|there))?|what(?:'s| is) (?:the|its) area|area)"
)
_BOX = rf"{_IS}volume (?:of|for) {_ITS}(?:(?:box|cube|cuboid|tank|pool|room) {_WITH} )?{_THREE}"
_BOX += r"(?: (?:box|cuboid|tank|pool|room))?"
_CIRCLE = (
    r"(?P<ask>area|circumference|perimeter) of (?:a |the )?circle (?:with|of) (?:a )?"
    rf"(?P<of>radius|diameter)(?: of)? {_side('a')}"
)
_FORMS = (
    *(("area", late_regex(_AREA + place)) for place in _PLACES),
    *(("around", late_regex(_AROUND + place)) for place in _PLACES),
    *(("area", late_regex(place + _MANY)) for place in _PLACES),
    ("box", late_regex(_BOX)),
    ("circle", late_regex(_IS + _CIRCLE)),
)
CUES = ("area", "square ", "perimeter", "circumference", "volume")
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("what", "how big ", "calculate ", "work out ", "find ", "the ", "area", "surface ", "floor "),
    *("square ", "perimeter", "circumference", "volume", "a ", "an ", "my ", "our ", "."),
    *_PLACE_NAMES,
)
"""Begin what any form fits, besides numbers."""


def area(text: str) -> str | None:
    """Returns an area, the way around it or a volume, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> area("what is the area of a 4 m by 5.5 m room"), area("volume of a box of 2 x 3 x 4 cm")
    ('4 * 5.5 = 22 square metres', '2 * 3 * 4 = 24 cubic centimetres')
    """
    fit = first_fit(_FORMS, text)
    return None if fit is None else _answer(*fit)


def _answer(kind: str, match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    sides = [number(groups[name]) for name in ("a", "b", "c") if groups.get(name)]
    units = {_UNITS[groups[f"{name}_of"]] for name in ("a", "b", "c") if groups.get(f"{name}_of")}
    square = (groups.get("square") or "").replace("meters", "metres")
    if len(units) > 1 or not all(sides) or (square and units and units != {square}):
        return None  # "4 m by 50 cm"
    unit = next(iter(units), square)
    if kind == "circle":
        return _circle(match["ask"], sides[0] / (2 if match["of"] == "diameter" else 1), unit)
    named = [written(side) for side in sides]
    if kind == "around":
        around = f"2 * ({named[0]} + {named[1]}) = {written(2 * (sides[0] + sides[1]))}"
        return f"{around} {unit}".rstrip()
    value = Fraction(1)
    for side in sides:
        value *= side
    power = "cubic" if kind == "box" else "square"
    return f"{' * '.join(named)} = {written(value)}" + (f" {power} {unit}" if unit else "")


def _circle(ask: str, radius: Fraction, unit: str) -> str:
    r = written(radius)
    if ask == "area":
        return f"pi * {r}^2 = about {pi * float(radius) ** 2:,.4f}" + (
            f" square {unit}" if unit else ""
        )
    return f"2 * pi * {r} = about {2 * pi * float(radius):,.4f} {unit}".rstrip()
