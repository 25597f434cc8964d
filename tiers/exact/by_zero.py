"""Says in seven languages that a division by zero has no result. It works nothing out."""

from __future__ import annotations

from router.regexes.late import late_regex

_TOLD = (
    "hat kein Ergebnis: Durch null kann nicht geteilt werden.",
    "n'a pas de résultat : on ne peut pas diviser par zéro.",
    "no tiene resultado: no se puede dividir por cero.",
    "non ha risultato: non si può dividere per zero.",
    "heeft geen uitkomst: door nul kan niet worden gedeeld.",
    "nie ma wyniku: nie można dzielić przez zero.",
    "não tem resultado: não se pode dividir por zero.",
)
"""Ends what was to be divided: German, French, Spanish, Italian, Dutch, Polish, Portuguese."""
NO_DIVISION = late_regex(r"\d-\d|\d/(?!0(?![\d.,]))\d")
"""Finds a date, a score or "24/7"; "1/0" is none of them."""


def no_result(asked: str, divided: str, language: int) -> str | None:
    """Returns the answer to a question, in the language at this place of the seven.

    Returns None for a question that Italian and Portuguese ask alike, and for a share of a number.

    >>> no_result("was ist 1/0", "1/0", 0)
    '1/0 hat kein Ergebnis: Durch null kann nicht geteilt werden.'
    """
    if asked.startswith("quanto e ") or "%" in divided:
        return None
    return f"{divided} {_TOLD[language]}"
