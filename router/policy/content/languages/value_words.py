"""Puts values of lookups into another language: "delivered on {date}" and the dates in it. Pure.

Rows of lookups hold words of one language. An operator's translation lists these words as they
stand, with a name in braces for what differs from row to row. A value that is not listed goes out
as it is. It knows nothing about lookups.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct
from pydantic import Field, model_validator

from router.policy.sections.base import Section
from router.regexes.late import late_regex

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DATE = late_regex(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b")
_PLACE = late_regex(r"\{([a-z_]+)\}")


def _filled(words: str, parts: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: parts[place[1]], words)


class DateWords(Section):
    """Says how dates such as "24 November 2026" are written in a language."""

    months: list[Annotated[str, Field(min_length=1, max_length=30)]] = Field(
        min_length=12, max_length=12
    )
    form: str = Field(min_length=5, max_length=60, description="With {day}, {month} and {year}.")

    @model_validator(mode="after")
    def _has_all_parts(self) -> DateWords:
        if set(_PLACE.findall(self.form)) != {"day", "month", "year"}:
            raise ValueError("a form with {day}, {month} and {year}, and no other name in braces")
        return self

    def translated(self, text: str) -> str:
        """Returns a text with its dates in this language."""
        return _DATE.sub(self._translated_date, text)

    def _translated_date(self, date: re.Match[str]) -> str:
        month = self.months[MONTHS.index(date[2])]
        return _filled(self.form, {"day": date[1], "month": month, "year": date[3]})


class ValueWords(Struct, frozen=True):
    """Holds the words for values in one language."""

    forms: tuple[tuple[re.Pattern[str], str], ...] = ()
    dates: DateWords | None = None

    def translated(self, value: str) -> str:
        """Returns a value in this language, itself where it is not listed.

        >>> words = value_words({"sent on {date}": "am {date} verschickt"}, None)
        >>> words.translated("sent on 3 May 2026"), words.translated("lost")
        ('am 3 May 2026 verschickt', 'lost')
        """
        for form, words in self.forms:
            match = form.fullmatch(value)
            if match is not None:
                value = _filled(words, match.groupdict())
                break
        return value if self.dates is None else self.dates.translated(value)


NO_WORDS = ValueWords()


def value_words(values: Mapping[str, str], dates: DateWords | None) -> ValueWords:
    """Returns the words for values by their form in the lookups."""
    forms = []
    for value, words in values.items():
        parts = _PLACE.split(value)  # text, name, text, name, ... text
        pattern = "".join(
            f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        )
        forms.append((late_regex(pattern), words))
    return ValueWords(tuple(forms), dates)


def unknown_places(values: Mapping[str, str]) -> list[str]:
    """Returns the values whose words name in braces what the value does not, or name it twice."""
    wrong = []
    for value, words in values.items():
        named = _PLACE.findall(value)
        if len(set(named)) != len(named) or not set(_PLACE.findall(words)) <= set(named):
            wrong.append(value)
    return wrong
