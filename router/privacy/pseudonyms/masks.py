"""Gives each personal detail of one conversation its pseudonym, and finds pseudonyms in answers.

A pseudonym is a tag as `[NAME_K7M2P]`. Its letters are derived by HMAC from the tenant's key, the
conversation and the value: no store is needed, a value keeps its tag from turn to turn, and nobody
links two conversations. A mask knows only values of the request in hand, so no answer can ever get
the details of another request. Letters that the request itself contains are never given out, so a
tag that a user typed stays as it is.

All forms of one person's name share their first letters: "Maria Schmidt" is `[NAME_K7M2P]`, and a
later "Schmidt" is `[NAME_K7M2P4C]`. A provider sees that it is one person; the letters behind tell
which form comes back.

Models alter tags. Another case, other brackets, none, a translated word, an `s` inside or escapes
of Markdown are still read, since the letters alone tell the value.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from router.privacy.entities.kinds import EntityKind
from router.regexes.late import late_regex

LABELS = {
    EntityKind.NAME: "NAME",
    EntityKind.BIRTH_DATE: "BIRTH_DATE",
    EntityKind.ADDRESS: "ADDRESS",
    EntityKind.EMAIL: "EMAIL",
    EntityKind.PHONE: "PHONE",
    EntityKind.MEDICAL_RECORD: "RECORD",
    EntityKind.PASSPORT: "PASSPORT",
    EntityKind.IBAN: "IBAN",
    EntityKind.CARD: "CARD",
    EntityKind.SSN: "SSN",
    EntityKind.IP: "IP",
    EntityKind.API_KEY: "KEY",
}
_LETTERS = "BCDFGHJKMNPQRTVWXZ"  # no vowels: no words; no L and S: no 1 and 5
_DIGITS = "2346789"
_SHORTEST, _LONGEST = 5, 13
_PIECE = 32_000

_CODE = r"[B-DF-HJKMNP-RTV-XZ](?:[2-46-9][B-DF-HJKMNP-RTV-XZ]){2,6}"
_OPEN = r"\[{<\u27e6\u3010\u300c\u00ab\u3014\uff3b"
_CLOSE = r"\]}>\u27e7\u3011\u300d\u00bb\u3015\uff3d"
_WORD = r"[^\W\d]{0,24}"  # the label, in any language, with its underscores
_JOINT = r"[\s_\-]{0,2}"
_PLURAL = r"(?P<s%d>['\u2019]?s)?"
_ALTERED = late_regex(
    rf"[{_OPEN}]\s?{_WORD}{_JOINT}(?<![^\W_])(?P<a>{_CODE}){_PLURAL % 1}\s?[{_CLOSE}]"
    rf"|\\[{_OPEN}]{_WORD}?(?:\\?_|-)?(?<![^\W_])(?P<b>{_CODE}){_PLURAL % 2}\\[{_CLOSE}]"
    rf"|%5B{_WORD}?_?(?<![^\W_])(?P<c>{_CODE})%5D"
    rf"|(?<!\w)(?:{'|'.join(LABELS.values())})\\?[_\-](?P<d>{_CODE})(?![^\W_])",
    re.IGNORECASE,
)
"""Finds what may be a tag, exact or altered; only codes that were given out count."""

_BEGINNING = late_regex(
    rf"[{_OPEN}]\s?{_WORD}[\s_\-]{{0,2}}\w{{0,13}}(?:['\u2019]?s?)?\s?"
    rf"|\\(?:[{_OPEN}](?:[^\W\d]|\\_|-){{0,26}}\w{{0,13}}(?:['\u2019]?s?)?\\?)?"
    r"|%(?:5(?:B[^\W\d]{0,24}\w{0,13}(?:%5?)?)?)?"
    r"|[^\W\d](?:[^\W\d]|\\|-){0,12}\w{0,13}",
    re.IGNORECASE,
)
_STARTS = late_regex(rf"[{_OPEN}\\%]|(?<!\w)[^\W\d_]")
MOST_HELD = 64
"""Bounds the characters that wait because a tag may begin with them."""

_STEMS = tuple(label.lower() for label in LABELS.values())


class Mask:
    """Holds the values of one request with their tags, in both directions."""

    def __init__(self, secret: bytes, conversation: bytes) -> None:
        self._secret = hmac.digest(secret, b"pseudonyms\0" + conversation, "sha256")
        self._tags: dict[str, str] = {}
        self._values: dict[str, str] = {}  # by code
        self._kinds: list[EntityKind] = []

    def __bool__(self) -> bool:
        return bool(self._tags)

    @property
    def kinds(self) -> Sequence[EntityKind]:
        """Returns the kind of each value that has a tag."""
        return self._kinds

    def tags_in(self, text: str) -> list[tuple[int, int]]:
        """Returns where tags of this mask stand in a text, in their order."""
        return [
            match.span() for match in _ALTERED.finditer(text) if _code_of(match) in self._values
        ]

    def tag(
        self,
        value: str,
        kind: EntityKind,
        stands: Callable[[str], bool],
        *,
        person: str | None = None,
    ) -> str:
        """Returns the tag of a value.

        `stands` returns True for a code that stands in the request itself. `person` is the fuller
        name that this name is a part of.
        """
        known = self._tags.get(value)
        if known is not None:
            return known
        code = None
        if person is not None and person != value:
            code = self._form_of(self.tag(person, kind, stands), value, stands)
        if code is None:
            letters = self._code(value, kind)
            lengths = range(_SHORTEST, _LONGEST, 2)
            code = next(
                (letters[:n] for n in lengths if self._is_free(letters[:n], stands)), letters
            )
        tag = f"[{LABELS[kind]}_{code}]"
        self._tags[value], self._values[code] = tag, value
        self._kinds.append(kind)
        return tag

    def _form_of(self, tag: str, form: str, stands: Callable[[str], bool]) -> str | None:
        """Returns a code that begins with that of a person's tag; None where none is free."""
        whose = tag[tag.rindex("_") + 1 : -1]
        drawn = self._code(form, EntityKind.NAME)[1:]
        codes = [whose + drawn[:n] for n in range(2, _LONGEST - len(whose) + 1, 2)]
        return next((code for code in codes if self._is_free(code, stands)), None)

    def _is_free(self, code: str, stands: Callable[[str], bool]) -> bool:
        return code not in self._values and not stands(code)

    def _code(self, value: str, kind: EntityKind) -> str:
        message = f"{kind.value}\0{value}".encode("utf-8", "surrogatepass")
        drawn = hmac.digest(self._secret, message, "sha256")
        return "".join(
            [
                (_DIGITS if place % 2 else _LETTERS)[byte % (7 if place % 2 else 18)]
                for place, byte in enumerate(drawn[:_LONGEST])
            ]
        )

    def restored(self, text: str, begin: int = 0, *, in_json: bool = False) -> str:
        """Returns a text from `begin` on with its tags replaced by their values."""
        if not self._tags or not text:
            return text[begin:]
        pieces: list[str] = []
        position = begin
        # Not `sub`, since what stands before `begin` decides if a tag begins there.
        for match in _ALTERED.finditer(text, begin):
            pieces += [text[position : match.start()], self._value(match, in_json)]
            position = match.end()
        return "".join([*pieces, text[position:]])

    def _value(self, match: re.Match[str], in_json: bool) -> str:
        value = self._values.get(_code_of(match))
        if value is None:
            return match[0]
        if match["c"]:
            return quote(value, safe="")
        value += match["s1"] or match["s2"] or ""
        return json.dumps(value, ensure_ascii=False)[1:-1] if in_json else value


