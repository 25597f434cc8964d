"""Counts the months between two months of years: "from March 2027 to January 2029"."""

from __future__ import annotations

import calendar

from router.regexes.late import late_regex

_NAMES = [name.lower() for name in calendar.month_name[1:]]
_NUMBER = {name: place for place, name in enumerate(_NAMES, 1)}
_NUMBER |= {name[:3]: place for name, place in _NUMBER.items()}
_MONTH = "|".join(sorted(_NUMBER, key=len, reverse=True))
_FORM = late_regex(
    rf"(?:how many )?months (?:are there |is it )?(?:from|between) (?P<a>{_MONTH}) "
    rf"(?P<y>(?:19|20)\d\d) (?:to|and|until|till) (?P<b>{_MONTH}) (?P<z>(?:19|20)\d\d)"
)
CUES = ("months ",)
"""Stands in what the form fits."""
BEGINNINGS = ("how many months ", "months ")
"""Begin what the form fits."""


def months_between(text: str) -> str | None:
    """Returns the months from one month to another, None for anything else.

    >>> months_between("how many months from march 2027 to january 2029")
    '22 months, from March 2027 to January 2029 (the first month is not counted).'
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    first, last = _NUMBER[match["a"]], _NUMBER[match["b"]]
    count = 12 * (int(match["z"]) - int(match["y"])) + last - first
    if count <= 0:
        return None
    ends = f"{calendar.month_name[first]} {match['y']} to {calendar.month_name[last]} {match['z']}"
    return f"{count} month{'s' * (count > 1)}, from {ends} (the first month is not counted)."
