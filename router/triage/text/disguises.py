"""Undoes disguises that hide words from rules: reversed, broken, leet, packed, escaped, rot13.

`undone` returns what such a text says. Triage then reads both forms and keeps the more cautious
reading, so a disguise can raise a signal and never lower one; letters that hold no word at all are
not read as they stand. A disguised text also counts as novel, since ordinary users do not write so.
Ordinary text costs one set look-up per word. It knows nothing about terms, amounts or models; the
caller says which words exist.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from router.regexes.late import late_regex
from router.triage.text.folding import MAX_CHARS, Folded, fold, words_of

Knows = Callable[[str], bool]
"""True for a lower-case word that exists in some language the model was trained on."""

SHORTEST_WORD = 4
"""Letters of a word that proves a disguise. Shorter ones exist in nearly any order: of 40,000 real
texts, 1 % looked reversed or leet with three letters, .15 % with four."""

MOST_CERTAIN = 0.6
"""Share of the unknown words that must exist the other way round. Names and errors seldom do."""

SHORTEST_RUN = 6
"""Single characters in a row that may be a spaced-out word; "A B C D" is a list of choices."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
"""Letters of a list, A:B:C:D:E:F, are in its order, and no word."""

MOST_LETTERS = 600
"""Letters of a spaced-out run that are split into words. The rest stays unread and is novel."""

LONGEST_WORD = 20

OTHER_CODES = 4
"""Numbers of characters of which at most one is of none in ASCII, so that few tables are read."""

_LEET = str.maketrans("013457@$!|", "oieastasil")
_LEET_L = str.maketrans("013457@$!|", "oleastasll")  # 1 and ! stand for i or for l
# It begins where a run begins, so that a long run without a letter is looked at once.
_LEET_WORD = re.compile(r"(?<![a-z0-9@$!|])[0-9@$!|]*[a-z][a-z0-9@$!|]*")
_LEET_INSIDE = late_regex(r"[a-z][013457@$!|]+[a-z]|(?<!\S)[@$!|][a-z]|(?<!\S)[013457]+[a-z]{3}")
_LEET_MARK = re.compile(r"[013457@$!|]")
_NUMBER_WITH_UNIT = re.compile(r"[0-9][0-9.,]*[a-z]{1,3}")  # 1st, 7am, 15in, 401k
_DIGITS = re.compile(r"[013457]{1,4}")

_SPACED = re.compile(rf"(?<!\S)\S(?:[ \t]+\S){{{SHORTEST_RUN - 1},}}(?!\S)")
# A space between two marks parts words: "w-h-e-r-e- -i-s".
_MARKS = r"[-._*|/,+~:;=^#\u00b7\u2022\u2027\u2219\u22c5\u30fb\ufffc\ufffd]"
_MARKED = late_regex(
    rf"(?<!\w)\S(?P<mark>{_MARKS})(?:[^\n](?P=mark)){{{SHORTEST_RUN - 2},}}\S(?!\w)"
)
# A comment or a tag ends before the next "<", so that each character is looked at once.
_TAG = (
    r"<(?:!--[^<>]{0,400}--"
    r"|/?(?:a|b|i|u|s|em|strong|span|font|small|big|mark|sub|sup|tt|wbr)(?:[\s/][^<>]{0,200})?)>"
)
_BROKEN = late_regex(rf"(?<![\w.])[a-z]+(?:(?:[.*_~|]|(?:{_TAG})+)[a-z]+)+(?![\w(])", re.IGNORECASE)
_TAGS = late_regex(_TAG, re.IGNORECASE)
# Each is in what the pattern of its name finds, and is looked for in a fraction of its time.
_SPACED_INSIDE = re.compile(r"[ \t]\S[ \t]+\S[ \t]")
_MARKED_INSIDE = re.compile(rf"({_MARKS})\S\1")
_BROKEN_INSIDE = re.compile(r"[.*_~|>][a-z]", re.IGNORECASE)
_WIDE_GAP = re.compile(r"[ \t]{2,}")
_LETTERS = re.compile(r"[a-z]+")