_STANDING = re.compile(rf"(?=({_CODE}))", re.IGNORECASE)


def codes_in(text: str) -> set[str]:
    """Returns the codes of five and of seven letters that stand in a text, in capitals.

    >>> sorted(codes_in("see k7m2p4c."))
    ['K7M2P', 'K7M2P4C', 'M2P4C']
    """
    codes: set[str] = set()
    # Piece by piece, so that other threads get their turn in a long text.
    for begin in range(0, len(text), _PIECE):
        for match in _STANDING.finditer(text, begin, begin + _PIECE + _LONGEST):
            code = match[1][: _SHORTEST + 2].upper()
            codes.add(code)
            codes.add(code[:_SHORTEST])
    return codes


def _code_of(match: re.Match[str]) -> str:
    code: str = match["a"] or match["b"] or match["c"] or match["d"]
    return code.upper()


def held_from(text: str) -> int:
    """Returns from which character on a text must wait, since a tag may begin there.

    >>> held_from("Dear [NAME_K7"), held_from("Dear Anna"), held_from("1 [a] b.")
    (5, 9, 8)
    """
    begin = max(0, len(text) - MOST_HELD)
    for match in _STARTS.finditer(text, begin):
        tail = text[match.start() :]
        if _BEGINNING.fullmatch(tail) is None:
            continue
        if tail[0].isalpha() and not _may_be_label(tail):
            continue
        return match.start()
    return len(text)


def _may_be_label(tail: str) -> bool:
    """Returns True for the beginning of a label without brackets, and for one with its code."""
    lower = tail.lower().replace("\\_", "_").rstrip("\\")
    return any(
        [stem.startswith(lower) or lower.startswith((stem + "_", stem + "-")) for stem in _STEMS]
    )


class Channel:
    """Restores one text that comes in pieces; equal for any pieces of it."""

    def __init__(self, mask: Mask, *, in_json: bool = False) -> None:
        self._mask = mask
        self._in_json = in_json
        self._held = ""
        self._before = ""  # the last character that was let go, as it came

    def feed(self, piece: str) -> str:
        """Returns what of the text may go on with this piece."""
        text = self._held + piece
        cut = held_from(self._before + text) - len(self._before)
        return self._let_go(text, max(0, cut))

    def flush(self) -> str:
        """Returns what was held, at the end of the text."""
        return self._let_go(self._held, len(self._held))

    def _let_go(self, text: str, cut: int) -> str:
        self._held = text[cut:]
        if not cut:
            return ""
        whole = self._before + text[:cut]
        restored = self._mask.restored(whole, len(self._before), in_json=self._in_json)
        self._before = text[cut - 1 : cut]
        return restored
