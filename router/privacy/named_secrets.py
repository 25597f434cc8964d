"""Finds secrets by the name before them: "password: ...", `token = "..."`. Pure.

Every pattern is bounded and quotes are counted once, so the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.regexes.late import late_regex
from router.regexes.pieces import matches, search

_NAMED = late_regex(
    r"(?i)(?<![a-z0-9])"
    r"(?P<name>(?:api|access|secret|private|auth|account)[ _\-]?(?:key|token)|secret|token"
    r"|password|passwd|pwd|passphrase|passcode|pass|client[ _\-]?secret|passwort|kennwort"
    r"|mot de passe|contraseña)"
    r"(?:\\{0,3}(?P<closed>[\"']))?\s{0,3}(?:(?P<sign>[:=])|\b(?:is|ist|lautet|est|es)\b)\s{0,3}"
    r"(?P<escape>\\{1,3}(?=[\"']))?(?P<quote>[\"'])?"
)
NAMED_PARTS = ("pass", "secret", "token", "key", "pwd", "kennwort", "contrase")
"""One of these is in every text with a secret's name, once its letters are case-folded."""
_BARE = late_regex(r"[^\s\"',;]{4,200}")
# In quotes a secret may hold blanks, the other quote, and its own behind a backslash. No secret
# begins with a blank, as a token of a tokenizer does.
_QUOTED = {
    '"': late_regex(r"(?!\s)(?:\\.|[^\"\\\n]){4,200}(?=\")"),
    "'": late_regex(r"(?!\s)(?:\\.|[^'\\\n]){4,200}(?=')"),
}
_ESCAPED = late_regex(r"[^\s\"'\\]{4,200}(?=\\)")  # in JSON that a text of JSON holds
# A quote between two letters is an apostrophe, and one behind a backslash a part of a text.
_MARK = late_regex(r"[\n\"'](?<!\\[\"'])(?:(?<=[\n\"])|(?<!\w')|(?!\w))")


def named_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each secret behind its name: "the password is wrong" contains none.

    >>> text = 'password: "hunter 2", and print("token: " + name + "!")'
    >>> [text[start:end] for start, end in named_secrets(text)]
    ['hunter 2']
    """
    quotes = _Quotes(text)
    position = 0
    while (named := search(_NAMED, text, position)) is not None:
        position = named.end()
        value = _value(text, named, quotes)
        if value is not None and _is_secret(named, value[0]):
            position = value.end()
            yield value.span()


class _Quotes:
    """Knows where a quote of the same line is open. Places are asked for in their order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._open: set[str] = set()

    def is_open(self, quote: str, place: int) -> bool:
        """Returns True where a text in such quotes has begun before a place, and not ended."""
        for mark in matches(_MARK, self._text, self._position, place):
            if mark[0] == "\n":
                self._open.clear()
            else:
                self._open ^= {mark[0]}
        self._position = place
        return quote in self._open


def _value(text: str, named: re.Match[str], quotes: _Quotes) -> re.Match[str] | None:
    """Returns what stands behind a name, up to the end of its quotes where they begin there.

    In `print("token: " + name + "!")` the quote behind the name ends a text.
    """
    quote = named["quote"]
    if named["escape"] and (escaped := _ESCAPED.match(text, named.end())) is not None:
        return escaped
    if quote and (named["closed"] or not quotes.is_open(quote, named.start())):
        quoted = _QUOTED[quote].match(text, named.end())
        if quoted is not None:
            return quoted
    return _BARE.match(text, named.end())


def _is_secret(named: re.Match[str], value: str) -> bool:
    # "Pass" is also a ticket, a verdict and a word of code.
    passes = named["name"].lower() == "pass"
    in_doubt = named["sign"] is None or passes
    if passes and " " in value:
        return False
    return not (value.startswith("[") or (in_doubt and not _looks_random(value)))


def _looks_random(value: str) -> bool:
    kinds = (str.isdigit, str.isupper, str.islower)
    return sum(any(kind(letter) for letter in value) for kind in kinds) >= 2
