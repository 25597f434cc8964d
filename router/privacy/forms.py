"""Spells the forms of numbers that both detectors of personal details read. Pure.

`redact` takes out of a sink what may be somebody's, in doubt too; `entities.identifiers` names what
is somebody's, so it asks the words and signs around a number. What a number may look like is the
same for both and stands here; where one of them reads another form, it says why.
"""

from __future__ import annotations

from router.regexes.late import late_regex

AFTER_COMMA = r"(?:(?<![0-9],)|(?=[0-9]{9}|\+[0-9]|[0-9]{3}-[0-9]{2}-[0-9]{4}))"
"""Behind a digit and a comma, as in a row of a table, stands a number of its own only where it is
too long for thousands."""

DIGITS = r"[+(]?[0-9](?:[ ()./\-]{0,3}[0-9]){6,38}"
"""Seven digits or more, with what parts them: no shorter number is anybody's."""

CARD_FORM = late_regex(
    r"(?<![\w.$€£#/=\-])(?:(?<![0-9]{4}[ \-])|(?=[0-9]{13}))"
    r"(?:[0-9]{13,19}"
    r"|[0-9]{4}(?P<gap>[ \-_])[0-9]{4}(?:(?P=gap)|\n)[0-9]{4}(?:(?P=gap)|\n)[0-9]{1,7}"
    r"|[0-9]{4}(?P<amex>[ \-_])[0-9]{6}(?P=amex)[0-9]{4,5})"
    # Four more digits make it another number, unless they are a month and a year.
    r"(?![\w]|[.\-][0-9]|(?<=[ \-][0-9]{4}) (?!(?:0[1-9]|1[0-2])[23][0-9](?![0-9]))[0-9]{4})"
)
"""Finds what has the form of a card's number, whatever stands behind it: "4111111111111111 12/28".
A line may end in it."""

SSN_FORM = late_regex(r"[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}")
"""Is a social security number of the United States."""

DATE_FORM = late_regex(
    r"(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2}"
)
"""Is a date with a whole year. One of two digits has too few digits for DIGITS."""