# Short words of letters, short numbers, and a mark at most behind each. Neither single letters nor
# pairs of characters follow each other, so that nothing in such a text is spaced out or packed.
_ORDINARY = re.compile(
    r"(?:(?!. . |.. .. .. |(?:[0-9]{1,3}[.,?!;:]?[ \n]){3})"
    r"(?:(?:[A-Za-z]{1,10}|[A-Za-z]{1,7}'[a-z]{1,2}|[0-9]{1,7})[.,?!;:]?"
    r"|[A-Za-z]{11})(?:[ \n]|\Z))*"
)

_MAY_PACK = re.compile(
    r"\S{12}|[0-9a-fA-F]{2}[ :-][0-9a-fA-F]{2}[ :-]|[01]{8} [01]{8}"
    r"|[0-9]{1,3}\W{1,6}[0-9]{1,3}\W{1,6}[0-9]{1,3}\W|0x[0-9a-fA-F]{2}\W{1,6}0x"
)
_BASE64 = late_regex(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{12,}={0,2}(?![\w+/=])")
_HEX = late_regex(r"(?<!\w)(?:0x)?(?:[0-9a-fA-F]{2}){8,}(?!\w)")
_SPACED_HEX = late_regex(
    r"(?<!\w)(?:[0-9a-fA-F]{2}(?:[ :-][0-9a-fA-F]{2}){7,}"
    r"|0x[0-9a-fA-F]{2}(?:\W{1,6}0x[0-9a-fA-F]{2}){7,})(?!\w)"
)
_CODES = late_regex(r"(?<![\w.,])[0-9]{1,3}(?:\W{1,6}[0-9]{1,3}){7,}(?!\w)")
_BASE32 = late_regex(r"(?<![\w=])[A-Z2-7]{16,}={0,6}(?![\w=])")
_BITS = late_regex(r"(?<!\w)[01]{8}(?:\s+[01]{8}){7,}(?!\w)")
_PERCENT = late_regex(r"(?:%[0-9a-fA-F]{2}){4,}(?:%[0-9a-fA-F]{2}|[\w.~+-])*")
_ESCAPE = re.compile(
    r"\\{1,4}u[0-9a-fA-F]{4}|\\{1,4}x[0-9a-fA-F]{2}|&#[0-9]{1,7};|&#[xX][0-9a-fA-F]{1,6};"
)
"""Finds an escaped character. A program that writes JSON into JSON doubles its backslashes."""
_ESCAPES = late_regex(rf"(?:{_ESCAPE.pattern}){{4,}}")


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
    turned = _turned(folded, knows)
    if not turned and _ORDINARY.fullmatch(text) is not None:
        return PLAIN
    spaced = _joined(folded.text, knows)
    leet = _unleeted(folded.text, knows)
    packed, rest = _unpacked(text, knows)
    readings = (_mended(spaced or folded.text, knows) or spaced, leet, *turned, packed)
    forms = tuple(dict.fromkeys(reading for reading in readings if reading))
    if not forms:
        return PLAIN
    written = words_of(rest) if packed else folded.words
    tagged = _TAGS.search(folded.text) is not None  # what stands within tags has no other form
    return Undone(forms, hidden=not tagged and _exist(written, knows) == 0)


def readings(text: str, knows: Knows) -> tuple[str, ...]:
    r"""Returns what else a text says: folded, and with its disguises undone.

    >>> readings("\uff29gnore i g n o r e", {"ignore"}.__contains__)
    ('Ignore i g n o r e', 'Ignore ignore')
    """
    folded = fold(text)
    return folded.text, *undone(text, folded, knows).forms


def _exist(words: Iterable[str], knows: Knows) -> int:
    """Returns the number of words long enough to prove something that exist."""
    return sum(len(word) >= SHORTEST_WORD and knows(word) for word in words)


def _turned(folded: Folded, knows: Knows) -> tuple[str, ...]:
    """Returns the text read backwards or by rot13 when its unknown words exist that way."""
    long = {word for word in folded.words if len(word) >= SHORTEST_WORD}
    unknown = [word for word in long if not knows(word) and word.isalpha()]
    # One unknown word is a name or an error, unless it is all that the text says.
    if not unknown or len(unknown) == 1 < len(long):
        return ()
    enough = max(min(2, len(long)), MOST_CERTAIN * len(unknown))
    if _exist((word[::-1] for word in unknown), knows) >= enough:
        # "niap tsehc" is reversed as a whole, "tsehc niap" word by word: both are read.
        backwards = folded.text[::-1]
        return backwards, " ".join(reversed(backwards.split()))
    if _exist((codecs.encode(word, "rot13") for word in unknown), knows) >= enough:
        return (codecs.encode(folded.text, "rot13"),)
    return ()


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
    """Returns digits of a leet text as letters: "70" is "to", "4" is "a"; sums stay."""
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
    if not spaced_out and (_MARKED_INSIDE.search(plain) is None or _MARKED.search(plain) is None):
        return ""
    found = False

    def as_words(run: str) -> str:
        nonlocal found
        words = _split(run.lower(), knows)
        holds = _exist(words, knows) > 0 and run.lower() not in ALPHABET
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
    return joined if found else ""


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


def _unpacked(text: str, knows: Knows) -> tuple[str, str]:
    """Decodes runs of base64, base32, hex, codes, bits and escapes that are text.

    Returns the text with each such run decoded, and the text without them; "" twice when none is.
    """
    if _MAY_PACK.search(text) is None:
        return "", ""
    text = text.replace("\0", " ")
    left = decoded = 0

    def as_text(decode: Callable[[str], bytes], match: re.Match[str]) -> str:
        nonlocal left, decoded
        run = match[0][: max(0, left)]
        left -= len(match[0])
        text = _text_of(decode(run), knows) if run else ""
        decoded += bool(text)
        return f"\0{text}\0" if text else match[0]

    for pattern, decode in _PACKED:
        left = MAX_CHARS  # of text no more is read, either
        text = pattern.sub(partial(as_text, decode), text)
    if not decoded:
        return "", ""
    # What was decoded stands between two noughts, which no text has.
    parts = text.split("\0")
    return "".join(parts), " ".join(parts[::2])


def _unhex(run: str) -> bytes:
    digits = re.sub(r"0x|\W", "", run)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _unescaped(run: str) -> bytes:
    """Decodes "%41%42", "\\x41", "\\u0041", "&#65;" and "&#x41;"; what stands between stays."""
    if run.startswith("%"):
        return unquote_to_bytes(run)
    return _ESCAPE.sub(_character, run).encode("utf-8", "replace")


def _character(match: re.Match[str]) -> str:
    digits = match[0].strip("\\u&#;")
    code = int(digits.lstrip("xX"), 16 if match[0][0] == "\\" or digits[0] in "xX" else 10)
    return chr(code) if code < sys.maxunicode else ""


def _from_codes(run: str) -> bytes:
    """Decodes numbers of characters; of a list in which each has a number of its own, these go."""
    codes = [int(code) for code in re.findall("[0-9]+", run)]
    if codes[2:6:2] == [codes[0] + 1, codes[0] + 2]:
        codes = codes[1::2]
    other = sum(not 32 <= code < 127 and code not in (9, 10, 13) for code in codes)
    if other * OTHER_CODES > len(codes):
        return b""
    letters = [chr(code) if 32 <= code < 127 or 160 <= code < 256 else " " for code in codes]
    return "".join(letters).encode()


def _from_bits(run: str) -> bytes:
    return bytes(int(bits, 2) for bits in run.split() if len(bits) == 8)


def _unbase32(run: str) -> bytes:
    packed = run.rstrip("=")
    try:
        return base64.b32decode(packed + "=" * (-len(packed) % 8))
    except binascii.Error:
        return b""


def _unbase64(run: str) -> bytes:
    packed = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    packed = packed[: len(packed) - (len(packed) % 4 == 1)]
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except binascii.Error:
        return b""


_PACKED: tuple[tuple[re.Pattern[str], Callable[[str], bytes]], ...] = (
    (_PERCENT, _unescaped),
    (_ESCAPES, _unescaped),
    (_BITS, _from_bits),
    (_HEX, _unhex),
    (_SPACED_HEX, _unhex),
    (_CODES, _from_codes),
    (_BASE32, _unbase32),
    (_BASE64, _unbase64),
)


def _text_of(raw: bytes, knows: Knows) -> str:
    """Returns the bytes as text, "" unless they are printable and hold a word that exists."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if not text.isprintable() and not text.replace("\n", "").replace("\t", "").isprintable():
        return ""
    return text if _exist(_LETTERS.findall(text.lower()), knows) else ""
