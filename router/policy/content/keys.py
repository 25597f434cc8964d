"""Describes the keys of lookups: how they are written, and the approved words that ask for them.

It reads keys in text. It knows nothing about conversations (`content.replies`), nor about who may
type a key: the policy's lookups say so (`typed`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from router.policy.sections.base import Section

KEY_SEARCH_CHARACTERS = 4_000
"""Limits the user's text that is searched for a written key: two pages. In longer texts a key is
hard to identify."""

NEARLY_CHARACTERS = 80
"""Limits a reply in which a key may be written in another form."""
_BEGINS = re.compile(
    r"(?P<letters>[A-Z]{1,6})(?P<mark>[-_/#]?)(?P<rest>(?:\[0-9\]|\\d)\{\d{1,2}\})"
)
"""Fits a pattern of letters, then digits: only there a number without the letters means one key."""

ApprovedWords = Annotated[str, Field(min_length=3, max_length=400, pattern=r"^[^{}]*$")]


def bounded_pattern(pattern: str) -> str:
    """Returns the pattern of a key. Raises ValueError for one whose search may take long."""
    # A search takes linear time when no repetition is unbounded or nested.
    if re.search(r"[*+]|\{\d*,\}|\)[?{]|\\[1-9]|\(\?", pattern):
        raise ValueError(
            "a pattern without *, +, {n,}, repeated groups, look-around or back-references; "
            "write repetition as {n} or {n,m}"
        )
    try:
        matches_nothing = re.compile(pattern).search("") is not None
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from error
    if matches_nothing:
        raise ValueError("a pattern that does not match the empty text")
    return pattern


class KeySection(Section):
    """Describes the key of a lookup: its written form, and what level 1 says about it.

    A number in a text does not prove that it belongs to the writer. What somebody types is
    therefore used only with lookups whose section in the policy has `typed`, and as that says.
    """

    pattern: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Its written form. Left out: it comes in `routing.context` alone.",
    )
    ask: ApprovedWords | None = Field(
        default=None, description="The question that level 1 asks when the key is missing."
    )
    ask_again: ApprovedWords | None = Field(
        default=None,
        description="What level 1 says instead where it asked in the turn before and the key is "
        "still missing: what the user can do without it. Left out: the same question.",
    )
    not_found: ApprovedWords | None = Field(
        default=None,
        description="What level 1 says of a typed key without a row that may be shown.",
    )

    @field_validator("pattern")
    @classmethod
    def _bounded(cls, pattern: str | None) -> str | None:
        return None if pattern is None else bounded_pattern(pattern)

    @model_validator(mode="after")
    def _is_not_empty(self) -> KeySection:
        if self.pattern is None and self.ask is None:
            raise ValueError("a key with a pattern, or with a question under ask")
        if self.pattern is None and self.not_found is not None:
            raise ValueError("not_found only beside a pattern: without one, no key is ever typed")
        if self.ask is None and self.ask_again is not None:
            raise ValueError("ask_again only beside ask")
        return self


def keys_in(text: str, section: KeySection) -> frozenset[str]:
    """Returns the distinct keys that are written in a text, in small letters too.

    >>> order = KeySection(pattern="A-[0-9]{5}")
    >>> sorted(keys_in("it's a-10442, not XA-10443 or A-104425", order))
    ['A-10442']
    """
    return written_keys(text, section.pattern)


def written_keys(text: str, form: str | None) -> frozenset[str]:
    """Returns the distinct keys of a written form; none where it is None."""
    if form is None:
        return frozenset()
    anywhere, whole = _patterns(form)
    searched = text[:KEY_SEARCH_CHARACTERS]
    for written in (searched, searched.upper()):
        # Most texts have no key at all, which is faster to see without what stands around one.
        if anywhere.search(written):
            keys = frozenset([match.group() for match in whole.finditer(written)])
            if keys:
                return keys
    return frozenset()


def nearly_written(text: str, section: KeySection) -> tuple[str, str] | None:
    """Returns the one key that a reply to our question for it means, and how it is typed there.

    Its beginning may be left out or set apart otherwise; only who was asked for a key writes so.

    >>> order = KeySection(pattern="A-[0-9]{5}")
    >>> [nearly_written(t, order) for t in ("a 10442", "10442 please", "A10442 or 10443")]
    [('A-10442', 'a 10442'), ('A-10442', '10442'), None]
    """
    if section.pattern is None or len(text) > NEARLY_CHARACTERS:
        return None
    nearly = _nearly(section.pattern)
    if nearly is None:
        return None
    begins, form = nearly
    typed = list(form.finditer(text))
    if len(typed) != 1:
        return None
    return f"{begins}{typed[0]['rest'].upper()}", typed[0].group()


@lru_cache(maxsize=256)
def _nearly(pattern: str) -> tuple[str, re.Pattern[str]] | None:
    """Returns how keys of a pattern begin, and what finds them without that; None for keys that do
    not begin with letters or have no digits behind them."""
    parts = _BEGINS.fullmatch(pattern)
    if parts is None:
        return None
    letters = re.escape(parts["letters"])
    begun = rf"(?:{letters}[ \t#.:_/\u2010-\u2014-]{{0,2}})?"
    form = rf"(?<![\w-]){begun}(?P<rest>{parts['rest']})(?![\w-])"
    return f"{parts['letters']}{parts['mark']}", re.compile(form, re.IGNORECASE)


@lru_cache(maxsize=256)  # a knowledge file has few keys
def _patterns(pattern: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Returns the pattern of a key, and of one that is no part of a longer word or number."""
    return re.compile(pattern), re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])")
