"""Undoes disguises that hide words from rules: reversed, broken, leet, packed, escaped, rot13.

`undone` returns what such a text says. Triage then reads both forms and keeps the more cautious
reading, so a disguise can raise a signal and never lower one; letters that hold no word at all are
not read as they stand. A disguised text also counts as novel, since ordinary users do not write so.
Ordinary text costs one set look-up per word. It knows nothing about terms, amounts or models; the
caller says which words exist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from router.regexes.late import late_regex
from router.triage.disguises.known_words import SHORTEST_WORD, Knows, known
from router.triage.disguises.packed import unpacked
from router.triage.disguises.turned import turned
from router.triage.text.folding import Folded, fold, words_of

SHORTEST_RUN = 6
"""Single characters in a row that may be a spaced-out word; "A B C D" is a list of choices."""

MARKED_WORDS = 2
"""Words with a mark between all letters that must exist: "s-e-t u-p" may be anything."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
"""Letters of a list, A:B:C:D:E:F, are in its order, and no word."""

MOST_LETTERS = 600
"""Letters of a spaced-out run that are split into words. The rest stays unread and is novel."""

LONGEST_WORD = 20

_LEET = str.maketrans("0123456789@$!|", "oizeasgtbgasil")
_LEET_L = str.maketrans("0123456789@$!|", "olzeasbtbgasll")  # 1 and ! stand for i or for l
# It begins where a run begins, so that a long run without a letter is looked at once.
_LEET_WORD = late_regex(r"(?<![a-z0-9@$!|])[0-9@$!|]*[a-z][a-z0-9@$!|]*")
_LEET_INSIDE = late_regex(r"[a-z][0-9@$!|]+[a-z]|(?<!\S)[@$!|][a-z]|(?<!\S)[0-9]+[a-z]{3}")
_LEET_MARK = late_regex(r"[0-9@$!|]")
_NUMBER_WITH_UNIT = late_regex(r"[0-9][0-9.,]*[a-z]{1,3}")  # 1st, 7am, 15in, 401k
_DIGITS = late_regex(r"[0-9]{1,4}[a-z]{0,3}")

_SPACED = late_regex(rf"(?<!\S)\S(?:[ \t]+\S){{{SHORTEST_RUN - 1},}}(?!\S)")
# A space between two marks parts words: "w-h-e-r-e- -i-s".
_MARKS = r"[-._*|/,+~:;=^#\u00b7\u2022\u2027\u2219\u22c5\u30fb\ufffc\ufffd]"
_MARKED = late_regex(
    rf"(?<!\w)\S(?P<mark>{_MARKS})(?:[^\n](?P=mark)){{{SHORTEST_RUN - 2},}}\S(?!\w)"
)
_MARKED_WORD = late_regex(
    rf"(?<!\w)[a-z](?P<mark>{_MARKS})[a-z](?:(?P=mark)[a-z])*(?!\w)", re.IGNORECASE
)
_ACRONYM = late_regex(r"(?:[A-Z]\.)+[A-Z]")  # "N.A.S.A."
# A comment or a tag ends before the next "<", so that each character is looked at once.
_TAG = (
    r"<(?:!--[^<>]{0,400}--"
    r"|/?(?:a|b|i|u|s|em|strong|span|font|small|big|mark|sub|sup|tt|wbr)(?:[\s/][^<>]{0,200})?)>"
)
_BROKEN = late_regex(rf"(?<![\w.])[a-z]+(?:(?:[.*_~|]|(?:{_TAG})+)[a-z]+)+(?![\w(])", re.IGNORECASE)
_TAGS = late_regex(_TAG, re.IGNORECASE)
# Each is in what the pattern of its name finds, and is looked for in a fraction of its time.
_SPACED_INSIDE = late_regex(r"[ \t]\S[ \t]+\S[ \t]")
_MARKED_INSIDE = late_regex(rf"({_MARKS})\S\1")
_BROKEN_INSIDE = late_regex(r"[.*_~|>][a-z]", re.IGNORECASE)
_WIDE_GAP = late_regex(r"[ \t]{2,}")
_LETTERS = late_regex(r"[a-z]+")

