"""Decodes runs of base64, hex, codes, bits, Morse and escapes in a text. Pure."""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote_to_bytes

from router.regexes.late import late_regex
from router.triage.disguises.known_words import Knows, known
from router.triage.text.folding import MAX_CHARS

OTHER_CODES = 4
"""Numbers of characters of which at most one is of none in ASCII, so that few tables are read."""

_SIGN, _GAP = r"[.\u00b7\u2022_\-\u2013\u2014\u2212]{1,6}", "[ /|]{1,3}"
_MORSE = late_regex(rf"(?<!\S){_SIGN}(?:(?:{_GAP}|\n){_SIGN}){{7,}}(?!\S)")
_MORSE_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- "
    "-..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_MORSE_LETTERS = dict(
    zip(_MORSE_SIGNS.split(), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True)
)
_MAY_PACK = late_regex(
    r"\S{12}|[0-9a-fA-F]{2}[ :-][0-9a-fA-F]{2}[ :-]|[01]{8} [01]{8}"
    r"|[0-9]{1,3}\W{1,6}[0-9]{1,3}\W{1,6}[0-9]{1,3}\W|0x[0-9a-fA-F]{2}\W{1,6}0x"
    rf"|{_SIGN}{_GAP}{_SIGN}{_GAP}{_SIGN}{_GAP}"
)
_BASE64 = late_regex(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{12,}={0,2}(?![\w+/=])")
_HEX = late_regex(r"(?<!\w)(?:0x)?(?:[0-9a-fA-F]{2}){8,}(?!\w)")
_SPACED_HEX = late_regex(
    r"(?<!\w)(?:[0-9a-fA-F]{2}(?:[ :-][0-9a-fA-F]{2}){7,}"
    r"|0x[0-9a-fA-F]{2}(?:\W{1,6}0x[0-9a-fA-F]{2}){7,})(?!\w)"
)
_CODES = late_regex(r"(?<![\w.,])[0-9]{1,3}(?:\W{1,6}[0-9]{1,3}){7,}(?!\w)")
_LETTERS = late_regex("[a-z]+")
_NOT_OCTAL = late_regex("[89]")
_BASE32 = late_regex(r"(?<![\w=])[A-Z2-7]{16,}={0,6}(?![\w=])")
_BITS = late_regex(r"(?<!\w)[01]{8}(?:\s+[01]{8}){7,}(?!\w)")
_PERCENT = late_regex(r"(?:%[0-9a-fA-F]{2}){4,}(?:%[0-9a-fA-F]{2}|[\w.~+-])*")
_ESCAPE = late_regex(
    r"\\{1,4}u[0-9a-fA-F]{4}|\\{1,4}x[0-9a-fA-F]{2}|&#[0-9]{1,7};|&#[xX][0-9a-fA-F]{1,6};"
)
"""Finds an escaped character. A program that writes JSON into JSON doubles its backslashes."""
_ESCAPES = late_regex(rf"(?:{_ESCAPE.pattern}){{4,}}")


def unpacked(text: str, knows: Knows) -> tuple[str, str]:
    """Decodes runs of base64, base32, hex, codes, bits, Morse and escapes that are text.

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
    numbers = re.findall("[0-9]+", run)
    codes = list(map(int, numbers))
    if max(codes) > 126 and _NOT_OCTAL.search(run) is None:
        codes = [int(number, 8) for number in numbers]
    if codes[2:6:2] == [codes[0] + 1, codes[0] + 2]:
        codes = codes[1::2]
    other = sum(not 32 <= code < 127 and code not in (9, 10, 13) for code in codes)
    if other * OTHER_CODES > len(codes):
        return b""
    letters = [chr(code) if 32 <= code < 127 or 160 <= code < 256 else " " for code in codes]
    return "".join(letters).encode()


def _from_morse(run: str) -> bytes:
    run = re.sub("[\u00b7\u2022]", ".", re.sub("[_\u2013\u2014\u2212]", "-", run))
    words = re.split(r"\s*[/|\n]\s*|\s{3}", run)
    spelled = ["".join(_MORSE_LETTERS.get(sign, "") for sign in word.split()) for word in words]
    return " ".join(spelled).encode()


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
    (_MORSE, _from_morse),
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
    return text if known(_LETTERS.findall(text.lower()), knows) else ""
