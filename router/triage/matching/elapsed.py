"""Tells that somebody has waited for longer than an answer promises. Pure.

"It takes 3 to 5 working days" answers nobody who has waited for three weeks. What an answer says of
that case ("if it has not come after that") still fits. English only.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

_NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {
    **{word: n for n, word in enumerate(_NUMBER_WORDS.split(), start=1)},
    **{"a": 1, "an": 1, "several": 3, "few": 3, "couple": 2, "half": 0.5},
}
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0, "month": 720.0, "year": 8760.0}
_TIME = late_regex(
    rf"\b(?P<many>\d{{1,4}}|{'|'.join(_NUMBERS)})(?: of| more| full| whole| working| business)? "
    rf"(?:working |business )?(?P<unit>{'|'.join(_HOURS)})s?\b"
    r"|\bday (?P<day>\d{1,3})\b"
    r"|\bsince (?:last )?(?P<since>yesterday|week|month|year|monday|tuesday|wednesday|thursday|"
    r"friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|"
    r"november|december)\b"
    r"|\bfrom last (?P<last>week|month|year)\b",
    re.IGNORECASE,
)
_SINCE = {"yesterday": 24.0, "week": 168.0, "month": 720.0, "year": 8760.0}
_WEEKDAY, _MONTH = 48.0, 720.0
"""Hours since a named weekday or month: a low guess, since the text does not say how many."""
_WAITING = late_regex(
    r"\b(?:ago|already|been|later|nobody|nothing|now|old|promised|since|still|supposed|waited|"
    r"waiting|yet)\b|\bno (?:answer|link|money|news|refund|reply|response|sign|word)\b"
    r"|\bshould (?:have|take|arrive|come|be|open|work)\b",
    re.IGNORECASE,
)
_COMPLAINS = late_regex(
    r"\b(?:no|nobody|none|not|nothing|never|promised|should|still|supposed|waited|waiting|yet)\b"
    r"|n't\b|\b(?:days|weeks|months|years) old\b",
    re.IGNORECASE,
)
"""Finds that something has not come: who bought a thing months ago does not wait for it."""
_OTHERWISE = late_regex(
    r"\bif (?:\w+ ){1,6}not\b|\bif not\b|\bstill\b|\bnot (?:\w+ ){1,3}after\b|\bif it goes on\b",
    re.IGNORECASE,
)
BEYOND = 1.5
"""Multiple of the promised time from which a wait is longer: people count days roughly, with
weekends."""


def hours_in(text: str) -> float:
    """Returns the longest time that a text names, in hours; 0 for none.

    >>> hours_in("3 to 5 working days"), hours_in("it's day 19 now"), hours_in("two parcels")
    (120.0, 456.0, 0.0)
    """
    longest = 0.0
    for found in _TIME.finditer(text):
        if found["unit"]:
            many = found["many"].lower()
            count = float(many) if many.isdigit() else _NUMBERS[many]
            hours = count * _HOURS[found["unit"].lower()]
        elif found["day"]:
            hours = 24.0 * int(found["day"])
        else:
            since = (found["since"] or found["last"]).lower()
            hours = _SINCE.get(since, _WEEKDAY if since.endswith("day") else _MONTH)
        longest = max(longest, hours)
    return longest


def promised_hours(answer: str) -> float:
    """Returns the longest time that an answer promises, in hours; 0 where it promises none, or says
    what to do after it.

    >>> promised_hours("It takes 2 days."), promised_hours("Five days. If it has not come, call.")
    (48.0, 0.0)
    """
    return 0.0 if _OTHERWISE.search(answer) else hours_in(answer)


def waits_longer(text: str, promised: float) -> bool:
    """Returns True for a text that tells of a longer wait than `promised` hours.

    >>> waits_longer("It has been nine weeks and I still have no refund", 120.0)
    True
    """
    if not promised or _WAITING.search(text) is None or _COMPLAINS.search(text) is None:
        return False
    return hours_in(text) > BEYOND * promised