# Short words of letters, short numbers, and a mark at most behind each. Neither single letters nor
# pairs of characters follow each other, so that nothing in such a text is spaced out or packed.
_ORDINARY = late_regex(
    r"(?:(?!. . |.. .. .. |(?:[0-9]{1,3}[.,?!;:]?[ \n]){3})"
    r"(?:(?:[A-Za-z]{1,10}|[A-Za-z]{1,7}'[a-z]{1,2}|[0-9]{1,7})[.,?!;:]?"
    r"|[A-Za-z]{11})(?:[ \n]|\Z))*"
)


class Undone(NamedTuple):
    """Holds what a disguised text says, in each order that it may be read.

    `hidden` says that the text as it is written has no word of its own: then only what it says
    counts, since letters without a meaning look like anything to a model.
    """

    forms: tuple[str, ...]
    hidden: bool


PLAIN = Undone((), hidden=False)


def undone(text: str, folded: Folded, knows: Knows) -> Undone:
    """Returns what a disguised text says; no form when it is plain.

    `folded` is the fold of `text`. The work is linear in the text.

    >>> words = {"chest", "pain", "have"}
    >>> undone("ch3st p41n", fold("ch3st p41n"), words.__contains__)
    Undone(forms=('chest pain',), hidden=True)
    >>> undone("I have chest pain", fold("I have chest pain"), words.__contains__).forms
    ()
    """
    ways = turned(folded, knows)
    if not ways and _ORDINARY.fullmatch(text) is not None:
        return PLAIN
    spaced = _joined(folded.text, knows)
    leet = _unleeted(folded.text, knows)
    packed, rest = unpacked(text, knows)
    readings = (_mended(spaced or folded.text, knows) or spaced, leet, *ways, packed)
    forms = tuple(dict.fromkeys(reading for reading in readings if reading))
    if not forms:
        return PLAIN
    written = words_of(rest) if packed else folded.words
    tagged = _TAGS.search(folded.text) is not None  # what stands within tags has no other form
    return Undone(forms, hidden=not tagged and known(written, knows) == 0)


def readings(text: str, knows: Knows) -> tuple[str, ...]:
    r"""Returns what else a text says: folded, and with its disguises undone.

    >>> readings("\uff29gnore i g n o r e", {"ignore"}.__contains__)
    ('Ignore i g n o r e', 'Ignore ignore')
    """
    folded = fold(text)
    return folded.text, *undone(text, folded, knows).forms


def _unleeted(plain: str, knows: Knows) -> str:
    """Returns the text with leet words as letters; "" when it has none that is a word then."""
    if _LEET_MARK.search(plain) is None:  # four times as fast as the next pattern
        return ""
    lower = plain.lower()
    if _LEET_INSIDE.search(lower) is None:
        return ""
    pieces = lower.split()
    meant = [_leet_word(piece, knows) for piece in pieces]
    certain = sum(
        len(word) >= SHORTEST_WORD and _LEET_INSIDE.search(piece) is not None
        for piece, word in zip(pieces, meant, strict=True)
    )
    if not certain:
        return ""
    return " ".join(
        word or (_digits_as_word(piece, knows) if certain > 1 else piece)
        for piece, word in zip(pieces, meant, strict=True)
    )


def _leet_word(piece: str, knows: Knows) -> str:
    """Returns the word that a piece such as "p41n," spells; "" when it spells none."""
    match = _LEET_WORD.search(piece)
    if match is None or _LEET_MARK.search(match[0]) is None:
        return ""
    if _NUMBER_WITH_UNIT.fullmatch(match[0]) or match[0].endswith("$"):  # $x$ is a formula
        return ""
    for spelled in (match[0], match[0].rstrip("!|")):  # "help!" ends in a mark, not in an l
        for letters in (_LEET, _LEET_L):
            word = spelled.translate(letters)
            if word != spelled and word.isalpha() and knows(word):
                return word
    return ""


def _digits_as_word(piece: str, knows: Knows) -> str:
    """Returns digits of a leet text as letters: "70" is "to", "4nd" is "and"; sums stay."""
    word = piece.translate(_LEET)
    return word if _DIGITS.fullmatch(piece) and (len(word) == 1 or knows(word)) else piece


