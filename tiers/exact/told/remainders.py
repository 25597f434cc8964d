"""Divides with a remainder: "what's left over when 45 is divided by 6"."""

from __future__ import annotations

from router.regexes.late import late_regex

_A, _B = r"(?P<a>\d{1,12})", r"(?P<b>\d{1,12})"
_BY = r"(?: ?/ ?| (?:is |are )?(?:divided|split|shared) (?:by|among|between|into) )"
_GROUPS = r"(?:groups|teams|boxes|packs|rows|bags) of"
_FORMS = tuple(
    late_regex(form)
    for form in (
        rf"(?:what(?:'s| is) )?(?:the )?remainder (?:of|when|if|for) {_A}{_BY}{_B}",
        rf"what(?:'s| is) left(?: over)? (?:when|if) {_A}{_BY}{_B}",
        rf"{_A}{_BY}{_B},? (?:what(?:'s| is) )?(?:the )?remainder",
        rf"{_A}{_BY}{_B} with (?:a )?remainder",
        rf"{_A} divided in(?:to)? {_GROUPS} {_B}",
    )
)
CUES = ("remainder", "left", " of ")
"""One of them stands in what any form fits."""
BEGINNINGS = ("what", "the ", "remainder ")
"""Begin what any form fits, besides numbers."""


def remainder(text: str) -> str | None:
    """Returns a division of whole numbers with its remainder, None for anything else.

    >>> remainder("what's left over when 45 is divided by 6")
    '45 / 6 = 7, remainder 3'
    """
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            a, b = int(match["a"]), int(match["b"])
            # "7 is divided into 45" mostly asks how often 7 is in 45.
            if b == 0 or (a < b and " into " in text):
                return None
            return f"{a:,} / {b:,} = {a // b:,}, remainder {a % b:,}"
    return None