def _mended(plain: str, knows: Knows) -> str:
    """Returns the text with broken words ("che.st", "che<b>st") whole again; "" when it has none.

    Tags and comments then go, which count in the text as it stands. Parts that are words of three
    letters or more are two sentences without a space between, and "she.s" is an
    apostrophe.
    """
    if _BROKEN_INSIDE.search(plain) is None or _BROKEN.search(plain) is None:
        return ""

    def whole(match: re.Match[str]) -> str:
        tagged = "<" in match[0]
        parts = _LETTERS.findall(_TAGS.sub(".", match[0].lower()))
        word = "".join(parts)
        broken = SHORTEST_WORD <= len(word) <= LONGEST_WORD and knows(word)
        two = not tagged and all(len(part) > 2 and knows(part) for part in parts)
        apostrophe = len(parts) == 2 and len(parts[1]) == 1
        listed = word in ALPHABET
        return word if broken and not (two or apostrophe or listed) else match[0]

    mended = _BROKEN.sub(whole, plain)
    return "" if mended == plain else _TAGS.sub(" ", mended)


def _joined(plain: str, knows: Knows) -> str:
    """Returns the text with its spaced-out runs as words; "" when it has none that hold a word."""
    spaced_out = _SPACED_INSIDE.search(plain) is not None and _SPACED.search(plain) is not None
    if not spaced_out and _MARKED_INSIDE.search(plain) is None:
        return ""
    found = False

    def as_words(run: str) -> str:
        nonlocal found
        words = _split(run.lower(), knows)
        holds = known(words, knows) > 0 and run.lower() not in ALPHABET
        found = found or holds
        return " ".join(words) if holds else run

    def spaced(match: re.Match[str]) -> str:
        parts = [re.sub(r"\s", "", part) for part in _WIDE_GAP.split(match[0])]
        # Wide gaps part words where others are narrow. Where all are wide, they part letters.
        if max(map(len, parts)) == 1:
            parts = ["".join(parts)]
        joined = [as_words(part) for part in parts]
        return " ".join(joined) if joined != parts or found else match[0]

    def marked(match: re.Match[str]) -> str:
        return " ".join(map(as_words, match[0][::2].split()))

    joined = _MARKED.sub(marked, _SPACED.sub(spaced, plain))
    return _marked_words_joined(joined, 0 if found else MARKED_WORDS, knows) or (
        joined if found else ""
    )


def _marked_words_joined(plain: str, least: int, knows: Knows) -> str:
    """Returns the text with words such as "p-i-p-e" whole; "" where it has none.

    At least so many of them must exist: a run is long enough to be one by itself (`_MARKED`), such
    short words need each other, or a run beside them.
    """

    def whole(match: re.Match[str]) -> str:
        return match[0] if _ACRONYM.fullmatch(match[0]) else match[0][::2]

    words = [whole(match).lower() for match in _MARKED_WORD.finditer(plain)]
    return _MARKED_WORD.sub(whole, plain) if words and known(words, knows) >= least else ""


def _split(run: str, knows: Knows) -> list[str]:
    """Returns a run without gaps as words.

    Splits letters into the fewest known words, and leaves all other characters unchanged.
    """
    words: list[str] = []
    at = 0
    for letters in _LETTERS.finditer(run[:MOST_LETTERS]):
        words += [run[at : letters.start()]] if letters.start() > at else []
        words += _fewest_words(letters[0], knows)
        at = letters.end()
    return words + ([run[at:]] if run[at:] else [])


def _fewest_words(letters: str, knows: Knows) -> Sequence[str]:
    """Splits letters into known words, long ones first in favour; unknown letters cost most.

    >>> _fewest_words("chestpain", {"chest", "pain", "he", "in"}.__contains__)
    ['chest', 'pain']
    """
    best: list[tuple[int, int]] = [(0, 0)]  # per end: cost, and where the last word begins
    for end in range(1, len(letters) + 1):
        ways = []
        for start in range(max(0, end - LONGEST_WORD), end):
            word = letters[start:end]
            if len(word) == 1:
                price = 3 if word in "ai" else 9
            elif knows(word):
                price = 4 if len(word) == 2 else 2
            else:
                continue
            ways.append((best[start][0] + price, start))
        best.append(min(ways))
    words: list[str] = []
    end = len(letters)
    while end:
        start = best[end][1]
        words.append(letters[start:end])
        end = start
    words.reverse()
    return words
